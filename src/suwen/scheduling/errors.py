"""Every refusal of scheduling."""

from suwen.core.errors import Conflict, Forbidden, Invalid


class BadRecurrence(Invalid):
    """`position` counts characters from 0, `expected` lists what would fit there."""

    code, title = "bad_recurrence", "The repetition cannot be read. Write it like this: WEEKLY Mon,Wed."


class HorizonTooLong(Invalid):
    code, title = "horizon_too_long", "This repetition makes too many times. Choose a shorter period."


class BadHours(Invalid):
    code, title = "bad_hours", "These hours do not fit together. Check start, end and length."


class OverlappingHours(Conflict):
    code, title = "overlapping_hours", "These hours overlap other hours of the same doctor."


class PastTime(Invalid):
    code, title = "past_time", "This time has already passed. Choose a later one."


class TooSoon(Conflict):
    code, title = "too_soon", "This time starts too soon to be booked online. Please call the clinic."


class NoSuchTime(Invalid):
    code, title = "no_such_time", "The doctor has no such time on this day. Choose one of the free times."


class SlotTaken(Conflict):
    code, title = "slot_taken", "This time has just been taken. Choose another one."


class PersonBusy(Conflict):
    code, title = "person_busy", "There is already an appointment at this time for this person."


class PersonIncomplete(Invalid):
    """`fields` has what is asked for: gender, birthday. Both may be sent with the booking."""

    code, title = "person_incomplete", "The doctor needs to know the sex and the date of birth of whoever comes."


class DoctorBusy(Conflict):
    code = "doctor_busy"
    title = "The doctor has another visit at this time. Squeeze it in on purpose, or choose another time."


class TooManyHolds(Conflict):
    code = "too_many_holds"
    title = "Too many times are being held for you. Pay for one or let one go first."


class HoldExpired(Conflict):
    code, title = "hold_expired", "The time was no longer held for you. Choose a time again; nothing was paid."


class DoctorAway(Conflict):
    code = "doctor_away"
    title = "The doctor cannot see anybody at present. Choose another doctor; nothing was paid."


class WrongState(Conflict):
    """`state` is the appointment's status now."""

    code, title = "wrong_state", "The appointment's state does not allow this any more."


class VersionChanged(Conflict):
    code, title = "version_changed", "The appointment was changed meanwhile. Look at it again before you decide."


class TooLateToCancel(Conflict):
    code, title = "too_late_to_cancel", "It is too late to cancel this online. Please call the clinic."


class VisitBegun(Conflict):
    code, title = "visit_begun", "The visit has begun. The doctor ends it, with a word on what was found."


class TooLateToReschedule(Conflict):
    code, title = "too_late_to_reschedule", "It is too late to move this online. Please call the clinic."


class TooManyMoves(Conflict):
    code, title = "too_many_moves", "This appointment was moved several times already. Please call the clinic."


class TooEarly(Conflict):
    code, title = "too_early", "It is too early for this. Come back shortly before the appointment."


class NotYours(Forbidden):
    code, title = "not_yours_to_do", "This is for the clinic's staff to do."
