"""An order as its payer sees it."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.i18n import N_
from suwen.core.web.answers import Page, See
from suwen.core.web.routes import form, page, routes_of
from suwen.payments import service

PAYER = ("patient",)


@page("/orders/{id:str}", who=PAYER)
def order(tx: Session, me: Actor, house: House, id: str) -> Page:
    shown = {"order": service.order(tx, me, id), "wallet": service.wallet_view(tx, me, house.settings.currency)}
    return Page("payments/order.html", shown)


@form("/orders/{id:str}/pay", again=order, who=PAYER)
def pay(tx: Session, me: Actor, now: datetime, id: str) -> See:
    service.pay(tx, me, id, "balance", now)
    return See(f"/orders/{id}", toast=N_("Paid from your balance."))


ROUTES = routes_of(order, pay)
