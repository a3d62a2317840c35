"""Of reviews. Small: who reacts reads the review."""

from dataclasses import dataclass

from suwen.core.outbox import Event


@dataclass(frozen=True)
class ReviewWritten(Event):
    """New, or changed by its author."""

    name = "reviews.written"
    review_id: str


@dataclass(frozen=True)
class ReviewAnswered(Event):
    name = "reviews.answered"
    review_id: str
    version: int


@dataclass(frozen=True)
class ReviewHidden(Event):
    name = "reviews.hidden"
    review_id: str
    version: int


@dataclass(frozen=True)
class ReviewShown(Event):
    """Again, after it was hidden."""

    name = "reviews.shown"
    review_id: str
