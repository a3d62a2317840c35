"""Receipts and statements: on a page, as a PDF, as a spreadsheet."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.web.answers import Download, Page
from suwen.core.web.reader import reader_of
from suwen.core.web.routes import page, routes_of
from suwen.payments import pdf
from suwen.payments.rules import day_of
from suwen.payments.schemas.papers import Statement
from suwen.payments.service import papers

PAYERS = ("patient", "admin")


@page("/orders/{id:str}/receipt", who=PAYERS)
def receipt(tx: Session, me: Actor, id: str) -> Page:
    one = papers.paid_receipt(tx, me, id)
    return Page("payments/paid_receipt.html", {"one": one, "order_page": _order_page(me, id)})


@page("/orders/{id:str}/receipt/pdf", who=PAYERS, slow=True)
def receipt_pdf(tx: Session, me: Actor, house: House, now: datetime, request: Any, id: str) -> Download:
    one = papers.paid_receipt(tx, me, id)
    reader = reader_of(request.scope, me, house.settings.zone)
    zone = reader.zone.key if me.id == one.user_id else one.zone
    document = pdf.receipt(house.press, one, now, reader.locale, zone)
    return Download(document, "application/pdf", f"{one.order_no}.pdf", inline=True)


@page("/statements/{id:str}", who=PAYERS)
def statement(
    tx: Session, me: Actor, house: House, now: datetime, request: Any, id: str, since: str | None = None,
    until: str | None = None,
) -> Page:  # fmt: skip
    one = _statement(tx, me, house, now, request, id, since, until)
    return Page("payments/statement.html", {"one": one, "spans": papers.spans(one.zone, now)})


@page("/statements/{id:str}/csv", who=PAYERS)
def statement_csv(
    tx: Session, me: Actor, house: House, now: datetime, request: Any, id: str, since: str | None = None,
    until: str | None = None,
) -> Download:  # fmt: skip
    one = _statement(tx, me, house, now, request, id, since, until)
    text = "".join(papers.statement_csv(one))
    return Download(text.encode(), "text/csv", f"statement-{one.since}-{one.until}.csv")


@page("/statements/{id:str}/pdf", who=PAYERS, slow=True)
def statement_pdf(
    tx: Session, me: Actor, house: House, now: datetime, request: Any, id: str, since: str | None = None,
    until: str | None = None,
) -> Download:  # fmt: skip
    one = _statement(tx, me, house, now, request, id, since, until)
    locale = reader_of(request.scope, me, house.settings.zone).locale
    document = pdf.statement(house.press, one, now, locale)
    return Download(document, "application/pdf", f"statement-{one.since}-{one.until}.pdf", inline=True)


def _statement(
    tx: Session, me: Actor, house: House, now: datetime, request: Any, id: str, since: str | None, until: str | None
) -> Statement:
    zone = reader_of(request.scope, me, house.settings.zone).zone.key
    return papers.statement(
        tx, me, id, day_of(since), day_of(until), zone, now, currency=house.settings.currency
    )  # fmt: skip


def _order_page(me: Actor, id: str) -> str:
    return f"/admin/orders/{id}" if me.role == "admin" else f"/orders/{id}"


ROUTES = routes_of(receipt, receipt_pdf, statement, statement_csv, statement_pdf)
