"""What is refused about prescriptions."""

from suwen.core.errors import Conflict, Invalid, NotFound


class NoSuchPrescription(NotFound):
    code, title = "no_such_prescription", "This prescription is not there."


class NoSuchTemplate(NotFound):
    code, title = "no_such_template", "This template is not there."


class NoSuchPhrase(NotFound):
    code, title = "no_such_phrase", "This phrase is not there."


class NoSuchFormula(NotFound):
    code, title = "no_such_formula", "There is no formula of this name."


class UnknownMedicine(Invalid):
    code, title = "unknown_medicine", "The reference data has no medicine of this code or name."


class VisitNotStarted(Conflict):
    code, title = "prescribed_before_visit", "A prescription is written in or after the visit. This one has not begun."


class AlreadySigned(Conflict):
    code, title = "already_signed", "This prescription is signed and cannot be changed. Void it and write a new one."


class AlreadyVoid(Conflict):
    code, title = "already_void", "This prescription is void already."


class CannotBeVoided(Conflict):
    code, title = "cannot_be_voided", "What was dispensed cannot be made void any more."


class NotComplete(Invalid):
    code, title = "prescription_not_complete", "Something is missing before this can be signed."


class NotConfirmed(Invalid):
    code, title = "not_confirmed", "Please confirm that you have checked the prescription yourself."


class BadDuration(Invalid):
    code, title = "bad_duration", "How long it is taken and the number of days do not agree."


class MixedKinds(Invalid):
    code, title = "mixed_kinds", "Herbs, compound products and general medicines stand on prescriptions of their own."


class TooManyProducts(Invalid):
    code, title = "too_many_products", "A prescription of products has five lines at most."
