"""Prescriptions for people: read and printed by the patient, written by the doctor, also beside the call."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.i18n import N_
from suwen.core.web.answers import Download, Page, See
from suwen.core.web.reader import reader_of
from suwen.core.web.routes import form, page, routes_of
from suwen.prescribing import pdf, rules, service
from suwen.prescribing.schemas import EditorForm, SignForm, VoidInput

READERS, WRITERS = ("patient", "doctor", "pharmacist"), ("doctor",)
PDF = ".pdf"


@page("/prescriptions", who=READERS, audited="prescription")
def listing(tx: Session, me: Actor, now: datetime, status: str | None = None, after: str | None = None) -> Page:
    part = service.prescriptions(tx, me, now, status=status or None, after=after)
    return Page("prescribing/list.html", {"part": part, "status": status or "", "after": after})


@page("/prescriptions/new", who=WRITERS, audited="prescription")
def new(tx: Session, me: Actor, now: datetime, appointment: str) -> Page:
    return _editor(tx, me, now, appointment, "new")


@page("/prescriptions/desk/{appointment_id:str}", who=WRITERS, audited="prescription")
def desk(tx: Session, me: Actor, now: datetime, appointment_id: str, one: str | None = None, step: str = "") -> Page:
    return _editor(tx, me, now, appointment_id, one, step)


@page("/prescriptions/{id:str}/edit", who=WRITERS, audited="prescription")
def edit(tx: Session, me: Actor, now: datetime, id: str, step: str = "") -> Page:
    return _editor(tx, me, now, service.visit_of_prescription(tx, me, id), id, step)


@form("/prescriptions/desk/{appointment_id:str}", again=desk, who=WRITERS, audited="prescription")
def save_new(
    tx: Session, me: Actor, now: datetime, appointment_id: str, data: EditorForm, one: str | None = "new"
) -> Page:
    made = service.draft(tx, me, data.draft(appointment_id), now)
    return _editor(tx, me, now, appointment_id, made.id, data.then)


@form("/prescriptions/desk/{appointment_id:str}/{one:str}", again=desk, who=WRITERS, audited="prescription")
def save(tx: Session, me: Actor, now: datetime, appointment_id: str, one: str, data: EditorForm) -> Page:
    service.change(tx, me, one, data.content(), now)
    return _editor(tx, me, now, appointment_id, one, data.then)


@form("/prescriptions/desk/{appointment_id:str}/{one:str}/sign", again=desk, who=WRITERS, audited="prescription")
def sign(
    tx: Session, me: Actor, now: datetime, appointment_id: str, one: str, data: SignForm, step: str = "review"
) -> Page:
    service.sign(tx, me, one, data.version, data.not_safety_checked, now)
    return _editor(tx, me, now, appointment_id, one, "signed")


@page("/prescriptions/{id:str}", who=READERS, audited="prescription")
def show(tx: Session, me: Actor, now: datetime, id: str) -> Page | See:
    if id.endswith(PDF):  # the router knows whole parts of a path only
        return See(f"/prescriptions/{id.removesuffix(PDF)}/pdf")
    return Page("prescribing/prescription.html", {"one": service.prescription(tx, me, id, now)})


@form("/prescriptions/{id:str}/void", again=show, who=WRITERS, audited="prescription")
def void(tx: Session, me: Actor, now: datetime, id: str, data: VoidInput) -> See:
    service.void(tx, me, id, data.reason, now)
    return See(f"/prescriptions/{id}", toast=N_("The prescription is void."))


@page("/prescriptions/{id:str}/pdf", who=READERS, audited="prescription", slow=True)
def on_paper(tx: Session, me: Actor, house: House, now: datetime, request: Any, id: str) -> Download:
    one = service.prescription(tx, me, id, now, action="print")
    reader = reader_of(request.scope, me, house.settings.zone)
    document = pdf.made(one, now, reader.locale, house.settings.zone)
    return Download(document, "application/pdf", f"{one.code}.pdf", inline=True)


def _editor(tx: Session, me: Actor, now: datetime, appointment_id: str, one: str | None = None, step: str = "") -> Page:
    """The visit's prescriptions with one of them open. Without a choice a draft is open, if there is one."""
    visit = service.desk(tx, me, appointment_id, now)
    drafts = [each for each in visit.prescriptions if each.status == "draft"]
    chosen = next((each for each in visit.prescriptions if each.id == one), None)
    if chosen is None and one is None and drafts:
        chosen = drafts[-1]
    shown = {
        "visit": visit,
        "one": service.view(tx, me, chosen) if chosen else None,
        "step": step,
        "empty_lines": rules.LINES_SHOWN,
        "most_lines": rules.MOST_LINES,
        "writing": one == "new" or not visit.prescriptions,
    }
    return Page("prescribing/desk.html", shown)


ROUTES = routes_of(listing, new, desk, edit, save_new, save, sign, show, void, on_paper)
