"""Wallets: what is set aside, spent from that, credited online, taken back; each once, and never below nought."""

import pytest
from sqlalchemy import select

from suwen.core.db import new_id
from suwen.payments.errors import BalanceTooLow, FrozenTooLow, JournalDiffers, OtherCurrency
from suwen.payments.models import BalanceEntry, Journal
from suwen.payments.service import ledger, wallets
from tests.payments.test_races import at_once

MANY = 20


@pytest.fixture
def wallet(desk):
    """li has 100.00, and moves as a test says. What is set aside belongs to a deposit, and here is none: it returns."""
    desk.top_up("li", 10_000)
    made = Moves(desk)
    yield made
    if left := made.both()[1]:
        made(wallets.unfreeze, left)


class Moves:
    def __init__(self, desk):
        self.desk, self.user = desk, desk.ids.users["li"]

    def __call__(self, what, amount, *, key=None, against=ledger.REVENUE, currency="CNY"):
        key = key or new_id()
        why = wallets.Movement(key, what.__name__, against, ("thing", self.user), "Deposit")
        return self.desk.do(lambda tx, now: what(tx, self.user, amount, currency, why, now))

    def both(self):
        there = self.desk.wallet("li")
        assert self.desk.account(ledger.wallet_account(self.user)) == -there.balance
        assert self.desk.account(ledger.frozen_account(self.user)) == -there.frozen_balance
        return there.balance, there.frozen_balance

    def lines(self):
        asked = select(BalanceEntry).where(BalanceEntry.user_id == self.user)
        found = self.desk.house.db.read(
            lambda tx: tx.scalars(asked.order_by(BalanceEntry.created_at, BalanceEntry.id)).all()
        )
        return [(one.transaction_type, one.amount, one.balance_before, one.balance_after) for one in found]


def test_an_amount_is_set_aside_and_comes_back(wallet):
    assert wallet(wallets.freeze, 3000) == 7000
    assert wallet.both() == (7000, 3000)
    assert wallet(wallets.unfreeze, 1000) == 8000
    assert wallet.both() == (8000, 2000)
    assert wallet.lines()[1:] == [("freeze", 3000, 10_000, 7000), ("unfreeze", 1000, 7000, 8000)]


def test_what_was_set_aside_is_spent(wallet):
    wallet(wallets.freeze, 3000)
    assert wallet(wallets.capture, 2000) == 7000
    assert wallet.both() == (7000, 1000)
    assert wallet.desk.account(ledger.REVENUE) == -2000
    assert wallet.lines()[2:] == [("unfreeze", 2000, 7000, 9000), ("expense", 2000, 9000, 7000)]
    there = wallet.desk.wallet("li")
    assert (there.total_income, there.total_expense) == (10_000, 2000)


def test_no_more_than_there_is(wallet):
    with pytest.raises(BalanceTooLow):
        wallet(wallets.freeze, 10_001)
    wallet(wallets.freeze, 3000)
    before = (wallet.both(), wallet.lines(), wallet.desk.postings())
    for what in (wallets.unfreeze, wallets.capture):
        with pytest.raises(FrozenTooLow):
            wallet(what, 3001)
    with pytest.raises(BalanceTooLow):
        wallet(wallets.move, -7001)
    with pytest.raises(OtherCurrency):
        wallet(wallets.freeze, 1, currency="USD")
    assert (wallet.both(), wallet.lines(), wallet.desk.postings()) == before


@pytest.mark.parametrize("what", [wallets.freeze, wallets.unfreeze, wallets.capture, wallets.move])
def test_a_repeated_key_moves_nothing(wallet, what):
    wallet(wallets.freeze, 5000)
    wallet(what, 100, key="once")
    before = (wallet.both(), wallet.lines(), wallet.desk.postings())
    wallet(what, 100, key="once")
    with pytest.raises(JournalDiffers):
        wallet(what, 101, key="once")
    assert (wallet.both(), wallet.lines(), wallet.desk.postings()) == before


def test_the_last_unit_is_set_aside_spent_or_captured_once(wallet):
    """Twenty at a time, on real threads."""
    wallet(wallets.freeze, 9999)
    brought = at_once(lambda n: wallet((wallets.freeze, wallets.move)[n % 2], (1, -1)[n % 2]) and None, MANY)
    assert sorted(brought) == ["balance_too_low"] * (MANY - 1) + ["done"]
    assert wallet.both()[0] == 0
    left = wallet.both()[1]
    wallet(wallets.capture, left - 1)
    brought = at_once(lambda n: wallet((wallets.capture, wallets.unfreeze)[n % 2], 1) and None, MANY)
    assert sorted(brought) == ["done"] + ["frozen_too_low"] * (MANY - 1)
    assert wallet.both()[1] == 0


def test_one_key_used_by_many_at_once_moves_once(wallet):
    assert at_once(lambda n: wallet(wallets.move, 100, key="once", against=ledger.CASH) and None) == ["done"] * 12
    assert wallet.both() == (10_100, 0)


def test_a_gateways_top_up_is_credited_once(wallet):
    order = wallet.desk.order("li", 2500, subject=f"top_up:{new_id()}")
    order = type("Paid", (), {"id": order.id, "amount": 2500, "currency": "CNY", "user_id": wallet.user})
    key = f"pay:wechat:{order.id}"

    def credit(tx, now):
        return wallets.credit_top_up(tx, order, ledger.clearing("wechat"), key, now)

    assert (wallet.desk.do(credit), wallet.desk.do(credit)) == (12_500, 12_500)
    assert wallet.desk.account("asset:wechat_clearing") == 2500
    assert wallet.lines()[1:] == [("income", 2500, 10_000, 12_500)]
    wallet.desk.do(lambda tx, now: wallets.reverse(tx, journal_of(tx, key), "the gateway took it back", now))
    assert wallet.desk.account("asset:wechat_clearing") == 0


def test_a_movement_of_a_wallet_is_taken_back_with_its_lines(wallet):
    wallet(wallets.move, -4000, key="spent")
    wallet(wallets.freeze, 1000, key="aside")

    def back(tx, now, key):
        return wallets.reverse(tx, journal_of(tx, key), "by mistake", now)

    for key in ("spent", "aside", "spent"):
        wallet.desk.do(back, key=key)
    assert wallet.both() == (10_000, 0)
    assert wallet.lines()[-2:] == [("income", 4000, 5000, 9000), ("unfreeze", 1000, 9000, 10_000)]


def test_what_was_spent_since_cannot_be_taken_back(wallet):
    wallet(wallets.move, 500, key="credited", against=ledger.CASH)
    wallet(wallets.move, -10_400)
    with pytest.raises(BalanceTooLow):
        wallet.desk.do(lambda tx, now: wallets.reverse(tx, journal_of(tx, "credited"), "too late", now))
    assert wallet.both() == (100, 0)


def journal_of(tx, key):
    return tx.scalars(select(Journal.id).where(Journal.idempotency_key == key)).one()
