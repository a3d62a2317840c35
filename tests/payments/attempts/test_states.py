"""Orders and attempts go one way: the tables, and random lives of an order beside a model of its own."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from suwen.core.actor import SYSTEM
from suwen.core.errors import DomainError
from suwen.core.outbox import OutboxMessage
from suwen.payments import service, states
from suwen.payments.gateways import Answer
from suwen.payments.service import applying
from suwen.payments.service.attempts import begin
from tests.support.cast import START

GATEWAYS = ("wechat", "card")
SCENES = {"wechat": "qr", "card": "page"}


@pytest.mark.parametrize("table", [states.ORDER, states.ATTEMPT])
def test_every_move_leads_somewhere_known_and_an_illegal_one_raises(table):
    for was, following in table.items():
        assert following <= set(table)
        for to in set(table) - following:
            with pytest.raises(states.IllegalMove):
                states.move(table, was, to)
    assert [name for name, following in table.items() if not following] in (["refunded"], ["paid"])


def test_money_is_never_taken_back_by_a_state():
    for was, following in states.ORDER.items():
        if was in ("paid", "partial_refunded", "refunded"):
            assert not following & {"pending", "expired", "cancelled", "paid"}
    assert states.before(states.ORDER, "paid") == ("pending", "expired", "cancelled")


@given(
    st.sampled_from(["begun", "offered", "closing"]), st.integers(0, 40), st.integers(0, 7200), st.integers(60, 7200)
)
def test_the_next_question_is_never_in_the_past(phase, asks, since, lives):

    ends, now = START + timedelta(seconds=lives), START + timedelta(seconds=since)
    following = states.ask_next(phase, asks, START, ends, now)
    assert now <= following <= now + timedelta(minutes=10)
    if phase == "offered" and now < ends:
        assert following <= ends


@dataclass
class Model:
    """An order as somebody would explain it: one word, how often it was settled, and who paid too much."""

    status: str = "pending"
    over: bool = False
    settled: int = 0
    twice: int = 0
    attempts: list[str] = field(default_factory=list)  # open, paid or closed

    def say(self, number: int, word: str) -> None:
        was = self.attempts[number]
        if word == "paid" and was != "paid":
            self.attempts[number] = "paid"
            if self.status in ("pending", "expired", "cancelled"):
                self.status, self.settled = "paid", self.settled + 1
            else:
                self.twice += 1
        elif word == "closed" and was == "open":
            self.attempts[number] = "closed"
            self.expire()

    def expire(self) -> None:
        if self.status == "pending" and self.over and "open" not in self.attempts:
            self.status = "expired"


STEPS = st.one_of(
    st.tuples(st.just("begin"), st.sampled_from(GATEWAYS)),
    st.tuples(st.just("say"), st.integers(0, 3), st.sampled_from(["paid", "paid", "closed", "pending", "wrong"])),
    st.tuples(st.sampled_from(["void", "wait", "expire", "balance", "refund"])),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=st.lists(STEPS, max_size=14))
def test_a_life_of_an_order(till, steps):
    life = Life(till)
    for step in steps:
        life.step(*step)
    life.at_the_end()


class Life:
    """One order in the database and its model; after each step both say the same."""

    def __init__(self, till):
        self.till, self.desk, self.model, self.numbers = till, till.desk, Model(), []
        self.desk.top_up("li", 8000)
        self.desk.count += 1
        self.subject = f"life:{self.desk.count}"
        self.order = self.desk.order("li", 8000, subject=self.subject, minutes=60)
        self.seen = "pending"

    def step(self, name, *what):
        getattr(self, name)(*what)
        status = self.till.of(self.order.id).status
        assert status == self.model.status, (name, what)
        assert status == self.seen or status in states.ORDER[self.seen]
        self.seen = status

    def begin(self, gateway):
        known, payer = len(self.till.attempts(self.order.id)), self.till.people["li"].actor
        try:
            self.desk.do(lambda tx, now: begin(tx, payer, self.order.id, gateway, SCENES[gateway], now))
        except DomainError:
            assert self.model.status != "pending" or self.model.over
            return
        assert self.model.status == "pending"
        if len(self.till.attempts(self.order.id)) > known:
            self.model.attempts.append("open")
            self.numbers.append((gateway, self.till.attempt(self.order.id).transaction_no))

    def say(self, number, word):
        if number >= len(self.numbers):
            return
        gateway, out_no = self.numbers[number]
        state = "paid" if word == "wrong" else word
        amount = {"paid": 8000, "wrong": 8001}.get(word)
        answer = Answer(state, out_no, f"ext-{out_no}", amount, "CNY" if amount else "", self.till.clock())
        self.desk.do(lambda tx, now: applying.payment_known(tx, gateway, answer, now))
        self.model.say(number, word)

    def void(self):
        done = self.desk.do(lambda tx, now: service.void(tx, self.subject, now))
        assert done == (self.model.status == "pending")
        self.model.status = "cancelled" if done else self.model.status

    def wait(self):
        self.till.clock.set(self.order.expires)
        self.model.over = True

    def expire(self):
        self.desk.do(lambda tx, now: service.expire_due(tx, now))
        self.model.expire()

    def balance(self):
        try:
            self.desk.pay("li", self.order)
        except DomainError:
            assert self.model.status != "pending" or self.model.over
            return
        self.model.status, self.model.settled = "paid", self.model.settled + 1

    def refund(self):
        """By the rules of a house that gives all back; to a card or to WeChat it is on its way for a while."""
        try:
            self.desk.do(lambda tx, now: service.refund(tx, SYSTEM, self.order.id, None, "rules", now))
        except DomainError:
            return
        if self.till.of(self.order.id).payment_method == "balance":
            self.model.status = "refunded"

    def at_the_end(self):
        paid = [key for key in self.till.journals(self.order.id) if key.startswith("pay:")]
        assert len(paid) == self.model.settled + self.model.twice
        assert self.model.settled <= 1
        said = select(func.count()).where(
            OutboxMessage.event == "payments.payment_settled",
            OutboxMessage.payload["order_id"].as_string() == self.order.id,
        ).group_by(OutboxMessage.job)  # fmt: skip
        assert self.till.house.db.read(lambda tx: set(tx.scalars(said))) <= {self.model.settled} - {0}
        assert self.desk.faults() == []
        self.till.clock.set(self.order.expires - timedelta(minutes=60))
