"""Orders as their payer sees them: listed, looked at, paid."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.i18n import N_
from suwen.core.web.answers import Download, Page, See
from suwen.core.web.routes import form, page, routes_of
from suwen.payments import pdf, service
from suwen.payments.schemas import Choice, OrderFilters
from suwen.payments.service import screens

PAYER = ("patient",)


@page("/orders", who=PAYER)
def orders(tx: Session, me: Actor, status: str | None = None, after: str | None = None) -> Page:
    shown = {
        "part": service.orders(tx, me, OrderFilters(status=status or None), after=after), "after": after,
        "status": status or "", "asked": {"status": status} if status else {},
    }  # fmt: skip
    return Page("payments/orders.html", shown)


@page("/orders/{id:str}", who=PAYER)
def order(
    tx: Session, me: Actor, house: House, now: datetime, id: str, returned: str | None = None,
    asked: str | None = None, phone: str | None = None,
) -> Page:  # fmt: skip
    """`returned` and `asked`: the browser comes from a gateway's page, which proves nothing."""
    small = screens.on_a_phone(me) if phone is None else phone == "1"
    back = bool(returned or asked)
    shown = {
        "order": service.order(tx, me, id), "wallet": service.wallet_view(tx, me, house.settings.currency),
        "screen": screens.screen(tx, me, id, now, phone=small, returned=back, asked=bool(asked)), "back": back,
        "asked_phone": phone,
    }  # fmt: skip
    return Page("payments/order.html", shown)


@form("/orders/{id:str}/attempts", again=order, who=PAYER)
def choose(tx: Session, me: Actor, now: datetime, id: str, data: Choice) -> See:
    service.begin_attempt(
        tx, me, id, data.gateway, data.scene, now, payer_ip=me.ip, return_url=service.return_url(tx, id)
    )
    return See(f"/orders/{id}?chosen=1")


@form("/orders/{id:str}/ask", again=order, who=PAYER)
def ask(tx: Session, me: Actor, now: datetime, id: str) -> See:
    service.ask_now(tx, me, id, now)
    return See(f"/orders/{id}?asked=1")


@page("/orders/{id:str}/code", who=PAYER)
def code(tx: Session, me: Actor, id: str) -> Download:
    """The square to scan, of the attempt that lives."""
    return Download(pdf.square(screens.code_text(tx, me, id)), "image/svg+xml", "code.svg", inline=True)


@form("/orders/{id:str}/cancel", again=order, who=PAYER)
def cancel(tx: Session, me: Actor, now: datetime, id: str) -> See:
    """Of a top-up; what was booked is cancelled where it was booked."""
    service.cancel(tx, me, id, now)
    return See("/wallet", toast=N_("The top-up is cancelled."))


@form("/orders/{id:str}/pay", again=order, who=PAYER)
def pay(tx: Session, me: Actor, now: datetime, id: str) -> See:
    service.pay(tx, me, id, "balance", now)
    return See(f"/orders/{id}", toast=N_("Paid from your balance."))


ROUTES = routes_of(orders, order, choose, ask, code, cancel, pay)
