"""Slots of the coming weeks, made from the hours. Running it twice changes nothing.

Only future slots that nobody has are ever touched. A booked slot whose hours are gone stays, marked as an
orphan: somebody must move or cancel the visit, no job decides that.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, false, insert, or_, select, true, update
from sqlalchemy.orm import Session

from suwen.clinics.models import ClinicLocation, Doctor
from suwen.core.db import changed, new_id, rows, take
from suwen.core.outbox import emit
from suwen.scheduling.errors import BadHours
from suwen.scheduling.events import SlotsOrphaned
from suwen.scheduling.models import Appointment, Availability, Slot
from suwen.scheduling.rules import days, states, windows
from suwen.scheduling.rules.recurrence_text import parse
from suwen.scheduling.rules.windows import Hours, Interval

HORIZON_DAYS = 28
CHUNK = 500


@dataclass(frozen=True)
class Outcome:
    """What changed, and the ids of booked appointments whose time is not offered any more."""

    added: int
    removed: int
    orphans: list[str]


@dataclass(frozen=True)
class Wanted:
    """A slot as it should be: the fields that make it the same slot."""

    start: datetime
    end: datetime
    availability_id: str
    location_id: str | None
    zone: str
    visit_type: str


def hours_from(row: Availability) -> Hours:
    return Hours(
        start=row.start_time,
        end=row.end_time,
        zone=windows.zone_of(row.zone),
        recurrence=parse(row.rrule) if row.rrule else None,
        slot_minutes=row.slot_minutes,
        buffer_minutes=row.buffer_minutes,
        most_per_day=row.most_per_day,
    )


def is_block(row: Availability) -> bool:
    return row.is_exception and row.exception_kind != "add"


def block_of(row: Availability) -> Interval:
    zone = windows.zone_of(row.zone)
    return windows.instant(row.start_time, zone), windows.instant(row.end_time, zone)


def current(now: datetime) -> Any:
    """Hours and exceptions that can still make or block a slot."""
    soon = now.replace(tzinfo=None) - timedelta(days=2)  # wall-clock of any zone is at most 14 hours from UTC
    return and_(
        Availability.is_deleted == false(),
        or_(Availability.rrule.is_not(None), Availability.end_time >= soon),
        or_(Availability.effective_until.is_(None), Availability.effective_until >= soon.date()),
    )


def live(tx: Session, doctor_id: str, now: datetime) -> list[Availability]:
    """The doctor's hours and exceptions, the oldest first: where two should ever meet, the older keeps the time."""
    found = select(Availability).where(Availability.doctor_id == doctor_id, current(now))
    return list(tx.scalars(found.order_by(Availability.created_at, Availability.id)))


def lock_doctor(tx: Session, doctor_id: str) -> bool:
    """Whoever changes this doctor's hours next waits until we are done."""
    return rows(tx, update(Doctor).where(Doctor.id == doctor_id).values(version=Doctor.version + 1)) == 1


def place(tx: Session, location_id: str | None) -> ClinicLocation | None:
    if location_id is None:
        return None
    place = tx.get(ClinicLocation, location_id)
    if place is None or not place.is_active:
        raise BadHours(fields={"location_id": "There is no such place."})
    return place


