"""Deposits: set aside at the desk, given back or spent, each once."""

import pytest
from sqlalchemy import select

from suwen.core.db import new_id
from suwen.core.errors import Forbidden
from suwen.payments import service
from suwen.payments.errors import BadSum, BalanceTooLow, HoldEnded, NoSuchHold, NoSuchPerson
from suwen.payments.models import Hold, Order, Transaction
from tests.payments.test_races import at_once


@pytest.fixture
def held(desk):
    desk.top_up("li", 10_000)

    def hold(amount=3000, login="admin", user="li"):
        return desk.do(service.hold, desk.people[login].actor, desk.ids.users[user], amount, "Blood pressure monitor")

    return hold


def row(desk, model, id):
    return desk.house.db.read(lambda tx: tx.get_one(model, id))


def both(desk):
    there = desk.wallet("li")
    return there.balance, there.frozen_balance


def test_a_deposit_is_held_and_comes_back(desk, held):
    id, admin = held(), desk.people["admin"].actor
    assert both(desk) == (7000, 3000)
    desk.do(service.release, admin, id)
    assert both(desk) == (10_000, 0)
    assert row(desk, Hold, id).status == "released"
    for again in (service.release, lambda tx, me, id, now: service.capture(tx, me, id, None, "x", now)):
        with pytest.raises(HoldEnded):
            desk.do(again, admin, id)
    assert both(desk) == (10_000, 0)


def test_what_is_spent_of_a_deposit_is_an_order_that_can_be_refunded(desk, held):
    id, admin = held(), desk.people["admin"].actor
    order_id = desk.do(service.capture, admin, id, 2000, "Monitor broken")
    assert both(desk) == (8000, 0)
    order, after = row(desk, Order, order_id), row(desk, Hold, id)
    assert (order.status, order.payment_method, order.amount, order.description) == (
        "paid", "balance", 2000, "Monitor broken",
    )  # fmt: skip
    assert (after.status, after.captured, after.order_id) == ("captured", 2000, order_id)
    paid = desk.house.db.read(lambda tx: tx.scalars(select(Transaction).where(Transaction.order_id == order_id)).one())
    assert (paid.status, paid.amount) == ("success", 2000)
    desk.refund("li", order, 500)
    assert both(desk) == (8500, 0)


def test_who_may_not_and_what_cannot_be_held(desk, held):
    with pytest.raises(Forbidden):
        held(login="li")
    with pytest.raises(BalanceTooLow):
        held(10_001)
    for amount in (0, -1):
        with pytest.raises(BadSum):
            held(amount)
    admin = desk.people["admin"].actor
    with pytest.raises(NoSuchPerson):
        desk.do(service.hold, admin, new_id(), 1, "x")
    id = held()
    for login in ("li", "zhang"):
        with pytest.raises(Forbidden):
            desk.do(service.release, desk.people[login].actor, id)
        with pytest.raises(Forbidden):
            desk.do(service.capture, desk.people[login].actor, id, None, "x")
    for amount in (0, 3001):
        with pytest.raises(BadSum):
            desk.do(service.capture, admin, id, amount, "x")
    with pytest.raises(NoSuchHold):
        desk.do(service.release, admin, new_id())
    assert both(desk) == (7000, 3000)


def test_a_deposit_ends_once(desk, held):
    id, admin = held(), desk.people["admin"].actor

    def end(n):
        if n % 2:
            return desk.do(service.release, admin, id) and None
        return desk.do(service.capture, admin, id, None, "late") and None

    assert sorted(at_once(end)) == ["done"] + ["hold_ended"] * 11
    assert both(desk) in ((10_000, 0), (7000, 0))
