"""What the world does to a visit: appointments change, people do not come, lines break, signals grow old."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.consultations import rules
from suwen.consultations.events import PatientAdmitted
from suwen.consultations.service import rooms, upkeep
from suwen.core.i18n import N_
from suwen.core.outbox import every, on
from suwen.notifications import service as notifications
from suwen.scheduling.events import AppointmentBooked, AppointmentCancelled, AppointmentMoved, PatientMissed


@on(AppointmentBooked)
def open_the_room(tx: Session, now: datetime, appointment_id: str, version: int) -> None:
    rooms.ensure_for(tx, now, appointment_id)


@on(AppointmentMoved)
def move_the_room(tx: Session, now: datetime, appointment_id: str, version: int, was: str) -> None:
    rooms.reschedule(tx, appointment_id)


@on(AppointmentCancelled)
def close_the_room(tx: Session, now: datetime, appointment_id: str, by: str, refunded: int) -> None:
    rooms.close_unheld(tx, now, appointment_id, rules.CANCELLED)


@on(PatientMissed)
def note_no_show(tx: Session, now: datetime, appointment_id: str) -> None:
    rooms.close_unheld(tx, now, appointment_id, rules.NO_SHOW)


@on(PatientAdmitted)
def call_the_patient(tx: Session, now: datetime, appointment_id: str, consultation_id: str) -> None:
    """For whoever has another page open: the waiting room itself opens the call."""
    waiting = upkeep.called_patient(tx, consultation_id, now)
    if waiting:
        notifications.notify(
            tx, waiting, "appointment_reminder", N_("The doctor is ready for you"),
            N_("Your visit begins now. Open the waiting room to join."), appointment_id, now,
            {"path": f"/visit/{appointment_id}"}, once=f"admitted:{consultation_id}",
        )  # fmt: skip


@every(seconds=20)
def notice_interruptions(tx: Session, now: datetime) -> int:
    """Both sides gone beyond the grace: kept for the doctor to decide, nothing is ended."""
    return upkeep.notice_interruptions(tx, now)


@every(seconds=300)
def forget_old_signals(tx: Session, now: datetime) -> int:
    return upkeep.forget_old_signals(tx, now)
