"""Timed work on calls: interruptions are noticed, signals that nobody waits for are deleted."""

from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from suwen.consultations import rules
from suwen.consultations.events import CallInterrupted
from suwen.consultations.models import CallEvent, CallSeat, Consultation, Signal
from suwen.consultations.service.records import presences
from suwen.consultations.service.signalling import queue_topic
from suwen.core.db import changed, new_id, rows
from suwen.core.outbox import emit
from suwen.scheduling.models import Appointment

OLD = timedelta(hours=1)
BATCH = 200


def notice_interruptions(tx: Session, now: datetime) -> int:
    """Mark visits whose both sides have been away for longer than the grace. Return how many are new."""
    running = select(Consultation).where(
        Consultation.status == rules.IN_PROGRESS, Consultation.interrupted_at.is_(None),
        Consultation.actual_start_time > now - timedelta(days=1),
    )  # fmt: skip
    found = tx.scalars(running.limit(BATCH)).all()
    sides = presences(tx, [room.id for room in found])
    return sum(_mark(tx, room, *sides[room.id], now) for room in found if room.id in sides)


def _mark(tx: Session, room: Consultation, doctor: rules.Presence, patient: rules.Presence, now: datetime) -> int:
    since = rules.interrupted_since(doctor, patient, now)
    still = (
        Consultation.id == room.id,
        Consultation.interrupted_at.is_(None),
        Consultation.status == rules.IN_PROGRESS,
    )
    kept = {Consultation.interrupted_at: since, Consultation.updated_at: Consultation.updated_at}
    if since is None or not rows(tx, update(Consultation).where(*still).values(kept)):
        return 0
    for user_id in tx.scalars(select(CallSeat.user_id).where(CallSeat.consultation_id == room.id)):
        tx.execute(
            insert(CallEvent).values(
                id=new_id(),
                created_at=now,
                consultation_id=room.id,
                user_id=user_id,
                event_type="disconnected",
                event_data={"what": "both_away", "since": since.isoformat()},
            )
        )
    emit(tx, CallInterrupted(appointment_id=room.appointment_id, consultation_id=room.id), now)
    changed(tx, queue_topic(room.doctor_id))
    return 1


def forget_old_signals(tx: Session, now: datetime) -> int:
    """An hour old, no page waits for them any more; a page that comes back later negotiates anew."""
    return rows(tx, delete(Signal).where(Signal.created_at < now - OLD))


def called_patient(tx: Session, consultation_id: str, now: datetime) -> str | None:
    """The account to call to a video visit that is going on; None for one at the clinic, or whose page is open."""
    _, patient = presences(tx, [consultation_id]).get(consultation_id, (None, rules.Presence()))
    if patient.here(now):
        return None
    return tx.scalar(
        select(Consultation.patient_id)
        .join(Appointment, Appointment.id == Consultation.appointment_id)
        .where(Consultation.id == consultation_id, Consultation.status == rules.IN_PROGRESS)
        .where(Appointment.visit_type == "online_video")
    )
