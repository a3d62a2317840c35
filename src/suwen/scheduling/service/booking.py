"""Holding a time for somebody while they pay, and changing the details until they have."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from suwen.accounts import service as accounts
from suwen.core import audit
from suwen.core.actor import Actor
from suwen.core.db import changed, new_id
from suwen.core.errors import Forbidden, NotFound
from suwen.core.i18n import N_
from suwen.core.outbox import emit
from suwen.payments import service as payments
from suwen.scheduling import queries
from suwen.scheduling.errors import HoldExpired, NoSuchTime, PastTime, PersonIncomplete, SlotTaken, TooSoon, WrongState
from suwen.scheduling.events import AppointmentHeld
from suwen.scheduling.queries import appointments, slots
from suwen.scheduling.rules import days, states, windows
from suwen.scheduling.schemas import Booked, Booking, Details
from suwen.scheduling.service import holds, reads

ZONES_AROUND = (
    select(slots.c.zone)
    .where(slots.c.doctor_id == queries.bindparam("doctor"))
    .where(slots.c.slot_start >= queries.bindparam("start"), slots.c.slot_start < queries.bindparam("end"))
    .distinct()
)


def book(tx: Session, me: Actor, data: Booking, now: datetime) -> Booked:
    """Hold a slot for one of the account's people until it is paid.

    Refused: a time that is taken, past or too soon, a person who is busy then or whose sex or birth date nobody knows,
    too many holds at once.
    """
    if me.role != "patient":
        raise Forbidden()
    policy = states.DEFAULT
    slot = slot_for(tx, data, now)
    bookable(slot, now, policy)
    until = min(now + policy.hold, slot.slot_start)
    holds.take(tx, slot, until, now)
    person = holds.person(
        tx, me.id, data.patient_profile_id, slot.slot_start, slot.slot_end, now, most_holds=policy.most_holds
    )
    _complete(tx, me, person, data, now)
    row = visit(slot, me.id, person.id, now) | {
        "status": "pending", "held_until": until, "symptoms": data.symptoms.strip(), "booked_by": me.id,
        "has_visited_before": data.has_visited_before,
    }  # fmt: skip
    queries.INSERT_APPOINTMENT.later(tx.connection(), row)
    order = open_order(tx, row, slot, expires=until, now=now)
    # Delivered when the hold is over: whatever was not paid by then is let go at once.
    emit(tx, AppointmentHeld(row["id"]), now, due=until)
    audit.seen(tx, me, "write", "appointment", row["id"], person.id, "held", now=now)
    holds.tell(tx, slot.doctor_id, row["id"])
    return Booked(
        id=row["id"], status="pending", starts_at=slot.slot_start, ends_at=slot.slot_end, held_until=until,
        doctor_id=slot.doctor_id, patient_profile_id=person.id, order_id=order.id, amount=order.amount,
        currency=order.currency, version=1,
    )  # fmt: skip


def change_details(tx: Session, me: Actor, id: str, data: Details, now: datetime) -> reads.AppointmentView:
    """For whom and why, while it is held. HoldExpired, or WrongState once it is paid."""
    row = reads.visible(tx, me, id)
    if me.role not in ("patient", "admin"):
        raise Forbidden()
    held(row, now)
    profile_id = data.patient_profile_id or row["patient_profile_id"]
    if profile_id != row["patient_profile_id"]:
        person = holds.person(tx, row["patient_id"], profile_id, row["starts_at"], row["ends_at"], now, except_id=id)
        _complete(tx, me, person, data, now)
    values: dict[str, Any] = {"patient_profile_id": profile_id}
    if data.has_visited_before is not None:
        values["has_visited_before"] = data.has_visited_before
    if data.symptoms is not None:
        values["symptoms"] = data.symptoms.strip()
    mine = update(appointments).where(
        appointments.c.id == id, appointments.c.status == "pending", appointments.c.held_until > now
    )
    changed_ = mine.values(**values, version=appointments.c.version + 1, updated_at=now)
    if tx.connection().execute(changed_).rowcount != 1:
        raise HoldExpired()
    if profile_id != row["patient_profile_id"]:
        payments.concern(tx, holds.subject(id), profile_id, now)
    audit.seen(tx, me, "write", "appointment", id, profile_id, "details", now=now)
    changed(tx, f"appointment:{id}")
    return reads.view(reads.visible(tx, me, id), now)


def hold_or_change(tx: Session, me: Actor, slot_id: str, data: Details, now: datetime) -> str:
    """The booking page's one form: hold the time, or change the details of the hold. Returns the appointment's id."""
    mine = (
        select(appointments.c.id)
        .where(appointments.c.active_slot_id == slot_id, appointments.c.patient_id == me.id)
        .where(appointments.c.status == "pending", appointments.c.held_until > now)
    )
    found = tx.execute(mine).scalar()
    if found is not None:
        return change_details(tx, me, found, data, now).id
    wanted = Booking(
        slot_id=slot_id, patient_profile_id=data.patient_profile_id, symptoms=data.symptoms or "",
        has_visited_before=bool(data.has_visited_before), gender=data.gender, birthday=data.birthday,
    )  # fmt: skip
    return book(tx, me, wanted, now).id


def _complete(tx: Session, me: Actor, person: holds.Person, data: Booking | Details, now: datetime) -> None:
    """The first booking asks what a doctor must know of anybody, and keeps it with the person. PersonIncomplete."""
    missing = [name for name in ("gender", "birthday") if getattr(person, name) is None]
    if not missing:
        return
    asked = [name for name in missing if getattr(data, name) is None]
    if asked:
        raise PersonIncomplete(patient_profile_id=person.id, fields=dict.fromkeys(asked, N_("Please fill this in.")))
    accounts.complete_person(tx, me, person.id, person.gender or data.gender, person.birthday or data.birthday, now)


def held(row: dict[str, Any], now: datetime) -> None:
    """Raise unless the appointment is being held right now."""
    if row["status"] == "cancelled" and row["cancel_reason"] == reads.RAN_OUT:
        raise HoldExpired()
    if row["status"] != "pending":
        raise WrongState(state=row["status"])
    if row["held_until"] <= now:
        raise HoldExpired()


def slot_for(tx: Session, data: Booking, now: datetime) -> Any:
    """The slot that is meant, by id or by the doctor's day and time; NotFound or NoSuchTime."""
    if data.slot_id is not None:
        found = queries.SLOT_TO_BOOK.first(tx.connection(), {"slot": data.slot_id, "today": now.date()})
        if found is None:
            raise NotFound()
    else:
        found = _slot_by_time(tx, data, now)
    if data.visit_type is not None and data.visit_type != found.visit_type:
        raise NoSuchTime(fields={"visit_type": "The doctor offers this time in the other way only."})
    return found


