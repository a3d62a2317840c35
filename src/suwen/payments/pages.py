"""The wallet and orders of a payer; prices, orders and top-ups at the desk."""

from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from suwen.clinics.service.places import locations
from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.i18n import N_
from suwen.core.web.answers import Download, Page, See
from suwen.core.web.routes import form, page, routes_of
from suwen.payments import service
from suwen.payments.rules import day_of
from suwen.payments.schemas import OrderFilters, PriceForm, RefundForm, TopUpForm

PAYER, DESK = ("patient",), ("admin",)


@page("/wallet", who=PAYER)
def wallet(tx: Session, me: Actor, house: House, after: str | None = None) -> Page:
    shown = {
        "wallet": service.wallet_view(tx, me, house.settings.currency),
        "entries": service.entries(tx, me, after=after),
        "open_orders": service.orders(tx, me, OrderFilters(status="pending")).items,
        "after": after,
    }
    return Page("payments/wallet.html", shown)


@page("/orders/{id:str}", who=PAYER)
def order(tx: Session, me: Actor, house: House, id: str) -> Page:
    shown = {"order": service.order(tx, me, id), "wallet": service.wallet_view(tx, me, house.settings.currency)}
    return Page("payments/order.html", shown)


@form("/orders/{id:str}/pay", again=order, who=PAYER)
def pay(tx: Session, me: Actor, now: datetime, id: str) -> See:
    service.pay(tx, me, id, "balance", now)
    return See(f"/orders/{id}", toast=N_("Paid from your balance."))


@page("/admin/prices", who=DESK)
def prices(tx: Session) -> Page:
    shown = {"prices": service.price_views(tx), "locations": locations(tx, all=True), "price": None}
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


@page("/admin/orders", who=DESK)
def orders(
    tx: Session, me: Actor, house: House, status: str | None = None, method: str | None = None, q: str | None = None,
    since: str | None = None, until: str | None = None, after: str | None = None,
) -> Page:  # fmt: skip
    typed = {"status": status, "method": method, "q": q, "since": since, "until": until}
    asked = {name: value for name, value in typed.items() if value}
    filters = OrderFilters.of_days(house.settings.zone, day_of(since), day_of(until), status=status, method=method, q=q)
    shown = {
        "part": service.orders(tx, me, filters, after=after), "asked": asked, "after": after,
        "waiting": service.waiting_refunds(tx, me),
    }  # fmt: skip
    return Page("payments/admin_orders.html", shown)


@page("/admin/orders.csv", who=DESK)
def orders_csv(
    me: Actor, house: House, status: str | None = None, method: str | None = None, q: str | None = None,
    since: str | None = None, until: str | None = None,
) -> Download:  # fmt: skip
    filters = OrderFilters.of_days(house.settings.zone, day_of(since), day_of(until), status=status, method=method, q=q)
    return Download(partial(service.orders_csv, actor=me, filters=filters), "text/csv", "orders.csv")


@page("/admin/orders/{id:str}", who=DESK)
def admin_order(tx: Session, me: Actor, id: str) -> Page:
    return Page("payments/admin_order.html", {"order": service.order(tx, me, id)})


@page("/admin/orders/{id:str}/refund", who=DESK)
def refund_page(tx: Session, me: Actor, id: str) -> Page:
    return Page("payments/admin_refund.html", {"order": service.order(tx, me, id)})


@form("/admin/orders/{id:str}/cash", again=admin_order, who=DESK)
def settle_cash(tx: Session, me: Actor, now: datetime, id: str) -> See:
    service.pay(tx, me, id, "cash", now)
    return See(f"/admin/orders/{id}", toast=N_("Paid in cash."))


@form("/admin/orders/{id:str}/refund", again=refund_page, who=DESK)
def refund(tx: Session, me: Actor, now: datetime, id: str, data: RefundForm) -> See:
    service.refund_at_desk(tx, me, id, data.minor(), data.reason, now)
    return See(f"/admin/orders/{id}", toast=N_("Paid back."))


@form("/admin/orders/{id:str}/hand-out/{refund_id:str}", again=admin_order, who=DESK)
def hand_out(tx: Session, me: Actor, now: datetime, id: str, refund_id: str) -> See:
    service.hand_out(tx, me, refund_id, now)
    return See(f"/admin/orders/{id}", toast=N_("Handed out."))


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


ROUTES = routes_of(
    wallet, order, pay, prices, price, add_price, change_price, orders, orders_csv, admin_order, refund_page,
    settle_cash, refund, hand_out, top_up_page, top_up, receipt,
)  # fmt: skip
