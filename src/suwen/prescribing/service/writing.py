"""Writing, signing and voiding. Only the doctor of a visit that has begun writes; what is signed stays as it is."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from suwen.accounts.models import PatientProfile
from suwen.accounts.rules import names
from suwen.core import audit, times
from suwen.core.actor import Actor
from suwen.core.db import changed, new_id, rows
from suwen.core.errors import Conflict, Forbidden, Invalid
from suwen.core.outbox import emit
from suwen.prescribing import queries, rules
from suwen.prescribing.errors import (
    AlreadySigned,
    AlreadyVoid,
    CannotBeVoided,
    NoSuchPrescription,
    NotComplete,
    NotConfirmed,
    VisitNotStarted,
)
from suwen.prescribing.events import PrescriptionSigned, PrescriptionVoided
from suwen.prescribing.models import Prescription
from suwen.prescribing.rules import codes
from suwen.prescribing.schemas import ChangeInput, DraftInput
from suwen.prescribing.service import composing

TRIES = 5  # six digits a day: a number that is taken is met rarely, five times in a row never
BEGUN = ("in_progress", "completed")
VOIDABLE = ("draft", "signed", "returned", "effective")


def visit_of(tx: Session, actor: Actor, appointment_id: str) -> Any:
    """The visit, for its doctor; NoSuchPrescription for everybody else."""
    found = queries.visit(tx, appointment_id)
    if found is None or actor.role != "doctor" or found.doctor_id != actor.doctor_id:
        raise NoSuchPrescription()
    return found


def has_begun(visit: Any) -> bool:
    at_desk = visit.visit_type == "offline" and visit.status == "checked_in"
    return visit.status == "completed" or visit.room in BEGUN or at_desk


def draft(tx: Session, actor: Actor, data: DraftInput, now: datetime) -> Prescription:
    """Begin a prescription for a visit. Refused: other doctors' visits, visits that have not begun."""
    appointment_id = data.appointment_id
    if appointment_id is None and data.consultation_id:
        appointment_id = queries.appointment_of(tx, data.consultation_id)
    if not appointment_id:
        raise Invalid(fields={"appointment_id": "Please fill this in."})
    visit = visit_of(tx, actor, appointment_id)
    if not has_begun(visit):
        raise VisitNotStarted()
    values = composing.content(tx, data, actor.locale) | {
        "id": new_id(), "appointment_id": visit.id, "consultation_id": visit.consultation_id,
        "doctor_id": visit.doctor_id, "patient_id": visit.patient_id, "patient_profile_id": visit.patient_profile_id,
        "patient_name": visit.name, "prescription_date": now, "created_at": now, "updated_at": now,
        "channel": "offline" if visit.visit_type == "offline" else "online",
        "jurisdiction": tx.info["settings"].jurisdiction,
    }  # fmt: skip
    made = _stored(tx, values, _day(now, actor.zone))
    _note(tx, actor, "write", made, now)
    return made


def change(tx: Session, actor: Actor, id: str, data: ChangeInput, now: datetime) -> Prescription:
    """Change one's draft. Refused: what is signed, and a draft that was changed since `version` was read."""
    found = own(tx, actor, id)
    _must_be_draft(found)
    values = composing.content(tx, data, actor.locale) | {"version": data.version + 1, "updated_at": now}
    mine = update(Prescription).where(
        Prescription.id == id, Prescription.status == "draft", Prescription.version == data.version
    )
    if not rows(tx, mine.values(**values)):
        raise Conflict()
    tx.refresh(found)
    _note(tx, actor, "write", found, now)
    return found


