"""What scheduling does when something happened elsewhere, and what is due by the clock."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.accounts.events import AccountClosed, AccountOpened
from suwen.clinics.events import DoctorBroughtBack, DoctorPutAway, LocationChanged
from suwen.core.outbox import every, on
from suwen.payments.events import ClaimSubmitted, GatewayChosen, OrderExpired, PaymentSettled
from suwen.scheduling.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentHeld,
    AppointmentMoved,
    HoldCancelled,
    HoldReleased,
    ReminderDue,
    SlotsOrphaned,
)
from suwen.scheduling.service import absence, holds, horizon, paying, telling


@on(AppointmentHeld)
def release_what_was_not_paid(tx: Session, now: datetime, appointment_id: str) -> None:
    """Delivered when the hold is over."""
    holds.release_expired(tx, appointment_id, now)


@on(PaymentSettled)
def confirm_what_was_paid(tx: Session, now: datetime, order_id: str, subject: str | None) -> None:
    if appointment_id := holds.appointment_of(subject):
        paying.confirm(tx, appointment_id, order_id, now)


@on(GatewayChosen)
def keep_while_a_gateway_may_be_paid(tx: Session, now: datetime, order_id: str, subject: str | None) -> None:
    if appointment_id := holds.appointment_of(subject):
        holds.wait_for_gateway(tx, appointment_id)


@on(ClaimSubmitted)
def keep_what_an_insurer_is_asked_for(tx: Session, now: datetime, order_id: str, subject: str | None) -> None:
    if appointment_id := holds.appointment_of(subject):
        paying.keep(tx, appointment_id, now)


@on(OrderExpired)
def release_with_its_order(tx: Session, now: datetime, order_id: str, subject: str | None) -> None:
    if appointment_id := holds.appointment_of(subject):
        holds.release_expired(tx, appointment_id, now)


@on(AppointmentBooked)
def tell_that_it_is_booked(tx: Session, now: datetime, appointment_id: str, version: int) -> None:
    telling.booked(tx, appointment_id, version, now)


@on(AppointmentMoved)
def tell_that_it_moved(tx: Session, now: datetime, appointment_id: str, version: int, was: str) -> None:
    telling.moved(tx, appointment_id, version, datetime.fromisoformat(was), now)


@on(AppointmentCancelled)
def tell_that_it_was_cancelled(tx: Session, now: datetime, appointment_id: str, by: str, refunded: int) -> None:
    telling.cancelled(tx, appointment_id, by, refunded, now)


@on(HoldCancelled)
def tell_that_the_hold_was_cancelled(tx: Session, now: datetime, appointment_id: str) -> None:
    telling.hold_cancelled(tx, appointment_id, now)


@on(HoldReleased)
def tell_that_the_hold_ended(tx: Session, now: datetime, appointment_id: str) -> None:
    telling.released(tx, appointment_id, now)


@on(ReminderDue)
def remind(tx: Session, now: datetime, appointment_id: str, start: str, kind: str) -> None:
    telling.reminded(tx, appointment_id, datetime.fromisoformat(start), kind, now)


@on(LocationChanged)
def follow_the_place(tx: Session, now: datetime, location_id: str) -> None:
    horizon.follow(tx, location_id, now)


@on(SlotsOrphaned)
def tell_about_orphans(tx: Session, now: datetime, doctor_id: str, appointment_ids: list[str]) -> None:
    telling.orphaned(tx, doctor_id, appointment_ids, now)


@on(AccountClosed)
def tell_whose_doctor_cannot_sign_in(tx: Session, now: datetime, user_id: str, role: str) -> None:
    absence.account_closed(tx, user_id, now)


@on(AccountOpened)
def tell_whose_doctor_can_sign_in(tx: Session, now: datetime, user_id: str, role: str) -> None:
    absence.account_opened(tx, user_id, now)


@on(DoctorPutAway)
def tell_whose_doctor_is_gone(tx: Session, now: datetime, doctor_id: str) -> None:
    absence.put_away(tx, doctor_id, now)


@on(DoctorBroughtBack)
def tell_whose_doctor_is_back(tx: Session, now: datetime, doctor_id: str) -> None:
    absence.brought_back(tx, doctor_id, now)


@every(seconds=20)
def sweep_holds(tx: Session, now: datetime) -> int:
    """What the event of its own did not reach, say because the worker was down."""
    return holds.sweep(tx, now)


@every(seconds=30)
def look_for_reminders(tx: Session, now: datetime) -> int:
    return telling.due(tx, now)


@every(seconds=60)
def keep_horizon(tx: Session, now: datetime) -> int:
    return horizon.keep(tx, now)


@every(seconds=900)
def look_for_ending_licences(tx: Session, now: datetime) -> int:
    """Visits that are booked beyond the last day of the doctor's licence are told to admins and the doctor, once."""
    return absence.licences(tx, now)
