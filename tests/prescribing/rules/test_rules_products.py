"""General medicines: sums, children, duplicates, quantities, interactions, and what is on one prescription."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.prescribing.rules.duplicates import CLASSES
from suwen.prescribing.rules.findings import Item, Policy
from suwen.prescribing.rules.quantities import pack_of
from suwen.prescribing.rules.safety import blocks, key
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
    medicines,
    of,
    person,
    piece,
    product,
    rules,
    severity,
)  # fmt: skip

PARACETAMOL, SYRUP = "paracetamol_tab_0p5g", "paracetamol_susp_32mg_per_ml"
COLD = "compound_paracetamol_pseudoephedrine_dextromethorphan_chlorphenamine_tab"  # 325 mg each
IBUPROFEN, AMOXICILLIN = "ibuprofen_tab_0p2g", "amoxicillin_cap_0p25g"
WARFARIN, AMLODIPINE = "warfarin_tab_2p5mg", "amlodipine_tab_5mg"


def days(first, count):
    return {"first_day": DAY + timedelta(days=first), "last_day": DAY + timedelta(days=first + count - 1)}


@pytest.mark.parametrize(
    ("amount", "times", "meant"), [("2", "4", None), ("2", "4.5", BLOCK), ("1", "8", None), ("1", "9", BLOCK)]
)
def test_four_grams_of_paracetamol(amount, times, meant):
    assert severity(found(medicines(product(PARACETAMOL, amount, times))), "ingredient_high") is meant


def test_paracetamol_is_added_over_products_and_prescriptions():
    tablets, cold = product(PARACETAMOL, "2", "3"), product(COLD, "1", "4")
    hit = of(found(medicines(tablets, cold)), "ingredient_high")[0]
    assert (hit.severity, hit.lines, dict(hit.data)["dose"]) == (BLOCK, (0, 1), "4300")
    assert "4300 mg" in hit.zh
    assert "4000 mg" in hit.en
    across = found(medicines(tablets), MAN, medicines(cold, label="RX1"))
    assert [(one.lines, one.other) for one in of(across, "ingredient_high")] == [((0,), "RX1")]
    assert severity(found(medicines(tablets)), "ingredient_high") is None


def test_two_grams_from_compound_products():
    assert severity(found(medicines(product(COLD, "1", "6"))), "paracetamol_compound") is None
    assert severity(found(medicines(product(COLD, "1", "7"))), "paracetamol_compound") is BLOCK
    assert severity(found(medicines(product(PARACETAMOL, "1", "7"))), "paracetamol_compound") is None
    generous = Policy(paracetamol_compound_limit=Decimal(3000))
    assert severity(found(medicines(product(COLD, "1", "7")), policy=generous), "paracetamol_compound") is None
    strict = Policy(paracetamol_limit=Decimal(1000))
    assert severity(found(medicines(product(PARACETAMOL, "1", "3")), policy=strict), "ingredient_high") is BLOCK


@pytest.mark.parametrize(
    ("code", "amount", "times", "meant"),
    [
        ("metformin_tab_0p85g", "1", "3", None), ("metformin_tab_0p85g", "1", "4", BLOCK), (AMLODIPINE, "2", "1",
        None),
        (AMLODIPINE, "3", "1", BLOCK), (WARFARIN, "10", "3", None), ("loratadine_tab_10mg", "1", "2", BLOCK),
    ],
)  # fmt: skip
def test_limits_of_others(code, amount, times, meant):
    assert severity(found(medicines(product(code, amount, times))), "ingredient_high") is meant


# item: first day, days, tablets of 500 mg a day
ITEMS = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 10), st.integers(1, 6)), min_size=1, max_size=5)


@given(ITEMS)
def test_paracetamol_by_the_day(items):
    """Against a count of each day: too much is found exactly when there is a day of this prescription with too much."""
    rxs = [
        medicines(product(PARACETAMOL, str(tablets), "2", long), label=f"RX{place}", **days(first, long))
        for place, (first, long, tablets) in enumerate(items)
    ]
    first, long, _ = items[0]
    worst = max(
        sum(1000 * tablets for start, length, tablets in items if start <= day < start + length)
        for day in range(first, first + long)
    )
    hits = of(found(rxs[0], MAN, *rxs[1:]), "ingredient_high")
    assert [dict(one.data)["dose"] for one in hits] == ([str(worst)] if worst > 4000 else [])


@pytest.mark.parametrize(
    ("years", "weight", "ml", "meant"),
    [(5, "20", "11.7", None), (5, "20", "11.8", BLOCK), (5, "10", "5.9", BLOCK), (17, "80", "31.25", None), (17, "80",
    "31.3", BLOCK)],
)  # fmt: skip
def test_a_child_by_weight(years, weight, ml, meant):
    """75 mg/kg a day, and never more than an adult."""
    who = person(years, weight_kg=Decimal(weight))
    assert severity(found(medicines(product(SYRUP, ml, "4")), who), "ingredient_high") is meant


def test_a_weight_that_is_missing():
    child = person(5, weight_kg=None)
    one = of(found(medicines(product(SYRUP, "5", "4")), child), "weight_missing")[0]
    assert (one.asks, one.lines) == ("weight", (0,))
    assert "weight_missing" not in rules(found(medicines(product(SYRUP, "5", "4")), person(5, weight_kg=Decimal(20))))
    assert "weight_missing" not in rules(found(medicines(product(SYRUP, "5", "4")), person(30, weight_kg=None)))
    assert "weight_missing" not in rules(found(medicines("loratadine_tab_10mg"), child))


def test_what_could_not_be_counted_is_said():
    assert severity(found(medicines(product(PARACETAMOL, None, "3"))), "ingredient_unchecked") is WARN
    assert severity(found(medicines(product(PARACETAMOL, "1", None))), "ingredient_unchecked") is WARN
    as_needed = product(PARACETAMOL, "1", None, as_needed=True)
    assert {"ingredient_unchecked", "as_needed_open"} <= rules(found(medicines(as_needed)))
    most = replace(as_needed, most_per_day=Decimal(9))
    assert severity(found(medicines(most)), "ingredient_high") is BLOCK
    assert not {"ingredient_unchecked", "as_needed_open"} & rules(found(medicines(most)))


DIGOXIN = "digoxin_tab_0p25mg"


def test_a_dose_without_a_limit_is_not_passed_over():
    one = of(found(medicines(product(DIGOXIN, "12", "12", 30))), "ingredient_no_limit")[0]
    assert (one.severity, one.lines, key(one)) == (WARN, (0,), "ingredient_no_limit:digoxin:36")
    assert "每次 12片、每日 12 次" in one.zh
    assert "12 片, 12 a day" in one.en
    usual = of(found(medicines(product(DIGOXIN, "1", "1", 30))), "ingredient_no_limit")[0]
    assert blocks([usual], {key(usual): "ok"}) == []
    assert blocks([one], {key(usual): "ok"}) == [one]
    unsaid = of(found(medicines(product(DIGOXIN, None, None))), "ingredient_no_limit")[0]
    assert (unsaid.severity, "未写明次数" in unsaid.zh) == (WARN, True)


@pytest.mark.parametrize(
    ("code", "meant"),
    [
        (WARFARIN, WARN), ("theophylline_er_0p1g", WARN), ("levothyroxine_tab_50ug", WARN),
        ("amiodarone_tab_0p2g", WARN), ("insulin_glargine_300iu", WARN), ("azithromycin_tab_0p25g", INFO),
        ("oral_rehydration_salts", INFO), (PARACETAMOL, None), (AMOXICILLIN, None), ("mometasone_cream_0p1", None),
        ("tobramycin_eye_0p3", None),
    ],
)  # fmt: skip
def test_who_has_to_look_at_a_dose_without_a_limit(code, meant):
    findings = found(medicines(product(code, "1", "1")))
    assert [one.severity for one in of(findings, "ingredient_no_limit")] == ([meant] if meant else [])


def test_each_narrow_ingredient_is_looked_at_somehow():
    narrow = {one.code for one in REFERENCE.ingredients.values() if one.narrow}
    assert {"digoxin", "warfarin", "theophylline", "levothyroxine", "amiodarone"} < narrow
    assert {code for code in REFERENCE.ingredients if code.startswith("insulin")} < narrow


@pytest.mark.parametrize(
    ("codes", "rule"),
    [
        ((AMOXICILLIN, "amoxicillin_cap_0p5g"), "duplicate_ingredient"), ((PARACETAMOL, COLD), "duplicate_ingredient"),
        ((AMOXICILLIN, AMOXICILLIN), "duplicate_product"), ((IBUPROFEN, "diclofenac_ec_25mg"), "duplicate_class"),
        (("omeprazole_eccap_20mg", "rabeprazole_ec_10mg"), "duplicate_class"),
        (("losartan_tab_50mg", "losartan_hydrochlorothiazide_tab_62p5mg"), "duplicate_ingredient"),
    ],
)  # fmt: skip
def test_the_same_twice(codes, rule):
    findings = found(medicines(*codes))
    assert severity(findings, rule) is WARN
    assert of(findings, rule)[0].lines == (0, 1)
    one, two = codes
    across = found(medicines(one, **days(0, 7)), MAN, medicines(two, label="RX1", **days(3, 7)))
    assert [(hit.severity, hit.lines, hit.other) for hit in of(across, rule)] == [(WARN, (0,), "RX1")]
    assert rule not in rules(found(medicines(one, **days(0, 7)), MAN, medicines(two, label="RX1", **days(7, 7))))


@given(st.integers(0, 30), st.integers(1, 15), st.integers(0, 30), st.integers(1, 15))
def test_a_duplicate_is_one_exactly_when_days_are_shared(first, long, second, length):
    rx = medicines(product(IBUPROFEN, days=long), **days(first, 30))
    other = medicines(product("diclofenac_ec_25mg", days=length), label="RX1", **days(second, 30))
    shared = max(first, second) < min(first + long, second + length)
    assert ("duplicate_class" in rules(found(rx, MAN, other))) is shared


def test_one_ingredient_twice_is_no_second_finding_about_its_class():
    findings = found(medicines(AMOXICILLIN, "amoxicillin_cap_0p5g"))
    assert {rule for rule in rules(findings) if rule.startswith("duplicate")} == {"duplicate_ingredient"}


def test_each_line_has_its_own_days():
    """Three days of one medicine, ten of another; what is taken from the sixth day on meets the second alone."""
    rx = medicines(product(IBUPROFEN, days=3), product("clarithromycin_tab_0p25g", days=10), **days(0, 10))
    later = medicines("diclofenac_ec_25mg", "simvastatin_tab_20mg", WARFARIN, label="RX1", **days(5, 10))
    findings = found(rx, MAN, later)
    assert "duplicate_class" not in rules(findings)
    pairs = {dict(one.data)["row"] for one in of(findings, "interaction")}
    assert pairs == {"simvastatin-clarithromycin", "warfarin-macrolide"}


def test_only_those_are_named_that_meet_this_prescription():
    """RX2 meets RX1 and another line of this one, but no day of the ibuprofen."""
    rx = medicines(product(IBUPROFEN, days=3), product(AMOXICILLIN, days=10), **days(0, 10))
    first = medicines("diclofenac_ec_25mg", label="RX1", **days(2, 6))
    second = medicines("meloxicam_tab_7p5mg", label="RX2", **days(6, 6))
    hit = of(found(rx, MAN, first, second), "duplicate_class")[0]
    assert hit.other == "RX1"
    assert "RX2" not in hit.zh + hit.en


def test_nothing_is_doubled_by_what_is_different():
    findings = found(medicines(AMLODIPINE, "losartan_tab_50mg", AMOXICILLIN, "omeprazole_eccap_20mg"))
    assert not {rule for rule in rules(findings) if rule.startswith("duplicate")}


def test_classes_have_names_for_people():
    assert {name for one in REFERENCE.ingredients.values() for name in one.classes} == set(CLASSES)
    hit = of(found(medicines(IBUPROFEN, "diclofenac_ec_25mg")), "duplicate_class")[0]
    assert "非甾体抗炎药" in hit.zh
    assert "NSAIDs" in hit.en


def test_pieces_twice():
    assert severity(found(formula("陈皮", "陈皮")), "duplicate_piece") is WARN
    assert severity(found(formula("法半夏", "姜半夏")), "duplicate_family") is INFO
    beside = found(formula("陈皮"), MAN, formula("陈皮", label="RX1"))
    assert severity(beside, "duplicate_piece_beside") is INFO
    toxic = found(formula(herb("附子", "3")), MAN, formula(herb("附子", "3"), label="RX1"))
    assert severity(toxic, "duplicate_piece_beside") is WARN


@pytest.mark.parametrize(
    ("quantity", "rule"),
    [
        (None, None),
        ("21", None),
        ("24", None),
        ("20", "quantity_short"),
        ("25", "quantity_over"),
        ("48", "quantity_over"),
    ],
)
def test_quantity_is_dose_by_frequency_by_days(quantity, rule):
    """Three a day for a week are 21; a pack has 24."""
    item = product(AMOXICILLIN, "1", "3", quantity=Decimal(quantity) if quantity else None)
    hits = [one for one in found(medicines(item)) if one.rule.startswith("quantity")]
    assert [(one.rule, one.severity) for one in hits] == ([(rule, WARN)] if rule else [])
    assert all("= 21" in one.zh and "= 21" in one.en for one in hits)


@pytest.mark.parametrize("days", [None, 1, 3])
@pytest.mark.parametrize(("quantity", "rule"), [("1", "quantity_short"), ("2", None), ("25", "quantity_over")])
def test_what_is_taken_once_is_one_amount_whatever_the_days(days, quantity, rule):
    item = product(AMOXICILLIN, "2", "1", days, quantity=Decimal(quantity), once=True)
    hits = [one for one in found(medicines(item)) if one.rule.startswith("quantity")]
    assert [one.rule for one in hits] == ([rule] if rule else [])
    assert all("x 1 day = 2" in one.en and "× 1 天 = 2" in one.zh for one in hits)


@pytest.mark.parametrize(("amount", "many"), [("12", False), ("13", True), ("100", True)])
def test_many_tablets_at_once_are_not_passed_over(amount, many):
    """Also where no limit is known."""
    hits = found(medicines(product(AMOXICILLIN, amount, "1")))
    assert [one.severity for one in hits if one.rule == "amount_many"] == ([WARN] if many else [])


@pytest.mark.parametrize(
    ("specification", "pack"),
    [
        ("0.25 g x 24", 24),
        ("32 mg/ml x 100 ml", 100),
        ("0.5g×12片×2板", 24),
        ("", 1),
        ("10 mg", 1),
        ("75mg*10粒", 10),
        ("24", 24),
        ("60粒", 60),
    ],
)
def test_packs(specification, pack):
    assert pack_of(replace(REFERENCE.products[AMOXICILLIN], specification=specification)) == pack


ROWS = {row.id: row for row in REFERENCE.interactions}


def sides(side):
    """Something that has this side, as items."""
    if side.startswith("all:"):
        parts = side.removeprefix("all:").split("+")
        return [item for part in parts for item in sides(part)]
    kind, _, name = side.partition(":")
    if kind == "family":
        return [piece(next(one.code for one in REFERENCE.pieces.values() if one.family == name and one.doses))]
    if side in REFERENCE.pieces:
        return [piece(side)]
    for one in REFERENCE.products.values():
        held = [REFERENCE.ingredients[code] for code, _ in one.ingredients]
        if side == one.code or any(side == i.code or (kind == "class" and name in i.classes) for i in held):
            return [product(one.code)]
    raise AssertionError(side)


@pytest.mark.parametrize("row", ROWS)
def test_each_interaction_is_found(row):
    left, right = (formula(*items) if items[0].code in REFERENCE.pieces else medicines(*items)
                   for items in (sides(ROWS[row].left), sides(ROWS[row].right)))  # fmt: skip
    for one, two in ((left, right), (right, left)):
        rx, other = replace(one, **days(0, 7)), replace(two, label="RX1", **days(3, 7))
        hits = [hit for hit in of(found(rx, MAN, other), "interaction") if dict(hit.data)["row"] == row]
        assert [(hit.severity.name, hit.other) for hit in hits] == [(ROWS[row].severity, "RX1")]
        later = replace(other, **days(7, 7))
        assert not [hit for hit in of(found(rx, MAN, later), "interaction") if dict(hit.data)["row"] == row]


@pytest.mark.parametrize(
    ("herbs", "code", "meant"),
    [
        ("柴胡 黄芩 法半夏 人参 炙甘草 生姜 大枣", "interferon_alfa_inj_3miu", FORBID), ("柴胡 黄芩",
        "interferon_alfa_inj_3miu", None),
        ("炙甘草", "furosemide_tab_20mg", WARN), ("甘草", "hydrochlorothiazide_tab_25mg", WARN), ("甘草",
        "digoxin_tab_0p25mg", WARN),
        ("麻黄", "selegiline_tab_5mg", FORBID), ("麻黄", "phenelzine_tab_15mg", FORBID), ("麻黄",
        "digoxin_tab_0p25mg", WARN),
        ("桃仁 红花 丹参", WARFARIN, None), ("陈皮", "digoxin_tab_0p25mg", None),
    ],
)  # fmt: skip
def test_herbs_and_drugs(herbs, code, meant):
    findings = found(formula(*herbs.split()), MAN, medicines(code, label="RX1"))
    assert severity(findings, "interaction") is meant


def test_interactions_have_sources():
    assert all(row.provenance.source and row.provenance.evidence for row in REFERENCE.interactions)


def test_names_that_are_not_known_cannot_be_signed():
    rx = formula("陈皮", Item("神秘草", "", Decimal(3)))
    hit = of(found(rx), "unknown")[0]
    assert (hit.severity, hit.lines) == (FORBID, (1,))
    assert "神秘草" in hit.zh
    beside = of(found(formula("陈皮"), MAN, replace(rx, label="RX1")), "other_unknown")[0]
    assert (beside.severity, beside.other, beside.other_item) == (INFO, "RX1", "神秘草")
    assert of(found(medicines(Item("gone", "gone"))), "unknown")


def test_nothing_is_mixed_and_five_lines_are_the_most():
    assert severity(found(replace(formula("陈皮"), items=(herb("陈皮"), product(PARACETAMOL)))), "mixed") is FORBID
    for kind in ("general", "compound"):
        rx = replace(medicines(PARACETAMOL, AMOXICILLIN), kind=kind)
        assert "mixed" not in rules(found(rx))
        assert severity(found(replace(rx, items=(*rx.items, herb("陈皮")))), "mixed") is FORBID
    five = [PARACETAMOL, AMOXICILLIN, AMLODIPINE, "omeprazole_eccap_20mg", "metformin_tab_0p5g"]
    assert "too_many" not in rules(found(medicines(*five)))
    six = of(found(medicines(*five, "loratadine_tab_10mg")), "too_many")[0]
    assert (six.severity, six.lines) == (FORBID, (5,))
    assert "too_many" not in rules(found(formula(*["陈皮"] * 6)))
    assert "too_many" not in rules(found(medicines(*five, "loratadine_tab_10mg"), policy=Policy(most_products=6)))
