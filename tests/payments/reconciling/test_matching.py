"""A bill held against the books, without a database: every difference put in is found, and no other."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.payments import matching
from suwen.payments.errors import BillUnusable
from suwen.payments.gateways import Line
from suwen.payments.matching import Local, compare

DAY = date(2030, 1, 1)
START, END = matching.bounds(DAY)
NOON = START + timedelta(hours=12)


def local(number: int, amount: int, kind: str = "payment", **more: Any) -> Local:
    given_ = {
        "number": f"{'TXN' if kind == 'payment' else 'RFD'}{number:06d}", "transaction_id": f"id-{number}",
        "external_id": f"ext-{kind}-{number}", "currency": "CNY", "state": "success", "at": NOON, "due": True,
    }  # fmt: skip
    return Local(kind=kind, amount=amount, **given_ | more)


def row(one: Local, **more: Any) -> Line:
    refund = one.kind == "refund"
    line = Line(
        kind=one.kind, out_no=f"TXN{one.number[3:]}", external_id=f"ext-payment-{one.number[3:]}" if refund else
        one.external_id, amount=one.amount, currency=one.currency, at=one.at or NOON, state="SUCCESS", fee=3,
        out_refund_no=one.number if refund else "", external_refund_id=one.external_id if refund else "",
    )  # fmt: skip
    return replace(line, **more)


@dataclass
class Day:
    """A day on which everything fits, then spoilt in ways that are known."""

    local: list[Local] = field(default_factory=list)
    bill: list[Line] = field(default_factory=list)
    expected: dict[str, str] = field(default_factory=dict)


SPOILT = ("match", "amount_mismatch", "local_only", "gateway_only", "status_mismatch", "duplicate", "currency")


@st.composite
def days(draw: Any) -> Day:
    made = Day()
    kinds = st.tuples(st.sampled_from(("payment", "refund")), st.integers(1, 10**9), st.sampled_from(SPOILT))
    for number, (kind, amount, how) in enumerate(draw(st.lists(kinds, max_size=12))):
        one = local(number, amount, kind)
        key = matching.key_of(kind, one.number, "")
        made.expected[key] = how if how in matching.RESULTS else "amount_mismatch"
        if how == "currency":
            made.expected[f"{key}@USD"] = "amount_mismatch"
        if how != "gateway_only":
            made.local.append(one)
        if how == "local_only":
            continue
        off = draw(st.integers(1, 5))
        made.bill.append(
            row(one, amount=amount + off if how == "amount_mismatch" else amount,
                state="PROCESSING" if how == "status_mismatch" else "SUCCESS",
                currency="USD" if how == "currency" else "CNY")
        )  # fmt: skip
        if how == "duplicate":
            made.bill += [made.bill[-1]] * off
            made.expected[key] = "match"
            made.expected |= {f"{key}#{n + 2}": "duplicate" for n in range(off)}
    return made


@given(days())
def test_each_difference_is_found_and_none_invented(day):
    found = compare(day.bill, day.local, DAY)
    assert {one.line_key: one.result for one in found} == day.expected


@given(days(), st.randoms())
def test_the_order_of_lines_does_not_matter(day, dice):
    first = compare(day.bill, day.local, DAY)
    dice.shuffle(day.bill)
    dice.shuffle(day.local)
    assert compare(day.bill, day.local, DAY) == first


@given(days())
def test_the_sums_are_those_of_the_bill_and_of_the_books(day):
    """Exactly, and never two currencies in one sum."""
    found = matching.sums(compare(day.bill, day.local, DAY), {})
    for code in {"CNY", "USD"}:
        named = found.get(code, dict.fromkeys(matching.NAMES, 0))
        paid = [line.amount for line in day.bill if (line.kind, line.currency) == ("payment", code)]
        done = [one for one in day.bill if (one.kind, one.currency, one.state) == ("payment", code, "SUCCESS")]
        assert named["bill_paid"] == sum(one.amount for one in done) <= sum(paid)
        assert named["fee"] == 3 * sum(line.currency == code for line in day.bill)


@given(days(), st.data())
def test_when_all_is_resolved_the_books_and_the_bill_agree(day, data):
    """Whatever way is chosen for each line, what is settled is what was booked and corrected, but for what was accepted
    to be on another day's bill."""
    found = compare(day.bill, day.local, DAY)
    ours = sum(matching.sign(one.kind) * one.amount for one in day.local)
    assert sum(matching.sign(one.kind) * matching.booked(one) for one in found if one.currency == "CNY") == ours
    assert not any(matching.booked(one) for one in found if one.currency == "USD")
    for line in found:
        ways = [way for way in matching.ways(line) if way != "ask_gateway"]
        assert bool(ways) == (line.result != "match"), line
        chosen = data.draw(st.sampled_from(ways)) if ways else None
        correction = matching.sign(line.kind) * matching.missing(line) if chosen in matching.BOOKED else 0
        booked = matching.sign(line.kind) * matching.booked(line)
        settled = matching.settles(Resolved(line, chosen))
        left = booked + correction - settled
        assert left == (booked if (line.result, chosen) == ("local_only", "accepted") else 0)


class Resolved:
    def __init__(self, line: Any, resolution: str | None) -> None:
        self.line, self.resolution = line, resolution

    def __getattr__(self, name: str) -> Any:
        return getattr(self.line, name)


