"""The money adds up, whatever happens in whatever order; and faults made by hand are found."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError

from suwen.core import migrate
from suwen.core.actor import Actor
from suwen.core.crypto import FieldKeys
from suwen.core.db import Database, new_id
from suwen.core.errors import DomainError
from suwen.notifications.models import Notification
from suwen.payments import service
from suwen.payments.errors import JournalDiffers, NoSuchJournal
from suwen.payments.models import (
    Balance,
    BalanceEntry,
    Journal,
    JournalSeal,
    LedgerAccount,
    LedgerCheck,
    Order,
    Posting,
    Refund,
)
from suwen.payments.service import ledger, sealing
from suwen.settings import new_field_key
from tests.payments.conftest import Desk
from tests.payments.test_races import at_once
from tests.support.cast import settle_in
from tests.support.database import drop, own_url

LINES = [("asset:cash", "CNY", 100), ("revenue:services", "CNY", -100)]


def book(desk, key, lines, kind="payment"):
    return desk.do(lambda tx, now: ledger.book(tx, key, kind, lines, now, ref=("thing", new_id())))


def test_a_repeated_key_is_the_same_movement(desk):
    first, before = book(desk, "k", LINES), desk.postings()
    assert (book(desk, "k", LINES), desk.postings()) == (first, before)
    with pytest.raises(JournalDiffers):
        book(desk, "k", [("asset:cash", "CNY", 101), ("revenue:services", "CNY", -101)])
    with pytest.raises(JournalDiffers):
        book(desk, "k", LINES, kind="other")
    assert desk.postings() == before


@pytest.mark.parametrize(
    "lines",
    [
        [("asset:cash", "CNY", 100)],
        [("asset:cash", "CNY", 100), ("revenue:services", "CNY", -99)],
        [("asset:cash", "CNY", 100), ("revenue:services", "USD", -100)],
        [("asset:cash", "CNY", 0), ("revenue:services", "CNY", 0)],
    ],
)
def test_what_is_no_movement_is_not_booked(desk, lines):
    with pytest.raises(AssertionError):
        book(desk, "k", lines)
    assert desk.postings() == 0


def test_a_persons_account_moves_with_the_wallet_only(desk, ids):
    mine = ledger.wallet_account(ids.users["li"])
    with pytest.raises(AssertionError, match="wallet"):
        book(desk, "k", [(mine, "CNY", -1), ("asset:cash", "CNY", 1)])
    assert desk.postings() == 0


def test_many_movements_at_once_are_those_one_by_one(desk):
    ref = ("thing", new_id())
    lines = [("asset:wechat_clearing", "CNY", 70), ("revenue:services", "CNY", -70)]
    many = [ledger.Entry(f"many:{n}", "payment", lines, ref) for n in range(700)]

    def booked(tx, now):
        return ledger.book_all(tx, many, now)

    first = desk.do(booked)
    assert all(one.fresh for one in first)
    assert desk.account("asset:wechat_clearing") == 49_000
    assert desk.postings() == 1400
    more = [*many, ledger.Entry("many:new", "payment", lines, ref), ledger.Entry("many:new", "payment", lines, ref)]
    again = desk.do(lambda tx, now: ledger.book_all(tx, more, now))
    assert [one.id for one in again[:700]] == [one.id for one in first]
    assert [one.fresh for one in again[-3:]] == [False, True, False]
    assert desk.account("asset:wechat_clearing") == 49_070


def test_a_movement_is_taken_back_once(desk):
    first = book(desk, "k", LINES)
    back = desk.do(lambda tx, now: ledger.reverse(tx, first, "typed twice", now))
    assert desk.account("asset:cash") == desk.account("revenue:services") == 0
    again = desk.do(lambda tx, now: ledger.reverse(tx, first, "once more", now))
    assert (again, desk.postings()) == (back, 4)
    found = desk.house.db.read(lambda tx: tx.get(Journal, first).reversed_by)
    assert found == back
    with pytest.raises(NoSuchJournal):
        desk.do(lambda tx, now: ledger.reverse(tx, new_id(), "of nothing", now))


def test_one_key_booked_by_many_at_once_is_one_journal(desk):
    brought = at_once(lambda n: book(desk, "k", LINES))
    assert len(set(brought)) == 1
    assert desk.postings() == 2
    brought = at_once(lambda n: book(desk, "l", [("asset:cash", "CNY", n + 1), ("revenue:services", "CNY", -n - 1)]))
    assert brought.count("journal_differs") == len(brought) - 1
    assert desk.postings() == 4


def lose_a_posting(tx, now):
    one = tx.scalar(select(func.min(Posting.id)))
    tx.execute(delete(Posting).where(Posting.id == one))


def change(model, *where, **values):
    return lambda tx, now: tx.execute(update(model).where(*where).values(**values))


BREAKS = {
    "a journal of one line": lose_a_posting,
    "an empty journal": lambda tx, now: tx.add(Journal(idempotency_key="x", kind="x", occurred_at=now)),
    "a balance raised by hand": change(Balance, balance=Balance.balance + 1),
    "an account raised by hand": change(
        LedgerAccount, LedgerAccount.code == "asset:cash", balance_minor=LedgerAccount.balance_minor + 1
    ),
    "a missing line of a statement": lambda tx, now: tx.execute(
        delete(BalanceEntry).where(BalanceEntry.transaction_type == "income")
    ),
    "an order paid without money": change(Order, Order.status == "pending", status="paid"),
    "a paid order that forgot it": change(Order, Order.status == "partial_refunded", status="cancelled"),
    "a refund marked only on the order": change(
        Order, Order.refunded_amount > 0, refunded_amount=Order.refunded_amount + 1
    ),
    "a refund that failed after it was counted": change(Refund, status="failed"),
}


@pytest.mark.parametrize("what", BREAKS)
def test_the_check_finds(house, people, ids, what, settle, caplog):
    desk = Desk(house, people, ids)
    desk.refund("li", desk.paid("li", 6000), 1000)
    desk.order("li", 500)
    assert desk.faults() == []
    desk.do(BREAKS[what])
    assert desk.faults() != []
    settle(timed=True)
    assert "ledger:" in caplog.text
    told = select(func.count()).where(Notification.user_id == ids.users["admin"])
    assert house.db.read(lambda tx: tx.scalar(told)) == 1


@pytest.fixture(scope="module")
def untouched(tmp_path_factory):
    """A database as operators have it, with all its triggers."""
    url = own_url("ledger", tmp_path_factory.mktemp("ledger"))
    migrate.upgrade(url)
    db = Database(url, keys=FieldKeys(new_field_key()))
    ids = db.write(settle_in)
    yield db, ids
    db.close()
    drop(url)


STATEMENTS = [
    "UPDATE postings SET amount_minor = amount_minor + 1",
    "UPDATE journals SET kind = 'x'",
    "UPDATE journals SET meta = '{}'",
    "UPDATE journal_seals SET digest = 'x'",
    "UPDATE ledger_checks SET faults = '[]'",
    "DELETE FROM journal_seals",
    "DELETE FROM ledger_checks",
    "UPDATE balance_transactions SET amount = amount + 1",
    "DELETE FROM postings",
    "DELETE FROM balance_transactions",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_database_refuses_to_change_what_was_booked(untouched, clock, statement):
    db, ids = untouched
    desk = Actor(ids.users["admin"], "admin")
    db.write(lambda tx: service.top_up(tx, desk, ids.users["li"], 100, clock()))
    db.write(lambda tx: tx.add(LedgerCheck(faults=[], asked_by=desk.id)))
    if not db.read(lambda tx: tx.scalar(select(func.count()).select_from(JournalSeal))):
        before = clock().date() - timedelta(days=1)
        db.write(lambda tx: sealing.seal(tx, before, sealing.digest(tx, before, None), None, clock()))
    with pytest.raises(DBAPIError, match="append-only"):
        db.write(lambda tx: tx.execute(text(statement)))
    assert db.read(service.check_ledger) == []


class Money(RuleBasedStateMachine):
    """Orders, payments, refunds, top-ups, expiry in any order; the model is a few dictionaries."""

    orders = Bundle("orders")

    def __init__(self, desk):
        super().__init__()
        self.desk, self.clock = desk, desk.house.clock
        self.wallet = dict.fromkeys(("li", "wang"), 0)
        self.known = {}
        self.cash = 0
        for login in self.wallet:  # what the sequence before left behind is spent
            if left := desk.balance(login):
                desk.pay(login, desk.order(login, left, subject=f"thing:{new_id()}"))
        self.base_cash = self._cash()

    def _cash(self):
        find = select(LedgerAccount.balance_minor).where(LedgerAccount.code == "asset:cash")
        return self.desk.house.db.read(lambda tx: tx.scalar(find)) or 0

    def _tried(self, work):
        try:
            return work(), True
        except DomainError:
            return None, False

    @initialize(amount=st.integers(1, 20))
    def begin(self, amount):
        self.top_up("li", amount)

    @rule(login=st.sampled_from(["li", "wang"]), amount=st.integers(-1, 20))
    def top_up(self, login, amount):
        _, done = self._tried(lambda: self.desk.top_up(login, amount))
        assert done == (amount > 0)
        if done:
            self.wallet[login] += amount
            self.cash += amount

    @rule(target=orders, login=st.sampled_from(["li", "wang"]), amount=st.integers(0, 20), minutes=st.integers(1, 5))
    def open(self, login, amount, minutes):
        order = self.desk.order(login, amount, minutes=minutes, subject=f"thing:{new_id()}")
        self.known[order.id] = {
            "login": login, "amount": amount, "state": "pending", "back": 0, "owed": 0, "until": order.expires, "by": ""
        }  # fmt: skip
        return order

    @rule(order=orders, other=st.booleans())
    def pay(self, order, other):
        one = self.known[order.id]
        login = {"li": "wang", "wang": "li"}[one["login"]] if other else one["login"]
        may = not other and self._payable(one) and self.wallet[login] >= one["amount"]
        _, done = self._tried(lambda: self.desk.pay(login, order))
        assert done == may
        if done:
            self.wallet[login] -= one["amount"]
            one |= {"state": "paid", "by": "balance"}

    @rule(order=orders)
    def cash_at_desk(self, order):
        one = self.known[order.id]
        admin = self.desk.people["admin"].actor
        _, done = self._tried(lambda: self.desk.do(service.settle_cash, admin, order.id))
        assert done == self._payable(one)
        if done:
            self.cash += one["amount"]
            one |= {"state": "paid", "by": "cash"}

    @rule(order=orders, amount=st.none() | st.integers(1, 20), at_desk=st.booleans())
    def refund(self, order, amount, at_desk):
        one = self.known[order.id]
        left = one["amount"] - one["back"] - one["owed"]
        wanted = left if amount is None else amount
        may = one["state"] in ("paid", "partial_refunded", "refunded") and wanted <= left
        may = may and (wanted > 0 or (one["amount"] == 0 and one["state"] == "paid"))
        who = "admin" if at_desk else one["login"]
        _, done = self._tried(lambda: self.desk.refund(who, order, amount))
        assert done == may
        if done and one["by"] == "cash" and not at_desk and wanted:  # it waits to be handed out
            one["owed"] += wanted
        elif done:
            one["back"] += wanted
            one["state"] = "refunded" if one["back"] == one["amount"] else "partial_refunded"
            if one["by"] == "balance":
                self.wallet[one["login"]] += wanted
            elif at_desk:
                self.cash -= wanted

    @rule(order=orders)
    def void(self, order):
        one = self.known[order.id]
        assert self.desk.do(service.void, order.subject) == (one["state"] == "pending")
        if one["state"] == "pending":
            one["state"] = "cancelled"

    @precondition(lambda self: self.known)
    @rule(minutes=st.integers(1, 3))
    def time_passes(self, minutes):
        self.clock.advance(minutes=minutes)

    @rule()
    def expire(self):
        self.desk.house.db.write(lambda tx: service.expire_due(tx, self.clock()))
        for one in self.known.values():
            if one["state"] == "pending" and one["until"] <= self.clock():
                one["state"] = "expired"

    def _payable(self, one):
        return one["state"] == "pending" and one["until"] > self.clock()

    @invariant()
    def the_wallets_are_those_of_the_model(self):
        for login, balance in self.wallet.items():
            assert self.desk.balance(login) == balance
        assert self._cash() - self.base_cash == self.cash

    def teardown(self):
        assert self.desk.faults() == []
        found = self.desk.house.db.read(lambda tx: dict(tx.execute(select(Order.id, Order.status)).all()))
        for id, one in self.known.items():
            assert found[id] == one["state"]


@pytest.mark.slow
def test_any_sequence_keeps_the_money(desk):
    limits = settings(
        max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
    )
    run_state_machine_as_test(lambda: Money(desk), settings=limits)


def test_deferring_far_does_not_hide_an_order_from_the_check(desk, clock):
    order = desk.order("li", 100)
    desk.do(service.defer, order.id, clock() + timedelta(days=365))
    assert desk.faults() == []
