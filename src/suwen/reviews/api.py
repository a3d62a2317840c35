"""Reviews for programs."""

from datetime import datetime
from typing import Annotated

import msgspec
from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.schemas import Slice
from suwen.core.web.routes import ANYONE, get, post, put, routes_of
from suwen.reviews import service
from suwen.reviews.schemas import (
    AdminsReview,
    Answer,
    DoctorsReview,
    FeedbackDocument,
    Hiding,
    OfferedTag,
    OwnReview,
    PublicReview,
    ReviewEntry,
    Summary,
)

TAGS = ["Reviews"]
Stars = Annotated[int, msgspec.Meta(ge=1, le=5)]


@get("/api/v1/doctors/{id:str}/reviews", who=ANYONE, tags=TAGS, operation_id="list_doctor_reviews",
     kept=lambda id, stars=None, after=None, limit=None: (f"doctor:{id}", f"{stars} {after} {limit}"))  # fmt: skip
def of_doctor(
    tx: Session, now: datetime, id: str, stars: Stars | None = None, after: str | None = None, limit: int | None = None
) -> Slice[PublicReview]:
    """What patients say of a doctor, newest first."""
    return service.public_reviews(tx, id, now, stars=stars, after=after, limit=limit)


@get("/api/v1/doctors/{id:str}/reviews/summary", who=ANYONE, tags=TAGS, operation_id="summarise_doctor_reviews",
     kept=lambda id: (f"doctor:{id}", "summary"))  # fmt: skip
def summary(tx: Session, now: datetime, id: str) -> Summary:
    return service.summary(tx, id, now)


@get("/api/v1/review-tags", who=ANYONE, tags=["Tags of reviews"], operation_id="list_review-tags",
     kept=lambda: ("catalogue:review-tags", "offered"))  # fmt: skip
def offered_tags(tx: Session) -> list[OfferedTag]:
    """Those that are offered to patients, the most used first. All of them are the admin's to see."""
    return service.tag_choices(tx)


@post("/api/v1/appointments/{id:str}/review", who="patient", tags=TAGS, operation_id="review_visit")
def write(tx: Session, me: Actor, now: datetime, id: str, data: ReviewEntry) -> OwnReview:
    """Review a completed visit that this account booked; once."""
    return service.review_visit(tx, me, id, data, now)


@get("/api/v1/reviews", who="patient", tags=TAGS, operation_id="list_own_reviews")
def mine(tx: Session, me: Actor, now: datetime, after: str | None = None, limit: int | None = None) -> Slice[OwnReview]:
    return service.my_reviews(tx, me, now, after, limit)


@put("/api/v1/reviews/{id:str}", who="patient", tags=TAGS, operation_id="change_review")
def change(tx: Session, me: Actor, now: datetime, id: str, data: ReviewEntry) -> OwnReview:
    """For 24 hours after it was written."""
    return service.change_review(tx, me, id, data, now)


@get("/api/v1/reviews/{id:str}/document", who=("patient", "admin"), tags=TAGS, operation_id="read_feedback_document",
     audited="review")  # fmt: skip
def document(tx: Session, me: Actor, now: datetime, id: str) -> FeedbackDocument:
    """One's own review, or any for an admin, in the shape of the clinic schema's collection; not while it is hidden."""
    return service.document(tx, me, id, now)


@get("/api/v1/me/doctor/reviews", who="doctor", tags=TAGS, operation_id="list_reviews_of_me")
def of_me(
    tx: Session, me: Actor, unanswered: bool = False, after: str | None = None, limit: int | None = None
) -> Slice[DoctorsReview]:
    """What patients say of the doctor who asks."""
    return service.doctors_reviews(tx, me, unanswered_only=unanswered, after=after, limit=limit)


@put("/api/v1/reviews/{id:str}/reply", who="doctor", tags=TAGS, operation_id="answer_review")
def answer(tx: Session, me: Actor, now: datetime, id: str, data: Answer) -> DoctorsReview:
    """A new answer takes the place of the old one."""
    return service.answer(tx, me, id, data.text, now)


@get("/api/v1/admin/reviews", who="admin", tags=TAGS, operation_id="list_all_reviews")
def every(
    tx: Session, now: datetime, status: str | None = None, stars: Stars | None = None, q: str | None = None,
    after: str | None = None, limit: int | None = None,
) -> Slice[AdminsReview]:  # fmt: skip
    """`status` is visible or hidden."""
    return service.all_reviews(tx, now, status=status, stars=stars, q=q, after=after, limit=limit)


@post("/api/v1/reviews/{id:str}/hide", who="admin", tags=TAGS, operation_id="hide_review", status=200)
def hide(tx: Session, me: Actor, now: datetime, id: str, data: Hiding) -> AdminsReview:
    """A hidden review does not count; its author is told why."""
    return service.hide(tx, me, id, data.reason, now)


@post("/api/v1/reviews/{id:str}/show", who="admin", tags=TAGS, operation_id="show_review", status=200)
def show(tx: Session, me: Actor, now: datetime, id: str) -> AdminsReview:
    return service.show_again(tx, me, id, now)


ROUTES = routes_of(of_doctor, summary, offered_tags, write, mine, change, document, of_me, answer, every, hide, show)
