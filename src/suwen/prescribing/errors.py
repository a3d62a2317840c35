"""What is refused about prescriptions."""

from suwen.core.errors import Conflict, Forbidden, Invalid, NotFound


class NoSuchPrescription(NotFound):
    code, title = "no_such_prescription", "This prescription is not there."


class NotLooked(Invalid):
    code, title = "not_looked", "Please confirm that you have looked at each line that was put in."


class NoSuchTemplate(NotFound):
    code, title = "no_such_template", "This template is not there."


class NoSuchPhrase(NotFound):
    code, title = "no_such_phrase", "This phrase is not there."


class NoSuchFormula(NotFound):
    code, title = "no_such_formula", "There is no formula of this name."


class NothingToPutIn(Invalid):
    code, title = "nothing_to_put_in", "There is no template, formula or earlier prescription of this name."


class UnknownMedicine(Invalid):
    code, title = "unknown_medicine", "The reference data has no medicine of this code or name."


class OtherCurrency(Invalid):
    code, title = "price_in_other_currency", "Prices of medicines are in the clinic's own currency."


class NoSuchSigner(NotFound):
    code, title = "no_such_signer", "There is no account of this name."


class VisitNotStarted(Conflict):
    code, title = "prescribed_before_visit", "A prescription is written in or after the visit. This one has not begun."


class AlreadySigned(Conflict):
    code, title = "already_signed", "This prescription is in effect and cannot be changed. Void it and write a new one."


class AlreadyVoid(Conflict):
    code, title = "already_void", "This prescription is void already."


class CannotBeVoided(Conflict):
    code, title = "cannot_be_voided", "What was dispensed cannot be made void any more."


class NotComplete(Invalid):
    code, title = "prescription_not_complete", "Something is missing before this can be signed."


class BadDuration(Invalid):
    code, title = "bad_duration", "How long it is taken and the number of days do not agree."


class MixedKinds(Invalid):
    code, title = "mixed_kinds", "Herbs, compound products and general medicines stand on prescriptions of their own."


class TooManyProducts(Invalid):
    code, title = "too_many_products", "A prescription of products has five lines at most."


class Found(Conflict):
    """What the safety engine holds against a signature: `rules`, and `findings` as they are stored."""

    code, title = "findings_stand", "Something speaks against this."
    traced = True


class Unsafe(Found):
    """`findings` say what it is and `rules` which rules forbid it; no reason helps."""

    code, title = "unsafe_prescription", "This would harm, or is forbidden: it cannot be signed as it stands."


class FactsMissing(Found):
    """`findings[].asks` names what must be asked: pregnancy, weight, allergies, follow_up, guardian, long_course."""

    code, title = "facts_missing", "Something must be asked and written down before this can be signed."


class NeedsResign(Found):
    """`findings` want a reason each, given in `answers` by `key`, and the signature again."""

    code, title = (
        "needs_resign",
        "Rules speak against this. Give a reason for each and sign again, or change it.",
    )


class AnswersMissing(Found):
    """`findings` are warnings: name their keys in `acknowledged`, or give a reason where one is asked for."""

    code, title = "warnings_unanswered", "There are warnings that nobody has confirmed to have read."


class NotWaiting(Conflict):
    code, title = "not_waiting", "This prescription does not wait for a pharmacist, or somebody was quicker."


class OwnPrescription(Forbidden):
    code, title = "own_prescription", "Whoever prescribed it does not review it."


class ReasonMissing(Invalid):
    code, title = "reason_missing", "Write what has to be changed."


class ChecksOpen(Invalid):
    code, title = "checks_open", "It cannot be accepted while one of the seven checks is a concern."


class NotEffective(Conflict):
    code, title = "not_effective", "This prescription is not in effect: nothing is given out on it."


class PrescriptionExpired(Conflict):
    code, title = "prescription_expired", "The validity of this prescription is over."


class AlreadyDispensed(Conflict):
    code, title = "already_dispensed", "All of this prescription was given out already."


class TooEarly(Conflict):
    """`earliest` is the first day on which the next supply may be given."""

    code, title = "refill_too_early", "The last supply must be nearly used up before the next one is given."


class SecondCheckerNeeded(Invalid):
    code = "second_checker_needed"
    title = "Another pharmacist must check this one and say so with a password or code of their own."


class CannotExtend(Conflict):
    code, title = "cannot_extend", "Its validity cannot be made longer than that."


class SignatureBroken(Conflict):
    code, title = "signature_broken", "What stands here is not what was signed. Nothing is given out on it."
