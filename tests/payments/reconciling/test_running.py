"""Bills against books in the database: what is found, what is written, what a second run leaves."""

import random
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from suwen.core.outbox import deliver_one
from suwen.payments import matching
from suwen.payments.events import BillDue
from suwen.payments.gateways import Line
from suwen.payments.models import ReconciliationLine
from suwen.payments.service import reconciling
from suwen.payments.service.reconciling import running
from tests.payments.gateways.conftest import NAMES, later, refund_of
from tests.payments.reconciling.conftest import DAY, MORNING, NOON
from tests.support.racing import race

START, END = matching.bounds(DAY)


def spoilt_day(books):
    """One of each kind of difference, and what fits."""
    number = {name: books.pay(1000 + n) for n, name in enumerate(
        ("fits", "other_amount", "missing", "other_state", "twice", "back"))}  # fmt: skip
    books.refund(number["back"], 300)
    by = {one.out_no: n for n, one in enumerate(books.bill) if one.kind == "payment"}
    books.bill[by[number["other_amount"]]] = replace(books.bill[by[number["other_amount"]]], amount=999)
    books.bill[by[number["other_state"]]] = replace(books.bill[by[number["other_state"]]], state="CLOSED")
    books.bill.append(books.bill[by[number["twice"]]])
    books.bill.append(Line("payment", "ORDOTHER", "EXTOTHER", 77, "CNY", NOON, "SUCCESS", 1))
    del books.bill[by[number["missing"]]]
    return {
        f"payment:{number['fits']}": "match", f"payment:{number['other_amount']}": "amount_mismatch",
        f"payment:{number['missing']}": "local_only", f"payment:{number['other_state']}": "status_mismatch",
        f"payment:{number['twice']}": "match", f"payment:{number['twice']}#2": "duplicate",
        f"payment:{number['back']}": "match", "refund:RFD203000007": "match", "payment:ORDOTHER": "gateway_only",
    }  # fmt: skip


def test_each_difference_is_found_and_written_once(books):
    expected = spoilt_day(books)
    id = books.run()
    assert books.results(id) == expected
    day = books.day(id)
    assert (day.status, day.matched, day.differences, day.bill_lines, day.runs) == ("different", 4, 5, 8, 1)
    assert day.sums["CNY"] == {
        "local_paid": 6015, "bill_paid": 1000 + 999 + 2 * 1004 + 1005 + 77, "local_refunded": 300,
        "bill_refunded": 300, "fee": 37, "held": 0,
    }  # fmt: skip


def test_run_again_in_another_order_it_is_the_same(books, monkeypatch):
    monkeypatch.setattr(running, "CHUNK", 2)
    spoilt_day(books)
    id = books.run()
    before = [(row.id, *matching.signature(row)) for row in books.rows(id)]
    digest, sums = books.day(id).bill_digest, books.day(id).sums
    random.Random(3).shuffle(books.bill)
    assert books.run() == id
    assert [(row.id, *matching.signature(row)) for row in books.rows(id)] == before
    assert (books.day(id).runs, books.day(id).bill_digest, books.day(id).sums) == (2, digest, sums)


def test_a_line_that_is_on_the_bill_no_more_goes(books, monkeypatch):
    monkeypatch.setattr(running, "CHUNK", 1)
    spoilt_day(books)
    id = books.run()
    kept = books.bill[0]
    assert books.run(bill=[kept]) == id
    results = books.results(id)
    assert results.pop(f"payment:{kept.out_no}") == "match"
    assert set(results.values()) == {"local_only"}


def test_a_day_without_anything_fits(books):
    id = books.run()
    assert (books.day(id).status, books.rows(id)) == ("matched", [])


def test_other_channels_and_other_days_are_not_looked_at(books):
    books.pay(100, gateway="alipay", billed=False)
    books.pay(100, NOON - timedelta(days=1), billed=False)
    books.pay(100, NOON + timedelta(days=1), billed=False)
    assert books.rows(books.run()) == []


def test_currencies_are_never_added(books):
    books.pay(100, gateway="card")
    books.pay(900, gateway="card", currency="USD")
    day = books.day(books.run("card"))
    assert {code: sums["bill_paid"] for code, sums in day.sums.items()} == {"CNY": 100, "USD": 900}


