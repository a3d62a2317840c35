"""A doctor's hours and the exceptions to them. Each change brings the slots of the coming weeks into line at once."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import false, select, update
from sqlalchemy.orm import Session

from suwen.clinics.models import ClinicLocation, Doctor
from suwen.core.actor import Actor
from suwen.core.db import new_id, rows
from suwen.core.errors import Forbidden, NotFound
from suwen.scheduling.errors import BadHours, BadRecurrence, OverlappingHours, VersionChanged
from suwen.scheduling.models import Availability
from suwen.scheduling.rules import days, recurrence_text, windows
from suwen.scheduling.rules.recurrence import Recurrence, canonical
from suwen.scheduling.rules.windows import Hours, Interval
from suwen.scheduling.schemas import (
    ExceptionInput,
    HoursChange,
    HoursChanged,
    HoursInput,
    HoursView,
    Preview,
    PreviewSlot,
)
from suwen.scheduling.service import horizon, reads

LOOK_AHEAD = timedelta(days=370)
LONGEST_BLOCK = timedelta(days=366)
FARTHEST = timedelta(days=731)
PREVIEWED = 12


def hours(tx: Session, me: Actor, doctor_id: str, now: datetime) -> list[HoursView]:
    """Hours and exceptions that still matter, in the order of their making."""
    _may_edit(me, doctor_id)
    found = horizon.live(tx, doctor_id, now)
    asked = select(ClinicLocation.id, ClinicLocation.name, ClinicLocation.is_active)
    places = {place.id: place for place in tx.execute(asked)}
    return [_view(row, places.get(row.location_id)) for row in found]


def add_hours(tx: Session, me: Actor, doctor_id: str, data: HoursInput, now: datetime) -> HoursChanged:
    """Publish hours. BadRecurrence, UnknownZone, BadHours, or OverlappingHours."""
    _lock(tx, me, doctor_id)
    row = Availability(id=new_id(), doctor_id=doctor_id, created_at=now, updated_at=now, version=1)
    _fill(tx, me, row, data, now)
    _keep_apart(tx, row, now)
    tx.add(row)
    tx.flush()
    return _changed(tx, row, now)


def change_hours(tx: Session, me: Actor, id: str, data: HoursChange, now: datetime) -> HoursChanged:
    """Replace a rule as a whole. VersionChanged if somebody else did so meanwhile."""
    row = _own_row(tx, me, id)
    _lock(tx, me, row.doctor_id)
    if row.is_exception:
        raise NotFound()
    _raise_version(tx, row, data.version)
    _fill(tx, me, row, data, now)
    row.generated_until = None
    row.version = data.version + 1
    _keep_apart(tx, row, now)
    tx.flush()
    return _changed(tx, row, now)


def remove(tx: Session, me: Actor, id: str, now: datetime) -> HoursChanged:
    """Take back hours or an exception. Booked visits stay and are returned as orphans."""
    row = _own_row(tx, me, id)
    _lock(tx, me, row.doctor_id)
    _raise_version(tx, row, row.version)
    row.is_deleted = True
    row.version += 1
    tx.flush()
    return _changed(tx, row, now)


def _moment(field: str, text: str) -> datetime:
    """What a clock on the wall shows; the 74th month has the form of one and is none."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise BadHours(fields={field: "There is no such day or time."}) from None


def add_exception(tx: Session, me: Actor, doctor_id: str, data: ExceptionInput, now: datetime) -> HoursChanged:
    """Close or open the doctor's time once, from..to. An addition may not overlap the hours."""
    _lock(tx, me, doctor_id)
    place = horizon.place(tx, data.location_id)
    zone = _zone(data.zone, place, me)
    start, end = _moment("starts", data.starts), _moment("ends", data.ends)
    longest = LONGEST_BLOCK if data.kind == "block" else windows.LONGEST_WINDOW
    if not timedelta() < end - start <= longest:
        raise BadHours(fields={"ends": "The end must come after the start."})
    if windows.instant(end, windows.zone_of(zone)) <= now or start.date() > (now + FARTHEST).date():
        raise BadHours(fields={"starts": "This lies in the past, or too far ahead."})
    row = Availability(
        id=new_id(), doctor_id=doctor_id, created_at=now, updated_at=now, version=1, start_time=start, end_time=end,
        zone=zone, location_id=place.id if place else None, is_exception=True, exception_kind=data.kind,
        visit_type=data.visit_type or ("offline" if place else "online_video"), slot_minutes=data.slot_minutes,
        buffer_minutes=data.buffer_minutes, reason=data.reason,
    )  # fmt: skip
    if data.kind == "add":
        windows.check(horizon.hours_from(row), end="ends")
        _keep_apart(tx, row, now)
    tx.add(row)
    tx.flush()
    return _changed(tx, row, now)


def preview(tx: Session, me: Actor, doctor_id: str, data: HoursInput, now: datetime) -> Preview:
    """The first slots these hours would make; refuses what saving them would refuse, except an overlap."""
    _may_edit(me, doctor_id)
    row = Availability(id=new_id(), doctor_id=doctor_id)
    _fill(tx, me, row, data, now)
    rule = horizon.hours_from(row)
    today = days.local_day(now, rule.zone)
    first = max(today, rule.start.date())
    last = first + LOOK_AHEAD
    last = min(last, row.effective_until) if row.effective_until else last
    found = [slot for slot in windows.slots(rule, first, last) if slot[0] >= now][:PREVIEWED] if first <= last else []
    return Preview(
        meaning=row.rrule,
        zone=row.zone,
        slots=[
            PreviewSlot(
                starts_at=start,
                ends_at=end,
                label=days.label(start, end, rule.zone),
                day=days.local_day(start, rule.zone),
            )
            for start, end in found
        ],
    )


