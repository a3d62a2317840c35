"""The desk: everybody's orders, cash, top-ups."""

from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.i18n import N_
from suwen.core.web.answers import Download, Page, See
from suwen.core.web.routes import form, page, routes_of
from suwen.payments import service
from suwen.payments.rules import day_of
from suwen.payments.schemas import OrderFilters, TopUpForm

DESK = ("admin",)


@page("/admin/orders", who=DESK)
def orders(
    tx: Session, me: Actor, house: House, status: str | None = None, method: str | None = None, q: str | None = None,
    since: str | None = None, until: str | None = None, user: str | None = None, after: str | None = None,
) -> Page:  # fmt: skip
    asked, filters = _asked(house, status, method, q, since, until, user)
    shown = {
        "part": service.orders(tx, me, filters, after=after), "asked": asked, "after": after,
        "waiting": service.waiting_refunds(tx, me), "payer": service.payer(tx, me, user) if user else None,
    }  # fmt: skip
    return Page("payments/admin_orders.html", shown)


@page("/admin/orders.csv", who=DESK)
def orders_csv(
    me: Actor, house: House, status: str | None = None, method: str | None = None, q: str | None = None,
    since: str | None = None, until: str | None = None, user: str | None = None,
) -> Download:  # fmt: skip
    _, filters = _asked(house, status, method, q, since, until, user)
    return Download(partial(service.orders_csv, actor=me, filters=filters), "text/csv", "orders.csv")


@page("/admin/orders/{id:str}", who=DESK)
def admin_order(tx: Session, me: Actor, id: str) -> Page:
    shown = {"order": service.order(tx, me, id), "attempts": service.attempts_of(tx, me, id)}
    return Page("payments/admin_order.html", shown)


@form("/admin/orders/{id:str}/ask", again=admin_order, who=DESK)
def ask(tx: Session, me: Actor, now: datetime, id: str) -> See:
    """Have the gateways asked what became of what is open."""
    asked = service.ask_now(tx, me, id, now)
    return See(
        f"/admin/orders/{id}", toast=N_("The gateway is being asked.") if asked else N_("Nothing is open there.")
    )


@form("/admin/orders/{id:str}/cash", again=admin_order, who=DESK)
def settle_cash(tx: Session, me: Actor, now: datetime, id: str) -> See:
    service.pay(tx, me, id, "cash", now)
    return See(f"/admin/orders/{id}", toast=N_("Paid in cash."))


@page("/admin/top-up", who=DESK)
def top_up_page(tx: Session, me: Actor, house: House, q: str | None = None, user: str | None = None) -> Page:
    return Page("payments/top_up.html", _top_up(tx, me, house, q, user))


def _top_up(tx: Session, me: Actor, house: House, q: str | None, user: str | None) -> dict[str, Any]:
    currency = house.settings.currency
    return {
        "q": q or "",
        "people": service.payers(tx, me, q),
        "person": service.payer(tx, me, user) if user else None,
        "wallet": service.wallet_of(tx, user, currency) if user else None,
        "currency": currency,
    }


@form("/admin/top-up", again=top_up_page, who=DESK)
def top_up(tx: Session, me: Actor, house: House, now: datetime, user: str, data: TopUpForm) -> See:
    done = service.top_up(tx, me, user, data.minor(), now, currency=house.settings.currency)
    return See(f"/admin/top-up/{done.entry_id}", toast=N_("Topped up."))


@page("/admin/top-up/{id:str}", who=DESK)
def receipt(tx: Session, me: Actor, id: str) -> Page:
    return Page("payments/receipt.html", {"receipt": service.receipt(tx, me, id)})


def _asked(house: House, *typed: str | None) -> tuple[dict[str, str], OrderFilters]:
    """What is asked for, as it stands in the address, and as a filter."""
    named = zip(("status", "method", "q", "since", "until", "user"), typed, strict=True)
    asked = {name: value for name, value in named if value}
    words = {name: asked.get(name) for name in ("status", "method", "q")} | {"user_id": asked.get("user")}
    first, last = day_of(asked.get("since")), day_of(asked.get("until"))
    return asked, OrderFilters.of_days(house.settings.zone, first, last, **words)


ROUTES = routes_of(orders, orders_csv, admin_order, ask, settle_cash, top_up_page, top_up, receipt)
