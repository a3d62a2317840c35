"""Reading: by the family, the doctor, and whoever treats the person. Every look is noted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.accounts.models import PatientProfile, User
from suwen.accounts.service import may_see
from suwen.clinics.models import Doctor
from suwen.core import audit
from suwen.core.actor import Actor
from suwen.core.paging import keyset
from suwen.core.schemas import Slice
from suwen.prescribing import queries
from suwen.prescribing.errors import NoSuchPrescription
from suwen.prescribing.models import PharmacistReview, Prescription, SafetyEvaluation, Signature, SigningKey
from suwen.prescribing.rules import codes
from suwen.prescribing.schemas import (
    DispensingView,
    DoctorSnapshot,
    Facts,
    FindingView,
    History,
    PersonSnapshot,
    Pharmacy,
    PrescriptionLine,
    PrescriptionView,
    Regimen,
    Replayed,
    ReviewView,
    SignatureView,
    lines_of,
)
from suwen.prescribing.service import checking, dispensing, signatures, verifying
from suwen.prescribing.service.writing import has_begun, visit_of

STAFF = ("doctor", "pharmacist")
NEWEST = [(Prescription.prescription_date, "desc"), (Prescription.id, "desc")]
MADE = ("doctor", "medicines", "regimen", "facts", "pharmacy", "patient_snapshot", "doctor_snapshot", "mine",
        "findings", "reviewer", "holder_code")  # fmt: skip
PLAIN = [name for name in PrescriptionView.__struct_fields__ if name not in MADE]


@dataclass(frozen=True)
class DeskVisit:
    """What the editor needs of the visit: whom it is for, and what the doctor has written already."""

    appointment_id: str
    doctor_id: str
    begun: bool
    patient_name: str
    diagnosis: str
    prescriptions: list[Prescription]


def prescription(tx: Session, actor: Actor, id: str, now: datetime, *, action: str = "read") -> PrescriptionView:
    """NoSuchPrescription for whoever may not see it; a draft is its doctor's alone. `action`: read, print, export."""
    found = tx.get(Prescription, id)
    if found is None or not _may_read(tx, actor, found, now):
        raise NoSuchPrescription()
    audit.seen(tx, actor, action, "prescription", id, found.patient_profile_id, now=now)
    return view(tx, actor, found)


def prescriptions(
    tx: Session, actor: Actor, now: datetime, *, status: str | None = None, profile_id: str | None = None,
    appointment_id: str | None = None, number: str | None = None, after: str | None = None, limit: int | None = None,
) -> Slice[PrescriptionLine]:  # fmt: skip
    """Newest first: those one may read. No medicine is named in a list. `number` as somebody typed it."""
    found = queries.visible(actor.role, actor.id, actor.doctor_id, now)
    if status:
        found = found.where(Prescription.status == status)
    if profile_id:
        found = found.where(Prescription.patient_profile_id == profile_id)
    if appointment_id:
        found = found.where(Prescription.appointment_id == appointment_id)
    if number:
        found = found.where(Prescription.code == (codes.read(number) or ""))
    rows, following = keyset(tx, found, NEWEST, after, limit)
    if rows:
        audit.seen(tx, actor, "read", "prescription", "list", profile_id, now=now)
    return Slice([_line(row) for row in rows], following)


def of_appointment(tx: Session, actor: Actor, appointment_id: str, now: datetime) -> list[PrescriptionLine]:
    """Those of one visit that the actor may read, for pages that are put together elsewhere."""
    return prescriptions(tx, actor, now, appointment_id=appointment_id, limit=20).items


def of_person(tx: Session, actor: Actor, profile_id: str, now: datetime) -> list[Prescription]:
    """One person's, newest first, for a page that shows the whole record; only those that the actor may read."""
    ids = queries.visible(actor.role, actor.id, actor.doctor_id, now).with_only_columns(Prescription.id)
    theirs = select(Prescription).where(Prescription.patient_profile_id == profile_id, Prescription.id.in_(ids))
    found = list(tx.scalars(theirs.order_by(Prescription.prescription_date.desc(), Prescription.id.desc()).limit(50)))
    if found:
        audit.seen(tx, actor, "read", "prescription", "list", profile_id, now=now)
    return found


def desk(tx: Session, actor: Actor, appointment_id: str, now: datetime) -> DeskVisit:
    """For the doctor of the visit; nothing can be written until it has begun."""
    visit = visit_of(tx, actor, appointment_id)
    written = queries.of_visit(tx, visit.id, visit.doctor_id)
    audit.seen(tx, actor, "read", "prescription", appointment_id, visit.patient_profile_id, now=now)
    return DeskVisit(visit.id, visit.doctor_id, has_begun(visit), visit.name, visit.diagnosis or "", written)


def visit_of_prescription(tx: Session, actor: Actor, id: str) -> str:
    """The appointment of one's own prescription, where its editor is."""
    found = tx.get(Prescription, id)
    if found is None or actor.role != "doctor" or found.doctor_id != actor.doctor_id or not found.appointment_id:
        raise NoSuchPrescription()
    return found.appointment_id


