"""Deposits at the desk."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.i18n import N_
from suwen.core.web.answers import Page, See
from suwen.core.web.routes import form, page, routes_of
from suwen.payments import service
from suwen.payments.schemas.ledger import CaptureForm, HoldForm
from suwen.payments.service import books

DESK = ("admin",)


@page("/admin/deposits", who=DESK)
def deposits(tx: Session, me: Actor, house: House, user: str | None = None, after: str | None = None) -> Page:
    shown = {
        "person": service.payer(tx, me, user) if user else None,
        "wallet": service.wallet_of(tx, user, house.settings.currency) if user else None,
        "part": books.holds(tx, me, user, after=after), "after": after, "currency": house.settings.currency,
    }  # fmt: skip
    return Page("payments/deposits.html", shown)


@form("/admin/deposits", again=deposits, who=DESK)
def hold(tx: Session, me: Actor, house: House, now: datetime, user: str, data: HoldForm) -> See:
    service.hold(tx, me, user, data.minor(), data.reason, now, currency=house.settings.currency)
    return See(f"/admin/deposits?user={user}", toast=N_("Held."))


@form("/admin/deposits/{id:str}/release", again=deposits, who=DESK)
def release(tx: Session, me: Actor, now: datetime, id: str) -> See:
    user = service.release(tx, me, id, now)
    return See(f"/admin/deposits?user={user}", toast=N_("Given back."))


@form("/admin/deposits/{id:str}/capture", again=deposits, who=DESK)
def capture(tx: Session, me: Actor, now: datetime, id: str, data: CaptureForm) -> See:
    order = service.capture(tx, me, id, data.minor(), data.reason, now)
    return See(f"/admin/orders/{order}", toast=N_("Taken from the deposit."))


ROUTES = routes_of(deposits, hold, release, capture)
