"""Days, weeks and labels of a zone: what people say, against the instants that are stored."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from suwen.scheduling.errors import NoSuchTime
from suwen.scheduling.rules.windows import Interval

LABEL = re.compile(r"\s*(\d{1,2})[:：](\d{2})\s*(?:[-–—~～至]\s*(\d{1,2})[:：](\d{2})\s*)?", re.ASCII)


def label(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """'09:00-09:30' as a clock on the clinic's wall shows both ends."""
    return f"{start.astimezone(zone):%H:%M}-{end.astimezone(zone):%H:%M}"


def day_bounds(day: date, zone: ZoneInfo) -> Interval:
    """The local day as UTC moments: 23, 24 or 25 hours (23.5 or 24.5 on Lord Howe)."""
    return _midnight(day, zone), _midnight(day + timedelta(days=1), zone)


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def week_bounds(day: date, zone: ZoneInfo) -> Interval:
    """Monday 00:00 to the next Monday 00:00 around `day`, in the zone, as UTC moments."""
    monday = monday_of(day)
    return _midnight(monday, zone), _midnight(monday + timedelta(days=7), zone)


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def starts_of(day: date, text: str, zone: ZoneInfo) -> list[datetime]:
    """The instants that '09:00-09:30' (or '09:00') may mean on that day, earliest first.

    Two on the day the clock goes back, none for a time the clock skips. NoSuchTime if the text is no label.
    """
    match = LABEL.fullmatch(text)
    try:
        clock = time(int(match.group(1)), int(match.group(2))) if match else None
        if match and match.group(3):
            time(int(match.group(3)), int(match.group(4)))
    except ValueError:
        clock = None
    if clock is None:
        raise NoSuchTime(fields={"time_slot": "Write the time like this: 09:00-09:30"})
    local = datetime.combine(day, clock)
    found = []
    for fold in (0, 1):
        moment = local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None, fold=0) == local and moment not in found:
            found.append(moment)
    return found


def fits(text: str, start: datetime, end: datetime, zone: ZoneInfo) -> bool:
    """Whether '09:00-09:30' (or only '09:00') is what the clock shows for this slot."""
    match = LABEL.fullmatch(text)
    if match is None:
        return False
    shown = label(start, end, zone).split("-")
    given = [f"{int(match.group(place)):02d}:{match.group(place + 1)}" for place in (1, 3) if match.group(place)]
    return given == shown[: len(given)]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    # A midnight that is skipped (some zones change at 00:00) is the first moment after the gap:
    # the offset before the gap, which datetime uses with fold 0, says just that.
    return datetime.combine(day, time(), zone).astimezone(UTC)
