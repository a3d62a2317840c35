"""Writing and changing a review. Only the account that booked may, once for each visit, when the visit is over."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from suwen.accounts.rules import names
from suwen.core.actor import Actor
from suwen.core.db import new_id, rows
from suwen.core.errors import NotFound
from suwen.core.outbox import emit
from suwen.reviews import queries, rules
from suwen.reviews.errors import AlreadyReviewed, TooEarlyToReview, TooLateToEdit
from suwen.reviews.events import ReviewWritten
from suwen.reviews.models import Review
from suwen.reviews.schemas import OwnReview, ReviewEntry, Visit
from suwen.reviews.service import reading
from suwen.reviews.service.tagging import set_tags
from suwen.reviews.service.tallies import add_up, take_turn

PARTS = ("rating", "attitude_rating", "professionalism_rating", "efficiency_rating", "is_anonymous")


def visit(tx: Session, me: Actor, appointment_id: str) -> Visit:
    """The visit that may be reviewed. TooEarlyToReview until it is completed."""
    row = _visit(tx, me, appointment_id)
    return Visit(
        appointment_id=row.id, doctor_id=row.doctor_id, doctor=row.doctor, title=row.title,
        starts_at=row.appointment_start, zone=row.zone, patient=row.patient, status=row.status,
    )  # fmt: skip


def review_visit(tx: Session, me: Actor, appointment_id: str, entry: ReviewEntry, now: datetime) -> OwnReview:
    """Write the review of a visit. AlreadyReviewed, TooEarlyToReview."""
    row = _visit(tx, me, appointment_id)
    take_turn(tx, row.doctor_id)
    review = Review(
        id=new_id(), appointment_id=row.id, patient_id=me.id, patient_profile_id=row.patient_profile_id,
        doctor_id=row.doctor_id, created_at=now, comment=_comment(entry), patient_snapshot=_patient(row),
        doctor_snapshot=_doctor(row), tags=_tags(entry), **{name: getattr(entry, name) for name in PARTS},
    )  # fmt: skip
    try:
        with tx.begin_nested():
            tx.add(review)
            tx.flush()
    except IntegrityError:
        raise AlreadyReviewed() from None
    return _written(tx, me, review.id, row.doctor_id, entry, now)


def change_review(tx: Session, me: Actor, id: str, entry: ReviewEntry, now: datetime) -> OwnReview:
    """Change one's own review within 24 hours. TooLateToEdit after that."""
    mine = (Review.id == id, Review.patient_id == me.id)
    doctor_id = tx.scalar(select(Review.doctor_id).where(*mine))
    if doctor_id is None:
        raise NotFound()
    take_turn(tx, doctor_id)
    values: dict[str, Any] = {name: getattr(entry, name) for name in PARTS}
    values |= {"comment": _comment(entry), "tags": _tags(entry)}
    in_time = Review.created_at > now - rules.EDITABLE
    if not rows(tx, update(Review).where(*mine, in_time).values(**values, version=Review.version + 1)):
        raise TooLateToEdit()
    return _written(tx, me, id, doctor_id, entry, now)


def say(tx: Session, me: Actor, appointment_id: str, entry: ReviewEntry, now: datetime) -> OwnReview:
    """The page's one form: write the review of a visit, or change it where it is there."""
    _visit(tx, me, appointment_id)
    known = tx.scalar(select(Review.id).where(Review.appointment_id == appointment_id, Review.patient_id == me.id))
    return change_review(tx, me, known, entry, now) if known else review_visit(tx, me, appointment_id, entry, now)


def _written(tx: Session, me: Actor, id: str, doctor_id: str, entry: ReviewEntry, now: datetime) -> OwnReview:
    set_tags(tx, id, entry.tags)
    add_up(tx, doctor_id)
    emit(tx, ReviewWritten(id), now)
    return reading.own(tx, me, id, now)


def _visit(tx: Session, me: Actor, appointment_id: str) -> Any:
    row = tx.execute(queries.VISIT, {"visit": appointment_id, "account": me.id}).first()
    if row is None:
        raise NotFound()
    if row.status != "completed":
        raise TooEarlyToReview()
    return row


def _comment(entry: ReviewEntry) -> str | None:
    return (entry.comment or "").strip() or None


def _tags(entry: ReviewEntry) -> list[str]:
    """As they are called now: an admin may rename one later. Too many are refused when they are counted."""
    return sorted(rules.tag_names(entry.tags) or [])


def _patient(row: Any) -> dict[str, Any]:
    first, last = (row.first_name, row.last_name) if row.first_name or row.last_name else names.split(row.patient)
    return {"id": row.patient_profile_id, "first_name": first, "last_name": last}


def _doctor(row: Any) -> dict[str, Any]:
    known = row.doctor_first or row.doctor_last
    first, last = (row.doctor_first, row.doctor_last) if known else names.split(row.doctor)
    return {"id": row.doctor_id, "first_name": first, "last_name": last, "specialty": row.specialty}
