"""What patients say about a visit, and what the doctor answers."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from suwen.core.columns import flag, ref, whole
from suwen.core.db import Changing, Json, LongText, Record, Versioned, choice, exact


class Review(Versioned):
    """One per appointment. The snapshots keep both names as they were, `tags` the words that were given."""

    __tablename__ = "reviews"
    __table_args__ = (
        Index("idx_reviews_doctor_id", "doctor_id", "is_visible", "created_at"),
        Index("idx_reviews_patient_id", "patient_id"),
        Index("idx_reviews_rating", "rating"),
        CheckConstraint("rating >= 1 AND rating <= 5", name="rating"),
        CheckConstraint("attitude_rating >= 1 AND attitude_rating <= 5", name="attitude_rating"),
        CheckConstraint("professionalism_rating >= 1 AND professionalism_rating <= 5", name="professionalism_rating"),
        CheckConstraint("efficiency_rating >= 1 AND efficiency_rating <= 5", name="efficiency_rating"),
    )

    appointment_id: Mapped[str] = ref("appointments.id", unique=True)
    patient_id: Mapped[str] = ref("users.id")
    patient_profile_id: Mapped[str | None] = ref("patient_profiles.id")
    doctor_id: Mapped[str] = ref("doctors.id")
    rating: Mapped[int]
    attitude_rating: Mapped[int | None]
    professionalism_rating: Mapped[int | None]
    efficiency_rating: Mapped[int | None]
    comment: Mapped[str | None] = mapped_column(LongText)
    tags: Mapped[list[Any] | None] = mapped_column(Json)
    is_anonymous: Mapped[bool] = flag()
    is_visible: Mapped[bool] = flag(True)
    hidden_reason: Mapped[str | None] = mapped_column(String(500))
    doctor_reply: Mapped[str | None] = mapped_column(LongText)
    doctor_reply_at: Mapped[datetime | None]
    patient_snapshot: Mapped[dict[str, Any] | None] = mapped_column(Json)
    doctor_snapshot: Mapped[dict[str, Any] | None] = mapped_column(Json)


class ReviewTag(Changing):
    __tablename__ = "review_tags"

    name: Mapped[str] = mapped_column(exact(50), unique=True)
    category: Mapped[str | None] = mapped_column(choice("positive", "negative", name="category"))
    usage_count: Mapped[int] = whole()
    is_active: Mapped[bool] = flag(True)


class ReviewTagMapping(Record):
    __tablename__ = "review_tag_mappings"
    __table_args__ = (UniqueConstraint("review_id", "tag_id", name="uk_review_tag"), Index(None, "tag_id"))

    review_id: Mapped[str] = ref("reviews.id")
    tag_id: Mapped[str] = ref("review_tags.id")