def test_what_we_learned_a_day_late_is_on_its_own_bill_and_missing_on_none(books):
    books.pay(100, NOON + timedelta(days=1), bill_at=NOON)
    late = books.run()
    assert set(books.results(late).values()) == {"match"}
    assert books.rows(books.run(day=DAY + timedelta(days=1), bill=[])) == []


def test_what_we_learned_after_the_first_run_fits_in_the_second(books):
    number = books.pay(100, status="pending")
    id = books.run()
    assert set(books.results(id).values()) == {"status_mismatch"}
    books.learn(number, NOON + timedelta(days=1))
    assert books.run() == id
    assert set(books.results(id).values()) == {"match"}


def test_a_refund_paid_by_hand_is_not_looked_for_on_the_bill_and_not_taken_for_the_gateways(books):
    """Were it on the bill all the same, it has gone back twice."""
    number = books.pay(1000)
    books.by_hand = "cash"
    refund = books.refund(number, 300)
    line = books.bill.pop()
    id = books.run()
    assert set(books.results(id)) == {f"payment:{number}"}
    books.run(bill=[*books.bill, line])
    assert books.results(id)[f"refund:{refund}"] == "status_mismatch"


# ---- midnight

TOMORROW = DAY + timedelta(days=1)


def test_a_booking_just_before_midnight_may_be_on_the_next_days_bill(books):
    books.pay(100, END - timedelta(seconds=20), bill_at=END + timedelta(seconds=5))
    first = books.run(bill=[])
    assert (books.rows(first), books.day(first).sums["CNY"]["held"]) == ([], 1)
    assert set(books.results(books.run(day=TOMORROW)).values()) == {"match"}


def test_if_it_is_on_neither_the_second_day_says_so_once(books, settle):
    number = books.pay(100, END - timedelta(seconds=20), billed=False)
    first = books.run(bill=[])
    second = books.run(day=TOMORROW, bill=[])
    assert (books.results(first), books.results(second)) == ({}, {f"payment:{number}": "local_only"})


def test_a_booking_just_after_midnight_waits_for_the_bill_of_the_day_before(books, house, settle):
    """Were the days compared in the wrong order, nothing is invented, and the later day is compared again."""
    books.pay(100, END + timedelta(seconds=20), billed=False)
    second = books.run(day=TOMORROW, bill=[])
    assert books.rows(second) == []
    books.run(bill=[])
    asked = {(one.gateway, one.day) for one in due(house)}
    assert asked == {("wechat", TOMORROW.isoformat())}
    books.run(day=TOMORROW, bill=[])
    assert set(books.results(second).values()) == {"local_only"}


def due(house):
    from suwen.core.outbox import OutboxMessage

    found = select(OutboxMessage.payload).where(OutboxMessage.event == BillDue.name)
    return [BillDue(**payload) for payload in house.db.read(lambda tx: list(tx.scalars(found)))]


# ---- two at once, and one that was killed


def test_two_runs_at_once_leave_what_one_leaves(books, monkeypatch):
    monkeypatch.setattr(running, "CHUNK", 3)
    for number in range(30):
        books.pay(100 + number, billed=number % 3 > 0)
    done = race(*[books.run] * 3)
    assert not [one for one in done if isinstance(one, Exception)]
    [id] = {one for one in done if one}
    day = books.day(id)
    assert (day.status, day.matched, day.differences) == ("different", 20, 10)
    assert len(books.rows(id)) == 30


class Killed(BaseException):
    """The process is gone: nothing catches it."""


@pytest.mark.parametrize("at", range(1, 7))
def test_a_run_that_was_killed_anywhere_is_made_good_by_the_next(books, house, monkeypatch, at):
    """Between any two of its transactions; within one the database takes back what was half done."""
    monkeypatch.setattr(running, "CHUNK", 2)
    for number in range(8):
        books.pay(100 + number, billed=number != 3)
    written, write = [], house.db.write

    def dying(work):
        if len(written) == at - 1:
            raise Killed()
        written.append(work)
        return write(work)

    with monkeypatch.context() as patched:
        patched.setattr(house.db, "write", dying)
        with pytest.raises(Killed):
            books.run()  # begin, four chunks, finish
    id = books.run(now=MORNING + timedelta(minutes=10))
    day = books.day(id)
    assert (day.status, day.matched, day.differences) == ("different", 7, 1)
    assert len(books.rows(id)) == 8


