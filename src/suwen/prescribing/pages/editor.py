"""The editor: written by the doctor, also beside the call; what it asks while somebody types."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from suwen.accounts.service import confirmed_until, reauthenticate
from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.i18n import LOCALES
from suwen.core.web.answers import Page
from suwen.core.web.reader import reader_of
from suwen.core.web.routes import form, page, routes_of
from suwen.prescribing import rules, service
from suwen.prescribing.rules.diagnosis import parts
from suwen.prescribing.rules.findings import Kind
from suwen.prescribing.schemas import EditorForm, SignForm
from suwen.prescribing.service import beside, choices, inserting, names, papers

WRITERS = ("doctor",)
KINDS = ("herbal", "compound", "general")
EDITABLE = ("draft", "returned")


@page("/prescriptions/new", who=WRITERS, audited="prescription")
def new(tx: Session, me: Actor, house: House, now: datetime, request: Any, appointment: str, kind: str = "") -> Page:
    return _editor(tx, me, house, now, request, appointment, "new", kind=kind)


@page("/prescriptions/desk/{appointment_id:str}", who=WRITERS, audited="prescription")
def desk(
    tx: Session, me: Actor, house: House, now: datetime, request: Any, appointment_id: str, one: str | None = None,
    step: str = "", kind: str = "",
) -> Page:  # fmt: skip
    return _editor(tx, me, house, now, request, appointment_id, one, step, kind=kind)


@page("/prescriptions/{id:str}/edit", who=WRITERS, audited="prescription")
def edit(tx: Session, me: Actor, house: House, now: datetime, request: Any, id: str, step: str = "") -> Page:
    return _editor(tx, me, house, now, request, service.visit_of_prescription(tx, me, id), id, step)


@form("/prescriptions/desk/{appointment_id:str}", again=desk, who=WRITERS, audited="prescription")
def save_new(
    tx: Session, me: Actor, house: House, now: datetime, request: Any, appointment_id: str, data: EditorForm,
    one: str | None = "new",
) -> Page:  # fmt: skip
    data = inserting.filled(tx, me, appointment_id, data, now)
    made = service.draft(tx, me, data.draft(appointment_id), now, data.typed_answers)
    return _editor(tx, me, house, now, request, appointment_id, made.id, data.then, said=data.typed_answers)


@form("/prescriptions/desk/{appointment_id:str}/{one:str}", again=desk, who=WRITERS, audited="prescription")
def save(
    tx: Session, me: Actor, house: House, now: datetime, request: Any, appointment_id: str, one: str, data: EditorForm
) -> Page:
    data = inserting.filled(tx, me, appointment_id, data, now)
    service.change(tx, me, one, data.content(), now, data.typed_answers)
    return _editor(tx, me, house, now, request, appointment_id, one, data.then, said=data.typed_answers)


def prove(house: House, me: Actor, now: datetime, data: SignForm) -> None:
    """Passwords are hashed before the transaction. Who has proved it lately need not do it again."""
    if data.then == "sign" and (data.password or data.code):
        reauthenticate(house, me, data.password, data.code, now)


@form(
    "/prescriptions/desk/{appointment_id:str}/{one:str}/sign", again=desk, who=WRITERS, audited="prescription",
    before=prove,
)  # fmt: skip
def sign(
    tx: Session, me: Actor, house: House, now: datetime, request: Any, appointment_id: str, one: str, data: SignForm,
    step: str = "review",
) -> Page:  # fmt: skip
    if data.then == "back":
        service.keep_answers(tx, me, one, data.typed_answers, data.version, now)
        return _editor(tx, me, house, now, request, appointment_id, one, said=data.typed_answers)
    service.sign(tx, me, one, data.signed(), now)
    return _editor(tx, me, house, now, request, appointment_id, one, "signed")


@page("/prescriptions/names", who=WRITERS)
def type_ahead(q: str = "", kind: Kind = "herbal") -> Page:
    """Beside the field: its options alone. No database."""
    return Page("prescribing/names.html", {"names": names.names(q, kind), "q": q, "kind": kind})


@page("/prescriptions/offers", who=WRITERS, audited="prescription")
def offers(tx: Session, me: Actor, now: datetime, appointment: str, q: str = "") -> Page:
    return Page("prescribing/offers.html", {"offers": inserting.offers(tx, me, appointment, q, now)})


@page("/prescriptions/found", who=WRITERS, audited="prescription")
def check_page(
    tx: Session, me: Actor, house: House, now: datetime, request: Any, appointment: str, one: str | None = None
) -> Page:
    return _editor(tx, me, house, now, request, appointment, one)


@form("/prescriptions/found", again=check_page, who=WRITERS, audited="prescription", once=False)
def check(tx: Session, me: Actor, now: datetime, appointment: str, data: EditorForm, one: str | None = None) -> Page:
    """What would be found in what is on the screen. Nothing is stored."""
    return Page("prescribing/found.html", {"result": service.preview(tx, me, data.check(appointment, one), now)})


def _editor(
    tx: Session, me: Actor, house: House, now: datetime, request: Any, appointment_id: str, one: str | None = None,
    step: str = "", *, kind: str = "", said: dict[str, Any] | None = None,
) -> Page:  # fmt: skip
    """The visit's prescriptions with one of them open. Without a choice a draft is open, if there is one."""
    visit = service.desk(tx, me, appointment_id, now)
    drafts = [each for each in visit.prescriptions if each.status in EDITABLE]
    chosen = next((each for each in visit.prescriptions if each.id == one), None)
    if chosen is None and one is None and drafts:
        chosen = drafts[-1]
    opened, zone = service.view(tx, me, chosen) if chosen else None, house.settings.zone
    to_read = opened is not None and (step == "review" or opened.status not in EDITABLE)
    locale = reader_of(request.scope, me, zone).locale
    shown = {
        "visit": visit,
        "one": opened,
        "paper": papers.paper(tx, opened, locale, zone) if opened and to_read else None,
        "kind": chosen.kind if chosen else (kind if kind in KINDS else KINDS[0]),
        "step": step,
        "said": said or {},
        "beside": beside.beside(tx, me, appointment_id, now) if visit.begun else None,
        "confirmed": confirmed_until(tx, me, now),
        "empty_lines": rules.LINES_SHOWN,
        "most_lines": rules.MOST_LINES,
        "writing": one == "new" or not visit.prescriptions,
        "words": {locale: choices.words(locale) for locale in LOCALES},
        "parts_of_diagnosis": parts,
        "usual": inserting.USUAL,
    }
    return Page("prescribing/desk.html", shown)


ROUTES = routes_of(new, desk, edit, save_new, save, sign, type_ahead, offers, check_page, check)
