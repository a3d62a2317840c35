"""The family is told that a prescription is there, or gone (nothing clinical is said), and its document is kept up."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from suwen.core.db import Database
from suwen.core.i18n import N_
from suwen.core.outbox import on, reach
from suwen.core.ports import documents
from suwen.notifications.service import notify
from suwen.prescribing import service
from suwen.prescribing.events import PrescriptionSigned, PrescriptionVoided


@on(PrescriptionSigned)
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
    notify(
        tx, patient_id, "prescription_ready", N_("A prescription was withdrawn"),
        N_("Your doctor has made a prescription void. Please do not use it any more; the reason stands on it."),
        prescription_id, now, once=f"prescription-void:{prescription_id}",
    )  # fmt: skip


@reach(PrescriptionSigned, gives_up=False)
@reach(PrescriptionVoided, gives_up=False)
def keep_document(db: Database, now: datetime, message_id: str, prescription_id: str, **_: Any) -> None:
    """Write the document as the prescription is now, or take it out."""
    documents.keep(db, documents.store_of(db), service.COLLECTION, prescription_id)
