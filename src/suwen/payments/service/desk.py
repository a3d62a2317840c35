"""Paying and paying back as people ask for it: by a method they name, answered with the order as it is then."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.errors import Forbidden
from suwen.payments import rules
from suwen.payments.errors import MethodNotOffered
from suwen.payments.schemas import OrderDetail
from suwen.payments.service import paying
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
    tx: Session, actor: Actor, order_id: str, amount: int | None, reason: str, now: datetime
) -> OrderDetail:
    """An admin pays back, all that is left or a part. Refused: everybody else, and more than was paid."""
    if actor.role != "admin":
        raise Forbidden()
    paying.refund(tx, actor, order_id, amount, reason, now)
    return order(tx, actor, order_id)


def hand_out(tx: Session, actor: Actor, refund_id: str, now: datetime) -> OrderDetail:
    return order(tx, actor, paying.hand_out(tx, actor, refund_id, now))
