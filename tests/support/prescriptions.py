"""A prescription that was signed a moment ago, as the transaction of the signature leaves it: for what comes after."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.db import new_id
from suwen.core.outbox import emit
from suwen.prescribing.events import PrescriptionSigned, PrescriptionVoided
from suwen.prescribing.models import Prescription
from tests.support.cast import Ids


def sign_one(tx: Session, ids: Ids, now: datetime) -> str:
    """Li Na's, by Dr Zhang; row and event in the caller's transaction."""
    patient, doctor = ids.profiles["li"]["self"], ids.doctors["zhang"]
    row = Prescription(
        id=new_id(), code=new_id()[-20:], doctor_id=doctor, patient_id=ids.users["li"], patient_profile_id=patient,
        patient_name="Li Na", diagnosis="脾虚", instructions="忌生冷", status="signed", kind="herbal",
        medicines=[{"name": "炙甘草", "amount": "10", "unit": "g"}], regimen={"doses": "7", "doses_per_day": "1"},
        patient_snapshot={"id": patient, "first_name": "Na", "last_name": "Li", "dob": None, "gender": "female"},
        doctor_snapshot={"id": doctor, "first_name": "仲景", "last_name": "张", "specialty": "Spleen"},
        signed_by="张仲景", signer_id=ids.users["zhang"], signed_at=now, created_at=now,
    )  # fmt: skip
    tx.add(row)
    tx.flush()
    emit(tx, PrescriptionSigned(row.id, None, row.patient_id), now)
    return row.id


def void_one(tx: Session, id: str, now: datetime) -> None:
    row = tx.get_one(Prescription, id)
    row.status, row.void_reason, row.version = "voided", "wrong dose", row.version + 1
    emit(tx, PrescriptionVoided(id, None, row.patient_id), now)
