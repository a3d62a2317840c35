"""Authors are told when a doctor has answered, and when their words were hidden; documents are kept up."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from suwen.core.db import Database
from suwen.core.i18n import N_
from suwen.core.outbox import on, reach
from suwen.core.ports import documents
from suwen.notifications import service as notifications
from suwen.reviews import service
from suwen.reviews.events import ReviewAnswered, ReviewHidden, ReviewShown, ReviewWritten


@on(ReviewAnswered)
def tell_of_the_answer(tx: Session, now: datetime, review_id: str, version: int) -> None:
    told = service.answered_for(tx, review_id)
    if told is None:
        return
    meta = {"doctor": told.doctor, "path": f"/appointments/{told.appointment_id}/review"}
    notifications.notify(
        tx, told.user_id, "review_reply", N_("Your review was answered"), N_("%(doctor)s has answered what you wrote."),
        told.appointment_id, now, meta, once=f"review_reply:{review_id}:{version}",
    )  # fmt: skip


@on(ReviewHidden)
def tell_that_it_was_hidden(tx: Session, now: datetime, review_id: str, version: int) -> None:
    told = service.answered_for(tx, review_id)
    if told is None or not told.reason:
        return
    meta = {"reason": told.reason, "path": f"/appointments/{told.appointment_id}/review"}
    notifications.notify(
        tx, told.user_id, "system_announcement", N_("Your review is hidden"),
        N_("An administrator has hidden what you wrote, because: %(reason)s"), told.appointment_id, now, meta,
        once=f"review_hidden:{review_id}:{version}",
    )  # fmt: skip


@reach(ReviewWritten, gives_up=False)
@reach(ReviewHidden, gives_up=False)
@reach(ReviewShown, gives_up=False)
def keep_document(db: Database, now: datetime, message_id: str, review_id: str, **_: Any) -> None:
    """Write the document as the review is now, or take it out."""
    documents.keep(db, documents.store_of(db), service.COLLECTION, review_id)
