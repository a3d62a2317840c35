"""The family is told that a prescription is there, or gone; nothing clinical is said."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.i18n import N_
from suwen.core.outbox import on
from suwen.notifications.service import notify
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
