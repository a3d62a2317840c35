"""Controlled medicines: how often they may be fetched again, and for how long (B-R4)."""

import pytest

from suwen.prescribing.jurisdictions import _read, jurisdictions
from tests.prescribing.test_adversary import sign

TABLET = {"amount": "1", "unit": "片", "frequency_code": "qn", "duration_days": 7}
CODEINE, ZOLPIDEM, PLAIN = "可待因片 30 mg", "唑吡坦片 10 mg", "氯雷他定片 10 mg"


def refills(draft, *names, allowed):
    one = draft(kind="general", medicines=[{"name": name} | TABLET for name in names], refill_allowed=allowed)
    assert all(line["code"] for line in one["medicines"])
    return {each["en"] for each in one["findings"] if each["rule"] == "refills" and each["severity"] == "FORBID"}


@pytest.mark.parametrize(("names", "most"), [((CODEINE,), 0), ((ZOLPIDEM,), 5), ((PLAIN, ZOLPIDEM, CODEINE), 0)])
def test_refills_by_schedule_in_the_united_states(draft, law, names, most):
    law("US")
    assert refills(draft, *names, allowed=most) == set()
    found = refills(draft, *names, allowed=most + 1)
    assert len(found) == 1
    assert f"No more than {most} refills" in found.pop()


@pytest.mark.parametrize(("place", "name"), [("OFF", CODEINE), ("US", PLAIN)])
def test_elsewhere_and_for_the_rest_the_schedules_say_nothing(draft, law, place, name):
    law(place)
    assert refills(draft, name, allowed=12) == set()


def test_six_months_of_schedule_four(people, draft, law):
    law("US")
    one = draft(kind="general", medicines=[{"name": ZOLPIDEM} | TABLET], refill_allowed=5)
    answers = {each["key"]: "Weighed against the risk" for each in one["findings"]}
    signed = sign(people["zhang"].confirm(), one, answers=answers)
    assert signed.status_code == 200, signed.text
    assert signed.json()["valid_until"] == "2030-07-01T15:59:59Z"
    other = draft(kind="general", medicines=[{"name": PLAIN} | TABLET], refill_allowed=5)
    answers = {each["key"]: "Weighed against the risk" for each in other["findings"]}
    assert sign(people["zhang"], other, answers=answers).json()["valid_until"] == "2031-01-01T15:59:59Z"


@pytest.mark.parametrize(
    "wrong",
    [{"VI": {"refills": 0, "months": 0}}, {"II": {"refills": -1, "months": 0}}, {"II": {"refills": 0}}, {"II": 0}, 5],
)
def test_a_schedule_that_says_nothing_is_refused(wrong):
    names = [name for name in jurisdictions()["US"].__dataclass_fields__ if name not in ("code", "schedules")]
    row = {name: getattr(jurisdictions()["US"], name) for name in names}
    row["refill_after"] = str(row["refill_after"])
    assert _read("US", row | {"schedules": {}}).schedules == ()
    with pytest.raises(ValueError, match="US"):
        _read("US", row | {"schedules": wrong})
