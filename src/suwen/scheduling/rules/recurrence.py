"""What a recurrence is, its canonical RFC 5545 text, and the local days it falls on.

The text people write is read by `recurrence_text`; this module knows only the meaning.
Expansion is in local naive time: wall-clock 09:00 stays 09:00 across a clock change,
`windows` turns both ends of each occurrence into instants.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from dateutil.rrule import DAILY, MONTHLY, WEEKLY, rrule, weekday

from suwen.scheduling.errors import HorizonTooLong

LONGEST_INTERVAL = 52
MOST_OCCURRENCES = 1000
LONGEST_HORIZON = timedelta(days=400)

FREQUENCIES: dict[str, Literal[1, 2, 3]] = {"DAILY": DAILY, "WEEKLY": WEEKLY, "MONTHLY": MONTHLY}
CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
SHORT = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
ORDINALS = {1: "1st", 2: "2nd", 3: "3rd", 4: "4th", 5: "5th", -1: "last"}


@dataclass(frozen=True, order=True)
class Day:
    """A weekday (Monday is 0), in monthly rules the nth of the month; -1 is the last one."""

    weekday: int
    nth: int | None = None


@dataclass(frozen=True)
class Recurrence:
    """A guarded recurrence. `until` is a local date (inclusive), or an instant when a raw RRULE gave one."""

    frequency: str
    days: tuple[Day, ...] = ()
    interval: int = 1
    until: date | datetime | None = None
    count: int | None = None
    excepted: tuple[date, ...] = ()


def rule_text(recurrence: Recurrence) -> str:
    """The RRULE value: 'FREQ=WEEKLY;BYDAY=MO,WE'."""
    parts = [f"FREQ={recurrence.frequency}"]
    if recurrence.interval != 1:
        parts.append(f"INTERVAL={recurrence.interval}")
    if recurrence.days:
        parts.append("BYDAY=" + ",".join(f"{day.nth or ''}{CODES[day.weekday]}" for day in recurrence.days))
    if recurrence.count is not None:
        parts.append(f"COUNT={recurrence.count}")
    if isinstance(recurrence.until, datetime):
        parts.append(f"UNTIL={recurrence.until.astimezone(UTC):%Y%m%dT%H%M%SZ}")
    elif recurrence.until is not None:
        parts.append(f"UNTIL={_compact(recurrence.until)}")
    return ";".join(parts)


def canonical(recurrence: Recurrence) -> str:
    """The RRULE value and, on a second line, the days left out (EXDATE is a property of its own in RFC 5545)."""
    text = rule_text(recurrence)
    if recurrence.excepted:
        text += "\nEXDATE;VALUE=DATE:" + ",".join(_compact(day) for day in recurrence.excepted)
    return text


def plain(recurrence: Recurrence) -> str:
    """The text a clinic would write: 'BIWEEKLY Tue;UNTIL=2026-06-30'."""
    biweekly = recurrence.frequency == "WEEKLY" and recurrence.interval == 2
    text = "BIWEEKLY" if biweekly else recurrence.frequency
    if recurrence.days:
        text += " " + ",".join(_day_text(day) for day in recurrence.days)
    if recurrence.interval != 1 and not biweekly:
        text += f";INTERVAL={recurrence.interval}"
    if recurrence.count is not None:
        text += f";COUNT={recurrence.count}"
    if isinstance(recurrence.until, datetime):
        text += f";UNTIL={recurrence.until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    elif recurrence.until is not None:
        text += f";UNTIL={recurrence.until.isoformat()}"
    if recurrence.excepted:
        text += ";EXCEPT=" + ",".join(day.isoformat() for day in recurrence.excepted)
    return text


def occurrences(recurrence: Recurrence | None, start: datetime, zone: ZoneInfo, last: date) -> Iterator[datetime]:
    """Yield the naive local starts from `start` on, until the end of the local day `last`.

    None is a one-off. The rule is anchored at `start`, so COUNT and INTERVAL do not drift when the
    horizon moves; `start` itself counts only if the rule falls on it.
    """
    if recurrence is None:
        if start.date() <= last:
            yield start
        return
    # The library looks for a next match until the year 9999; a rule that never matches must end with the horizon.
    end = datetime.combine(last, time.max)
    if recurrence.until is not None:
        end = min(end, _local_end(recurrence.until, zone))
    found = rrule(
        FREQUENCIES[recurrence.frequency],
        dtstart=start,
        interval=recurrence.interval,
        wkst=0,
        until=end,
        byweekday=[weekday(day.weekday, day.nth) for day in recurrence.days] or None,
    )
    excepted = frozenset(recurrence.excepted)
    for number, moment in enumerate(found):
        if recurrence.count is not None and number >= recurrence.count:
            return
        if moment.date() not in excepted:
            yield moment


def occurrences_between(
    recurrence: Recurrence | None, start: datetime, zone: ZoneInfo, first: date, last: date
) -> list[datetime]:
    """The naive local starts on the days `first`..`last` (both inclusive), at most MOST_OCCURRENCES of them."""
    if last - first > LONGEST_HORIZON:
        raise HorizonTooLong(most_days=LONGEST_HORIZON.days)
    found: list[datetime] = []
    for moment in occurrences(recurrence, start, zone, last):
        if moment.date() >= first:
            found.append(moment)
        if len(found) > MOST_OCCURRENCES:
            raise HorizonTooLong(most_occurrences=MOST_OCCURRENCES)
    return found


def _local_end(until: date | datetime, zone: ZoneInfo) -> datetime:
    if isinstance(until, datetime):
        return until.astimezone(zone).replace(tzinfo=None, fold=0)
    return datetime.combine(until, time.max)


def _day_text(day: Day) -> str:
    return f"{ORDINALS[day.nth]} {SHORT[day.weekday]}" if day.nth else SHORT[day.weekday]


def _compact(day: date) -> str:
    # strftime("%Y") does not pad years below 1000 on every platform.
    return day.isoformat().replace("-", "")
