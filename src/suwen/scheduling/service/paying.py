"""How a held time becomes certain: from the balance, by a promise to pay at the desk, or when money has come in."""

import contextlib
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from suwen.accounts.service import care
from suwen.core import audit
from suwen.core.actor import SYSTEM, Actor
from suwen.core.errors import Forbidden
from suwen.core.i18n import N_
from suwen.core.outbox import emit
from suwen.payments import service as payments
from suwen.scheduling import queries
from suwen.scheduling.errors import DoctorAway, HoldExpired, PersonBusy, SlotTaken, WrongState
from suwen.scheduling.events import AppointmentBooked
from suwen.scheduling.queries import appointments
from suwen.scheduling.rules import days, states
from suwen.scheduling.schemas import Moved
from suwen.scheduling.service import holds, reads

# An unpaid visit can still be settled at the desk on the way out.
DESK_CLOSES = timedelta(hours=12)
CARE_LASTS = timedelta(days=90)
OWN_WORD, OWN_WORD_LASTS = "walk-in", timedelta(days=1)
TOO_LATE = N_("The time was no longer free when the payment arrived.")
REVIVE = select(
    appointments.c.id, appointments.c.status, appointments.c.cancel_reason, appointments.c.slot_id,
    appointments.c.doctor_id, appointments.c.patient_id, appointments.c.patient_profile_id,
    appointments.c.appointment_start, appointments.c.appointment_end,
).where(appointments.c.id == queries.bindparam("id"))  # fmt: skip


def pay_from_balance(tx: Session, me: Actor, id: str, now: datetime) -> Moved:
    """Pay and confirm in one step. Nothing has changed if it is refused: the hold is over, the doctor away, too little
    in the balance."""
    row = reads.visible(tx, me, id)
    if me.role != "patient":
        raise Forbidden()
    states.move("confirm", _status(row), me.role)
    row = _turn(tx, me, row, "confirmed", now)
    order = payments.order_of(tx, holds.subject(id))
    if order is None:
        raise WrongState(state=row["status"])
    payments.pay_from_balance(tx, me, order.id, now)
    return _certain(tx, me, row, "confirmed", now)


def pay_at_desk(tx: Session, me: Actor, id: str, now: datetime) -> Moved:
    """Keep the time on a promise. HoldExpired once the hold is over; DoctorAway."""
    row = reads.visible(tx, me, id)
    states.move("promise_to_pay", _status(row), me.role)
    row = _turn(tx, me, row, "scheduled", now)
    order = payments.order_of(tx, holds.subject(id))
    if order is not None:
        payments.defer(tx, order.id, max(order.expire_time, row["ends_at"] + DESK_CLOSES), now)
    return _certain(tx, me, row, "scheduled", now)


def keep(tx: Session, id: str, now: datetime) -> None:
    """An insurer is asked: somebody will pay, so a held time is kept as if it were paid at the desk."""
    row = reads.visible(tx, SYSTEM, id)
    if row["status"] == "pending":
        with contextlib.suppress(HoldExpired):
            row = _turn(tx, SYSTEM, row, "scheduled", now)
            _certain(tx, SYSTEM, row, "scheduled", now)


def confirm(tx: Session, id: str, order_id: str, now: datetime) -> None:
    """The money has come. Saying it twice changes nothing; if the time is gone meanwhile, the money goes back."""
    paid = (
        update(appointments)
        .where(appointments.c.id == id, appointments.c.status.in_(("pending", "scheduled")))
        .values(status="confirmed", held_until=None, version=appointments.c.version + 1, updated_at=now)
    )
    met = tx.connection().execute(paid).rowcount
    if met:
        _certain(tx, SYSTEM, reads.visible(tx, SYSTEM, id), "confirmed", now, version_known=True)
        return
    found = tx.connection().execute(REVIVE, {"id": id}).first()
    if found is None:
        return
    if found.status == "cancelled" and found.cancel_reason == reads.RAN_OUT and _revived(tx, found, now):
        _certain(tx, SYSTEM, reads.visible(tx, SYSTEM, id), "confirmed", now, version_known=True)
        return
    order = payments.order_of(tx, holds.subject(id))
    needless = found.status == "cancelled" or (order is not None and order.id != order_id)
    if needless and payments.is_paid(tx, order_id):
        payments.refund(tx, SYSTEM, order_id, None, TOO_LATE, now, reason_code="too_late")


def _revived(tx: Session, found: Any, now: datetime) -> bool:
    """Take the time once more for who paid a moment too late."""
    if found.slot_id is None or found.appointment_start <= now:
        return False
    slot = queries.SLOT_BY_ID.first(tx.connection(), {"slot": found.slot_id, "today": now.date()})
    if slot is None:
        return False
    try:
        with tx.begin_nested():
            holds.take(tx, slot, None, now)
            holds.person(tx, found.patient_id, found.patient_profile_id, slot.slot_start, slot.slot_end, now)
            again = update(appointments).where(appointments.c.id == found.id, appointments.c.status == "cancelled")
            tx.connection().execute(
                again.values(
                    status="confirmed", active_slot_id=found.slot_id, held_until=None, cancel_reason=None,
                    cancelled_at=None, version=appointments.c.version + 1, updated_at=now,
                )
            )  # fmt: skip
    except (SlotTaken, PersonBusy):
        return False
    return True


