"""A review as it comes in, and as its author, its doctor, the admins and everybody else see it."""

from datetime import datetime
from typing import Annotated

import msgspec

from suwen.core.schemas import Input, View

Stars = Annotated[int, msgspec.Meta(ge=1, le=5)]


class ReviewEntry(Input):
    """1 to 5 stars. `tags` are names, of the list or one's own; at most 8."""

    rating: Stars
    attitude_rating: Stars | None = None
    professionalism_rating: Stars | None = None
    efficiency_rating: Stars | None = None
    comment: Annotated[str, msgspec.Meta(max_length=1000)] | None = None
    is_anonymous: bool = False
    tags: Annotated[list[Annotated[str, msgspec.Meta(max_length=50)]], msgspec.Meta(max_length=20)] = msgspec.field(
        default_factory=list
    )


class OfferedTag(View):
    """`category` is positive, negative, or null for what people made up and several have said."""

    id: str
    name: str
    category: str | None


class ReviewForm(ReviewEntry, kw_only=True):
    """As the form sends it: own words for tags stand in a line of their own, separated by commas."""

    more_tags: Annotated[str, msgspec.Meta(max_length=200)] | None = None

    def entry(self) -> ReviewEntry:
        values = msgspec.structs.asdict(self)
        more = (values.pop("more_tags") or "").replace("，", ",").replace("、", ",").split(",")
        return ReviewEntry(**(values | {"tags": [*self.tags, *more]}))


class Answer(Input):
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class Hiding(Input):
    reason: Annotated[str, msgspec.Meta(min_length=2, max_length=500)]


class PublicReview(View):
    """`author` is null where the author wants to stay unnamed, else a name that strangers may read."""

    id: str
    rating: int
    attitude_rating: int | None
    professionalism_rating: int | None
    efficiency_rating: int | None
    comment: str | None
    tags: list[str]
    is_anonymous: bool
    author: str | None
    doctor_reply: str | None
    doctor_reply_at: datetime | None
    created_at: datetime


class DoctorsReview(PublicReview):
    """For the doctor who was reviewed: whole names, unless the author stays unnamed."""

    appointment_id: str | None
    version: int


class OwnReview(PublicReview):
    """For its author."""

    appointment_id: str
    doctor_id: str
    doctor: str
    is_visible: bool
    hidden_reason: str | None
    editable_until: datetime
    editable: bool


class AdminsReview(OwnReview):
    patient_id: str
    patient: str


class NameSnapshot(View):
    id: str | None
    first_name: str | None
    last_name: str | None


class FeedbackDocument(View):
    """In the shape of the clinic schema's collection `feedback`. Who wants to stay unnamed is null in it."""

    id: str = msgspec.field(name="_id")
    appointment_id: str | None
    patient_snapshot: NameSnapshot
    doctor_snapshot: NameSnapshot
    rating: int
    comments: str | None
    tags: list[str]
    submitted_at: str


class Summary(View):
    """`stars` counts the reviews by number of stars, five first."""

    reviews: int
    rating: float
    attitude: float
    professionalism: float
    efficiency: float
    stars: list[int]
    tags: list[str]


class Visit(View):
    """What is being reviewed."""

    appointment_id: str
    doctor_id: str
    doctor: str
    title: str
    starts_at: datetime
    zone: str
    patient: str
    status: str
