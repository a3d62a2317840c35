"""Pregnancy, age, conditions, lactation: who takes it."""

from dataclasses import replace

import pytest

from suwen.prescribing.rules import people, reference
from suwen.prescribing.rules.findings import Person, Policy
from suwen.prescribing.rules.reference import Product
from tests.prescribing.rules.writing import (
    BLOCK,
    FORBID,
    INFO,
    MAN,
    REFERENCE,
    TOLD,
    WARN,
    formula,
    found,
    herb,
    medicines,
    of,
    person,
    product,
    rules,
    severity,
    with_products,
    woman,
)  # fmt: skip

GRADED = {"forbidden": "三棱", "avoid": "大皂角", "caution": "桃仁", "": "陈皮"}
PREGNANCY = {"pregnancy_forbidden", "pregnancy_avoid", "pregnancy_caution", "pregnancy_unknown"}


def graded(grade, who, channel="online"):
    name = GRADED[grade]
    assert REFERENCE.pieces[herb(name).code].pregnancy == grade
    findings = found(formula(herb(name, "6"), form="pill", channel=channel), who)
    return {one.rule: one.severity for one in findings if one.rule in PREGNANCY}


@pytest.mark.parametrize(
    ("grade", "status", "meant"),
    [
        ("forbidden", "pregnant", {"pregnancy_forbidden": FORBID}),
        ("forbidden", "possible", {"pregnancy_forbidden": FORBID}),
        ("forbidden", "trying", {"pregnancy_forbidden": FORBID}),
        ("forbidden", "unknown", {"pregnancy_unknown": WARN}),
        ("forbidden", "no", {}),
        ("avoid", "pregnant", {"pregnancy_avoid": BLOCK}),
        ("avoid", "possible", {"pregnancy_avoid": BLOCK}),
        ("avoid", "trying", {"pregnancy_avoid": BLOCK}),
        ("avoid", "unknown", {"pregnancy_unknown": WARN}),
        ("avoid", "no", {}),
        ("caution", "pregnant", {"pregnancy_caution": WARN}),
        ("caution", "possible", {"pregnancy_caution": INFO}),
        ("caution", "trying", {"pregnancy_caution": INFO}),
        ("caution", "unknown", {"pregnancy_unknown": WARN}),
        ("caution", "no", {}),
        *(("", status, {}) for status in ("pregnant", "possible", "trying", "unknown", "no")),
    ],
)
def test_the_matrix_of_a_woman_of_thirty(grade, status, meant):
    assert graded(grade, woman(pregnancy=status)) == meant


@pytest.mark.parametrize("status", ["pregnant", "possible", "trying"])
def test_offline_a_doctor_may_give_a_reason(status):
    assert graded("forbidden", woman(pregnancy=status), "offline") == {"pregnancy_forbidden": BLOCK}


@pytest.mark.parametrize("grade", ["forbidden", "avoid", "caution"])
@pytest.mark.parametrize(
    ("sex", "years", "asked"),
    [
        ("female", 11, False), ("female", 12, True), ("female", 30, True), ("female", 55, True), ("female", 56, False),
        ("female", None, True), ("unknown", 30, True), ("other", 30, True), ("unknown", 60, False), ("male",
        30, False),
        ("male", None, False),
    ],
)  # fmt: skip
def test_who_is_asked(grade, sex, years, asked):
    who = replace(person(years or 30), sex=sex, pregnancy="unknown", lactating=False, menstruating=False)
    who = who if years else replace(who, age_days=None)
    assert graded(grade, who) == ({"pregnancy_unknown": WARN} if asked else {})


def test_the_ages_are_a_policy():
    rx = formula(herb("三棱", "6"))
    policy = Policy(fertile_from=14, fertile_until=50)
    assert "pregnancy_unknown" not in rules(found(rx, woman(13), policy=policy))
    assert "pregnancy_unknown" in rules(found(rx, woman(14), policy=policy))
    assert "pregnancy_unknown" in rules(found(rx, woman(50), policy=policy))
    assert "pregnancy_unknown" not in rules(found(rx, woman(51), policy=policy))


@pytest.mark.parametrize(("sex", "years"), [("female", 60), ("male", 30), ("unknown", 11)])
def test_what_was_said_counts_whatever_sex_and_age(sex, years):
    assert graded("forbidden", replace(person(years), sex=sex, pregnancy="pregnant")) == {"pregnancy_forbidden": FORBID}


def test_the_question_is_asked_once_and_names_all():
    one = of(found(formula("三棱", "陈皮", "桃仁"), woman()), "pregnancy_unknown")[0]
    assert one.asks == "pregnancy"
    assert one.lines == (0, 2)
    assert "三棱" in one.zh
    assert "桃仁" in one.en


