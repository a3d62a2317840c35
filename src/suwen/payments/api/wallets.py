"""Wallets and top-ups, as JSON."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.schemas import Slice
from suwen.core.web.routes import get, post, routes_of
from suwen.payments import service
from suwen.payments.schemas import (
    EntryView,
    OnlineTopUp,
    OrderDetail,
    Receipt,
    TopUpInput,
    WalletView,
)
from suwen.payments.service import filling

DESK = ("admin",)
PAYERS = ("patient", "admin")
TAGS = ["Payments"]


@get("/api/v1/wallet", who=("patient",), tags=TAGS)
def wallet(tx: Session, me: Actor, house: House) -> WalletView:
    return service.wallet_view(tx, me, house.settings.currency)


@get("/api/v1/wallet/entries", who=("patient",), tags=TAGS)
def entries(tx: Session, me: Actor, after: str | None = None, limit: int | None = None) -> Slice[EntryView]:
    return service.entries(tx, me, after=after, limit=limit)


@post("/api/v1/wallet/top-ups", who=("patient",), tags=TAGS)
def open_top_up(tx: Session, me: Actor, house: House, now: datetime, data: OnlineTopUp) -> OrderDetail:
    """An order that fills one's own wallet; it is paid like any other, through a gateway."""
    opened = filling.open_top_up(tx, me, data.amount, now, currency=house.settings.currency)
    return service.order(tx, me, opened.id)


@post("/api/v1/top-ups", who=DESK, tags=TAGS)
def top_up(tx: Session, me: Actor, house: House, now: datetime, data: TopUpInput) -> Receipt:
    """Cash taken at the desk into somebody's wallet."""
    done = service.top_up(tx, me, data.user_id, data.amount, now, currency=house.settings.currency)
    return service.receipt(tx, me, done.entry_id)


@get("/api/v1/top-ups/{id:str}", who=PAYERS, tags=TAGS)
def receipt(tx: Session, me: Actor, id: str) -> Receipt:
    return service.receipt(tx, me, id)


ROUTES = routes_of(wallet, entries, open_top_up, top_up, receipt)
