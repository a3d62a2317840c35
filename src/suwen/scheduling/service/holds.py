"""Taking a slot and letting it go again: guarded writes that every way of booking shares."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, select, true, update
from sqlalchemy.orm import Session

from suwen.core.db import changed, rows
from suwen.core.errors import NotFound
from suwen.core.outbox import emit
from suwen.payments import service as payments
from suwen.scheduling import queries
from suwen.scheduling.errors import PersonBusy, SlotTaken, TooManyHolds
from suwen.scheduling.events import HoldReleased
from suwen.scheduling.queries import appointments, slots

EXPIRED = (
    update(appointments)
    .where(
        appointments.c.id == bindparam("appointment"),
        appointments.c.status == "pending",
        appointments.c.held_until <= bindparam("at"),
    )
    .values(
        status="cancelled", active_slot_id=None, cancel_reason="hold_expired", cancelled_at=bindparam("at"),
        updated_at=bindparam("at"), version=appointments.c.version + 1,
    )
)  # fmt: skip
HOLDER = select(appointments.c.id).where(
    appointments.c.active_slot_id == bindparam("slot"), appointments.c.status == "pending"
)
RAN_OUT = (
    select(appointments.c.id)
    .where(appointments.c.status == "pending", appointments.c.held_until <= bindparam("at"))
    .limit(200)
)
# A gateway that somebody is paying at is asked to close that first. It is not waited for longer than this.
CLOSING = timedelta(minutes=2)
HELD = select(appointments.c.active_slot_id, appointments.c.held_until).where(
    appointments.c.id == bindparam("appointment"), appointments.c.status == "pending"
)
OVER_AND_KEPT = HELD.join(slots, slots.c.id == appointments.c.active_slot_id).where(
    appointments.c.held_until <= bindparam("at"), slots.c.held_until > bindparam("at")
)
OF_VISIT = select(appointments.c.slot_id, appointments.c.doctor_id).where(appointments.c.id == bindparam("appointment"))


@dataclass(frozen=True)
class Person:
    id: str
    name: str
    account_id: str
    gender: str | None
    birthday: date | None


def subject(appointment_id: str) -> str:
    """What payments knows an appointment by."""
    return f"appointment:{appointment_id}"


def appointment_of(subject: str | None) -> str | None:
    kind, _, id = (subject or "").partition(":")
    return id if kind == "appointment" and id else None


def take(tx: Session, slot: Any, until: datetime | None, now: datetime) -> None:
    """Book the slot if it is free, or if its hold has run out; else SlotTaken."""
    values = {"slot": slot.id, "now": now, "until": until}
    if queries.TAKE.run(tx.connection(), values) != 1:
        raise SlotTaken(slot_id=slot.id)
    if slot.is_booked:  # it was held, too long: that hold ends now, the unique key would not let two stand
        holder = tx.connection().execute(HOLDER, {"slot": slot.id}).scalar()
        if holder is not None:
            _end(tx, holder, now, free=False)


def person(
    tx: Session, account_id: str, profile_id: str | None, start: datetime, end: datetime, now: datetime,
    *, except_id: str = "", most_holds: int | None = None,
) -> Person:  # fmt: skip
    """Lock the people of the account, then look: PersonBusy, TooManyHolds, or NotFound for another's person."""
    connection = tx.connection()
    queries.LOCK_PEOPLE.run(connection, {"account": account_id})
    values: dict[str, Any] = {"now": now, "start": start, "end": end, "except_id": except_id, "account": account_id}
    statement = queries.DEFAULT_PERSON
    if profile_id is not None:
        statement, values = queries.PERSON_OF_ACCOUNT, values | {"profile": profile_id}
    found = statement.first(connection, values)
    if found is None:
        raise NotFound()
    if most_holds is not None and found.holds >= most_holds:
        raise TooManyHolds(most=most_holds)
    if found.overlaps:
        raise PersonBusy(patient_profile_id=found.id)
    return Person(found.id, found.name, found.user_id, found.gender, found.birthday)


def wait_for_gateway(tx: Session, appointment_id: str) -> None:
    """Somebody may pay at a gateway: keep the time from others a little longer than from whoever holds it."""
    connection = tx.connection()
    hold = connection.execute(HELD, {"appointment": appointment_id}).first()
    if hold is None or not payments.payable_elsewhere(tx, subject(appointment_id)):
        return
    own = update(slots).where(slots.c.id == hold.active_slot_id, slots.c.held_until == hold.held_until)
    connection.execute(own.values(held_until=hold.held_until + CLOSING))


def release_expired(tx: Session, appointment_id: str, now: datetime) -> bool:
    """End the hold if its time is over and nothing was paid. Saying it twice changes nothing.

    First nobody can pay it any more, then the time is free: while a gateway has not closed it, it stays as it is, for
    `CLOSING` at most.
    """
    kept = tx.connection().execute(OVER_AND_KEPT, {"appointment": appointment_id, "at": now}).first()
    if kept is not None and payments.close_elsewhere(tx, subject(appointment_id), now):
        return False
    return _end(tx, appointment_id, now, free=True)


def sweep(tx: Session, now: datetime) -> int:
    """End every hold that ran out; return how many."""
    found = list(tx.connection().execute(RAN_OUT, {"at": now}).scalars())
    return sum(release_expired(tx, id, now) for id in found)


def offer_again(tx: Session, slot_id: str | None) -> None:
    """Offer the slot again; one whose hours are gone disappears instead. One that has another visit by now stays."""
    if slot_id is None:
        return
    connection = tx.connection()
    if connection.execute(queries.FREE_AGAIN, {"slot": slot_id}).rowcount:
        return
    gone = select(slots.c.id).where(slots.c.id == slot_id, slots.c.is_orphan == true(), queries.VACANT)
    if connection.execute(gone).first() is None:
        return
    forget = update(appointments).where(appointments.c.slot_id == slot_id, appointments.c.active_slot_id.is_(None))
    connection.execute(forget.values(slot_id=None))
    rows(tx, delete(slots).where(slots.c.id == slot_id, slots.c.is_orphan == true()))


def tell(tx: Session, doctor_id: str, appointment_id: str) -> None:
    """Drop what is kept about the doctor's times, and push to whoever looks at this appointment."""
    changed(tx, f"doctor:{doctor_id}", "directory", f"appointment:{appointment_id}")


def _end(tx: Session, appointment_id: str, now: datetime, *, free: bool) -> bool:
    connection = tx.connection()
    if connection.execute(EXPIRED, {"appointment": appointment_id, "at": now}).rowcount != 1:
        return False
    visit = connection.execute(OF_VISIT, {"appointment": appointment_id}).one()
    if free:
        offer_again(tx, visit.slot_id)
    payments.void(tx, subject(appointment_id), now)
    emit(tx, HoldReleased(appointment_id), now)
    tell(tx, visit.doctor_id, appointment_id)
    return True