def regenerate(tx: Session, doctor_id: str, now: datetime) -> Outcome:
    """Bring the doctor's future slots in line with hours, exceptions and walk-ins. The doctor must be locked."""
    hours = live(tx, doctor_id, now)
    open_hours, walk_ins = _where_it_is_open(tx, hours), _walk_ins(tx, doctor_id, now)
    wanted = wanted_slots(open_hours, walk_ins, now)
    # A walk-in takes the free time only: what is booked is judged by hours and exceptions alone.
    offered = wanted_slots(open_hours, (), now) if walk_ins else wanted
    # Locked, so that none is taken between the look and the deletion (SQLite has the whole database locked).
    existing = tx.scalars(
        select(Slot).where(Slot.doctor_id == doctor_id, Slot.slot_start >= now).with_for_update()
    ).all()
    kept: list[Slot] = []
    gone: list[Slot] = []
    lost: list[Slot] = []
    for slot in existing:
        start = slot.slot_start
        if _same(slot, wanted.get(start)) or (slot.is_booked and _same(slot, offered.get(start))):
            kept.append(slot)
        else:
            (lost if slot.is_booked else gone).append(slot)
    _delete(tx, [slot.id for slot in gone])
    occupied = windows.merged((slot.slot_start, slot.slot_end) for slot in lost)
    here = {slot.slot_start for slot in kept} | {slot.slot_start for slot in lost}
    added = [slot for start, slot in wanted.items() if start not in here and not _meets(slot, occupied)]
    _insert(tx, doctor_id, added, now)
    orphans = _mark_orphans(tx, doctor_id, kept, lost, now)
    _reached(tx, hours, now)
    if added or gone or orphans:
        changed(tx, f"doctor:{doctor_id}", "directory")
    return Outcome(len(added), len(gone), orphans)


def follow(tx: Session, location_id: str, now: datetime) -> None:
    """The place has changed: so do the slots of all who have hours there, and the pages that name it."""
    there = select(Availability.doctor_id).where(Availability.location_id == location_id, current(now)).distinct()
    for doctor_id in sorted(tx.scalars(there)):
        lock_doctor(tx, doctor_id)
        regenerate(tx, doctor_id, now)
        changed(tx, f"doctor:{doctor_id}", "directory")


def _where_it_is_open(tx: Session, hours: list[Availability]) -> list[Availability]:
    """Hours at a place are meant in its zone, also after it has changed; at a closed one they count as none.

    Asked whenever slots are made, so that hours written while the place was being changed follow it too.
    """
    ids = {row.location_id for row in hours if row.location_id}
    asked = select(ClinicLocation.id, ClinicLocation.timezone, ClinicLocation.is_active)
    places = {place.id: place for place in tx.execute(asked.where(ClinicLocation.id.in_(ids)))} if ids else {}
    for row in hours:
        place = places.get(row.location_id)
        if place is not None and place.timezone != row.zone:
            take(tx, row, None)
            row.zone = place.timezone
    return [row for row in hours if is_block(row) or row.location_id is None or places[row.location_id].is_active]


def wanted_slots(hours: Iterable[Availability], busy: Iterable[Interval], now: datetime) -> dict[datetime, Wanted]:
    """What the hours offer from now to the horizon, by start."""
    hours = list(hours)
    blocks = [block_of(row) for row in hours if is_block(row)] + list(busy)
    found: dict[datetime, Wanted] = {}
    taken: list[Interval] = []
    for row in hours:
        if is_block(row):
            continue
        rule = hours_from(row)
        first, last = horizon_of(rule, row.effective_until, now)
        for start, end in windows.slots(rule, first, last, blocks, taken):
            if start >= now:
                found[start] = Wanted(start, end, row.id, row.location_id, row.zone, row.visit_type)
        taken = windows.merged([*taken, *windows.windows(rule, first, last)])
    return found


def horizon_of(rule: Hours, until: date | None, now: datetime) -> tuple[date, date]:
    """Local days to expand: from yesterday (a night's hours reach into today) to the horizon or the rule's end."""
    today = days.local_day(now, rule.zone)
    last = today + timedelta(days=HORIZON_DAYS)
    return today - timedelta(days=1), min(last, until) if until else last


def keep(tx: Session, now: datetime, doctors: int = 10) -> int:
    """Extend what ends before the horizon, a few doctors at a time; returns how many were done."""
    due = (
        select(Availability.doctor_id)
        .where(
            current(now),
            or_(
                Availability.generated_until.is_(None),
                Availability.generated_until < now + timedelta(days=HORIZON_DAYS),
            ),
        )
        .distinct()
        .limit(doctors)
    )
    found = list(tx.scalars(due))
    for doctor_id in found:
        lock_doctor(tx, doctor_id)
        regenerate(tx, doctor_id, now)
    return len(found)