# ---- the simulator's bills


@pytest.fixture
def traded(sim, begin, gateways, clock, books):
    """Three payments and a refund at one gateway, booked as it says they were; seen from the next day at noon."""

    def one(name):
        for number, amount in (("TXN20300101A1", 8000), ("TXN20300101A2", 1), ("TXN20300101A3", 123456789)):
            sim.pay(begin(name, number, amount).out_no)
            known = next(one for one in sim.look("state")["payment"] if one["out_no"] == number)
            books.pay(amount, clock(), gateway=name, number=number, external=known["external_id"], billed=False)
            later(clock, sim, minutes=1)
        first = next(one for one in sim.look("state")["payment"] if one["out_no"] == "TXN20300101A1")
        order = refund_of(first["external_id"], out_no="TXN20300101A1")
        gateways[name].refund(order)
        sim.look("state")
        gateways[name].query_refund(order)
        books.refund("TXN20300101A1", 3000, clock(), refund_no=order.out_refund_no, billed=False)
        later(clock, sim, hours=28)

    return one


def reconciled(house, people, settle, name):
    made = people["admin"]("POST", "/api/v1/reconciliations", json={"gateway": name, "day": "2030-01-01"}).json()
    settle()
    shown = people["admin"]("GET", f"/api/v1/reconciliations/{made['id']}").json()
    lines = people["admin"]("GET", f"/api/v1/reconciliations/{made['id']}/lines").json()["items"]
    return shown, {one["line_key"]: one["result"] for one in lines}


@pytest.mark.parametrize("name", NAMES)
def test_a_day_at_the_simulator_fits(name, traded, house, people, settle, at_the_gateways):
    traded(name)
    shown, lines = reconciled(house, people, settle, name)
    assert (shown["status"], shown["matched"], shown["error"]) == ("matched", 4, None)
    assert set(lines.values()) == {"match"}
    assert shown["sums"]["CNY"]["local_paid"] == shown["sums"]["CNY"]["bill_paid"] == 123464790
    assert shown["sums"]["CNY"]["fee"] > 0


@pytest.mark.parametrize("name", NAMES)
def test_differences_in_the_simulators_bill_are_each_found(name, traded, house, people, settle, sim, at_the_gateways):
    traded(name)
    extra = {
        "out_no": "TXN20300101ZZ",
        "external_id": "pi_9",
        "amount": 7,
        "at": (START + timedelta(hours=9)).timestamp(),
    }
    told = {"gateway": name, "missing": ["TXN20300101A2"], "amount": {"TXN20300101A1": 1}, "extra": [extra],
            "duplicate": ["TXN20300101A3"], "status": {"RFD20300101B1": "PROCESSING"}}  # fmt: skip
    sim.lever("bill", told)
    shown, lines = reconciled(house, people, settle, name)
    assert lines == {
        "payment:TXN20300101A1": "amount_mismatch", "payment:TXN20300101A2": "local_only",
        "payment:TXN20300101A3": "match", "payment:TXN20300101A3#2": "duplicate",
        "payment:TXN20300101ZZ": "gateway_only",
        "refund:RFD20300101B1": "match" if name == "alipay" else "status_mismatch",  # its bill has no column for it
    }  # fmt: skip
    assert shown["status"] == "different"
    sim.lever("bill", {"gateway": name})
    again, lines = reconciled(house, people, settle, name)
    assert (again["id"], again["status"], set(lines.values())) == (shown["id"], "matched", {"match"})


