"""Prices, orders, wallets and the desk, as JSON. Every amount is an integer in minor units: 5000 is 50.00."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.schemas import Slice
from suwen.core.web.routes import ANYONE, get, post, put, routes_of
from suwen.payments import service
from suwen.payments.schemas import (
    EntryView,
    Method,
    OrderDetail,
    OrderFilters,
    OrderView,
    Payment,
    PriceInput,
    PriceView,
    Receipt,
    RefundInput,
    Status,
    TopUpInput,
    WalletView,
)

TAGS = ["Payments"]
PAYERS, DESK = ("patient", "admin"), ("admin",)


@get("/api/v1/prices", who=ANYONE, tags=TAGS, kept=lambda: ("prices", "active"))
def prices(tx: Session) -> list[PriceView]:
    """The price list that is in use. Which price counts on a day is the server's to say, when something is booked."""
    return service.price_views(tx, active_only=True)


@post("/api/v1/prices", who=DESK, tags=TAGS)
def add_price(tx: Session, me: Actor, now: datetime, data: PriceInput) -> PriceView:
    return service.add_price(tx, me, data, now)


@put("/api/v1/prices/{id:str}", who=DESK, tags=TAGS)
def change_price(tx: Session, me: Actor, now: datetime, id: str, data: PriceInput) -> PriceView:
    """`version` is what was read; left out, whatever is there is overwritten."""
    return service.change_price(tx, me, id, data, now)


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


@post("/api/v1/orders/{id:str}/refunds", who=DESK, tags=TAGS)
def refund(tx: Session, me: Actor, now: datetime, id: str, data: RefundInput) -> OrderDetail:
    """Back the way it was paid: into the wallet, or in cash at the desk."""
    return service.refund_at_desk(tx, me, id, data.amount, data.reason, now)


@post("/api/v1/refunds/{id:str}/hand-out", who=DESK, tags=TAGS)
def hand_out(tx: Session, me: Actor, now: datetime, id: str) -> OrderDetail:
    """Cash that a refund owes is given to its payer."""
    return service.hand_out(tx, me, id, now)


@get("/api/v1/wallet", who=("patient",), tags=TAGS)
def wallet(tx: Session, me: Actor, house: House) -> WalletView:
    return service.wallet_view(tx, me, house.settings.currency)


@get("/api/v1/wallet/entries", who=("patient",), tags=TAGS)
def entries(tx: Session, me: Actor, after: str | None = None, limit: int | None = None) -> Slice[EntryView]:
    return service.entries(tx, me, after=after, limit=limit)


@post("/api/v1/top-ups", who=DESK, tags=TAGS)
def top_up(tx: Session, me: Actor, house: House, now: datetime, data: TopUpInput) -> Receipt:
    """Cash taken at the desk into somebody's wallet."""
    done = service.top_up(tx, me, data.user_id, data.amount, now, currency=house.settings.currency)
    return service.receipt(tx, me, done.entry_id)


@get("/api/v1/top-ups/{id:str}", who=PAYERS, tags=TAGS)
def receipt(tx: Session, me: Actor, id: str) -> Receipt:
    return service.receipt(tx, me, id)


ROUTES = routes_of(
    prices, add_price, change_price, orders, order, pay, refund, hand_out, wallet, entries, top_up, receipt
)
