"""The editor: written by the doctor, also beside the call."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.accounts.service import reauthenticate
from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.web.answers import Page
from suwen.core.web.routes import form, page, routes_of
from suwen.prescribing import rules, service
from suwen.prescribing.schemas import EditorForm, SignForm

WRITERS = ("doctor",)


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


def prove(house: House, me: Actor, now: datetime, data: SignForm) -> None:
    """Passwords are hashed before the transaction. Who has proved it lately need not do it again."""
    if data.password or data.code:
        reauthenticate(house, me, data.password, data.code, now)


@form(
    "/prescriptions/desk/{appointment_id:str}/{one:str}/sign", again=desk, who=WRITERS, audited="prescription",
    before=prove,
)  # fmt: skip
def sign(
    tx: Session, me: Actor, now: datetime, appointment_id: str, one: str, data: SignForm, step: str = "review"
) -> Page:
    service.sign(tx, me, one, data.signed(), now)
    return _editor(tx, me, now, appointment_id, one, "signed")


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


ROUTES = routes_of(new, desk, edit, save_new, save, sign)
