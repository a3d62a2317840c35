"""Refusals of a visit. Each names what holds and what to do next."""

from suwen.core.errors import Conflict, Forbidden, Invalid, NotFound, TooManyRequests


class ConsultationNotFound(NotFound):
    code, title = "consultation_not_found", "There is no such visit, or it is not yours."


class TooEarly(Conflict):
    code, title = "visit_too_early", "The waiting room is not open yet. Please come back closer to the time."


class TooLate(Conflict):
    code, title = "visit_too_late", "The time of this visit is long past. Please book a new one."


class NotPaid(Conflict):
    code, title = "visit_not_paid", "This visit is not confirmed yet. Please pay first, then enter the waiting room."


class NotOpen(Conflict):
    code, title = "visit_not_open", "This visit is over or was cancelled."


class NotHere(Conflict):
    code, title = "patient_not_here", "The patient is not in the waiting room yet."


class NotStarted(Conflict):
    code, title = "visit_not_started", "The visit has not begun yet. Admit the patient first."


class NotesChanged(Conflict):
    code = "notes_changed"
    title = "These notes were changed in another window. Look at the newer text before you save yours."


class DiagnosisMissing(Invalid):
    code, title = "diagnosis_missing", "Please write a diagnosis before you end the visit."


class RecordClosed(Conflict):
    code, title = "record_closed", "This visit is completed: its record can no longer be changed."


class TicketRefused(Forbidden):
    code, title = "ticket_refused", "This way into the call has expired. Please reload the page."


class NotCompleted(Conflict):
    code, title = "visit_not_completed", "The call can be rated once the visit is over."


class SignalRefused(Invalid):
    code, title = "signal_refused", "This message is not part of a call."


class TooManySignals(TooManyRequests):
    code, title = "too_many_signals", "Too many messages in a short time."
