"""The right of reply: the doctor who was reviewed, and nobody else. A new answer takes the place of the old one."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from suwen.clinics import service as clinics
from suwen.core.actor import Actor
from suwen.core.db import changed, rows
from suwen.core.errors import Invalid, NotFound
from suwen.core.outbox import emit
from suwen.reviews.events import ReviewAnswered
from suwen.reviews.models import Review
from suwen.reviews.schemas import DoctorsReview
from suwen.reviews.service import reading


def answer(tx: Session, me: Actor, id: str, text: str, now: datetime) -> DoctorsReview:
    """NotFound for reviews of somebody else, and for hidden ones."""
    words = text.strip()
    if not words:
        raise Invalid(fields={"text": "Please fill this in."})
    own = clinics.doctor_of_user(tx, me.id)
    mine = (Review.id == id, Review.doctor_id == (own.id if own else ""), Review.is_visible.is_(True))
    values = {"doctor_reply": words, "doctor_reply_at": now, "version": Review.version + 1}
    if not rows(tx, update(Review).where(*mine).values(**values)) or own is None:
        raise NotFound()
    changed(tx, f"doctor:{own.id}")
    shown = reading.doctors_review(tx, me, id)
    emit(tx, ReviewAnswered(id, shown.version), now)
    return shown


@dataclass(frozen=True)
class Told:
    """Whom to tell of a review, and about which visit."""

    user_id: str
    appointment_id: str
    doctor: str
    reason: str


def answered_for(tx: Session, id: str) -> Told | None:
    row = tx.execute(
        select(Review.patient_id, Review.appointment_id, Review.doctor_snapshot, Review.hidden_reason).where(
            Review.id == id
        )
    ).first()
    if row is None:
        return None
    return Told(row.patient_id, row.appointment_id, reading.doctor_name(row.doctor_snapshot), row.hidden_reason or "")
