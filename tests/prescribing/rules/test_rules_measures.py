"""Largest doses of a day from the formularies, and what is not counted in tablets: units of insulin, drops, cream."""

from dataclasses import replace
from decimal import Decimal

import pytest

from suwen.prescribing.rules import composing, frequencies
from suwen.prescribing.rules.quantities import in_packs, pack_of
from tests.prescribing.rules.writing import BLOCK, REFERENCE, WARN, found, medicines, of, product, rules, severity

# adults, milligrams a day, as written down by hand and not read from the data
LIMITS = {
    "naproxen": 1250, "amoxicillin": 4000, "ampicillin": 4000, "penicillin_v": 4000, "cefaclor": 4000,
    "clavulanic_acid": 375, "fluconazole": 800, "acarbose": 600, "nifedipine": 90, "perindopril": 8, "metoprolol": 400,
    "propranolol": 320, "hydrochlorothiazide": 100, "clonidine": "1.2", "isosorbide_mononitrate": 120,
    "fenofibrate": 267, "methimazole": 60, "ambroxol": 120, "carbocisteine": 2250, "methylphenidate": 60,
    "amantadine": 400, "colchicine": 2,
}  # fmt: skip
UNITS, DROPS, CREAM = "insulin_glargine_300iu", "tobramycin_eye_0p3", "mometasone_cream_0p1"


@pytest.mark.parametrize("code", sorted(LIMITS))
def test_at_the_limit_and_just_over_it(code):
    limit, ingredient = Decimal(LIMITS[code]), REFERENCE.ingredients[code]
    assert ingredient.adult_limit == limit
    assert (ingredient.provenance.evidence, ingredient.provenance.reviewed_by) == ("M", ""), "nobody has confirmed it"
    bringing = next(one for one in REFERENCE.products.values() if code in dict(one.ingredients))
    at = limit / dict(bringing.ingredients)[code]

    def said(amount):
        line = replace(product(bringing.code, None, "1"), amount=amount)
        return [one for one in of(found(medicines(line)), "ingredient_high") if (one.lines and code in one.data[-1][1])
                or dict(one.data)["subject"] == code]  # fmt: skip

    assert said(at) == []
    [over] = said(at + Decimal("0.01"))
    assert over.severity is BLOCK


def test_what_is_not_certain_stays_open():
    """Loading doses, weights and routes make one number wrong: these have none on purpose."""
    for code in (
        "digoxin",
        "warfarin",
        "amiodarone",
        "prednisone",
        "levothyroxine",
        "insulin_glargine",
        "azithromycin",
    ):
        assert REFERENCE.ingredients[code].adult_limit is None, code


@pytest.mark.parametrize(
    ("code", "amount", "often", "days", "needed", "handed_out"),
    [
        (UNITS, "10", "qn", 30, 300, 300), (UNITS, "12", "qn", 30, 360, 600), (DROPS, "2", "qid", 7, 56, 100),
        (DROPS, "1", "q2h", 10, 120, 200), (CREAM, "0.5", "bid", 10, 10, 10), (CREAM, "0.5", "qd", 7, 4, 5),
    ],
)  # fmt: skip
def test_units_drops_and_grams_are_enough(code, amount, often, days, needed, handed_out):
    """10 units a night for 30 nights are one pen; 2 drops four times a day for a week are one bottle of a hundred."""
    known = frequencies.parse(often)
    assert frequencies.quantity(Decimal(amount), known, days) == needed
    assert in_packs(Decimal(needed), pack_of(REFERENCE.products[code])) == handed_out
    line = product(code, amount, str(known.per_day), days, quantity=Decimal(handed_out))
    assert not {rule for rule in rules(found(medicines(line))) if rule.startswith("quantity")}
    less = replace(line, quantity=Decimal(needed - 1))
    assert severity(found(medicines(less)), "quantity_short") is WARN
    more = replace(line, quantity=Decimal(handed_out + 1))
    assert severity(found(medicines(more)), "quantity_over") is WARN


@pytest.mark.parametrize(
    ("code", "unit", "counted"),
    [
        (UNITS, "单位", 10), (UNITS, "IU", 10), (UNITS, "units", 10), (UNITS, "ml", None), (UNITS, "支", None),
        (DROPS, "drops", 10), (DROPS, "ml", None), (CREAM, "克", 10), (CREAM, "支", None),
    ],
)  # fmt: skip
def test_another_measure_is_no_number_of_these(code, unit, counted):
    """Ten millilitres are not ten units: nothing is guessed."""
    assert composing.in_units(Decimal(10), unit, REFERENCE.products[code]) == counted


def test_basal_and_rapid_insulin_go_together_and_two_basal_ones_do_not():
    both = found(medicines(product(UNITS, "10", "1"), product("insulin_aspart_300iu", "6", "3")))
    assert not {rule for rule in rules(both) if rule.startswith("duplicate")}
    twice = found(medicines(product(UNITS, "10", "1"), product(UNITS, "8", "1")))
    assert {rule for rule in rules(twice) if rule.startswith("duplicate")}
