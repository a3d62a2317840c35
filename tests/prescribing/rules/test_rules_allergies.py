"""Free text of a person against what is prescribed."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.prescribing.rules.allergies import NONE, answered, recorded
from suwen.prescribing.rules.reference import Product
from tests.prescribing.rules.writing import (
    BLOCK,
    MAN,
    REFERENCE,
    TOLD,
    WARN,
    formula,
    found,
    herb,
    medicines,
    of,
    product,
    rules,
    severity,
    with_products,
)  # fmt: skip

AMOXICILLIN, CEFALEXIN, ASPIRIN = "amoxicillin_cap_0p25g", "cefalexin_cap_0p25g", "aspirin_ec_100mg"
IBUPROFEN, SULFA, AZITHROMYCIN = (
    "ibuprofen_tab_0p2g",
    "sulfamethoxazole_trimethoprim_tab_0p48g",
    "azithromycin_tab_0p25g",
)


def checked(entry, rx):
    findings = found(rx, replace(MAN, allergies=(entry,)))
    return {one.rule: one.severity for one in findings if one.rule.startswith("allergy")}


@pytest.mark.parametrize(
    ("entry", "code", "meant"),
    [
        ("青霉素", AMOXICILLIN, {"allergy": BLOCK}), ("青霉素", CEFALEXIN, {"allergy_cross": WARN}),
        ("头孢", AMOXICILLIN, {"allergy_cross": WARN}), ("头孢", CEFALEXIN, {"allergy": BLOCK}),
        ("青霉素", AZITHROMYCIN, {}), ("阿莫西林", AMOXICILLIN, {"allergy": BLOCK}),
        ("阿莫西林", "ampicillin_cap_0p25g", {"allergy": BLOCK}), ("阿莫西林", CEFALEXIN, {"allergy_cross": WARN}),
        ("阿莫西林", "amoxicillin_clavulanic_acid_tab_0p375g", {"allergy": BLOCK}),
        ("磺胺", SULFA, {"allergy": BLOCK}), ("sulfa drugs", SULFA, {"allergy": BLOCK}), ("磺胺",
        "furosemide_tab_20mg", {}),
        ("阿司匹林", ASPIRIN, {"allergy": BLOCK}), ("阿司匹林", IBUPROFEN, {"allergy": BLOCK}),
        ("NSAID", IBUPROFEN, {"allergy": BLOCK}), ("ibuprofen", ASPIRIN, {"allergy": BLOCK}),
        ("阿司匹林", "paracetamol_tab_0p5g", {"allergy_cross": WARN}), ("甲硝唑", "tinidazole_tab_0p5g",
        {"allergy": BLOCK}),
        ("对乙酰氨基酚", IBUPROFEN, {"allergy_cross": WARN}),  # the data says it the other way round
        ("海鲜", AMOXICILLIN, {"allergy_unstructured": WARN}), ("小时候吃药起过疹子",
        AMOXICILLIN, {"allergy_unstructured": WARN}),
        ("花粉", AMOXICILLIN, {}), ("尘螨", AMOXICILLIN, {}), ("鸡蛋", AMOXICILLIN, {}),
    ],
)  # fmt: skip
def test_what_is_recorded_against_what_is_prescribed(entry, code, meant):
    assert checked(entry, medicines(code)) == meant


@pytest.mark.parametrize(
    "entry",
    [
        "青霉素", "对青霉素过敏", "青霉素类", "青霉素类药物过敏", "青霉素过敏史", "青霉素（皮疹、休克）", "盘尼西林",
        "青黴素", "青霉素皮试阳性",
        "Penicillin", "PENICILLINS", "allergic to penicillin", "penicillin allergy", "Penicillin (rash)",
        "ｐｅｎｉｃｉｌｌｉｎ",
        "海鲜、青霉素", "海鲜, penicillin", "青霉素和头孢", "磺胺及青霉素过敏", "药物过敏（青霉素）", "芒果；青霉素",
        "penicillin and nuts",
    ],
)  # fmt: skip
def test_however_people_write_it(entry):
    assert checked(entry, medicines(AMOXICILLIN))["allergy"] is BLOCK


@pytest.mark.parametrize(
    ("entry", "left"), [("海鲜、青霉素", "海鲜"), ("磺胺与海鲜", "海鲜"), ("penicillin and nuts", "nuts")]
)
def test_the_rest_of_an_entry_is_not_lost(entry, left):
    hits = of(found(medicines(AMOXICILLIN), replace(MAN, allergies=(entry,))), "allergy_unstructured")
    assert len(hits) == 1
    assert f"“{left}”" in hits[0].zh
    assert left in hits[0].en


@pytest.mark.parametrize("entry", sorted(NONE))
def test_none_is_none(entry):
    assert checked(entry, medicines(AMOXICILLIN)) == {}


@pytest.mark.parametrize(
    "entry", ["无青霉素过敏", "不详", "可能有", "no idea", "无，但母亲对青霉素过敏", "not known", "(", "（）", "？"]
)
def test_what_is_not_plainly_none_stays_visible(entry):
    assert "allergy_unstructured" in checked(entry, medicines(AMOXICILLIN))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("不详", False),
        ("不详。", False),
        ("过敏史不详", False),
        ("Unknown", False),
        ("not known", False),
        ("？", False),
        ("ＵＮＫＮＯＷＮ", False),
        ("不详、未知", False),
        ("无", True),
        ("none known", True),
        ("青霉素", True),
        ("不详、青霉素", True),
        ("青霉素过敏，其他不详", True),
        ("可能有", True),
        ("否认", True),
    ],
)
def test_not_known_is_no_answer(text, said):
    assert answered(text) is said


@given(st.text(min_size=1, max_size=30))
def test_nothing_that_was_written_is_ignored(text):
    """Either it is said to be none, or something was understood, or it is shown."""
    if all(one.understood for one in recorded(REFERENCE, (text,))):
        return
    assert "allergy_unstructured" in checked(text, medicines(AMOXICILLIN))


@pytest.mark.parametrize(
    ("entry", "name", "meant"),
    [
        ("全蝎", "全蝎", {"allergy": BLOCK}), ("全蝎", "蜈蚣", {}), ("虫类药", "蜈蚣", {"allergy": BLOCK}),
        ("半夏", "法半夏", {"allergy": BLOCK}), ("法半夏过敏", "姜半夏", {"allergy": BLOCK}), ("白及", "白及",
        {"allergy": BLOCK}),
        ("花粉", "天花粉", {}), ("天花粉", "天花粉", {"allergy": BLOCK}), ("青霉素", "全蝎", {}), ("海鲜", "牡蛎",
        {"allergy_unstructured": WARN}),
    ],
)  # fmt: skip
def test_herbs_only_where_they_are_named(entry, name, meant):
    assert checked(entry, formula(herb(name, "3"))) == meant


def test_a_herb_inside_a_product():
    made = Product("test_y", "成药", "compound", TOLD, pieces=("quanxie",))
    rx = replace(medicines(), kind="compound", items=(product("test_y"),))
    hits = of(found(rx, replace(MAN, allergies=("全蝎",)), reference=with_products(made)), "allergy")
    assert [one.severity for one in hits] == [BLOCK]
    assert "含全蝎" in hits[0].zh


def test_contrast_media_and_emulsions():
    contrast = Product("test_contrast", "iohexol injection", "general", TOLD, ingredients=(("iohexol", 300),))
    emulsion = Product("test_emulsion", "propofol injection", "general", TOLD, ingredients=(("propofol", 200),))
    known = with_products(contrast, emulsion)
    for entry, code, rule in (
        ("碘造影剂", "test_contrast", "allergy"), ("碘帕醇", "test_contrast", "allergy"),
        ("鸡蛋", "test_emulsion", "allergy_cross"), ("soy", "test_emulsion", "allergy_cross"),
    ):  # fmt: skip
        findings = found(medicines(product(code)), replace(MAN, allergies=(entry,)), reference=known)
        assert rule in rules(findings), (entry, code)


def test_several_entries_are_all_read():
    who = replace(MAN, allergies=("青霉素", "海鲜", "阿司匹林"))
    findings = found(medicines(AMOXICILLIN, IBUPROFEN), who)
    assert [one.lines for one in of(findings, "allergy")] == [(0,), (1,)]
    assert len(of(findings, "allergy_unstructured")) == 1


def test_nobody_asked():
    findings = found(formula("陈皮"), replace(MAN, allergies_known=False))
    assert [one.asks for one in of(findings, "allergy_unknown")] == ["allergies"]
    assert severity(findings, "allergy_unknown") is WARN
    assert "allergy_unknown" not in rules(found(formula("陈皮"), MAN))