def one(tx: Session, me: Actor, id: str) -> HoursView:
    row = _own_row(tx, me, id)
    place = tx.get(ClinicLocation, row.location_id) if row.location_id else None
    return _view(row, place)


def doctor_of(tx: Session, id: str) -> str:
    """Whose hours these are or were."""
    return str(tx.scalar(select(Availability.doctor_id).where(Availability.id == id)))


def _changed(tx: Session, row: Availability, now: datetime) -> HoursChanged:
    done = horizon.regenerate(tx, row.doctor_id, now)
    orphans = reads.briefs(tx, horizon.orphans_of(tx, row.doctor_id, now))
    return HoursChanged(id=row.id, version=row.version, added=done.added, removed=done.removed, orphans=orphans)


def _fill(tx: Session, me: Actor, row: Availability, data: HoursInput, now: datetime) -> None:
    place = horizon.place(tx, data.location_id)
    row.location_id = place.id if place else None
    row.visit_type = data.visit_type or ("offline" if place else "online_video")
    if row.visit_type == "offline" and place is None:
        raise BadHours(fields={"location_id": "Visits at the clinic need a place."})
    row.zone = _zone(data.zone, place, me)
    _fill_times(row, data, now)
    row.recurrence, row.rrule = data.recurrence, None
    if data.recurrence is not None:
        row.rrule = canonical(_read(data.recurrence))
    row.effective_until = data.until
    row.slot_minutes, row.buffer_minutes, row.most_per_day = data.slot_minutes, data.buffer_minutes, data.most_per_day
    row.is_exception = row.is_deleted = False
    windows.check(horizon.hours_from(row))


def _read(text: str) -> Recurrence:
    try:
        return recurrence_text.parse(text)
    except BadRecurrence as refusal:
        refusal.data["fields"] = {"recurrence": refusal.title}
        raise


def _fill_times(row: Availability, data: HoursInput, now: datetime) -> None:
    if abs(data.first_day - now.date()) > FARTHEST:
        raise BadHours(fields={"first_day": "This day is too far away."})
    if data.until is not None and data.until < data.first_day:
        raise BadHours(fields={"until": "The last day comes before the first."})
    row.start_time = datetime.fromisoformat(f"{data.first_day}T{data.opens}")
    row.end_time = datetime.fromisoformat(f"{data.first_day}T{data.closes}")
    if data.closes == "00:00":
        row.end_time += timedelta(days=1)


def _zone(given: str | None, place: ClinicLocation | None, me: Actor) -> str:
    """The place's zone; online hours bring their own, or are meant as the doctor's own clock shows them."""
    if place is not None:
        if given and given != place.timezone:
            windows.zone_of(given)
            raise BadHours(fields={"zone": "Hours at a place are in the place's time zone."})
        return place.timezone
    zone = given or (me.zone if me.role == "doctor" else "")
    if not zone:
        raise BadHours(fields={"zone": "Online hours need a time zone."})
    windows.zone_of(zone)
    return zone


def _keep_apart(tx: Session, row: Availability, now: datetime) -> None:
    """The doctor is at one place at a time. Compared over the coming year, in instants: zones may differ."""
    rule = horizon.hours_from(row)
    first = max(rule.start.date(), days.local_day(now, rule.zone)) - timedelta(days=1)
    last = first + LOOK_AHEAD
    mine = _windows(rule, row.effective_until, first, last)
    for other in horizon.live(tx, row.doctor_id, now):
        if other.id == row.id or horizon.is_block(other):
            continue
        meeting = windows.first_overlap(
            mine, _windows(horizon.hours_from(other), other.effective_until, first - timedelta(days=1), last)
        )
        if meeting:
            raise OverlappingHours(with_id=other.id, starts_at=meeting[0], ends_at=meeting[1])


def _windows(rule: Hours, until: date | None, first: date, last: date) -> list[Interval]:
    last = min(last, until) if until else last
    return windows.windows(rule, first, last) if first <= last else []


def _may_edit(me: Actor, doctor_id: str) -> None:
    if me.role == "admin" or (me.role == "doctor" and me.doctor_id == doctor_id):
        return
    raise NotFound() if me.role == "doctor" else Forbidden()


def _lock(tx: Session, me: Actor, doctor_id: str) -> None:
    _may_edit(me, doctor_id)
    if not horizon.lock_doctor(tx, doctor_id) or not tx.scalar(
        select(Doctor.id).where(Doctor.id == doctor_id, Doctor.is_deleted == false())
    ):
        raise NotFound()


def _own_row(tx: Session, me: Actor, id: str) -> Availability:
    row = tx.get(Availability, id)
    if row is None or row.is_deleted:
        raise NotFound()
    _may_edit(me, row.doctor_id)
    return row


def _raise_version(tx: Session, row: Availability, seen: int) -> None:
    same = (Availability.id == row.id, Availability.version == seen, Availability.is_deleted == false())
    if rows(tx, update(Availability).where(*same).values(version=seen + 1)) != 1:
        raise VersionChanged()


def _view(row: Availability, place: Any) -> HoursView:
    return HoursView(
        id=row.id, doctor_id=row.doctor_id, kind=(row.exception_kind or "block") if row.is_exception else "hours",
        starts=f"{row.start_time:%Y-%m-%dT%H:%M}", ends=f"{row.end_time:%Y-%m-%dT%H:%M}", zone=row.zone,
        recurrence=row.recurrence, meaning=row.rrule, until=row.effective_until, slot_minutes=row.slot_minutes,
        buffer_minutes=row.buffer_minutes, most_per_day=row.most_per_day, visit_type=row.visit_type,
        location_id=row.location_id, location=place.name if place else None,
        place_closed=place is not None and not place.is_active, reason=row.reason, version=row.version,
    )  # fmt: skip