def _same(slot: Slot, wanted: Wanted | None) -> bool:
    if wanted is None:
        return False
    same = (slot.slot_end, slot.location_id, slot.zone) == (wanted.end, wanted.location_id, wanted.zone)
    return same and slot.visit_type == wanted.visit_type


def _meets(slot: Wanted, occupied: list[Interval]) -> bool:
    return any(windows.overlaps((slot.start, slot.end), other) for other in occupied)


def _walk_ins(tx: Session, doctor_id: str, now: datetime) -> list[Interval]:
    """Visits without a slot: nobody else should be offered their time."""
    found = select(Appointment.appointment_start, Appointment.appointment_end).where(
        Appointment.doctor_id == doctor_id,
        Appointment.slot_id.is_(None),
        Appointment.status.in_(states.ACTIVE),
        Appointment.appointment_end > now,
    )
    return [(row.appointment_start, row.appointment_end) for row in tx.execute(found)]


def _delete(tx: Session, ids: list[str]) -> None:
    for place in range(0, len(ids), CHUNK):
        part = ids[place : place + CHUNK]
        # Cancelled visits remember their slot; their own copy of the time stays with them.
        tx.execute(update(Appointment).where(Appointment.slot_id.in_(part)).values(slot_id=None),
                   execution_options={"synchronize_session": False})  # fmt: skip
        rows(tx, delete(Slot).where(Slot.id.in_(part), Slot.is_booked == false()))


def _insert(tx: Session, doctor_id: str, wanted: list[Wanted], now: datetime) -> None:
    made = [
        {
            "id": new_id(), "created_at": now, "doctor_id": doctor_id, "location_id": slot.location_id,
            "availability_id": slot.availability_id, "slot_start": slot.start, "slot_end": slot.end,
            "zone": slot.zone, "visit_type": slot.visit_type, "is_booked": False, "is_orphan": False,
        }
        for slot in wanted
    ]  # fmt: skip
    if made:
        tx.execute(insert(Slot.__table__), made)


def _mark_orphans(tx: Session, doctor_id: str, kept: list[Slot], lost: list[Slot], now: datetime) -> list[str]:
    """Flag booked slots that lost their hours, unflag those that have them again; return the visits newly concerned."""
    found = [slot.id for slot in kept if slot.is_orphan]
    if found:
        rows(tx, update(Slot).where(Slot.id.in_(found)).values(is_orphan=False))
    fresh = [slot.id for slot in lost if not slot.is_orphan]
    if not fresh:
        return []
    rows(tx, update(Slot).where(Slot.id.in_(fresh), Slot.is_booked == true()).values(is_orphan=True))
    visits = list(tx.scalars(select(Appointment.id).where(Appointment.active_slot_id.in_(fresh))))
    if visits:
        emit(tx, SlotsOrphaned(doctor_id, visits), now)
    return visits


def _reached(tx: Session, hours: list[Availability], now: datetime) -> None:
    for row in hours:
        zone = windows.zone_of(row.zone)
        last = days.local_day(now, zone) + timedelta(days=HORIZON_DAYS)
        reached = days.day_bounds(last, zone)[1]
        if row.generated_until is None or row.generated_until.astimezone(UTC) < reached:
            rows(tx, update(Availability).where(Availability.id == row.id).values(generated_until=reached))


def orphans_of(tx: Session, doctor_id: str, now: datetime) -> list[Any]:
    """Ids of visits that are booked at a time that is not offered any more."""
    found = (
        select(Appointment.id)
        .join(Slot, Slot.id == Appointment.active_slot_id)
        .where(Appointment.doctor_id == doctor_id, Slot.is_orphan == true(), Appointment.appointment_end > now)
    )
    return list(tx.scalars(found))
