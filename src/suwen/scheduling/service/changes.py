"""What happens to a visit after it was booked: cancelled, moved, arrived, called in, missed, completed."""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from suwen.accounts.service import care
from suwen.core import audit
from suwen.core.actor import SYSTEM, Actor
from suwen.core.db import changed
from suwen.core.errors import Forbidden, NotFound
from suwen.core.i18n import N_
from suwen.core.outbox import emit
from suwen.payments import service as payments
from suwen.scheduling import queries
from suwen.scheduling.errors import NoSuchTime, VersionChanged
from suwen.scheduling.events import AppointmentCancelled, AppointmentMoved, HoldCancelled, PatientArrived, PatientMissed
from suwen.scheduling.queries import appointments
from suwen.scheduling.rules import states
from suwen.scheduling.schemas import Cancel, Moved, Note, Reschedule
from suwen.scheduling.service import booking, holds, horizon, paying, reads, telling

DEFAULT = states.DEFAULT
CANCELLED = N_("Appointment cancelled")


def cancel(tx: Session, me: Actor, id: str, data: Cancel, now: datetime) -> Moved:
    """Give the time back, with a reason. What was paid goes back by the clinic's rules, all of it if staff cancels.

    Refused: final states, too late for a patient, once the doctor has called the patient in, another version than the
    one that was seen.
    """
    row = reads.visible(tx, me, id)
    states.move("cancel", row["status"], me.role)
    admitted = row["admitted_at"] is not None
    states.cancellable(me.role, row["status"], row["starts_at"], row["ends_at"], now, admitted=admitted)
    step(tx, row, data.version, now, status="cancelled", active_slot_id=None, cancel_reason=data.reason.strip(),
         cancelled_by=me.id or None, cancelled_at=now, held_until=None)  # fmt: skip
    _give_back(tx, row, now)
    refunded = _money_back(tx, me, row, now)
    care.end_care(tx, id, now)
    if row["status"] != "pending":
        by = me.role if me.role in (states.PATIENT, "doctor") else "staff"
        emit(tx, AppointmentCancelled(id, by, refunded), now)
    elif me.role != states.PATIENT:
        emit(tx, HoldCancelled(id), now)
    return _done(tx, me, row, "cancelled", now, "cancelled", refunded=refunded)


def reschedule(tx: Session, me: Actor, id: str, data: Reschedule, now: datetime) -> Moved:
    """Move to another free time of the same doctor and kind. Both slots change hands in one step.

    Refused: too late, moved too often, the new time taken or past, the person busy then.
    """
    row = reads.visible(tx, me, id)
    states.reschedulable(DEFAULT, me.role, row["status"], row["starts_at"], row["times_moved"], now)
    if row["status"] == "pending":
        booking.held(row, now)
    slot = queries.SLOT_BY_ID.first(tx.connection(), {"slot": data.slot_id, "today": now.date()})
    if slot is None:
        raise NotFound()
    if (slot.doctor_id, slot.visit_type) != (row["doctor_id"], row["visit_type"]) or slot.id == row["slot_id"]:
        raise NoSuchTime("Choose another time of the same doctor and of the same kind.")
    booking.bookable(slot, now, DEFAULT)
    holds.take(tx, slot, row["held_until"], now)
    holds.person(tx, row["patient_id"], row["patient_profile_id"], slot.slot_start, slot.slot_end, now, except_id=id)
    step(tx, row, data.version, now, slot_id=slot.id, active_slot_id=slot.id, location_id=slot.location_id,
         **booking.times(slot.slot_start, slot.slot_end, slot.zone), times_moved=appointments.c.times_moved + 1,
         **telling.reminders_begun(slot.slot_start, now))  # fmt: skip
    if row["status"] == "pending":
        holds.wait_for_gateway(tx, id)
    _give_back(tx, row, now)
    moved = row | {"starts_at": slot.slot_start, "ends_at": slot.slot_end}
    if row["status"] == "scheduled":
        order = payments.order_of(tx, holds.subject(id))
        if order is not None and order.status == "pending":
            payments.defer(tx, order.id, max(order.expire_time, slot.slot_end + paying.DESK_CLOSES), now)
    if row["status"] != "pending":
        paying.related(tx, moved, now)
        emit(tx, AppointmentMoved(id, row["version"] + 1, row["starts_at"].isoformat()), now)
    return _done(tx, me, moved, row["status"], now, "moved")


def check_in(tx: Session, me: Actor, id: str, now: datetime) -> Moved:
    """The patient is here. TooEarly or PastTime while the waiting room is closed."""
    row = reads.visible(tx, me, id)
    states.move("check_in", row["status"], me.role)
    states.arrivable(DEFAULT, row["starts_at"], row["ends_at"], now)
    step(tx, row, None, now, status="checked_in", checked_in_at=now)
    emit(tx, PatientArrived(id), now)
    return _done(tx, me, row, "checked_in", now, "arrived")


