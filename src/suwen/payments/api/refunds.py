"""Asking money back and paying it back, as JSON."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from suwen.accounts.service import Witness
from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.schemas import Slice
from suwen.core.web.routes import get, post, routes_of
from suwen.payments import service
from suwen.payments.schemas import (
    Approval,
    ByHand,
    Method,
    OrderDetail,
    Place,
    RefundFilters,
    RefundInput,
    RefundLine,
    Rejection,
)
from suwen.payments.service import handing, refund_answers, refund_lists, refunds
from suwen.payments.service.second import second_admin

DESK = ("admin",)
TAGS = ["Payments"]


@post("/api/v1/orders/{id:str}/refund-requests", who=("patient",), tags=TAGS)
def ask_back(tx: Session, me: Actor, now: datetime, id: str, data: RefundInput) -> OrderDetail:
    """Ask for money back. The sum is set aside until somebody at the clinic has looked."""
    return service.ask_back(tx, me, id, data.amount, data.reason, now, reason_code=data.reason_code)


@post("/api/v1/orders/{id:str}/refunds", who=DESK, tags=TAGS)
def refund(tx: Session, me: Actor, now: datetime, id: str, data: RefundInput) -> OrderDetail:
    """Back the way it was paid: into the wallet, in cash at the desk, through the gateway. A large sum waits for the
    approval of somebody else."""
    return service.refund_at_desk(tx, me, id, data.amount, data.reason, now, reason_code=data.reason_code)


@get("/api/v1/refunds", who=DESK, tags=TAGS)
def refund_list(
    tx: Session, me: Actor, house: House, place: Place | None = None, method: Method | None = None,
    q: str | None = None, since: date | None = None, until: date | None = None, after: str | None = None,
    limit: int | None = None,
) -> Slice[RefundLine]:  # fmt: skip
    """Newest first. `place` says with whom it waits, or what became of it."""
    filters = RefundFilters.of_days(house.settings.zone, since, until, place=place, method=method, q=q)
    return refund_lists.refund_list(tx, me, filters, after=after, limit=limit)


@get("/api/v1/refunds/{id:str}", who=DESK, tags=TAGS)
def one_refund(tx: Session, me: Actor, id: str) -> RefundLine:
    return refund_lists.one(tx, me, id)


@post("/api/v1/refunds/{id:str}/approval", who=DESK, tags=TAGS)
def approve(tx: Session, me: Actor, now: datetime, id: str, data: Approval) -> RefundLine:
    refunds.approve(tx, me, id, now, note=data.note)
    return refund_lists.one(tx, me, id)


@post("/api/v1/refunds/{id:str}/rejection", who=DESK, tags=TAGS)
def reject(tx: Session, me: Actor, now: datetime, id: str, data: Rejection) -> RefundLine:
    """The sum that was set aside is free again; who asked reads the note."""
    refunds.reject(tx, me, id, data.note, now)
    return refund_lists.one(tx, me, id)


@post("/api/v1/refunds/{id:str}/hand-out", who=DESK, tags=TAGS)
def hand_out(tx: Session, me: Actor, now: datetime, id: str) -> OrderDetail:
    """Cash that a refund owes is given to its payer."""
    return service.order(tx, me, refunds.hand_out(tx, me, id, now))


@post("/api/v1/refunds/{id:str}/retry", who=DESK, tags=TAGS)
def retry(tx: Session, me: Actor, now: datetime, id: str) -> RefundLine:
    """Ask the gateway once more, under the same number."""
    refund_answers.retry(tx, me, id, now)
    return refund_lists.one(tx, me, id)


def second(house: House, me: Actor, now: datetime, data: ByHand) -> Witness | None:
    return second_admin(house, me, data, now)


@post("/api/v1/refunds/{id:str}/by-hand", who=DESK, tags=TAGS, before=second)
def by_hand(tx: Session, me: Actor, now: datetime, id: str, data: ByHand, prepared: Witness | None) -> RefundLine:
    """What the gateway cannot pay back was paid in cash or from the bank. A large sum is confirmed by another admin."""
    handing.by_hand(tx, me, id, data.how, data.note, now, prepared)
    return refund_lists.one(tx, me, id)


ROUTES = routes_of(ask_back, refund, refund_list, one_refund, approve, reject, hand_out, retry, by_hand)
