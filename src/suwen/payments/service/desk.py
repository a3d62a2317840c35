"""Paying and paying back as people ask for it: by a method they name, answered with the order as it is then."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.errors import Forbidden
from suwen.payments import rules
from suwen.payments.errors import MethodNotOffered
from suwen.payments.schemas import OrderDetail
from suwen.payments.service import paying, refunds
from suwen.payments.service.lists import order


def pay(tx: Session, actor: Actor, order_id: str, method: str, now: datetime) -> OrderDetail:
    """Refused: methods that are not offered, cash anywhere but at the desk, and what the order's state forbids."""
    match method:
        case "balance":
            paying.pay_from_balance(tx, actor, order_id, now)
        case "cash":
            paying.settle_cash(tx, actor, order_id, now)
        case _:
            raise MethodNotOffered(method=method, offered=list(rules.OFFERED))
    return order(tx, actor, order_id)


def refund_at_desk(
    tx: Session, actor: Actor, order_id: str, amount: int | None, reason: str, now: datetime, *,
    reason_code: str = "other",
) -> OrderDetail:  # fmt: skip
    """An admin pays back, all that is left or a part; cash is given at once. A large sum waits for somebody else.

    Refused: everybody else, and more than was paid.
    """
    if actor.role != "admin":
        raise Forbidden()
    id = refunds.request(tx, actor, order_id, amount, reason, now, reason_code=reason_code)
    if refunds.may_alone(tx, actor, id):
        refunds.approve(tx, actor, id, now, handed_out=True)
    return order(tx, actor, order_id)


def ask_back(
    tx: Session, actor: Actor, order_id: str, amount: int | None, reason: str, now: datetime, *,
    reason_code: str = "other",
) -> OrderDetail:  # fmt: skip
    """A payer asks for money back; an admin will look at it. Refused: other people's orders, more than is left."""
    refunds.request(tx, actor, order_id, amount, reason, now, reason_code=reason_code)
    return order(tx, actor, order_id)