def sign(tx: Session, actor: Actor, id: str, version: int, confirmed: bool, now: datetime) -> Prescription:
    """Sign one's draft as it was read (`version`), freezing who was treated and who treats.

    Refused: without the confirmation that the platform has checked nothing; gaps; a draft changed meanwhile.
    """
    found = own(tx, actor, id)
    _must_be_draft(found)
    if not confirmed:
        raise NotConfirmed(fields={"not_safety_checked": NotConfirmed.title})
    missing = rules.gaps(found.diagnosis, found.medicines)
    if missing:
        raise NotComplete(fields=missing)
    signer, person = queries.signer(tx, found.doctor_id), tx.get_one(PatientProfile, found.patient_profile_id)
    if signer.verification_status != "approved":
        raise Forbidden("Prescriptions are signed once the licence has been verified.")
    frozen = {"patient_snapshot": _person(person), "doctor_snapshot": _doctor(signer), "patient_name": person.name}
    content = {
        "code": found.code, "diagnosis": found.diagnosis, "medicines": found.medicines,
        "instructions": found.instructions, "refill_allowed": found.refill_allowed, "pharmacy": found.pharmacy,
        "signed_at": now.isoformat(), "signer": signer.user_id,
    }  # fmt: skip
    values = frozen | {
        "status": "signed", "content_hash": rules.content_hash(content | frozen), "signed_by": signer.name,
        "signer_id": signer.user_id, "signed_at": now, "prescription_date": now, "safety_checked": False,
        "version": version + 1, "updated_at": now,
    }  # fmt: skip
    mine = update(Prescription).where(
        Prescription.id == id, Prescription.status == "draft", Prescription.version == version
    )
    if not rows(tx, mine.values(**values)):
        raise Conflict()
    tx.refresh(found)
    _note(tx, actor, "sign", found, now)
    emit(tx, PrescriptionSigned(found.id, found.appointment_id, found.patient_id), now)
    return found


def void(tx: Session, actor: Actor, id: str, reason: str, now: datetime) -> Prescription:
    """Take one's prescription back, with a reason that the patient reads. Refused: twice, and what was dispensed."""
    found = own(tx, actor, id)
    was_draft = found.status == "draft"
    mine = update(Prescription).where(Prescription.id == id, Prescription.status.in_(VOIDABLE))
    values = {"status": "voided", "voided_by": actor.id, "voided_at": now, "void_reason": reason.strip()}
    if not rows(tx, mine.values(**values, version=Prescription.version + 1, updated_at=now)):
        raise AlreadyVoid() if found.status == "voided" else CannotBeVoided()
    tx.refresh(found)
    _note(tx, actor, "write", found, now)
    if not was_draft:
        emit(tx, PrescriptionVoided(found.id, found.appointment_id, found.patient_id), now)
    return found


def own(tx: Session, actor: Actor, id: str) -> Prescription:
    """For its doctor; NoSuchPrescription for everybody else, who may read but not write."""
    found = tx.get(Prescription, id, populate_existing=True)
    if found is None or actor.role != "doctor" or found.doctor_id != actor.doctor_id:
        raise NoSuchPrescription()
    return found


def _must_be_draft(found: Prescription) -> None:
    if found.status == "voided":
        raise AlreadyVoid()
    if found.status != "draft":
        raise AlreadySigned()


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


def _person(person: PatientProfile) -> dict[str, Any]:
    first, last = _names(person.first_name, person.last_name, person.name)
    born = person.birthday.isoformat() if person.birthday else None
    return {"id": person.id, "first_name": first, "last_name": last, "dob": born, "gender": person.gender}


def _doctor(signer: Any) -> dict[str, Any]:
    first, last = _names(signer.first_name, signer.last_name, signer.name)
    return {"id": signer.id, "first_name": first, "last_name": last, "specialty": signer.specialty}


def _names(first: str, last: str, name: str) -> tuple[str, str]:
    if first or last:
        return first, last
    return names.split(name)


def _note(tx: Session, actor: Actor, action: str, found: Prescription, now: datetime) -> None:
    audit.seen(tx, actor, action, "prescription", found.id, found.patient_profile_id, now=now)
    changed(tx, f"prescription:{found.id}", f"prescriptions:{found.appointment_id}")
