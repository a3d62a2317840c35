"""Grams against every range of the reference data: at the limit, just over it, far over it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from suwen.prescribing.rules.findings import Policy
from suwen.prescribing.rules.safety import blocks, key, subject
from tests.prescribing.rules.writing import (
    BLOCK,
    DAY,
    FORBID,
    INFO,
    MAN,
    REFERENCE,
    WARN,
    formula,
    found,
    herb,
    of,
    piece,
    rules,
    severity,
)  # fmt: skip

FORMS = {
    "per_day_decoction": "decoction", "per_day_powder": "powder", "per_dose_powder": "pill", "formula_batch": "pill",
    "external": "external",
}  # fmt: skip
FACTORS = {"大毒": 1, "有毒": 2}
RANGES = [
    pytest.param(one.code, dose, id=f"{one.code}-{dose.basis}")
    for one in REFERENCE.pieces.values()
    for dose in one.doses
    if dose.high is not None
]


def dosed(code, dose, grams):
    """The finding about too much on this basis, with everything else of the range as it should be."""
    method = REFERENCE.pieces[code].method if dose.basis == "per_day_decoction" else ""
    item = piece(code, str(grams), method="" if method == "冲服" else method, times_per_day=Decimal(1))
    findings = found(formula(item, form=FORMS[dose.basis], channel="offline"))
    return [one for one in findings if one.rule in ("dose_high", "dose_low") and dict(one.data)["basis"] == dose.basis]


@pytest.mark.parametrize(("code", "dose"), RANGES)
def test_each_limit(code, dose):
    toxicity, high = REFERENCE.pieces[code].toxicity, dose.high
    for grams in {dose.low, high}:
        assert dosed(code, dose, grams) == []
    low = dosed(code, dose, dose.low * Decimal("0.99"))
    assert [(one.rule, one.severity) for one in low] == [("dose_low", INFO)]
    over = dosed(code, dose, high * Decimal("1.01"))
    assert [one.severity for one in over] == [FORBID if toxicity == "大毒" else BLOCK]
    far = dosed(code, dose, high * Decimal("2.01"))
    assert [one.severity for one in far] == [FORBID if toxicity in FACTORS else BLOCK]
    if toxicity == "有毒":
        assert [one.severity for one in dosed(code, dose, high * 2)] == [BLOCK]
    assert dict(far[0].data)["limit"] in far[0].zh
    assert dict(far[0].data)["limit"] in far[0].en
    assert REFERENCE.pieces[code].name in far[0].zh


@pytest.mark.parametrize(
    ("name", "grams", "meant"),
    [
        ("细辛", "3", None), ("细辛", "3.1", BLOCK), ("附子", "15", None), ("附子", "15.1", BLOCK), ("附子", "30",
        BLOCK),
        ("附子", "30.1", FORBID), ("山豆根", "6", None), ("山豆根", "10", BLOCK), ("山豆根", "12", BLOCK),
        ("山豆根", "12.1", FORBID), ("制川乌", "3", None), ("制川乌", "6.1", FORBID), ("甘草", "10", None),
        ("甘草", "10.5", BLOCK), ("甘草", "100", BLOCK),
    ],
)  # fmt: skip
def test_doses_that_have_names(name, grams, meant):
    assert severity(found(formula(herb(name, grams))), "dose_high") is meant


def test_the_sentence_has_the_numbers():
    one = of(found(formula(herb("附子", "18"))), "dose_high")[0]
    assert one.zh == "附子 每日 18 g，超过上限 15 g（每日 3–15 g）。请减量，或写明理由并再次签名。"
    assert one.en == (
        "fu zi (附子): 18 g a day is more than 15 g (range 3–15 g a day). Lower it. If it is meant, give the "
        "reason and sign again."
    )
    assert "Pharmacopoeia" in one.source


@pytest.mark.parametrize(
    ("grams", "doses_per_day", "meant"),
    [("10", "1", None), ("10", "2", BLOCK), ("20", "0.5", None), ("20", "1", BLOCK)],
)
def test_what_counts_is_the_day(grams, doses_per_day, meant):
    rx = formula(herb("附子", grams), doses_per_day=Decimal(doses_per_day))
    assert severity(found(rx), "dose_high") is meant


def test_two_lines_of_a_piece_are_added():
    assert severity(found(formula(herb("附子", "10"), herb("附子", "5"))), "dose_high") is None
    assert severity(found(formula(herb("附子", "10"), herb("附子", "5.1"))), "dose_high") is BLOCK


def test_two_forms_of_a_toxic_species_are_added():
    one = found(formula(herb("附子", "10"), herb("黑顺片", "10")))
    assert severity(one, "dose_high") is None
    assert severity(one, "dose_together") is BLOCK
    three = found(formula(herb("附子", "11"), herb("黑顺片", "10"), herb("炮附片", "10")))
    assert severity(three, "dose_together") is FORBID


def test_two_prescriptions_on_one_day_are_added():
    week = {"first_day": DAY, "last_day": DAY + timedelta(days=6)}
    later = {"first_day": DAY + timedelta(days=7), "last_day": DAY + timedelta(days=13)}
    one, other = herb("附子", "10"), formula(herb("附子", "10"), label="RX1", **week)
    hit = of(found(formula(one, **week), MAN, other), "dose_together")[0]
    assert (hit.severity, hit.lines, hit.other, dict(hit.data)["dose"]) == (BLOCK, (0,), "RX1", "20")
    assert not of(found(formula(one, **later), MAN, other), "dose_together")
    third = formula(herb("附子", "11"), label="RX2", **week)
    assert severity(found(formula(one, **week), MAN, other, third), "dose_together") is FORBID
    harmless = formula(herb("陈皮", "10"), label="RX1", **week)
    assert severity(found(formula(herb("陈皮", "5"), **week), MAN, harmless), "dose_together") is WARN


WEEK = {"first_day": DAY, "last_day": DAY + timedelta(days=6)}


@pytest.mark.parametrize(
    ("form", "one", "other", "meant"),
    [
        ("powder", ("马钱子", "0.3"), ("马钱子粉", "0.3"), None),
        ("powder", ("马钱子", "0.6"), ("马钱子粉", "0.6"), FORBID),
        ("pill", ("硫黄", "2"), ("制硫黄", "2"), BLOCK), ("capsule", ("硫黄", "3"), ("制硫黄", "3.1"), FORBID),
        # at one time
        ("powder", ("芫花", "0.4"), ("醋芫花", "0.5"), None), ("powder", ("芫花", "0.6"), ("醋芫花", "0.6"), BLOCK),
        ("powder", ("京大戟", "1"), ("醋京大戟", "1.1"), FORBID),
    ],
)  # fmt: skip
def test_powders_of_a_toxic_species_are_added(form, one, other, meant):
    here = found(formula(*(herb(*it, times_per_day=Decimal(1)) for it in (one, other)), form=form))
    assert severity(here, "dose_together") is meant
    beside = formula(herb(*other, times_per_day=Decimal(1)), form=form, label="RX1", **WEEK)
    across = found(formula(herb(*one, times_per_day=Decimal(1)), form=form, **WEEK), MAN, beside)
    assert severity(across, "dose_together") is meant


@pytest.mark.parametrize(
    ("name", "grams", "meant"),
    [("马钱子粉", "0.3", None), ("马钱子粉", "0.6", FORBID), ("巴豆霜", "0.3", FORBID), ("三七", "3", WARN),
     ("三七", "1.5", None)],
)  # fmt: skip
def test_powders_of_two_prescriptions_are_added(name, grams, meant):
    def powder(label=""):
        return formula(herb(name, grams, method="", times_per_day=Decimal(1)), form="powder", label=label, **WEEK)

    assert "dose_together" not in rules(found(powder()))
    assert severity(found(powder(), MAN, powder("RX1")), "dose_together") is meant


def test_a_decoction_and_a_powder_are_not_added():
    """No range holds for both."""
    decocted = formula(herb("醋芫花", "3"), label="RX1", **WEEK)
    powder = formula(herb("醋芫花", "0.9", times_per_day=Decimal(1)), form="powder", **WEEK)
    assert "dose_together" not in rules(found(powder, MAN, decocted))


def test_the_sentence_of_a_sum_says_how_it_is_taken():
    [one] = of(found(formula(herb("马钱子", "0.6"), herb("马钱子粉", "0.6"), form="powder")), "dose_together")
    assert "合计散剂每日 1.2 g，超过上限 0.6 g。" in one.zh
    assert "together 1.2 g a day as powder, more than 0.6 g." in one.en
    assert key(one) == "dose_together:family-马钱子:1_2"


@pytest.mark.parametrize(
    ("form", "grams", "times", "meant"),
    [
        ("powder", "1", "1", None), ("powder", "1.1", "1", BLOCK), ("powder", "2", "2", None), ("powder", "2.1", "2",
        BLOCK),
        ("powder", "2", None, BLOCK),  # how often is not said: taken for once
        ("decoction", "3", None, None), ("granules", "3", None, None), ("granules", "3.1", None, BLOCK),
    ],
)  # fmt: skip
def test_powder_has_ranges_of_its_own(form, grams, times, meant):
    item = herb("细辛", grams, times_per_day=Decimal(times) if times else None)
    assert severity(found(formula(item, form=form)), "dose_high") is meant


def test_powder_taken_with_a_decoction():
    """三七: 3-9 g decocted, 1-3 g at one time as powder."""
    decocted = formula(herb("三七", "9", method=""))
    assert severity(found(decocted), "dose_high") is None
    assert severity(found(formula(herb("三七", "6", method="冲服", times_per_day=Decimal(2)))), "dose_high") is None
    assert severity(found(formula(herb("三七", "9", method="冲服", times_per_day=Decimal(2)))), "dose_high") is BLOCK


@pytest.mark.parametrize(
    ("name", "grams", "times", "meant"),
    [
        ("细辛", "1", None, None), ("细辛", "3", None, BLOCK), ("细辛", "3", "2", BLOCK), ("细辛", "2", "2", None),
        ("三七", "9", None, BLOCK), ("三七", "9", "3", None), ("三七", "3", None, None),
        ("川贝母", "10", None, BLOCK), ("川贝母", "2", None, None), ("芫花", "3", None, FORBID),
        ("芒硝", "10", None, None), ("鹿茸", "2", None, None),  # these have no range for powder
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["decoction", "granules"])
def test_powder_beside_a_decoction_is_powder_also_where_times_are_not_said(form, name, grams, times, meant):
    item = herb(name, grams, method="冲服", times_per_day=Decimal(times) if times else None)
    hits = of(found(formula(item, form=form)), "dose_high")
    assert [one.severity for one in hits] == ([meant] if meant else [])
    for one in hits:
        assert ("未写明每日次数" in one.zh) is ("Times a day are not said" in one.en) is (times is None)


def test_no_range_for_a_form_is_said():
    assert severity(found(formula(herb("陈皮"), form="powder")), "dose_no_range") is INFO
    toxic = of(found(formula(herb("附子"), form="powder")), "dose_no_range")[0]
    assert toxic.severity is BLOCK
    assert "3–15 g" in toxic.en
    assert severity(found(formula(herb("陈皮"), form="external")), "dose_no_range") is INFO
    assert severity(found(formula(herb("附子"), form="external")), "dose_no_range") is WARN


@pytest.mark.parametrize(
    ("rule", "name", "written", "little", "much"),
    [
        ("dose_no_range", "全蝎", {"form": "powder"}, "1", "30"), ("dose_no_range", "水半夏", {}, "3", "90"),
        ("dose_no_range", "草乌", {"form": "external"}, "3", "300"), ("no_decoction", "雄黄", {}, "0.1", "3"),
        ("raw_oral", "生附子", {"channel": "offline"}, "1", "30"),
    ],
)  # fmt: skip
def test_a_reason_for_little_is_none_for_much_where_there_is_no_limit(rule, name, written, little, much):
    def hit(grams, **more):
        [one] = of(found(formula(herb(name, grams, method="冲服"), **written, **more)), rule)
        return one

    one, other = hit(little), hit(much)
    answers = {key(one): "因病情需要，已告知患者"}
    assert blocks([one], answers) == []
    assert blocks([other], answers) == [other]
    assert blocks([hit(little, doses_per_day=Decimal(4))], answers) != []
    assert subject(one) == subject(other)


@pytest.mark.parametrize("name", ["朱砂", "雄黄", "轻粉", "蟾酥", "麝香", "雷丸", "鸦胆子"])
def test_what_is_not_decocted(name):
    assert severity(found(formula(herb(name, "0.1", method=""))), "no_decoction") is FORBID
    assert severity(found(formula(herb(name, "0.1", method="先煎"))), "no_decoction") is FORBID
    assert severity(found(formula(herb(name, "0.1", method=""), form="pill")), "no_decoction") is None
    as_powder = severity(found(formula(herb(name, "0.1", method="冲服"))), "no_decoction")
    assert as_powder is (BLOCK if REFERENCE.pieces[herb(name).code].toxicity in ("有毒", "大毒") else None)


def test_a_piece_without_grams_cannot_be_signed():
    assert severity(found(formula(herb("陈皮", None))), "amount_missing") is FORBID
    assert severity(found(formula(herb("陈皮", "0"))), "amount_missing") is FORBID
    assert "amount_missing" not in rules(found(formula(herb("陈皮", None), form="external")))


def test_a_ceiling_is_a_policy():
    strict = Policy(ceiling={"有毒": Decimal("1.5"), "": Decimal(3)})
    assert severity(found(formula(herb("附子", "22.6")), policy=strict), "dose_high") is FORBID
    assert severity(found(formula(herb("甘草", "30.1")), policy=strict), "dose_high") is FORBID
    assert severity(found(formula(herb("甘草", "30")), policy=strict), "dose_high") is BLOCK


@pytest.mark.parametrize(
    ("name", "written", "meant"),
    [
        ("附子", "先煎", None), ("附子", "（先煎，久煎）", None), ("附子", "先煎60分钟", None), ("附子", "", BLOCK),
        ("附子", "后下", BLOCK), ("附子", "不必先煎", BLOCK), ("制川乌", "", BLOCK), ("制草乌", "", BLOCK),
        ("薄荷", "后下", None), ("薄荷", "后入", None), ("薄荷", "", WARN), ("车前子", "布包煎", None), ("车前子", "",
        WARN),
        ("阿胶", "烊化", None), ("阿胶", "", WARN), ("芒硝", "冲服", None), ("芒硝", "", WARN), ("陈皮", "", None),
    ],
)  # fmt: skip
def test_decoction_methods(name, written, meant):
    assert severity(found(formula(herb(name, "3", method=written))), "method_missing") is meant
    assert "method_missing" not in rules(found(formula(herb(name, "3", method=written), form="pill")))


@pytest.mark.parametrize("form", ["paste", "liquid", "other"])
@pytest.mark.parametrize("name", ["附子", "黑顺片", "制川乌", "制草乌", "雷公藤"])
def test_a_toxic_piece_that_is_cooked_unseen_needs_its_method_too(form, name):
    grams = str(REFERENCE.pieces[herb(name).code].doses[0].high)
    assert severity(found(formula(herb(name, grams, method=""), form=form)), "method_missing") is BLOCK
    assert severity(found(formula(herb(name, grams, method="后下"), form=form)), "method_missing") is BLOCK
    assert "method_missing" not in rules(found(formula(herb(name, grams), form=form)))
    for harmless in ("薄荷", "阿胶", "石膏"):
        assert "method_missing" not in rules(found(formula(herb(harmless, "6", method=""), form=form)))
    for dry in ("powder", "pill", "granules", "external"):
        assert "method_missing" not in rules(found(formula(herb(name, "1", method=""), form=dry)))


@pytest.mark.parametrize("form", ["paste", "liquid", "other"])
def test_what_is_not_boiled_needs_a_reason_where_it_may_be(form):
    assert severity(found(formula(herb("朱砂", "0.3", method=""), form=form)), "no_decoction") is BLOCK
    assert severity(found(formula(herb("朱砂", "0.3", method="冲服"), form=form)), "no_decoction") is None
    assert severity(found(formula(herb("麝香", "0.1", method=""), form=form)), "no_decoction") is None
