"""The family is told that a prescription is there, or gone, the doctor that one came back (nothing clinical is said),
and the document of it is kept up."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.clinics.models import Doctor
from suwen.core.db import Database
from suwen.core.i18n import N_
from suwen.core.outbox import every, on, reach
from suwen.core.ports import documents
from suwen.notifications.service import notify
from suwen.prescribing import service
from suwen.prescribing.events import (
    PrescriptionDispensed,
    PrescriptionEffective,
    PrescriptionExpired,
    PrescriptionExtended,
    PrescriptionReopened,
    PrescriptionReturned,
    PrescriptionSigned,
    PrescriptionVoided,
)
from suwen.prescribing.models import Prescription


@on(PrescriptionEffective)
def tell_of_prescription(
    tx: Session, now: datetime, prescription_id: str, appointment_id: str | None, patient_id: str
) -> None:
    notify(
        tx, patient_id, "prescription_ready", N_("A prescription is ready"),
        N_("Your doctor has signed a prescription. You can read and print it now."), prescription_id, now,
        once=f"prescription:{prescription_id}",
    )  # fmt: skip


@on(PrescriptionVoided)
def tell_of_void(tx: Session, now: datetime, prescription_id: str, appointment_id: str | None, patient_id: str) -> None:
    """Only where the family has seen it."""
    if _effective(tx, prescription_id) is None:
        return
    notify(
        tx, patient_id, "prescription_ready", N_("A prescription was withdrawn"),
        N_("Your doctor has made a prescription void. Please do not use it any more; the reason stands on it."),
        prescription_id, now, once=f"prescription-void:{prescription_id}",
    )  # fmt: skip


@on(PrescriptionReturned)
def tell_the_doctor(
    tx: Session, now: datetime, prescription_id: str, appointment_id: str | None, patient_id: str
) -> None:
    found = tx.get_one(Prescription, prescription_id)
    user_id = tx.scalar(select(Doctor.user_id).where(Doctor.id == found.doctor_id))
    if found.status != "returned" or user_id is None:
        return
    notify(
        tx, user_id, "prescription_ready", N_("A prescription came back"),
        N_("The pharmacist has returned a prescription with a reason. Correct it, or sign it once more."),
        prescription_id, now, once=f"prescription-returned:{prescription_id}:{found.version}",
    )  # fmt: skip


@every(seconds=60)
def expire_prescriptions(tx: Session, now: datetime) -> int:
    """Prescriptions whose validity is over."""
    return service.expire(tx, now)


def _effective(tx: Session, prescription_id: str) -> Any:
    return tx.scalar(select(Prescription.effective_at).where(Prescription.id == prescription_id))


@reach(PrescriptionSigned, gives_up=False)
@reach(PrescriptionReopened, gives_up=False)
@reach(PrescriptionReturned, gives_up=False)
@reach(PrescriptionEffective, gives_up=False)
@reach(PrescriptionDispensed, gives_up=False)
@reach(PrescriptionExtended, gives_up=False)
@reach(PrescriptionExpired, gives_up=False)
@reach(PrescriptionVoided, gives_up=False)
def keep_document(db: Database, now: datetime, message_id: str, prescription_id: str, **_: Any) -> None:
    """Write the document as the prescription is now, or take it out."""
    documents.keep(db, documents.store_of(db), service.COLLECTION, prescription_id)
