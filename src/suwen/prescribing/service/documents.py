"""The collection `prescriptions`, and one document of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.ports.documents import Collection, Fresh
from suwen.prescribing.errors import NoSuchPrescription
from suwen.prescribing.models import Prescription
from suwen.prescribing.rules import documents as rules
from suwen.prescribing.schemas.documents import PrescriptionDocument
from suwen.prescribing.service.reading import prescription


def document(tx: Session, actor: Actor, id: str, now: datetime) -> PrescriptionDocument:
    """For whoever may read the prescription; NoSuchPrescription for everybody else, and where it has no document."""
    prescription(tx, actor, id, now, action="export")
    body = rules.document(tx.get_one(Prescription, id))
    if body is None:
        raise NoSuchPrescription()
    return msgspec.convert({"_id": id, **body}, PrescriptionDocument)


def _fresh(tx: Session, ids: Sequence[str]) -> Mapping[str, Fresh]:
    found = tx.scalars(select(Prescription).where(Prescription.id.in_(ids)))
    return {row.id: Fresh(row.version, rules.document(row)) for row in found}


def _rows(tx: Session, after: str, limit: int) -> Sequence[str]:
    theirs = (Prescription.status.in_(rules.DOCUMENTED), Prescription.signed_at.is_not(None), Prescription.id > after)
    return tx.scalars(select(Prescription.id).where(*theirs).order_by(Prescription.id).limit(limit)).all()


COLLECTION = Collection(
    "prescriptions", "suwen.prescribing.jobs.keep_document", "prescription_id",
    ("appointment_id", "patient_snapshot.id", "doctor_snapshot.id"), _fresh, _rows,
)  # fmt: skip
