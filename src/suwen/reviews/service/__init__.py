"""Reviews: written by patients, answered by doctors, kept decent by admins, read by everybody."""

from suwen.reviews.service.answering import answer, answered_for
from suwen.reviews.service.documents import COLLECTION, document
from suwen.reviews.service.moderating import hide, show_again
from suwen.reviews.service.reading import (
    all_reviews,
    doctors_review,
    doctors_reviews,
    my_review,
    my_reviews,
    one_review,
    public_reviews,
    summary,
    tag_choices,
    unanswered,
)
from suwen.reviews.service.writing import change_review, review_visit, say, visit

__all__ = ["COLLECTION", "all_reviews", "answer", "answered_for", "change_review", "doctors_review", "doctors_reviews",
           "document", "hide", "my_review", "my_reviews", "one_review", "public_reviews", "review_visit", "say",
           "show_again", "summary", "tag_choices", "unanswered", "visit"]  # fmt: skip