@pytest.mark.parametrize("amount", [8700, 8000])
def test_of_two_currencies_nothing_is_subtracted(amount):
    one = local(1, 8000)
    ours, theirs = compare([row(one, amount=amount, currency="HKD")], [one], DAY)
    assert (ours.line_key, ours.currency, ours.local_amount, ours.bill_amount) == (
        "payment:TXN000001",
        "CNY",
        8000,
        None,
    )
    assert (theirs.line_key, theirs.currency) == ("payment:TXN000001@HKD", "HKD")
    assert (theirs.local_amount, theirs.bill_amount) == (None, amount)
    assert [matching.missing(line) for line in (ours, theirs)] == [-8000, amount]
    assert {matching.ways(line) for line in (ours, theirs)} == {("suspense", "write_off")}


def test_a_payment_that_is_not_ours_yet_stands_on_the_bills_line_alone():
    one = local(1, 8000, state="pending", at=None, due=False)
    [found] = compare([row(one, currency="HKD", at=NOON)], [one], DAY)
    assert (found.line_key, found.local_state, matching.missing(found)) == ("payment:TXN000001@HKD", "pending", 8000)
    assert "ask_gateway" in matching.ways(found)


def test_a_line_without_our_number_is_found_by_the_gateways():
    one = local(1, 100)
    [found] = compare([row(one, out_no="")], [one], DAY)
    assert (found.result, found.line_key, found.out_no) == ("match", "payment:TXN000001", "TXN000001")


def test_of_two_rows_under_one_number_the_one_that_fits_is_compared():
    one = local(1, 100)
    rows = [row(one, amount=50, external_id="other"), row(one)]
    for lines in (rows, rows[::-1]):
        first, second = compare(lines, [one], DAY)
        assert (first.result, first.bill_amount, second.result, second.bill_amount) == ("match", 100, "duplicate", 50)


@pytest.mark.parametrize(
    ("state", "done", "says", "result"),
    [
        ("success", START + timedelta(hours=5), "PROCESSING", "status_mismatch"),
        ("success", END + timedelta(hours=5), "PROCESSING", "match"),  # done after the bill was made
        ("processing", None, "PROCESSING", "match"),
        ("processing", None, "SUCCESS", "status_mismatch"),
        ("failed", None, "SUCCESS", "status_mismatch"),
        ("cancelled", None, "CLOSED", "match"),
        ("success", NOON, "ABNORMAL", "status_mismatch"),
    ],
)
def test_states_of_refunds(state, done, says, result):
    one = local(1, 100, "refund", state=state, at=done, due=False)
    [found] = compare([row(one, state=says, at=NOON)], [one], DAY)
    assert found.result == result


@pytest.mark.parametrize("state", ["pending", "failed"])
def test_a_payment_that_only_the_gateway_knows_to_be_paid(state):
    one = local(1, 100, state=state, at=None, due=False)
    [found] = compare([row(one, at=NOON)], [one], DAY)
    assert found.result == "status_mismatch"
    assert "ask_gateway" in matching.ways(found)


# ---- midnight

LATE, EARLY = END - timedelta(minutes=2), START + timedelta(minutes=2)
BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)


@pytest.mark.parametrize(
    ("moment", "day", "compared", "due"),
    [
        (NOON, DAY, [], True),
        (LATE, DAY, [BEFORE, AFTER], False),  # the next day's bill says
        (LATE, AFTER, [DAY], True),
        (LATE, AFTER, [], False),  # nobody has seen the bill of its own day
        (EARLY, DAY, [BEFORE], True),
        (EARLY, DAY, [], False),
        (EARLY, BEFORE, [], False),
    ],
)
def test_what_happened_near_midnight_is_missed_once_both_bills_were_seen(moment, day, compared, due):
    assert matching.is_due(moment, day, compared) is due


@given(st.datetimes(datetime(2029, 12, 1), datetime(2030, 2, 1), timezones=st.just(UTC)))
def test_whatever_the_moment_exactly_one_day_misses_it(moment):
    """When all days were compared in their order."""
    around = [matching.day_in_china(moment) + timedelta(days=n) for n in range(-2, 3)]
    missing = [day for day in around if matching.is_due(moment, day, [one for one in around if one < day])
               and day in matching.days_of(moment)]  # fmt: skip
    assert len(missing) == 1


def test_the_days_are_those_of_china():
    assert (datetime(2029, 12, 31, 16, tzinfo=UTC), datetime(2030, 1, 1, 16, tzinfo=UTC)) == (START, END)
    assert matching.last_ready("wechat", datetime(2030, 1, 2, 1, 59, tzinfo=UTC)) == date(2029, 12, 31)
    assert matching.last_ready("wechat", datetime(2030, 1, 2, 2, tzinfo=UTC)) == DAY


def test_sums_that_no_column_can_hold_are_no_bill():
    with pytest.raises(BillUnusable):
        compare([row(local(1, 10**10))], [], DAY)


@given(days(), st.integers(-100, 100))
def test_a_correction_counts_as_ours(day, by):
    for line in compare(day.bill, day.local, DAY):
        found = matching.corrected(line, by)
        held = matching.booked(line) + by
        assert found.local_amount == held
        assert matching.missing(found) == matching.billed(line) - held
        if found.result == "match":
            assert not matching.missing(found)
