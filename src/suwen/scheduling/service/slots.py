"""Free times of a doctor, for a week of the reader's zone."""

from datetime import UTC, date, datetime
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy.orm import Session

from suwen.core.errors import NotFound
from suwen.scheduling import queries
from suwen.scheduling.rules import days, states, windows
from suwen.scheduling.schemas import FreeSlot, FreeWeek

DECODER = msgspec.json.Decoder(list[FreeSlot])
STARTS_AT = attrgetter("starts_at")


def free_week(tx: Session, doctor_id: str, day: date | None, zone: str, now: datetime) -> FreeWeek:
    """Free slots from the Monday of `day` (default: today) to the next, in order; NotFound for a doctor not listed."""
    place = windows.zone_of(zone)
    start, end = days.week_bounds(day or days.local_day(now, place), place)
    found = free_between(tx, doctor_id, start, end, now)
    return FreeWeek(doctor_id=doctor_id, zone=zone, starts_at=start, ends_at=end, slots=found)


def free_between(tx: Session, doctor_id: str, start: datetime, end: datetime, now: datetime) -> list[FreeSlot]:
    """Free slots that can still be booked online, soonest first."""
    soonest = windows.bookable_from(now, states.DEFAULT.lead)
    values = {"doctor": doctor_id, "start": max(start, soonest), "end": end, "now": now}
    found = _found(tx, values)
    # Only when there is nothing to show is it worth a second statement to say why.
    if (
        not found
        and tx.connection().execute(queries.IS_LISTED, {"doctor": doctor_id, "today": now.date()}).first() is None
    ):
        raise NotFound()
    return found


def unbooked(tx: Session, doctor_id: str, start: datetime, end: datetime, now: datetime) -> list[FreeSlot]:
    """For staff: free slots as they stand, whether or not they can still be booked online."""
    values = {"doctor": doctor_id, "start": max(start, now), "end": end, "now": now}
    return _found(tx, values)


def _found(tx: Session, values: dict[str, Any]) -> list[FreeSlot]:
    found = DECODER.decode(queries.FREE_BETWEEN.scalar(tx.connection(), values))
    found.sort(key=STARTS_AT)
    return found


def by_day(found: list[FreeSlot], zone: ZoneInfo) -> dict[date, list[FreeSlot]]:
    grouped: dict[date, list[FreeSlot]] = {}
    for slot in found:
        grouped.setdefault(slot.starts_at.astimezone(UTC).astimezone(zone).date(), []).append(slot)
    return grouped
