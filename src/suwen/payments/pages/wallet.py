"""The wallet of a payer."""

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.web.answers import Page
from suwen.core.web.routes import page, routes_of
from suwen.payments import service
from suwen.payments.schemas import OrderFilters

PAYER = ("patient",)


@page("/wallet", who=PAYER)
def wallet(tx: Session, me: Actor, house: House, after: str | None = None) -> Page:
    shown = {
        "wallet": service.wallet_view(tx, me, house.settings.currency),
        "entries": service.entries(tx, me, after=after),
        "open_orders": service.orders(tx, me, OrderFilters(status="pending")).items,
        "after": after,
    }
    return Page("payments/wallet.html", shown)


ROUTES = routes_of(wallet)