def _slot_by_time(tx: Session, data: Booking, now: datetime) -> Any:
    """'2030-01-07' and '09:00-09:30' as the clock at the doctor's place shows them; the earlier if they come twice."""
    missing = [name for name in ("doctor_id", "appointment_date", "time_slot") if getattr(data, name) is None]
    if missing:
        raise NoSuchTime(fields=dict.fromkeys(missing, "Please fill this in."))
    assert data.appointment_date is not None
    assert data.time_slot is not None
    noon = datetime(data.appointment_date.year, data.appointment_date.month, data.appointment_date.day, 12, tzinfo=UTC)
    around = {"doctor": data.doctor_id, "start": noon - timedelta(days=2), "end": noon + timedelta(days=2)}
    connection = tx.connection()
    zones = [ZoneInfo(name) for name in connection.execute(ZONES_AROUND, around).scalars()]
    starts = [start for zone in zones for start in days.starts_of(data.appointment_date, data.time_slot, zone)]
    if not zones:
        days.starts_of(data.appointment_date, data.time_slot, ZoneInfo("UTC"))
    values = {"doctor": data.doctor_id, "starts": starts, "today": now.date()}
    for slot in connection.execute(queries.SLOT_BY_TIME, values) if starts else ():
        zone = ZoneInfo(slot.zone)
        same_day = days.local_day(slot.slot_start, zone) == data.appointment_date
        if same_day and days.fits(data.time_slot, slot.slot_start, slot.slot_end, zone):
            return slot
    raise NoSuchTime()


def bookable(slot: Any, now: datetime, policy: states.Policy) -> None:
    """Raise PastTime, TooSoon, or SlotTaken for a slot whose hours are gone."""
    if slot.slot_start <= now:
        raise PastTime()
    if slot.slot_start < windows.bookable_from(now, policy.lead):
        raise TooSoon(lead_minutes=int(policy.lead.total_seconds() // 60))
    if slot.is_orphan:
        raise SlotTaken(slot_id=slot.id)


def visit(slot: Any, account_id: str, profile_id: str, now: datetime) -> dict[str, Any]:
    """The columns every new appointment has; it keeps its own copy of the slot's time."""
    return {
        "id": new_id(), "created_at": now, "updated_at": now, "patient_id": account_id,
        "patient_profile_id": profile_id, "doctor_id": slot.doctor_id, "location_id": slot.location_id,
        "slot_id": slot.id, "active_slot_id": slot.id, "symptoms": "", "has_visited_before": False,
        **times(slot.slot_start, slot.slot_end, slot.zone), "visit_type": slot.visit_type,
    }  # fmt: skip


def times(start: datetime, end: datetime, zone: str) -> dict[str, Any]:
    return {
        "appointment_start": start,
        "appointment_end": end,
        "appointment_date": start,
        "time_slot": days.label(start, end, ZoneInfo(zone)),
        "zone": zone,
    }


def open_order(tx: Session, row: dict[str, Any], slot: Any, *, expires: datetime, now: datetime) -> Any:
    """What is to be paid, at the price of the day of booking."""
    amount, currency, price_id = payments.price_for(
        tx, queries.PRICED_AS[row["visit_type"]], location_id=row["location_id"],
        on=days.local_day(now, ZoneInfo(row["zone"])), doctor_fee=slot.consultation_fee,
        known=getattr(slot, "prices", None),
    )  # fmt: skip
    return payments.open_order(
        tx, row["patient_id"], subject=holds.subject(row["id"]), amount=amount, currency=currency, expires=expires,
        now=now, order_type="appointment", appointment_id=row["id"], patient_profile_id=row["patient_profile_id"],
        price_config_id=price_id, new_subject=True,
    )  # fmt: skip