def test_medicines_and_what_is_inside_products():
    assert severity(found(medicines("losartan_tab_50mg"), woman(pregnancy="pregnant")), "pregnancy_forbidden") is FORBID
    made = Product("test_x", "成药", "compound", TOLD, pieces=(herb("三棱").code,))
    rx = replace(medicines(), items=(product("test_x"),), kind="compound")
    hit = of(found(rx, woman(pregnancy="pregnant"), reference=with_products(made)), "pregnancy_forbidden")[0]
    assert "三棱" in hit.zh
    labelled = replace(made, pregnancy="caution")
    findings = found(rx, woman(pregnancy="pregnant"), reference=with_products(labelled))
    assert rules(findings) & PREGNANCY == {"pregnancy_caution"}  # its own label says how it is used


@pytest.mark.parametrize(
    ("years", "flags"),
    [
        (0.1, {"person_young_child", "person_child"}), (11.9, {"person_young_child", "person_child"}),
        (12, {"person_child"}), (17.9, {"person_child"}), (18, set()), (64.9, set()), (65, {"person_elderly"}),
        (90, {"person_elderly"}),
    ],
)  # fmt: skip
def test_ages_are_flagged(years, flags):
    findings = found(formula("陈皮"), person(years))
    assert {rule for rule in rules(findings) if rule.startswith("person_")} == flags
    assert all(severity(findings, flag) is WARN for flag in flags)


def test_kidneys_and_liver_are_flagged():
    who = person(conditions=frozenset({"renal", "hepatic"}))
    assert {"person_renal", "person_hepatic"} <= rules(found(formula("陈皮"), who))


def test_an_age_that_is_not_known_is_said():
    who = replace(MAN, age_days=None)
    assert severity(found(formula("陈皮"), who), "age_unknown") is WARN
    assert "age_unknown" not in rules(found(formula("陈皮"), MAN))


@pytest.mark.parametrize(
    ("name", "condition", "meant"),
    [
        ("罂粟壳", "child", FORBID), ("朱砂", "renal", FORBID), ("朱砂", "hepatic", FORBID), ("麻黄", "hypertension",
        WARN),
        ("麻黄", "heart_failure", WARN), ("苦楝皮", "renal", WARN), ("苦楝皮", "hepatic", WARN), ("大黄", "lactation",
        WARN),
        ("大黄", "menstruation", WARN), ("天仙子", "glaucoma", FORBID), ("洋金花", "hypertension", FORBID),
    ],
)  # fmt: skip
def test_cautions_of_pieces(name, condition, meant):
    whom = {
        "child": person(10), "lactation": woman(pregnancy="no", lactating=True),
        "menstruation": woman(pregnancy="no", menstruating=True),
    }  # fmt: skip
    sick = whom.get(condition) or person(conditions=frozenset({condition}))
    well = woman(pregnancy="no") if condition in ("lactation", "menstruation") else MAN
    rx = formula(herb(name, "0.1"), form="pill", channel="offline")
    hits = [one for one in of(found(rx, sick), "caution") if dict(one.data)["condition"] == condition]
    assert [one.severity for one in hits] == [meant]
    assert not [one for one in of(found(rx, well), "caution") if dict(one.data)["condition"] == condition]


@pytest.mark.parametrize(
    ("code", "condition", "meant"),
    [
        ("ibuprofen_tab_0p2g", "peptic_ulcer", BLOCK), ("metformin_tab_0p5g", "renal", BLOCK),
        ("propranolol_tab_10mg", "asthma", BLOCK), ("codeine_tab_30mg", "young_child", FORBID),
        ("chlorphenamine_tab_4mg", "elderly", WARN), ("levofloxacin_tab_0p5g", "child", BLOCK),
    ],
)  # fmt: skip
def test_cautions_of_medicines(code, condition, meant):
    ages = {"young_child": person(8), "child": person(15), "elderly": person(70)}
    sick = ages.get(condition) or person(conditions=frozenset({condition}))
    hits = of(found(medicines(code, channel="offline"), sick), "caution")
    assert [one.severity for one in hits if dict(one.data)["condition"] == condition] == [meant]


def test_what_nobody_asked_is_mentioned():
    asked = woman(pregnancy="no", lactating=None)
    one = of(found(formula(herb("大黄", "3")), asked), "caution_open")[0]
    assert one.severity is INFO
    assert "哺乳期" in one.zh
    assert "caution_open" not in rules(found(formula(herb("大黄", "3")), woman(pregnancy="no")))
    assert "caution_open" not in rules(found(formula(herb("大黄", "3")), replace(asked, sex="male")))


def test_conditions_have_names_for_people():
    assert people.CONDITIONS.keys() | people.DERIVED.keys() == set(reference.CONDITIONS)
    used = {one.condition for piece in REFERENCE.pieces.values() for one in piece.cautions}
    used |= {one.condition for ingredient in REFERENCE.ingredients.values() for one in ingredient.cautions}
    assert used <= set(reference.CONDITIONS)


def test_nobody_known_at_all():
    """Nothing breaks, and what could not be checked is said."""
    findings = found(formula(herb("三棱", "6"), herb("大黄", "3")), Person())
    assert {"pregnancy_unknown", "age_unknown", "caution_open"} <= rules(findings)
