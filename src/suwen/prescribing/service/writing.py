"""Writing and voiding. Only the doctor of a visit that has begun writes; each saved draft is checked."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from suwen.core import audit, times
from suwen.core.actor import Actor
from suwen.core.db import new_id, rows
from suwen.core.errors import Invalid
from suwen.prescribing import queries
from suwen.prescribing.errors import NoSuchPrescription, VisitNotStarted
from suwen.prescribing.events import PrescriptionReopened, PrescriptionVoided
from suwen.prescribing.models import Prescription
from suwen.prescribing.rules import codes
from suwen.prescribing.schemas import ChangeInput, CheckInput, DraftInput, Preview, lines_of
from suwen.prescribing.schemas.steps import Answer
from suwen.prescribing.service import checking, composing, signatures
from suwen.prescribing.service.moving import move, note, own, refuse, tell

TRIES = 5  # six digits a day: a number that is taken is met rarely, five times in a row never
BEGUN = ("in_progress", "completed")
# What a signature has brought, and what goes with it.
UNSIGNED: dict[str, Any] = dict.fromkeys(
    ("signed_by", "signer_id", "signed_at", "content_hash", "answers", "patient_snapshot", "doctor_snapshot",
     "reviewed_by", "reviewed_at")
)  # fmt: skip


def visit_of(tx: Session, actor: Actor, appointment_id: str) -> Any:
    """The visit, for its doctor; NoSuchPrescription for everybody else."""
    found = queries.visit(tx, appointment_id)
    if found is None or actor.role != "doctor" or found.doctor_id != actor.doctor_id:
        raise NoSuchPrescription()
    return found


def has_begun(visit: Any) -> bool:
    at_desk = visit.visit_type == "offline" and visit.status == "checked_in"
    return visit.status == "completed" or visit.room in BEGUN or at_desk


def draft(
    tx: Session, actor: Actor, data: DraftInput, now: datetime, proposed: Mapping[str, Answer] | None = None
) -> Prescription:
    """Begin a prescription for a visit. Refused: other doctors' visits, visits that have not begun.

    `proposed` are answers to findings, by key: kept with the draft, so that nobody writes them twice. They count for
    nothing until they are sent along with the signature."""
    visit = _visit(tx, actor, data)
    if not has_begun(visit):
        raise VisitNotStarted()
    values = _columns(tx, actor, data, visit, now) | {
        "id": new_id(), "consultation_id": visit.consultation_id, "doctor_id": visit.doctor_id,
        "patient_id": visit.patient_id, "patient_name": visit.name, "prescription_date": now, "created_at": now,
        "updated_at": now, "answers": _proposed(proposed),
    }  # fmt: skip
    made = _stored(tx, values, _day(now, actor.zone))
    _check(tx, made, now)
    note(tx, actor, "write", made, now)
    return made


def change(
    tx: Session, actor: Actor, id: str, data: ChangeInput, now: datetime, proposed: Mapping[str, Answer] | None = None
) -> Prescription:
    """Change what is not in effect yet; what was signed becomes a draft again, and its signatures are worth nothing.

    `proposed` as in `draft`. Refused: what is in effect, and what was changed since `version` was read.
    """
    found = own(tx, actor, id)
    refuse(found, "change")
    signed = found.status != "draft"
    visit = queries.visit(tx, found.appointment_id) if found.appointment_id else None
    values = _columns(tx, actor, data, visit, now) | {"status": "draft"} | UNSIGNED
    values["answers"] = _proposed(proposed)
    move(tx, found, "change", values, now, data.version)
    if signed:
        signatures.invalidate(tx, found.id, now)
        tell(tx, found, PrescriptionReopened, now)
    _check(tx, found, now)
    note(tx, actor, "write", found, now)
    return found


def keep_answers(
    tx: Session, actor: Actor, id: str, proposed: Mapping[str, Answer], version: int, now: datetime
) -> Prescription:  # fmt: skip
    """What was written for findings while reading through, for the way back to the lines: kept with a draft as `change`
    does. What was returned keeps the answers that were signed: they are the signature's until it is changed."""
    found = own(tx, actor, id)
    refuse(found, "sign")
    here = (found.answers or {}).items()
    answers = {key: text for key, text in here if key not in proposed} | (_proposed(proposed) or {})
    if found.status == "draft" and answers != (found.answers or {}):
        move(tx, found, "change", {"answers": answers or None}, now, version)
        note(tx, actor, "write", found, now)
    return found


