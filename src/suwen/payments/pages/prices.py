"""The price list, as the desk keeps it."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.clinics.service.places import locations
from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.i18n import N_
from suwen.core.web.answers import Page, See
from suwen.core.web.routes import form, page, routes_of
from suwen.payments import service
from suwen.payments.schemas import PriceForm

DESK = ("admin",)


@page("/admin/prices", who=DESK)
def prices(tx: Session, house: House) -> Page:
    shown = {
        "prices": service.price_views(tx), "locations": locations(tx, all=True), "price": None,
        "currency": house.settings.currency,
    }  # fmt: skip
    return Page("payments/prices.html", shown)


@page("/admin/prices/{id:str}", who=DESK)
def price(tx: Session, id: str) -> Page:
    shown = {"price": service.price_view(tx, id), "locations": locations(tx, all=True), "prices": []}
    return Page("payments/prices.html", shown)


@form("/admin/prices", again=prices, who=DESK)
def add_price(tx: Session, me: Actor, now: datetime, data: PriceForm) -> See:
    service.add_price(tx, me, data.entry(), now)
    return See("/admin/prices", toast=N_("Saved."))


@form("/admin/prices/{id:str}", again=price, who=DESK)
def change_price(tx: Session, me: Actor, now: datetime, id: str, data: PriceForm) -> See:
    service.change_price(tx, me, id, data.entry(), now)
    return See("/admin/prices", toast=N_("Saved."))


ROUTES = routes_of(prices, price, add_price, change_price)
