"""Money in the tests: what is in a wallet, an order to pay, gateways to pay it at."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from suwen.payments import service
from suwen.payments.models import LedgerAccount, Posting
from tests.support.paysim import Paysim, simulator


class Desk:
    """What a test needs done before it begins. Every call is a transaction of its own."""

    def __init__(self, house, people, ids):
        self.house, self.people, self.ids, self.count = house, people, ids, 0

    def do(self, work, *arguments, **named):
        return self.house.db.write(lambda tx: work(tx, *arguments, now=self.house.clock(), **named))

    def top_up(self, login, amount):
        return self.do(service.top_up, self.people["admin"].actor, self.ids.users[login], amount)

    def order(self, login, amount, *, minutes=15, subject=None, currency="CNY"):
        self.count += 1
        now = self.house.clock()
        return self.do(
            service.open_order, self.ids.users[login], subject=subject or f"thing:{self.count}", amount=amount,
            currency=currency, expires=now + timedelta(minutes=minutes), description="Video visit",
        )  # fmt: skip

    def pay(self, login, order):
        return self.do(service.pay_from_balance, self.people[login].actor, order.id)

    def paid(self, login, amount):
        """An order that was paid from the balance."""
        self.top_up(login, amount)
        order = self.order(login, amount)
        self.pay(login, order)
        return order

    def paid_in_cash(self, login, amount):
        order = self.order(login, amount)
        self.do(service.settle_cash, self.people["admin"].actor, order.id)
        return order

    def refund(self, login, order, amount=None):
        """By the clinic's rules; by the admin at the desk, who gives cash at once. Returns the refund's id."""
        if login == "admin":
            done = self.do(service.refund_at_desk, self.people[login].actor, order.id, amount, "changed my mind")
            return done.refunds[-1].id
        return self.do(service.refund, self.people[login].actor, order.id, amount, "changed my mind")

    def balance(self, login):
        user = self.ids.users[login]
        return self.house.db.read(lambda tx: service.wallet_of(tx, user).balance)

    def account(self, code, currency="CNY"):
        """Of the ledger: debit is positive."""
        find = select(LedgerAccount.balance_minor).where(LedgerAccount.code == code, LedgerAccount.currency == currency)
        return self.house.db.read(lambda tx: tx.scalar(find)) or 0

    def wallet(self, login):
        user = self.ids.users[login]
        return self.house.db.read(lambda tx: service.wallet_of(tx, user))

    def postings(self):
        return self.house.db.read(lambda tx: tx.scalar(select(func.count()).select_from(Posting)))

    def faults(self):
        return self.house.db.read(service.check_ledger)


@pytest.fixture
def desk(house, people, ids):
    """Whatever a test does, at its end the money adds up."""
    made = Desk(house, people, ids)
    yield made
    assert made.faults() == []


@pytest.fixture(scope="session")
def _simulator(tmp_path_factory) -> Iterator[Paysim]:
    with simulator(tmp_path_factory.mktemp("paysim")) as sim:
        yield sim


@pytest.fixture
def sim(_simulator, clock) -> Paysim:
    """Nothing has happened in it yet."""
    _simulator.reset(clock())
    return _simulator