def admit(tx: Session, me: Actor, id: str, now: datetime) -> Moved:
    """The doctor calls the patient in, who has arrived with that at the latest. From now on nobody cancels the visit.

    Whoever keeps the door of the room looks at its hours.
    """
    row = reads.visible(tx, me, id)
    if row["status"] != "checked_in":  # at the clinic, and straight to the door
        states.move("check_in", row["status"], me.role)
        emit(tx, PatientArrived(id), now)
    arrived = row["checked_in_at"] or now
    step(tx, row, None, now, status="checked_in", checked_in_at=arrived, admitted_at=row["admitted_at"] or now)
    return _done(tx, me, row, "checked_in", now, "called in")


def miss(tx: Session, me: Actor, id: str, now: datetime) -> Moved:
    """Nobody came. TooEarly before the visit began."""
    row = reads.visible(tx, me, id)
    states.move("miss", row["status"], me.role)
    states.missable(row["starts_at"], now)
    step(tx, row, None, now, status="no_show")
    emit(tx, PatientMissed(id), now)
    return _done(tx, me, row, "no_show", now, "missed")


def complete(tx: Session, me: Actor, id: str, now: datetime) -> Moved:
    """The visit took place."""
    row = reads.visible(tx, me, id)
    states.move("complete", row["status"], me.role)
    step(tx, row, None, now, status="completed", completed_at=now)
    return _done(tx, me, row, "completed", now, "completed")


def say_late(tx: Session, me: Actor, id: str, data: Note, now: datetime) -> Moved:
    """'I am late', shown to the doctor beside the name."""
    row = reads.visible(tx, me, id)
    if me.role != states.PATIENT:
        raise Forbidden()
    states.move("check_in", row["status"], "patient")
    step(tx, row, None, now, late_note=data.late_note.strip())
    return _done(tx, me, row, row["status"], now, "late")


def step(tx: Session, row: dict[str, Any], version: int | None, now: datetime, **values: Any) -> None:
    """The guarded write: the same version as the row that was looked at, and as the caller saw."""
    mine = update(appointments).where(
        appointments.c.id == row["id"],
        appointments.c.status == row["status"],
        appointments.c.version == (row["version"] if version is None else version),
    )
    written = mine.values(**values, version=appointments.c.version + 1, updated_at=now)
    if tx.connection().execute(written).rowcount != 1:
        raise VersionChanged()


def _give_back(tx: Session, row: dict[str, Any], now: datetime) -> None:
    """Offer the time again; a visit without a slot gives its stretch back to the hours."""
    if row["slot_id"] is not None:
        holds.offer_again(tx, row["slot_id"])
    elif row["ends_at"] > now:
        horizon.lock_doctor(tx, row["doctor_id"])
        horizon.regenerate(tx, row["doctor_id"], now)


def policy(tx: Session) -> states.Policy:
    """The clinic's windows, with what its setting gives back."""
    return states.policy_of(getattr(tx.info.get("settings"), "cancellation", states.USUAL))


def refund_due(tx: Session, me: Actor, order: Any, starts_at: datetime, now: datetime, *, orphan: bool) -> int:
    """What would go back of a paid order, in minor units, if `me` cancelled its visit now.

    All of an orphan's: it is the clinic that cannot hold it.
    """
    if order is None or order.status not in ("paid", "partial_refunded"):
        return 0
    on_its_way = payments.leaving(tx, order.id)
    role = SYSTEM.role if orphan else me.role
    return states.refund_due(policy(tx), role, starts_at, now, order.amount, on_its_way)


def _money_back(tx: Session, me: Actor, row: dict[str, Any], now: datetime) -> int:
    """Void what is still to be paid, or pay back what the clinic's rules give; minor units."""
    if payments.void(tx, holds.subject(row["id"]), now):
        return 0
    order = payments.order_of(tx, holds.subject(row["id"]))
    amount = refund_due(tx, me, order, row["starts_at"], now, orphan=bool(row["is_orphan"]))
    if amount and order is not None:
        # The bill shows this text; the patient's own words may be clinical.
        payments.refund(tx, me, order.id, amount, CANCELLED, now, reason_code="cancelled")
    return amount


def _done(
    tx: Session, me: Actor, row: dict[str, Any], status: str, now: datetime, what: str, *, refunded: int = 0
) -> Moved:
    audit.seen(tx, me, "write", "appointment", row["id"], row["patient_profile_id"], what, now=now)
    holds.tell(tx, row["doctor_id"], row["id"])
    changed(tx, f"queue:{row['doctor_id']}")
    return Moved(
        id=row["id"], status=status, version=row["version"] + 1, starts_at=row["starts_at"], ends_at=row["ends_at"],
        refunded=refunded,
    )  # fmt: skip
