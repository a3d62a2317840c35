"""Prescriptions for people: listed, read, printed, taken back."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.i18n import N_
from suwen.core.web.answers import Download, Page, See
from suwen.core.web.reader import reader_of
from suwen.core.web.routes import form, page, routes_of
from suwen.prescribing import pdf, service
from suwen.prescribing.schemas import VoidInput
from suwen.prescribing.service import papers

READERS, WRITERS = ("patient", "doctor", "pharmacist"), ("doctor",)
PDF = ".pdf"


@page("/prescriptions", who=READERS, audited="prescription")
def listing(
    tx: Session, me: Actor, now: datetime, status: str | None = None, q: str | None = None, after: str | None = None
) -> Page:
    shown = {
        "part": service.prescriptions(tx, me, now, status=status or None, number=q, after=after),
        "coming": papers.coming(tx, me) if not status and not after and not q else [],
        "q": q or "",
        "status": status or "",
        "after": after,
    }
    return Page("prescribing/list.html", shown)


@page("/prescriptions/{id:str}", who=READERS, audited="prescription")
def show(tx: Session, me: Actor, house: House, now: datetime, request: Any, id: str) -> Page | See:
    if id.endswith(PDF):  # the router knows whole parts of a path only
        return See(f"/prescriptions/{id.removesuffix(PDF)}/pdf")
    one = service.prescription(tx, me, id, now)
    locale, settings = reader_of(request.scope, me, house.settings.zone).locale, house.settings
    shown = {
        "one": one,
        "paper": papers.paper(tx, one, locale, settings.zone),
        "code": pdf.qr(pdf.verify_address(settings.base_url, one.code)),
    }
    return Page("prescribing/prescription.html", shown)


@form("/prescriptions/{id:str}/void", again=show, who=WRITERS, audited="prescription")
def void(tx: Session, me: Actor, now: datetime, id: str, data: VoidInput) -> See:
    service.void(tx, me, id, data.reason, now)
    return See(f"/prescriptions/{id}", toast=N_("The prescription is void."))


@page("/prescriptions/{id:str}/pdf", who=READERS, audited="prescription", slow=True)
def on_paper(tx: Session, me: Actor, house: House, now: datetime, request: Any, id: str) -> Download:
    one = service.prescription(tx, me, id, now, action="print")
    reader = reader_of(request.scope, me, house.settings.zone)
    zone, address = house.settings.zone, house.settings.base_url
    paper = papers.paper(tx, one, reader.locale, zone)
    document = pdf.made(house.press, one, paper, now, reader.locale, zone, address)
    return Download(document, "application/pdf", f"{one.code}.pdf", inline=True)


ROUTES = routes_of(listing, show, void, on_paper)
