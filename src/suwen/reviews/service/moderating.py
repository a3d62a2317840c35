"""What may not stay public. A hidden review does not count, its author is told why, and it can be shown again."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.audit import seen
from suwen.core.db import rows
from suwen.core.errors import Conflict, NotFound
from suwen.core.outbox import emit
from suwen.reviews.events import ReviewHidden, ReviewShown
from suwen.reviews.models import Review
from suwen.reviews.schemas import AdminsReview
from suwen.reviews.service import reading
from suwen.reviews.service.tallies import add_up, take_turn


def hide(tx: Session, actor: Actor, id: str, reason: str, now: datetime) -> AdminsReview:
    """Conflict where it is hidden already."""
    _turn(tx, actor, id, False, reason.strip(), now)
    shown = reading.one_review(tx, id, now)
    emit(tx, ReviewHidden(id, tx.scalars(select(Review.version).where(Review.id == id)).one()), now)
    return shown


def show_again(tx: Session, actor: Actor, id: str, now: datetime) -> AdminsReview:
    _turn(tx, actor, id, True, None, now)
    emit(tx, ReviewShown(id), now)
    return reading.one_review(tx, id, now)


def _turn(tx: Session, actor: Actor, id: str, visible: bool, reason: str | None, now: datetime) -> None:
    found = tx.execute(select(Review.doctor_id, Review.patient_profile_id).where(Review.id == id)).first()
    if found is None:
        raise NotFound()
    take_turn(tx, found.doctor_id)
    values = {"is_visible": visible, "hidden_reason": reason, "version": Review.version + 1}
    if not rows(tx, update(Review).where(Review.id == id, Review.is_visible.is_(not visible)).values(**values)):
        raise Conflict()
    add_up(tx, found.doctor_id)
    purpose = "shown again" if visible else "hidden"
    seen(tx, actor, "write", "review", id, found.patient_profile_id, purpose, now=now)
