"""Paying back, as JSON."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.web.routes import post, routes_of
from suwen.payments import service
from suwen.payments.schemas import (
    OrderDetail,
    RefundInput,
)

DESK = ("admin",)
TAGS = ["Payments"]


@post("/api/v1/orders/{id:str}/refunds", who=DESK, tags=TAGS)
def refund(tx: Session, me: Actor, now: datetime, id: str, data: RefundInput) -> OrderDetail:
    """Back the way it was paid: into the wallet, or in cash at the desk."""
    return service.refund_at_desk(tx, me, id, data.amount, data.reason, now)


@post("/api/v1/refunds/{id:str}/hand-out", who=DESK, tags=TAGS)
def hand_out(tx: Session, me: Actor, now: datetime, id: str) -> OrderDetail:
    """Cash that a refund owes is given to its payer."""
    return service.hand_out(tx, me, id, now)


ROUTES = routes_of(refund, hand_out)
