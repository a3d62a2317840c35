"""Refunds asked for, approved and answered at once, and in any order: never more goes back than was paid."""

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from suwen.core.db import new_id
from suwen.core.errors import DomainError
from suwen.payments import service
from suwen.payments.models import Order, Refund
from suwen.payments.service import refunds
from tests.payments.test_races import at_once


def of(desk, order):
    row = desk.house.db.read(lambda tx: tx.get(Order, order.id))
    return row.status, row.refunded_amount, row.refunding_amount


@pytest.mark.parametrize("threads", [2, 8])
def test_requests_at_once_never_reserve_more_than_was_paid(desk, threads):
    order, li = desk.paid("li", 1000), desk.people["li"].actor
    brought = at_once(lambda n: desk.do(refunds.request, li, order.id, 600, "x") and None, threads)
    assert sorted(brought) == ["done"] + ["refund_too_large"] * (threads - 1)
    assert of(desk, order) == ("paid", 0, 600)


@pytest.mark.parametrize("threads", [2, 8])
def test_a_request_is_decided_once(desk, threads):
    order, li, admin = desk.paid("li", 1000), desk.people["li"].actor, desk.people["admin"].actor
    refund = desk.do(refunds.request, li, order.id, 600, "x")

    def decide(n):
        if n % 2:
            return desk.do(refunds.reject, admin, refund, "no") and None
        return desk.do(refunds.approve, admin, refund) and None

    assert sorted(at_once(decide, threads)) == ["done"] + ["refund_decided"] * (threads - 1)
    assert of(desk, order)[1:] in ((600, 0), (0, 0))
    assert desk.balance("li") == of(desk, order)[1]


@pytest.mark.parametrize("threads", [2, 8])
def test_requests_and_the_clinics_rules_at_once(desk, threads):
    order, li = desk.paid("li", 1000), desk.people["li"].actor

    def work(n):
        if n % 2:
            return desk.do(refunds.request, li, order.id, 400, "x") and None
        return desk.do(service.refund, li, order.id, 300, "cancelled") and None

    at_once(work, threads)
    _, back, leaving = of(desk, order)
    assert back + leaving <= 1000
    assert desk.balance("li") == back


class Back(RuleBasedStateMachine):
    """Refunds of one person's orders, paid in cash or from the balance, against a small model."""

    orders, asked = Bundle("orders"), Bundle("asked")

    def __init__(self, desk):
        super().__init__()
        self.desk, self.li, self.admin = desk, desk.people["li"].actor, desk.people["admin"].actor
        self.known, self.state = {}, {}

    def tried(self, work):
        try:
            return work(), True
        except DomainError:
            return None, False

    def left(self, order):
        return order["amount"] - sum(
            one["sum"] for one in self.state.values()
            if one["order"] == order["id"] and one["status"] in ("pending", "processing", "success")
        )  # fmt: skip

    @rule(target=orders, amount=st.integers(1, 9), cash=st.booleans())
    def order(self, amount, cash):
        made = self.desk.order("li", amount, subject=f"thing:{new_id()}")
        if cash:
            self.desk.do(service.settle_cash, self.admin, made.id)
        else:
            self.desk.top_up("li", amount)
            self.desk.pay("li", made)
        self.known[made.id] = {"id": made.id, "amount": amount, "cash": cash}
        return made.id

    @rule(target=asked, order=orders, amount=st.integers(0, 9))
    def ask(self, order, amount):
        one = self.known[order]
        id, done = self.tried(lambda: self.desk.do(refunds.request, self.li, order, amount, "x"))
        assert done == (0 < amount <= self.left(one))
        if done:
            self.state[id] = {"order": order, "sum": amount, "status": "pending"}
        return id

    @rule(id=asked)
    def approve(self, id):
        _, done = self.tried(lambda: self.desk.do(refunds.approve, self.admin, id))
        assert done == (id in self.state and self.state[id]["status"] == "pending")
        if done:
            cash = self.known[self.state[id]["order"]]["cash"]
            self.state[id]["status"] = "processing" if cash else "success"

    @rule(id=asked)
    def reject(self, id):
        _, done = self.tried(lambda: self.desk.do(refunds.reject, self.admin, id, "no"))
        assert done == (id in self.state and self.state[id]["status"] == "pending")
        if done:
            self.state[id]["status"] = "cancelled"

    @rule(id=asked)
    def hand_out(self, id):
        _, done = self.tried(lambda: self.desk.do(refunds.hand_out, self.admin, id))
        assert done == (id in self.state and self.state[id]["status"] == "processing")
        if done:
            self.state[id]["status"] = "success"

    @rule(order=orders, amount=st.integers(1, 9))
    def owed(self, order, amount):
        one = self.known[order]
        waiting = [id for id, each in self.state.items() if each["order"] == order and each["status"] == "pending"]
        free = self.left(one)
        id, done = self.tried(lambda: self.desk.do(service.refund, self.li, order, amount, "x"))
        assert done == (amount <= free + sum(self.state[each]["sum"] for each in waiting))
        if done:
            for each in waiting:
                if free >= amount:
                    break
                free += self.state[each]["sum"]
                self.state[each]["status"] = "cancelled"
            status = "processing" if one["cash"] else "success"
            self.state[id] = {"order": order, "sum": amount, "status": status}

    @invariant()
    def all_is_as_in_the_model(self):
        def read(tx):
            return (
                dict(tx.execute(select(Refund.id, Refund.status)).all()),
                {row.id: row for row in tx.scalars(select(Order))},
            )

        found, orders = self.desk.house.db.read(read)
        assert {id: found[id] for id in self.state} == {id: one["status"] for id, one in self.state.items()}
        for id, one in self.known.items():
            mine = [each for each in self.state.values() if each["order"] == id]
            back = sum(each["sum"] for each in mine if each["status"] == "success")
            leaving = sum(each["sum"] for each in mine if each["status"] in ("pending", "processing"))
            status = "paid" if not back else "refunded" if back == one["amount"] else "partial_refunded"
            row = orders[id]
            assert (row.status, row.refunded_amount, row.refunding_amount) == (status, back, leaving)

    def teardown(self):
        assert self.desk.faults() == []


@pytest.mark.slow
def test_any_sequence_of_refunds(desk):
    run_state_machine_as_test(
        lambda: Back(desk), settings=settings(max_examples=12, stateful_step_count=25, deadline=None)
    )
