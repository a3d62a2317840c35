"""From wall-clock hours to slots: windows in UTC, interval algebra, stepping.

RFC 5545, 3.3.5: a local time that does not exist takes the offset before the gap, an ambiguous
one is its first occurrence. Only the two ends of a window are resolved so; the slots between
them step in UTC. Resolving each slot by itself would double or lose half hours on the two days.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from suwen.core.errors import UnknownZone
from suwen.core.i18n import N_
from suwen.scheduling.errors import BadHours
from suwen.scheduling.rules.recurrence import Recurrence, occurrences_between

SHORTEST_SLOT, LONGEST_SLOT = 5, 480
LONGEST_BUFFER = 240
LONGEST_WINDOW = timedelta(hours=24)
ZONES = frozenset(available_timezones())

Interval = tuple[datetime, datetime]


@dataclass(frozen=True)
class Hours:
    """One rule of working hours: its first window in naive local time, and how it repeats."""

    start: datetime
    end: datetime
    zone: ZoneInfo
    recurrence: Recurrence | None = None
    slot_minutes: int = 30
    buffer_minutes: int = 0
    most_per_day: int | None = None


def zone_of(name: str) -> ZoneInfo:
    """The zone, or UnknownZone. Only names of the IANA list: ZoneInfo would open any file of its folder."""
    if name not in ZONES:
        raise UnknownZone(zone=name[:60], fields={"zone": UnknownZone.title})
    return ZoneInfo(name)


def check(hours: Hours, end: str = "closes") -> None:
    """Raise BadHours for hours from which no sensible slot can be made. `end` is the form's name for the end."""
    length = hours.end - hours.start
    fields = {}
    if not timedelta() < length <= LONGEST_WINDOW:
        fields[end] = N_("The end must come after the start, at most 24 hours later.")
    if not SHORTEST_SLOT <= hours.slot_minutes <= LONGEST_SLOT:
        fields["slot_minutes"] = N_("A visit takes between 5 minutes and 8 hours.")
    elif timedelta() < length < timedelta(minutes=hours.slot_minutes):
        fields["slot_minutes"] = N_("The hours are shorter than one visit.")
    if not 0 <= hours.buffer_minutes <= LONGEST_BUFFER:
        fields["buffer_minutes"] = N_("The pause is between 0 and 240 minutes.")
    if hours.most_per_day is not None and not 1 <= hours.most_per_day <= 288:
        fields["most_per_day"] = N_("At least one visit a day, at most 288.")
    if fields:
        raise BadHours(fields=fields)


def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """The UTC moment of a naive local time (fold 0 is exactly RFC 5545's choice, PEP 495)."""
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def windows(hours: Hours, first: date, last: date) -> list[Interval]:
    """The rule's windows that start on the local days `first`..`last`, as merged UTC intervals."""
    length = hours.end - hours.start
    starts = occurrences_between(hours.recurrence, hours.start, hours.zone, first, last)
    return merged((instant(start, hours.zone), instant(start + length, hours.zone)) for start in starts)


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """Sorted, empty ones dropped, overlapping and touching ones joined."""
    found: list[Interval] = []
    for start, end in sorted(interval for interval in intervals if interval[0] < interval[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def without(intervals: Iterable[Interval], blocks: Iterable[Interval]) -> list[Interval]:
    """What of the intervals lies outside every block."""
    left = merged(intervals)
    for start, end in merged(blocks):
        pieces: list[Interval] = []
        for begin, stop in left:
            pieces += [(begin, min(stop, start)), (max(begin, end), stop)]
        left = [piece for piece in pieces if piece[0] < piece[1]]
    return left


def overlaps(one: Interval, other: Interval) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def first_overlap(ones: Iterable[Interval], others: Iterable[Interval]) -> Interval | None:
    """The first common piece of two lists of intervals; None if they keep clear of each other."""
    left, right = merged(ones), merged(others)
    i = j = 0
    while i < len(left) and j < len(right):
        start, end = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if start < end:
            return start, end
        if left[i][1] <= right[j][1]:
            i += 1
        else:
            j += 1
    return None


def steps(window: Interval, minutes: int, pause: int = 0) -> list[Interval]:
    """Whole slots from the window's start on, in real time, a pause after each."""
    length, stride = timedelta(minutes=minutes), timedelta(minutes=minutes + pause)
    start, end = window
    found = []
    while start + length <= end:
        found.append((start, start + length))
        start += stride
    return found


def slots(
    hours: Hours, first: date, last: date, blocks: Iterable[Interval] = (), taken: Iterable[Interval] = ()
) -> list[Interval]:
    """The slots of a rule that start on the local days `first`..`last`.

    `taken` are other windows of the doctor: they cut the hours before stepping. `blocks` are exceptions:
    slots they touch fall away but the grid of the others stays where it was, so adding a block and removing
    it again changes nothing else.
    """
    found: list[Interval] = []
    closed = merged(blocks)
    for window in without(windows(hours, first, last), taken):
        for slot in steps(window, hours.slot_minutes, hours.buffer_minutes):
            if not any(overlaps(slot, block) for block in closed):
                found.append(slot)
    return at_most(found, hours.most_per_day, hours.zone)


def at_most(found: list[Interval], per_day: int | None, zone: ZoneInfo) -> list[Interval]:
    """The first `per_day` slots of each local day."""
    if per_day is None:
        return found
    seen: Counter[date] = Counter()
    kept = []
    for slot in found:
        day = slot[0].astimezone(zone).date()
        seen[day] += 1
        if seen[day] <= per_day:
            kept.append(slot)
    return kept


def bookable_from(now: datetime, lead: timedelta) -> datetime:
    """The first start a patient may still book."""
    return now + lead
