"""A line without days: it takes no limit away from the others, and is not passed over where limits go by them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from suwen.prescribing.jurisdictions import jurisdictions
from suwen.prescribing.models import Prescription
from suwen.prescribing.rules import composing, gaps
from tests.prescribing.conftest import SEEN
from tests.prescribing.test_adversary import sign, state
from tests.prescribing.test_pharmacist import dispense

SHANGHAI = ZoneInfo("Asia/Shanghai")
LONG = {"name": "amlodipine tablets", "amount": "1", "frequency_code": "qd", "duration_days": 300}
OPEN = {"name": "loratadine tablets", "amount": "1", "frequency_code": "qd", "duration": "until it is better"}
ONCE = {"name": "paracetamol tablets", "amount": "1", "frequency_code": "stat"}


@pytest.fixture
def general(draft):
    return lambda *lines, **more: draft(kind="general", medicines=list(lines), facts=SEEN, **more)


def refused(people, one):
    """The fields that are to be filled in."""
    answer = sign(people["zhang"].confirm(), one)
    assert answer.status_code == 422, answer.text
    return set(answer.json()["fields"])


def test_the_longest_that_is_said_counts():
    assert composing.said_days([LONG, OPEN]) == composing.said_days([OPEN, LONG]) == 300
    assert composing.said_days([OPEN]) is composing.said_days([]) is None
    # for what is still taken, a line that does not say how long is taken for ever
    assert composing.longest([LONG, OPEN]) is None


def test_days_are_missing_where_a_limit_goes_by_them():
    line = {"name": "x", "dosage": "1", "frequency_code": "qd", "frequency": "every day"}
    assert gaps("general", "x", [line], None) == {}
    assert set(gaps("general", "x", [line | {"duration_days": 3}, line], None, True)) == {"medicines.1.duration_days"}
    assert gaps("general", "x", [line | {"frequency_code": "stat"}], None, True) == {}
    assert gaps("herbal", "x", [line], {"doses": 7}, True) == {}
    assert [jurisdictions()[law].limits_days for law in ("OFF", "CN", "US")] == [False, True, True]


@pytest.mark.parametrize("code", ["CN", "US"])
def test_a_law_that_limits_days_is_told_of_every_line(people, general, law, house, code):
    law(code)
    one = general(LONG, OPEN, ONCE)
    assert refused(people, one) == {"medicines.1.duration_days"}
    assert state(house, one).status == "draft"


def test_an_open_line_does_not_switch_the_limit_off(general, law):
    """Already while it is written."""
    law("CN")
    assert "days_most" in {each["rule"] for each in general(LONG, OPEN)["findings"]}


def test_a_refill_is_told_too(people, general, house):
    one = general(OPEN, refill_allowed=2)
    assert refused(people, one) == {"medicines.0.duration_days"}
    assert state(house, one).status == "draft"
    assert sign(people["zhang"].confirm(), general(OPEN)).status_code == 200


def test_no_second_supply_on_the_same_day(people, general, house):
    """Also of what was signed when days were not asked for."""
    one = sign(people["zhang"].confirm(), general(OPEN)).json()
    given = dispense(people["zhao"], one).json()
    house.db.write(lambda tx: tx.execute(update(Prescription).values(refill_allowed=2, status="partially_dispensed")))
    again = dispense(people["zhao"], given)
    assert (again.status_code, again.json()["code"]) == (409, "refill_too_early")
    assert again.json()["earliest"] == "2030-01-02"


def test_the_day_of_the_next_supply():
    monday, law = datetime(2030, 1, 7, 8, tzinfo=SHANGHAI), jurisdictions()["US"]
    for days, due in ((None, 8), (1, 8), (30, 30)):
        assert law.next_supply(monday, days, SHANGHAI) == date(2030, 1, due)


def test_a_single_dose_for_three_days_is_one_amount(general):
    """What we computed ourselves is not too little a moment later."""
    one = general(ONCE | {"duration_days": 3})
    assert one["medicines"][0]["quantity"] == "1"
    assert not [each["rule"] for each in one["findings"] if each["rule"].startswith("quantity")]