def preview(tx: Session, actor: Actor, data: CheckInput, now: datetime) -> Preview:
    """What is found in what is on the screen; nothing is stored. For the doctor of the visit, as `draft` is."""
    if data.prescription_id:
        found = own(tx, actor, data.prescription_id)
        data.appointment_id = found.appointment_id
    visit = _visit(tx, actor, data)
    today = now.astimezone(checking.clinic_zone(tx)).date()
    audit.seen(tx, actor, "read", "prescription", visit.id, visit.patient_profile_id, "checked", now=now)
    row = _columns(tx, actor, data, visit, now) | {"first_day": today, "id": data.prescription_id}
    checked = checking.evaluated(tx, row, now)
    return Preview(
        rule_set=checked.rule_set, reviewed=checked.reviewed, kind=row["kind"], medicines=lines_of(row["medicines"]),
        findings=checking.shown_now(checked, actor.locale), worst=checking.worst_name(checked.worst),
        total=row["total"], currency=row["currency"], last_day=row["last_day"],
    )  # fmt: skip


def void(tx: Session, actor: Actor, id: str, reason: str, now: datetime) -> Prescription:
    """Take one's prescription back, with a reason that the patient reads. Refused: twice, and what was dispensed."""
    found = own(tx, actor, id)
    was_draft = found.status == "draft"
    values = {"status": "voided", "voided_by": actor.id, "voided_at": now, "void_reason": reason.strip()}
    move(tx, found, "void", values, now)
    note(tx, actor, "write", found, now)
    if not was_draft:
        tell(tx, found, PrescriptionVoided, now)
    return found


def _proposed(answers: Mapping[str, Answer] | None) -> dict[str, str] | None:
    given = {
        key: (one.reason or "").strip() or (checking.READ if one.read else "") for key, one in (answers or {}).items()
    }
    return {key: text for key, text in given.items() if text} or None


def _visit(tx: Session, actor: Actor, data: DraftInput) -> Any:
    appointment_id = data.appointment_id
    if appointment_id is None and data.consultation_id:
        appointment_id = queries.appointment_of(tx, data.consultation_id)
    if not appointment_id:
        raise Invalid(fields={"appointment_id": "Please fill this in."})
    return visit_of(tx, actor, appointment_id)


def _columns(tx: Session, actor: Actor, data: Any, visit: Any, now: datetime) -> dict[str, Any]:
    """What the doctor wrote, and what follows from the visit and the day."""
    content = composing.content(tx, data, actor.locale)
    today = now.astimezone(checking.clinic_zone(tx)).date()
    lasts = composing.last_day(content["kind"], content["medicines"], content["regimen"], data.refill_allowed, today)
    of_visit = {
        "appointment_id": visit.id, "patient_profile_id": visit.patient_profile_id,
        "channel": "offline" if visit.visit_type == "offline" else "online",
    } if visit else {}  # fmt: skip
    return content | of_visit | {"last_day": lasts, "jurisdiction": tx.info["settings"].jurisdiction}


def _check(tx: Session, found: Prescription, now: datetime) -> None:
    """Each saved draft is looked at, so that its findings stand beside it."""
    today = {"first_day": now.astimezone(checking.clinic_zone(tx)).date()}
    checked = checking.evaluated(tx, checking.columns_of(found, checking.clinic_zone(tx)) | today, now)
    evaluation = checking.store(tx, checked, found.id, "draft", now)
    values = {"evaluation_id": evaluation.id, "safety_checked": True}
    rows(tx, update(Prescription).where(Prescription.id == found.id).values(**values))
    tx.refresh(found)


def _stored(tx: Session, values: dict[str, Any], day: date) -> Prescription:
    """With the first number of several that is free."""
    for attempt in range(TRIES):
        made = Prescription(**values, code=codes.fresh(day))
        try:
            with tx.begin_nested():
                tx.add(made)
                tx.flush()
            return made
        except IntegrityError:
            if attempt == TRIES - 1:
                raise
    raise AssertionError


def _day(now: datetime, zone: str) -> date:
    """The day by the doctor's clock."""
    return now.astimezone(times.known_zone(zone) or UTC).date()
