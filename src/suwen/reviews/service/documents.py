"""The collection `feedback` of the clinic schema: what may be read of reviews, in the shape of that document."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.core import audit
from suwen.core.actor import Actor
from suwen.core.errors import NotFound
from suwen.core.ports.documents import Collection, Fresh
from suwen.reviews import rules
from suwen.reviews.models import Review
from suwen.reviews.schemas import FeedbackDocument


def document(tx: Session, actor: Actor, id: str, now: datetime) -> FeedbackDocument:
    """For its author and for admins; NotFound for everybody else, and while it is hidden."""
    found = tx.get(Review, id)
    if found is None or not (actor.role == "admin" or (actor.role == "patient" and found.patient_id == actor.id)):
        raise NotFound()
    body = rules.document(found)
    if body is None:
        raise NotFound()
    audit.seen(tx, actor, "export", "review", id, found.patient_profile_id, now=now)
    return msgspec.convert({"_id": id, **body}, FeedbackDocument)


def _fresh(tx: Session, ids: Sequence[str]) -> Mapping[str, Fresh]:
    found = tx.scalars(select(Review).where(Review.id.in_(ids)))
    return {row.id: Fresh(row.version, rules.document(row)) for row in found}


def _rows(tx: Session, after: str, limit: int) -> Sequence[str]:
    shown = select(Review.id).where(Review.is_visible.is_(True), Review.id > after)
    return tx.scalars(shown.order_by(Review.id).limit(limit)).all()


COLLECTION = Collection(
    "feedback", "suwen.reviews.jobs.keep_document", "review_id",
    ("appointment_id", "patient_snapshot.id", "doctor_snapshot.id"), _fresh, _rows,
)  # fmt: skip
