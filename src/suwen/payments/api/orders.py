"""Orders and paying them, as JSON."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.schemas import Slice
from suwen.core.web.routes import get, post, routes_of
from suwen.payments import service
from suwen.payments.schemas import (
    Method,
    OrderDetail,
    OrderFilters,
    OrderView,
    Payment,
    Status,
)

PAYERS = ("patient", "admin")
TAGS = ["Payments"]


@get("/api/v1/orders", who=PAYERS, tags=TAGS)
def orders(
    tx: Session, me: Actor, house: House, status: Status | None = None, method: Method | None = None,
    q: str | None = None, since: date | None = None, until: date | None = None, after: str | None = None,
    limit: int | None = None,
) -> Slice[OrderView]:  # fmt: skip
    """One's own, newest first; the desk sees everybody's. `since` and `until` are days of the clinic, both included."""
    filters = OrderFilters.of_days(house.settings.zone, since, until, status=status, method=method, q=q)
    return service.orders(tx, me, filters, after=after, limit=limit)


@get("/api/v1/orders/{id:str}", who=PAYERS, tags=TAGS)
def order(tx: Session, me: Actor, id: str) -> OrderDetail:
    return service.order(tx, me, id)


@post("/api/v1/orders/{id:str}/payments", who=PAYERS, tags=TAGS)
def pay(tx: Session, me: Actor, now: datetime, id: str, data: Payment) -> OrderDetail:
    """`balance` takes it from the payer's own wallet; `cash` is for the desk."""
    return service.pay(tx, me, id, data.method, now)


@post("/api/v1/orders/{id:str}/cancellation", who=("patient",), tags=TAGS)
def cancel(tx: Session, me: Actor, now: datetime, id: str) -> OrderDetail:
    """Give up a top-up that is not paid; what was booked is cancelled where it was booked."""
    service.cancel(tx, me, id, now)
    return service.order(tx, me, id)


ROUTES = routes_of(orders, order, pay, cancel)
