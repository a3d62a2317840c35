"""Channels' days held against their bills. Days are days in China, amounts minor units."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from suwen.accounts.service import Witness
from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.schemas import Slice
from suwen.core.web.routes import get, post, routes_of
from suwen.payments.schemas.reconciliation import (
    DayStatus,
    GatewayName,
    ReconciliationDetail,
    ReconciliationLineView,
    ReconciliationView,
    ResolutionInput,
    RunInput,
    Shown,
)
from suwen.payments.service import reconciling
from suwen.payments.service.second import second_admin

TAGS = ["Payments"]
DESK = ("admin",)


@get("/api/v1/reconciliations", who=DESK, tags=TAGS)
def reconciliations(
    tx: Session, me: Actor, gateway: GatewayName | None = None, status: DayStatus | None = None,
    since: date | None = None, until: date | None = None, after: str | None = None, limit: int | None = None,
) -> Slice[ReconciliationView]:  # fmt: skip
    """Newest day first; `limit` counts days, and a day is never in two parts."""
    return reconciling.reconciliations(
        tx, me, gateway=gateway, status=status, since=since, until=until, after=after, limit=limit
    )


@post("/api/v1/reconciliations", who=DESK, tags=TAGS)
def run(tx: Session, me: Actor, now: datetime, data: RunInput) -> ReconciliationDetail:
    """Fetched and compared by the worker as soon as it can; again if it was before. Ask for the day to see how far."""
    return reconciling.reconciliation(tx, me, reconciling.ask(tx, me, data.gateway, data.day, now))


@get("/api/v1/reconciliations/{id:str}", who=DESK, tags=TAGS)
def reconciliation(tx: Session, me: Actor, id: str) -> ReconciliationDetail:
    return reconciling.reconciliation(tx, me, id)


@get("/api/v1/reconciliations/{id:str}/lines", who=DESK, tags=TAGS)
def lines(
    tx: Session, me: Actor, id: str, result: Shown | None = None, after: str | None = None, limit: int | None = None
) -> Slice[ReconciliationLineView]:
    """`result` is one of the results, `differences` for all but matches, or `open` for what nobody has resolved."""
    return reconciling.lines(tx, me, id, result=result, after=after, limit=limit)


@post("/api/v1/reconciliations/{id:str}/settlement", who=DESK, tags=TAGS)
def settle(tx: Session, me: Actor, now: datetime, id: str) -> ReconciliationDetail:
    """Books the day's fees, and what the gateway pays out to the bank. Once, and only when no difference is open."""
    reconciling.settle(tx, me, id, now)
    return reconciling.reconciliation(tx, me, id)


@get("/api/v1/reconciliation-lines/{id:str}", who=DESK, tags=TAGS)
def line(tx: Session, me: Actor, id: str) -> ReconciliationLineView:
    return reconciling.line(tx, me, id)


def second(house: House, me: Actor, now: datetime, data: ResolutionInput) -> Witness | None:
    return second_admin(house, me, data, now)


@post("/api/v1/reconciliation-lines/{id:str}/resolution", who=DESK, tags=TAGS, before=second)
def resolve(
    tx: Session, me: Actor, now: datetime, id: str, data: ResolutionInput, prepared: Witness | None
) -> ReconciliationLineView:
    """suspense, write_off and refund book a journal, large sums with another admin who confirms; accepted books
    nothing; ask_gateway leaves it open."""
    reconciling.resolve(tx, me, id, data.kind, data.note, now, prepared)
    return reconciling.line(tx, me, id)


ROUTES = routes_of(reconciliations, run, reconciliation, lines, settle, line, resolve)