def view(tx: Session, actor: Actor, found: Prescription) -> PrescriptionView:
    doctor = found.signed_by or tx.scalar(
        select(User.name).join(Doctor, Doctor.user_id == User.id).where(Doctor.id == found.doctor_id)
    )
    mine = actor.role == "doctor" and actor.doctor_id == found.doctor_id
    return PrescriptionView(
        **{name: getattr(found, name) for name in PLAIN},
        doctor=doctor or "", mine=mine, medicines=lines_of(found.medicines),
        regimen=_known(Regimen, found.regimen), facts=_known(Facts, found.facts),
        findings=_findings(tx, actor, found), reviewer=_name(tx, found.reviewed_by),
        holder_code=_holder_code(tx, actor, found), pharmacy=_as(Pharmacy, found.pharmacy),
        patient_snapshot=_as(PersonSnapshot, found.patient_snapshot),
        doctor_snapshot=_as(DoctorSnapshot, found.doctor_snapshot),
    )  # fmt: skip


def history(tx: Session, actor: Actor, id: str, now: datetime) -> History:
    """Evaluations, signatures, reviews and dispensings of a prescription that one may read, for those who treat."""
    found = tx.get(Prescription, id)
    if found is None or actor.role not in STAFF or not _may_read(tx, actor, found, now):
        raise NoSuchPrescription()
    audit.seen(tx, actor, "read", "prescription", id, found.patient_profile_id, "history", now=now)
    signed = signatures.of(tx, id)
    read = signatures.read_by_doctor(tx, id)
    evaluations = select(SafetyEvaluation).where(SafetyEvaluation.prescription_id == id)
    reviews = select(PharmacistReview).where(PharmacistReview.prescription_id == id)
    return History(
        evaluations=[
            checking.view_of(tx, one, actor.locale, found.answers or {}, read)
            for one in tx.scalars(evaluations.order_by(SafetyEvaluation.created_at, SafetyEvaluation.id))
        ],
        signatures=[_signature(tx, found, one) for one in signed],
        reviews=[
            ReviewView(id=one.id, reviewer=_name(tx, one.reviewer_id) or "", verdict=one.verdict, checks=one.checks,
                       reason=one.reason, created_at=one.created_at)
            for one in tx.scalars(reviews.order_by(PharmacistReview.created_at, PharmacistReview.id))
        ],
        dispensings=[
            DispensingView(number=one.number, dispensed_by=_name(tx, one.dispensed_by) or "",
                           checked_by=_name(tx, one.checked_by), checked_how=one.checked_how, note=one.note,
                           created_at=one.created_at)
            for one in dispensing.of(tx, id)
        ],
    )  # fmt: skip


def replay(tx: Session, actor: Actor, id: str, evaluation_id: str, now: datetime) -> Replayed:
    """Run an evaluation of this prescription again; for those who may see its history."""
    found = tx.get(Prescription, id)
    kept = tx.get(SafetyEvaluation, evaluation_id)
    if found is None or kept is None or kept.prescription_id != id or actor.role not in STAFF:
        raise NoSuchPrescription()
    if not _may_read(tx, actor, found, now):
        raise NoSuchPrescription()
    audit.seen(tx, actor, "read", "prescription", id, found.patient_profile_id, "replay", now=now)
    return checking.replay(tx, kept, signatures.vouched(tx, kept))


def _findings(tx: Session, actor: Actor, found: Prescription) -> list[FindingView]:
    """Of the last evaluation; what rules say of a person is for those who treat."""
    kept = tx.get(SafetyEvaluation, found.evaluation_id) if found.evaluation_id and actor.role in STAFF else None
    if kept is None:
        return []
    read = signatures.read_by_doctor(tx, found.id)
    return checking.shown(checking.findings_of(tx, kept), actor.locale, found.answers or {}, read)


def _holder_code(tx: Session, actor: Actor, found: Prescription) -> str | None:
    if found.effective_at is None or actor.role not in ("patient", "doctor"):
        return None
    return verifying.holder_code(tx, found)


def _signature(tx: Session, found: Prescription, one: Signature) -> SignatureView:
    key = tx.get(SigningKey, one.key_id)
    plain = ("id", "role", "name", "key_id", "content_hash", "evaluation_id", "signed", "signature",
             "invalidated_at", "created_at")  # fmt: skip
    return SignatureView(
        **{name: getattr(one, name) for name in plain}, public_key=key.public_key if key else "",
        valid=signatures.valid(tx, found, one),
    )  # fmt: skip


def _name(tx: Session, user_id: str | None) -> str | None:
    return tx.scalar(select(User.name).where(User.id == user_id)) if user_id else None


def _may_read(tx: Session, actor: Actor, found: Prescription, now: datetime) -> bool:
    if actor.role == "doctor" and actor.doctor_id == found.doctor_id:
        return True
    if found.signed_at is None or actor.role not in ("patient", "doctor", "pharmacist"):
        return False
    if actor.role == "patient":
        if found.effective_at is None:  # nobody takes what a pharmacist has not seen yet
            return False
        owner = select(PatientProfile.user_id).where(PatientProfile.id == found.patient_profile_id)
        return tx.scalar(owner) == actor.id
    return may_see(tx, actor, found.patient_profile_id, now)


def _line(row: Any) -> PrescriptionLine:
    names = [name for name in PrescriptionLine.__struct_fields__ if name not in ("lines", "doctor")]
    return PrescriptionLine(
        **{name: getattr(row, name) for name in names}, doctor=row.signed_by or row.doctor, lines=len(row.medicines)
    )


def _as(kind: Any, stored: Any) -> Any:
    return None if stored is None else msgspec.convert(stored, kind)


def _known(kind: Any, stored: Any) -> Any:
    """What another release wrote besides is left out."""
    known = set(kind.__struct_fields__)
    return None if stored is None else msgspec.convert({k: v for k, v in stored.items() if k in known}, kind)