def test_what_an_account_of_another_currency_took_is_compared_in_that_of_the_payer(
    traded, house, people, settle, sim, at_the_gateways
):
    """The card gateway books what it changed into the account's currency; what was paid stands beside it."""
    sim.settings(card_settles={"currency": "HKD", "rate": 1.0875})
    traded("card")
    shown, lines = reconciled(house, people, settle, "card")
    assert (shown["status"], set(lines.values()), len(lines)) == ("matched", {"match"}, 4)
    assert list(shown["sums"]) == ["CNY"]
    one = 30 + 232, 30, 30 + 3580247  # as if it had been kept in the payer's currency
    assert shown["sums"]["CNY"]["fee"] == sum(one)


@pytest.mark.parametrize("name", ["wechat", "alipay"])
def test_a_bill_that_is_not_the_announced_one_is_not_compared(
    name, traded, house, people, settle, sim, at_the_gateways
):
    traded(name)
    sim.settings(bill_hash_mismatch=True)
    shown, lines = reconciled(house, people, settle, name)
    assert (shown["status"], shown["error"], lines) == ("waiting", running.NOT_GENUINE, {})
    sim.settings(bill_hash_mismatch=False)
    shown, lines = reconciled(house, people, settle, name)
    assert (shown["status"], shown["error"], len(lines)) == ("matched", None, 4)
    sim.settings(bill_hash_mismatch=True)
    shown, lines = reconciled(house, people, settle, name)
    assert (shown["status"], shown["error"], len(lines)) == ("matched", running.NOT_GENUINE, 4)


@pytest.mark.parametrize("name", ["wechat", "alipay"])
def test_a_bill_that_is_late_is_no_empty_one(name, traded, house, people, settle, sim, clock, at_the_gateways):
    """The gateways say the same of a bill that is not made yet and of a day without anything."""
    traded(name)
    sim.settings(bill_late=True)
    shown, lines = reconciled(house, people, settle, name)
    assert (shown["status"], shown["error"], lines) == ("waiting", running.NOT_READY, {})
    sim.settings(bill_late=False)
    later(clock, sim, minutes=31)
    settle(timed=True)
    shown = people["admin"]("GET", f"/api/v1/reconciliations/{shown['id']}").json()
    assert (shown["status"], shown["error"], shown["matched"]) == ("matched", None, 4)


def test_a_bill_that_never_comes_is_taken_for_an_empty_one(traded, house, people, settle, sim, clock, at_the_gateways):
    traded("alipay")
    sim.settings(bill_late=True)
    later(clock, sim, days=3)
    shown, lines = reconciled(house, people, settle, "alipay")
    assert (shown["status"], set(lines.values()), len(lines)) == ("different", {"local_only"}, 4)


def test_of_a_day_without_anything_no_bill_is_waited_for(sim, people, settle, house, clock, at_the_gateways):
    later(clock, sim, hours=35)
    shown, lines = reconciled(house, people, settle, "alipay")
    assert (shown["status"], shown["error"], lines) == ("matched", None, {})


def test_a_bill_that_is_not_ready_comes_by_itself(sim, begin, clock, books, house, people, settle, at_the_gateways):
    books.pay(100, clock(), billed=False)
    sim.pay(begin("wechat").out_no)
    later(clock, sim, hours=25)  # nine in the morning
    shown, _ = reconciled(house, people, settle, "wechat")
    assert (shown["status"], shown["error"]) == ("waiting", running.NOT_READY)
    later(clock, sim, hours=1, minutes=1)
    settle(timed=True)
    shown = people["admin"]("GET", f"/api/v1/reconciliations/{shown['id']}").json()
    assert (shown["status"], shown["differences"]) == ("different", 2)


def test_the_worker_holds_no_transaction_while_it_fetches(books, house, clock, monkeypatch):
    """Another write goes through while the bill is on its way."""
    seen = []

    class Slow:
        name = "wechat"

        def bill(self, day: date):
            seen.append(house.db.write(lambda tx: tx.scalar(select(func.count()).select_from(ReconciliationLine))))
            return []

    monkeypatch.setattr(running, "gateways_of", lambda db: {"wechat": Slow()})
    clock.set(MORNING)
    books.pay(100, billed=False)
    house.db.write(lambda tx: reconciling.look_for_due(tx, clock()))
    while deliver_one(house.db, clock()):
        pass
    assert len(seen) == 2  # both days, each while nothing was held