def pay_for_slot(tx: Session, me: Actor, slot_id: str, method: str, now: datetime) -> Moved:
    """From the booking page, which knows the slot: pay what the account holds there."""
    return PAY[method](tx, me, _held_there(tx, me, slot_id), now)


def let_go(tx: Session, me: Actor, slot_id: str, now: datetime) -> str:
    """Give a held time back without paying; returns the doctor's id. HoldExpired for a hold that was moved away."""
    row = reads.visible(tx, me, _held_there(tx, me, slot_id))
    states.move("cancel", row["status"], me.role)
    done = update(appointments).where(
        appointments.c.id == row["id"], appointments.c.status == "pending", appointments.c.active_slot_id == slot_id
    )
    values = {"status": "cancelled", "active_slot_id": None, "cancel_reason": "let_go", "cancelled_by": me.id,
              "cancelled_at": now, "held_until": None, "updated_at": now}  # fmt: skip
    if tx.connection().execute(done.values(**values, version=appointments.c.version + 1)).rowcount != 1:
        raise HoldExpired()
    holds.offer_again(tx, slot_id)
    payments.void(tx, holds.subject(row["id"]), now)
    audit.seen(tx, me, "write", "appointment", row["id"], row["patient_profile_id"], "let go", now=now)
    holds.tell(tx, row["doctor_id"], row["id"])
    return str(row["doctor_id"])


def _held_there(tx: Session, me: Actor, slot_id: str) -> str:
    """The account's own hold of the slot; HoldExpired where there is none (any more)."""
    mine = select(appointments.c.id).where(
        appointments.c.active_slot_id == slot_id, appointments.c.patient_id == me.id, appointments.c.status == "pending"
    )
    found = tx.execute(mine).scalar()
    if found is None:
        raise HoldExpired()
    return str(found)


def _status(row: dict[str, Any]) -> str:
    """The state to start from; a hold that was swept is told as one that ran out. DoctorAway."""
    if row["status"] == "cancelled" and row["cancel_reason"] == reads.RAN_OUT:
        raise HoldExpired()
    if row["status"] == "pending" and row["doctor_away"]:
        raise DoctorAway()
    return str(row["status"])


def _turn(tx: Session, me: Actor, row: dict[str, Any], target: str, now: datetime) -> dict[str, Any]:
    """The guarded step: still in that state, and if held, still held. Returns the row it was done to.

    What another tab has changed since the look is read again: a visit that was moved is paid for at its new time.
    """
    while True:
        mine = update(appointments).where(
            appointments.c.id == row["id"],
            appointments.c.status == row["status"],
            appointments.c.version == row["version"],
            or_(appointments.c.status != "pending", appointments.c.held_until > now),
        )
        turned = mine.values(status=target, held_until=None, version=appointments.c.version + 1, updated_at=now)
        if tx.connection().execute(turned).rowcount == 1:
            return row
        again = reads.visible(tx, me, row["id"])
        if again["version"] == row["version"] or again["status"] != row["status"]:
            raise HoldExpired() if row["status"] == "pending" else WrongState(state=row["status"])
        row = again


def _certain(
    tx: Session, me: Actor, row: dict[str, Any], status: str, now: datetime, *, version_known: bool = False
) -> Moved:
    """What follows once a visit is certain: the slot is kept, the doctor may see the record, both sides are told."""
    version = row["version"] if version_known else row["version"] + 1
    purpose = "paid" if status == "confirmed" else "promised"
    if row["slot_id"]:
        kept = tx.connection().execute(queries.KEEP, {"slot": row["slot_id"], "appointment": row["id"]})
        if kept.rowcount != 1:
            raise SlotTaken(slot_id=row["slot_id"])
    related(tx, row, now)
    emit(tx, AppointmentBooked(row["id"], version), now)
    audit.seen(tx, me, "write", "appointment", row["id"], row["patient_profile_id"], purpose, now=now)
    holds.tell(tx, row["doctor_id"], row["id"])
    return Moved(id=row["id"], status=status, version=version, starts_at=row["starts_at"], ends_at=row["ends_at"])


def related(tx: Session, row: dict[str, Any], now: datetime) -> None:
    """Whoever is going to treat may open the record, until some time after the visit.

    A visit that the doctor entered, of a person who was not in their care, is their own word only: until it is paid, it
    opens the record from the day of the visit until a day after it.
    """
    whom, whose = row["doctor_user_id"], row["patient_profile_id"]
    entered = row["booked_by"] == whom
    if entered and row["status"] == "scheduled" and not care.treats(tx, whom, whose, now, unless=OWN_WORD):
        zone = ZoneInfo(row["zone"])
        begins, _ = days.day_bounds(days.local_day(row["starts_at"], zone), zone)
        care.relate_care(
            tx, whose, whom, row["id"], OWN_WORD, now, row["ends_at"] + OWN_WORD_LASTS, since=max(begins, now)
        )
        return
    until = row["ends_at"] + CARE_LASTS
    care.relate_care(tx, whose, whom, row["id"], "appointment", now, until, since=now if entered else None)


PAY = {"balance": pay_from_balance, "desk": pay_at_desk}
