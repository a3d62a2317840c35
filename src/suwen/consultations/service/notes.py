"""The doctor's record of a visit: written during it, saved by itself, closed with it."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from suwen.consultations import rules
from suwen.consultations.errors import ConsultationNotFound, NotesChanged, RecordClosed
from suwen.consultations.models import Consultation
from suwen.consultations.schemas import NotesInput, SavedNotes
from suwen.core import audit
from suwen.core.actor import Actor
from suwen.core.db import rows

TEXTS = ("chief_complaint", "diagnosis", "treatment_plan", "notes")


def notes(tx: Session, me: Actor, now: datetime, consultation_id: str) -> Consultation:
    """The record as its doctor writes it. Anybody else asks for the finished one."""
    room = _own(tx, me, consultation_id)
    audit.seen(tx, me, "read", "consultation", room.id, room.patient_profile_id, "notes", now=now)
    return room


def save(tx: Session, me: Actor, now: datetime, consultation_id: str, data: NotesInput) -> SavedNotes:
    """All four texts in place of the former ones. Refused when another window saved meanwhile, and after the end."""
    room = _own(tx, me, consultation_id)
    if room.status not in rules.LIVE:
        raise RecordClosed()
    texts = {name: (getattr(data, name) or "").strip() or None for name in TEXTS}
    if data.version == room.version and all(getattr(room, name) == text for name, text in texts.items()):
        return SavedNotes(version=room.version, saved_at=room.updated_at)  # typed and taken back: nothing to store
    unchanged = (Consultation.id == room.id, Consultation.version == data.version, Consultation.status.in_(rules.LIVE))
    written = update(Consultation).where(*unchanged).values(**texts, version=data.version + 1, updated_at=now)
    if not rows(tx, written):
        newest = tx.scalar(select(Consultation.version).where(Consultation.id == room.id))
        raise NotesChanged(version=newest)
    audit.seen(tx, me, "write", "consultation", room.id, room.patient_profile_id, "notes", now=now)
    return SavedNotes(version=data.version + 1, saved_at=now)


def saved(tx: Session, me: Actor, consultation_id: str) -> Consultation:
    """The record as it was just written by this very person: no reading of its own."""
    room = _own(tx, me, consultation_id)
    tx.refresh(room)
    return room


def _own(tx: Session, me: Actor, consultation_id: str) -> Consultation:
    room = tx.get(Consultation, consultation_id)
    if room is None or me.role != "doctor" or room.doctor_id != me.doctor_id:
        raise ConsultationNotFound()
    return room
