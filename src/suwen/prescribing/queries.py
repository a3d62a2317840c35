"""Statements of prescriptions."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import Session

from suwen.accounts.models import CareRelation, PatientProfile, User
from suwen.clinics.models import Doctor, Specialty
from suwen.consultations.models import Consultation
from suwen.prescribing.models import CommonPhrase, Prescription, PrescriptionTemplate
from suwen.scheduling.models import Appointment

LIST: Any = (
    select(
        Prescription.id, Prescription.code, Prescription.status, Prescription.kind, User.name.label("doctor"),
        Prescription.signed_by, Prescription.patient_name, Prescription.patient_profile_id, Prescription.appointment_id,
        Prescription.prescription_date, Prescription.signed_at, Prescription.medicines,
    )
    .join(Doctor, Doctor.id == Prescription.doctor_id)
    .join(User, User.id == Doctor.user_id)
)  # fmt: skip


def visible(role: str, actor_id: str, doctor_id: str | None, now: datetime) -> Select[Any]:
    """A patient's family's, a doctor's own and of people in care, a pharmacist's; the unsigned its doctor's only, and
    what is not in effect yet is not the family's to see."""
    known = Prescription.signed_at.is_not(None)
    cared = select(CareRelation.profile_id).where(
        CareRelation.staff_user_id == actor_id,
        CareRelation.since <= now,
        or_(CareRelation.until.is_(None), CareRelation.until > now),
    )
    if role == "patient":
        family = select(PatientProfile.id).where(PatientProfile.user_id == actor_id)
        return LIST.where(Prescription.effective_at.is_not(None), Prescription.patient_profile_id.in_(family))
    if role == "doctor":
        in_care = known & Prescription.patient_profile_id.in_(cared)
        return LIST.where(or_(Prescription.doctor_id == (doctor_id or ""), in_care))
    return LIST.where(known, Prescription.patient_profile_id.in_(cared))


def visit(tx: Session, appointment_id: str) -> Any:
    """What a prescription takes from its visit."""
    found = (
        select(
            Appointment.id, Appointment.doctor_id, Appointment.patient_id, Appointment.patient_profile_id,
            Appointment.status, Appointment.visit_type, Appointment.appointment_start,
            Consultation.id.label("consultation_id"), Consultation.status.label("room"), Consultation.diagnosis,
            PatientProfile.name,
        )
        .join(PatientProfile, PatientProfile.id == Appointment.patient_profile_id)
        .outerjoin(Consultation, Consultation.appointment_id == Appointment.id)
        .where(Appointment.id == appointment_id, Appointment.is_deleted.is_(False))
    )  # fmt: skip
    return tx.execute(found).first()


def appointment_of(tx: Session, consultation_id: str) -> str | None:
    return tx.scalar(select(Consultation.appointment_id).where(Consultation.id == consultation_id))


def of_visit(tx: Session, appointment_id: str, doctor_id: str) -> list[Prescription]:
    mine = (Prescription.appointment_id == appointment_id, Prescription.doctor_id == doctor_id)
    return list(tx.scalars(select(Prescription).where(*mine).order_by(Prescription.id)))


def signer(tx: Session, doctor_id: str) -> Any:
    """Whose name stands under it, and for which specialty."""
    found = (
        select(
            Doctor.id, Doctor.user_id, Doctor.verification_status, User.name, User.first_name, User.last_name,
            Specialty.name.label("specialty"),
        )
        .join(User, User.id == Doctor.user_id)
        .outerjoin(Specialty, Specialty.id == Doctor.specialty_id)
        .where(Doctor.id == doctor_id)
    )  # fmt: skip
    return tx.execute(found).one()


def templates(doctor_id: str, q: str | None, kind: str | None, all: bool) -> Select[Any]:
    found = select(PrescriptionTemplate).where(PrescriptionTemplate.doctor_id == doctor_id)
    if not all:
        found = found.where(PrescriptionTemplate.is_active)
    if kind:
        found = found.where(PrescriptionTemplate.kind == kind)
    if q:
        within = (PrescriptionTemplate.name, PrescriptionTemplate.diagnosis, PrescriptionTemplate.description)
        found = found.where(or_(*(column.icontains(q, autoescape=True) for column in within)))
    return found


def phrases(doctor_id: str, category: str | None, q: str | None, all: bool) -> Select[Any]:
    found = select(CommonPhrase).where(CommonPhrase.doctor_id == doctor_id)
    if not all:
        found = found.where(CommonPhrase.is_active)
    if category:
        found = found.where(CommonPhrase.category == category)
    if q:
        found = found.where(CommonPhrase.content.icontains(q, autoescape=True))
    return found


def diagnosed(tx: Session, profile_id: str, appointment_id: str | None, since: datetime) -> bool:
    """Whether a completed visit of this person, before the one at hand and not before `since`, has a diagnosis: in its
    notes, or on a prescription of it that came into effect."""
    written = func.length(func.trim(func.coalesce(Consultation.diagnosis, ""))) > 0
    prescribed = exists().where(
        Prescription.appointment_id == Appointment.id, Prescription.effective_at.is_not(None),
        func.length(func.trim(Prescription.diagnosis)) > 0,
    )  # fmt: skip
    earlier = (
        select(Appointment.id)
        .outerjoin(Consultation, Consultation.appointment_id == Appointment.id)
        .where(
            Appointment.patient_profile_id == profile_id, Appointment.status == "completed",
            Appointment.id != (appointment_id or ""), Appointment.is_deleted.is_(False),
            Appointment.appointment_start >= since, or_(written, prescribed),
        )
    )  # fmt: skip
    if appointment_id:
        begins = select(Appointment.appointment_start).where(Appointment.id == appointment_id).scalar_subquery()
        earlier = earlier.where(Appointment.appointment_start < begins)
    return tx.scalar(earlier.limit(1)) is not None
