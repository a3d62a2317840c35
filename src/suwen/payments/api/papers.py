"""Receipts and statements as data."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.web.routes import get, routes_of
from suwen.payments.schemas.papers import PaidReceipt, Statement
from suwen.payments.service import papers

PAYERS, TAGS = ("patient", "admin"), ["payments"]


@get("/api/v1/orders/{id:str}/receipt", who=PAYERS, tags=TAGS)
def receipt(tx: Session, me: Actor, id: str) -> PaidReceipt:
    """Of an order that was paid, with what of it went back."""
    return papers.paid_receipt(tx, me, id)


@get("/api/v1/statements/{id:str}", who=PAYERS, tags=TAGS)
def statement(
    tx: Session, me: Actor, house: House, now: datetime, id: str, since: date | None = None, until: date | None = None
) -> Statement:
    """What the account `id` paid, got back and owes. Days of the clinic, both included; without them this month."""
    return papers.statement(tx, me, id, since, until, house.settings.zone, now, currency=house.settings.currency)


ROUTES = routes_of(receipt, statement)
