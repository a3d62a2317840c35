"""The price list, as JSON."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.web.routes import ANYONE, get, post, put, routes_of
from suwen.payments import service
from suwen.payments.schemas import (
    PriceInput,
    PriceView,
)

DESK = ("admin",)
TAGS = ["Payments"]


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


ROUTES = routes_of(prices, add_price, change_price)
