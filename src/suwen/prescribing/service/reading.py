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
from suwen.prescribing.models import Prescription
from suwen.prescribing.schemas import (
    DoctorSnapshot,
    Facts,
    PersonSnapshot,
    Pharmacy,
    PrescriptionLine,
    PrescriptionView,
    Regimen,
    lines_of,
)
from suwen.prescribing.service.writing import has_begun, visit_of

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
    appointment_id: str | None = None, after: str | None = None, limit: int | None = None,
) -> Slice[PrescriptionLine]:  # fmt: skip
    """Newest first: those one may read. No medicine is named in a list."""
    found = queries.visible(actor.role, actor.id, actor.doctor_id, now)
    if status:
        found = found.where(Prescription.status == status)
    if profile_id:
        found = found.where(Prescription.patient_profile_id == profile_id)
    if appointment_id:
        found = found.where(Prescription.appointment_id == appointment_id)
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
        regimen=_known(Regimen, found.regimen), facts=_known(Facts, found.facts), findings=[], reviewer=None,
        holder_code=None, pharmacy=_as(Pharmacy, found.pharmacy),
        patient_snapshot=_as(PersonSnapshot, found.patient_snapshot),
        doctor_snapshot=_as(DoctorSnapshot, found.doctor_snapshot),
    )  # fmt: skip


def _may_read(tx: Session, actor: Actor, found: Prescription, now: datetime) -> bool:
    if actor.role == "doctor" and actor.doctor_id == found.doctor_id:
        return True
    if found.signed_at is None or actor.role not in ("patient", "doctor", "pharmacist"):
        return False
    if actor.role == "patient":
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
