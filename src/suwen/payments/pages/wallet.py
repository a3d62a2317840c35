"""The wallet of a payer: what is in it, its statement, filling it."""

from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.web.answers import Download, Page, See
from suwen.core.web.reader import reader_of
from suwen.core.web.routes import form, page, routes_of
from suwen.payments import pdf, rules, service
from suwen.payments.schemas import EntryFilters, OnlineTopUpForm, OrderFilters
from suwen.payments.service import books, filling

PAYER = ("patient",)


@page("/wallet", who=PAYER)
def wallet(
    tx: Session, me: Actor, house: House, now: datetime, request: Any, kind: str | None = None,
    month: str | None = None, after: str | None = None,
) -> Page:  # fmt: skip
    zone = reader_of(request.scope, me, house.settings.zone).zone.key
    shown = {
        "wallet": service.wallet_view(tx, me, house.settings.currency),
        "entries": service.entries(tx, me, EntryFilters.of_month(month, zone, kind), after=after),
        "open_orders": service.orders(tx, me, OrderFilters(status="pending")).items,
        "asked": {name: value for name, value in (("kind", kind), ("month", month)) if value},
        "months": rules.months_before(now, zone), "after": after,
        "online": filling.possible(tx, me, house.settings.currency),
        "held": books.holds(tx, me, open_only=True).items,
    }  # fmt: skip
    return Page("payments/wallet.html", shown)


@page("/wallet/statement/csv", who=PAYER)
def statement_csv(
    me: Actor, house: House, request: Any, kind: str | None = None, month: str | None = None
) -> Download:  # fmt: skip
    zone = reader_of(request.scope, me, house.settings.zone).zone.key
    filters = EntryFilters.of_month(month, zone, kind)
    return Download(partial(service.entries_csv, actor=me, filters=filters, zone=zone), "text/csv", "wallet.csv")


@page("/wallet/statement/pdf", who=PAYER, slow=True)
def statement_pdf(
    tx: Session, me: Actor, house: House, now: datetime, request: Any, kind: str | None = None, month: str | None = None
) -> Download:
    reader = reader_of(request.scope, me, house.settings.zone)
    zone = reader.zone.key
    found = filling.whole_statement(tx, me, EntryFilters.of_month(month, zone, kind))
    purse, owner = service.wallet_view(tx, me, house.settings.currency), filling.owner(tx, me)
    document = pdf.wallet(house.press, owner, purse, found, month or "", now, reader.locale, zone)
    return Download(document, "application/pdf", "wallet.pdf", inline=True)


@page("/wallet/top-up", who=PAYER)
def top_up_page(tx: Session, me: Actor, house: House) -> Page:
    currency = house.settings.currency
    shown = {
        "wallet": service.wallet_view(tx, me, currency), "online": filling.possible(tx, me, currency),
        "sums": rules.OFFERED_SUMS, "smallest": rules.SMALLEST_ONLINE, "largest": rules.LARGEST_ONLINE,
        "currency": currency,
    }  # fmt: skip
    return Page("payments/fill_wallet.html", shown)


@form("/wallet/top-up", again=top_up_page, who=PAYER)
def top_up(tx: Session, me: Actor, house: House, now: datetime, data: OnlineTopUpForm) -> See:
    opened = filling.open_top_up(tx, me, data.minor(), now, currency=house.settings.currency)
    return See(f"/orders/{opened.id}")


ROUTES = routes_of(wallet, statement_csv, statement_pdf, top_up_page, top_up)
