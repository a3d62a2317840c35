from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.core import money
from suwen.payments import rules
from suwen.payments.schemas import OrderFilters

NOW = datetime(2030, 1, 1, tzinfo=UTC)
days = st.none() | st.dates(date(2029, 1, 1), date(2031, 1, 1))


def price(id="a", place=None, first=None, last=None, active=True, made=NOW, amount=5000, discount=None):
    return SimpleNamespace(
        id=id, service_type="video", price=amount, discount_price=discount, currency="CNY", location_id=place,
        is_active=active, effective_date=first, expiry_date=last, created_at=made,
    )  # fmt: skip


def test_numbers_are_short_and_plain():
    numbers = {rules.number("ORD", NOW) for _ in range(1000)}
    assert len(numbers) == 1000
    for number in numbers:
        assert len(number) <= 32
        assert number.startswith("ORD20300101000000")
        assert set(number) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")


@pytest.mark.parametrize(
    ("first", "last", "day", "expected"),
    [
        (None, None, date(2030, 1, 1), True),
        (date(2030, 1, 1), date(2030, 1, 1), date(2030, 1, 1), True),
        (date(2030, 1, 2), None, date(2030, 1, 1), False),
        (None, date(2029, 12, 31), date(2030, 1, 1), False),
    ],
)
def test_both_ends_belong_to_a_price(first, last, day, expected):
    assert rules.valid_on(price(first=first, last=last), day) is expected


def test_the_price_of_the_place_goes_before_the_newest():
    everywhere = price("a", made=datetime(2030, 1, 1, 9, tzinfo=UTC), first=date(2029, 12, 1))
    here = price("b", "here", made=datetime(2029, 1, 1, tzinfo=UTC))
    elsewhere = price("c", "elsewhere")
    off = price("d", "here", active=False, first=date(2030, 1, 1))
    found = [everywhere, here, elsewhere, off]
    assert rules.pick(found, "video", "here", NOW.date()) is here
    assert rules.pick(found, "video", None, NOW.date()) is everywhere
    assert rules.pick(found, "video", "third", NOW.date()) is everywhere
    assert rules.pick(found, "clinic", None, NOW.date()) is None


def test_of_two_the_later_first_day_counts():
    old, new = price("a", first=date(2029, 1, 1)), price("b", first=date(2029, 6, 1))
    assert rules.pick([new, old], "video", None, NOW.date()) is new


def test_the_discount_is_what_is_asked():
    assert rules.to_pay(price(discount=3000)) == 3000
    assert rules.to_pay(price(discount=0)) == 0
    assert rules.to_pay(price()) == 5000


@given(days, days, days, days, st.dates(date(2029, 1, 1), date(2031, 1, 1)))
def test_validities_overlap_when_a_day_lies_in_both(a, b, c, d, day):
    one, other = price(first=a, last=b), price(first=c, last=d)
    if rules.valid_on(one, day) and rules.valid_on(other, day):
        assert rules.overlap((a, b), (c, d))


@given(st.integers(0, 9_999_999_999))
def test_amounts_survive_being_written_and_read(minor):
    assert money.parse(money.plain(minor)) == minor


@pytest.mark.parametrize(
    "text", ["12,5", "1,00", "1,0000", "", "-1", "1.", ".5", "1.005", "1e3", "５０", "123456789", "¥5"]
)
def test_what_is_no_amount(text):
    with pytest.raises(money.BadAmount):
        money.parse(text)


def test_thousands_may_be_grouped():
    assert money.parse(" 1,234.50 ") == 123_450


@given(st.lists(st.integers(-1000, 1000).filter(bool), max_size=5))
def test_a_movement_adds_up_to_nought(amounts):
    lines = [("a", "CNY", amount) for amount in amounts]
    assert rules.balanced(lines) is (len(lines) > 1 and sum(amounts) == 0)


def test_currencies_are_not_mixed():
    assert not rules.balanced([("a", "CNY", 5), ("b", "USD", -5)])
    assert not rules.balanced([("a", "CNY", 5), ("b", "CNY", -5), ("a", "USD", 5), ("b", "USD", -5)])


def test_a_day_begins_where_the_clinic_is():
    assert rules.start_of(date(2030, 1, 1), "Asia/Shanghai") == datetime(2029, 12, 31, 16, tzinfo=UTC)
    for far in (date.min, date.max):
        assert rules.start_of(far, "Asia/Shanghai").astimezone(UTC)
        assert OrderFilters.of_days("Pacific/Kiritimati", far, far).until
    assert rules.day_of("2030-01-01") == date(2030, 1, 1)
    assert rules.day_of("tomorrow") is None
    assert rules.day_of("") is None
