from suwen.core.errors import Conflict, Invalid


class TooEarlyToReview(Conflict):
    code, title = "too_early_to_review", "You can rate a visit when it is over."


class AlreadyReviewed(Conflict):
    code, title = "already_reviewed", "You have rated this visit already."


class TooLateToEdit(Conflict):
    code, title = "too_late_to_edit", "A review can be changed for 24 hours. After that it stays as it is."


class TagNotUsed(Invalid):
    code, title = "tag_not_used", "This tag is no longer used."
