"""Windows, slots and labels on golden days of five zones, and their properties on any day."""

import itertools
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.core.errors import UnknownZone
from suwen.scheduling.errors import BadHours, NoSuchTime
from suwen.scheduling.rules import days, windows
from suwen.scheduling.rules.recurrence_text import parse
from suwen.scheduling.rules.windows import Hours, Interval

ZONES = ["America/New_York", "Europe/London", "Australia/Lord_Howe", "Pacific/Kiritimati", "Asia/Shanghai"]
HALF_HOUR = timedelta(minutes=30)

# zone, local day, window, first slot (UTC), last slot's start (UTC), number of half hours, what is special
GOLDEN = [
    ("America/New_York", "2026-03-08", "00:00", "06:00", "05:00", "09:30", 10),  # 02:00-03:00 does not exist
    ("America/New_York", "2026-03-08", "02:00", "03:00", None, None, 0),
    ("America/New_York", "2026-03-08", "02:30", "04:00", "07:30", "07:30", 1),  # 02:30 is 03:30 EDT
    ("America/New_York", "2026-03-08", "09:00", "12:00", "13:00", "15:30", 6),
    ("America/New_York", "2026-03-07", "09:00", "12:00", "14:00", "16:30", 6),
    ("America/New_York", "2026-11-01", "00:00", "06:00", "04:00", "10:30", 14),  # 01:00-02:00 twice
    ("America/New_York", "2026-11-01", "01:30", "02:00", "05:30", "06:30", 3),
    ("America/New_York", "2026-11-01", "09:00", "12:00", "14:00", "16:30", 6),
    ("Europe/London", "2026-03-29", "00:00", "03:00", "00:00", "01:30", 4),  # 01:00-02:00 does not exist
    ("Europe/London", "2026-03-29", "09:00", "10:00", "08:00", "08:30", 2),
    ("Europe/London", "2026-10-25", "00:00", "03:00", "23:00", "02:30", 8),
    ("Europe/London", "2026-10-25", "09:00", "10:00", "09:00", "09:30", 2),
    ("Australia/Lord_Howe", "2026-10-04", "01:00", "04:00", "14:30", "16:30", 5),  # half an hour lost
    ("Australia/Lord_Howe", "2026-10-04", "02:00", "02:30", None, None, 0),
    ("Australia/Lord_Howe", "2026-04-05", "01:00", "04:00", "14:00", "17:00", 7),  # half an hour twice
    ("Australia/Lord_Howe", "2026-04-05", "09:00", "10:00", "22:30", "23:00", 2),
    ("Pacific/Kiritimati", "2026-03-08", "09:00", "12:00", "19:00", "21:30", 6),  # the day before, in UTC
    ("Pacific/Kiritimati", "2026-01-01", "00:00", "02:00", "10:00", "11:30", 4),
    ("Asia/Shanghai", "2026-03-08", "09:00", "12:00", "01:00", "03:30", 6),
    ("Asia/Shanghai", "2026-11-01", "00:00", "24:00", "16:00", "15:30", 48),
]


def hours(zone: str, day: str, start: str, end: str, **more: object) -> Hours:
    first = datetime.fromisoformat(f"{day}T{start}")
    last = datetime.combine(first.date() + timedelta(days=1), time()) if end == "24:00" else None
    return Hours(first, last or datetime.fromisoformat(f"{day}T{end}"), ZoneInfo(zone), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(("zone", "day", "start", "end", "first", "last", "number"), GOLDEN)
def test_golden_days(
    zone: str, day: str, start: str, end: str, first: str | None, last: str | None, number: int
) -> None:
    found = windows.slots(hours(zone, day, start, end), date.fromisoformat(day), date.fromisoformat(day))
    assert len(found) == number
    if found:
        assert f"{found[0][0]:%H:%M}" == first
        assert f"{found[-1][0]:%H:%M}" == last
        assert all(later[0] - earlier[0] == HALF_HOUR for earlier, later in itertools.pairwise(found))


def test_nine_o_clock_stays_nine_o_clock_over_a_year() -> None:
    for zone in ZONES:
        rule = hours(zone, "2026-01-01", "09:00", "09:30", recurrence=parse("DAILY"))
        found = windows.slots(rule, date(2026, 1, 1), date(2026, 12, 31))
        assert len(found) == 365
        assert {days.label(*slot, ZoneInfo(zone)) for slot in found} == {"09:00-09:30"}


def test_a_whole_day_has_every_half_hour_once_over_a_year() -> None:
    for zone in ZONES:
        rule = hours(zone, "2026-01-01", "00:00", "24:00", recurrence=parse("DAILY"))
        found = windows.slots(rule, date(2026, 1, 1), date(2026, 12, 31))
        start, _ = days.day_bounds(date(2026, 1, 1), ZoneInfo(zone))
        _, end = days.day_bounds(date(2026, 12, 31), ZoneInfo(zone))
        assert found == windows.steps((start, end), 30)


def intervals(most: int = 6) -> st.SearchStrategy[list[Interval]]:
    base = datetime(2026, 1, 1, tzinfo=UTC)
    minutes = st.integers(0, 2000)
    return st.lists(
        st.tuples(minutes, minutes).map(
            lambda pair: (base + timedelta(minutes=min(pair)), base + timedelta(minutes=max(pair)))
        ),
        max_size=most,
    )


def covered(found: list[Interval]) -> set[datetime]:
    """Every minute that lies in one of the intervals: the slow, plain meaning of the algebra."""
    minutes: set[datetime] = set()
    for start, end in found:
        while start < end:
            minutes.add(start)
            start += timedelta(minutes=1)
    return minutes


@given(intervals(), intervals())
def test_interval_algebra_means_what_it_says(ones: list[Interval], others: list[Interval]) -> None:
    assert covered(windows.merged(ones)) == covered(ones)
    assert covered(windows.without(ones, others)) == covered(ones) - covered(others)
    common = windows.first_overlap(ones, others)
    shared = covered(ones) & covered(others)
    assert (common is None) == (not shared)
    assert common is None or common[0] == min(shared)
    merged = windows.merged(ones)
    assert all(earlier[1] < later[0] for earlier, later in itertools.pairwise(merged))


@st.composite
def any_hours(draw: st.DrawFn) -> Hours:
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    # Around the changes of all five zones.
    day = draw(st.sampled_from(["2026-03-07", "2026-03-28", "2026-04-04", "2026-10-03", "2026-10-24", "2026-10-31"]))
    start = datetime.fromisoformat(day) + timedelta(minutes=draw(st.integers(0, 3 * 24 * 12)) * 5)
    length = timedelta(minutes=draw(st.integers(1, 24 * 12)) * 5)
    repeat = draw(st.sampled_from([None, "DAILY", "WEEKLY", "DAILY;INTERVAL=2", "WEEKLY Sat,Sun,Mon"]))
    return Hours(
        start,
        start + length,
        zone,
        parse(repeat) if repeat else None,
        draw(st.sampled_from([5, 15, 20, 30, 45, 60])),
        draw(st.sampled_from([0, 0, 5, 15])),
        draw(st.sampled_from([None, None, 1, 4])),
    )


@given(any_hours(), intervals(4), st.integers(0, 400))
def test_slots_keep_clear_of_blocks_and_of_each_other(rule: Hours, blocks: list[Interval], shift: int) -> None:
    first = rule.start.date()
    last = first + timedelta(days=9)
    moved = [(start + timedelta(days=60, hours=shift), end + timedelta(days=60, hours=shift)) for start, end in blocks]
    everything = windows.slots(rule, first, last)
    found = windows.slots(rule, first, last, moved)
    assert not any(windows.overlaps(slot, block) for slot in found for block in windows.merged(moved))
    for earlier, later in itertools.pairwise(found):
        assert earlier[0] < earlier[1] <= later[0]
    open_ = windows.windows(rule, first, last)
    assert all(any(start <= slot[0] and slot[1] <= end for start, end in open_) for slot in found)
    if rule.most_per_day is None:
        # A block takes slots away and moves none.
        assert set(found) == {
            slot for slot in everything if not any(windows.overlaps(slot, block) for block in windows.merged(moved))
        }
    assert found == windows.slots(rule, first, last, moved)


@given(any_hours(), any_hours())
def test_hours_cut_by_other_hours_never_meet_them(rule: Hours, other: Hours) -> None:
    first, last = date(2026, 3, 1), date(2026, 11, 30)
    taken = windows.windows(other, first, last)
    found = windows.slots(rule, first, last, taken=taken)
    assert windows.first_overlap(found, taken) is None


@given(any_hours())
def test_horizons_laid_side_by_side_make_what_one_makes(rule: Hours) -> None:
    first = rule.start.date()
    middle, last = first + timedelta(days=4), first + timedelta(days=9)
    halves = windows.windows(rule, first, middle) + windows.windows(rule, middle + timedelta(days=1), last)
    assert windows.merged(halves) == windows.windows(rule, first, last)


def test_a_pause_follows_each_visit() -> None:
    rule = hours("Asia/Shanghai", "2026-05-04", "09:00", "11:00", slot_minutes=25, buffer_minutes=10)
    found = windows.slots(rule, date(2026, 5, 4), date(2026, 5, 4))
    assert [days.label(*slot, rule.zone) for slot in found] == ["09:00-09:25", "09:35-10:00", "10:10-10:35"]


def test_at_most_so_many_a_local_day() -> None:
    # Midnight in New York lies between the two: two local days, one UTC day.
    rule = hours("America/New_York", "2026-05-04", "22:00", "24:00", most_per_day=3, recurrence=parse("DAILY"))
    found = windows.slots(rule, date(2026, 5, 4), date(2026, 5, 5))
    assert [slot[0].astimezone(rule.zone).day for slot in found] == [4, 4, 4, 5, 5, 5]


BAD = [
    ("12:00", "09:00", {}, "closes"),
    ("09:00", "09:00", {}, "closes"),
    ("09:00", "09:20", {}, "slot_minutes"),
    ("09:00", "12:00", {"slot_minutes": 4}, "slot_minutes"),
    ("09:00", "12:00", {"slot_minutes": 481}, "slot_minutes"),
    ("09:00", "12:00", {"buffer_minutes": -1}, "buffer_minutes"),
    ("09:00", "12:00", {"most_per_day": 0}, "most_per_day"),
]


@pytest.mark.parametrize(("start", "end", "more", "field"), BAD)
def test_senseless_hours_are_refused_at_their_field(start: str, end: str, more: dict[str, int], field: str) -> None:
    with pytest.raises(BadHours) as refusal:
        windows.check(hours("Asia/Shanghai", "2026-05-04", start, end, **more))
    assert list(refusal.value.fields) == [field]


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../../etc/passwd", "asia/shanghai", "CST", "UTC\x00", "时区"])
def test_unknown_zones_are_refused(name: str) -> None:
    with pytest.raises(UnknownZone):
        windows.zone_of(name)


def test_labels_resolve_to_instants() -> None:
    new_york, monday = ZoneInfo("America/New_York"), date(2026, 11, 2)
    assert days.starts_of(monday, "09:00-09:30", new_york) == [datetime(2026, 11, 2, 14, tzinfo=UTC)]
    assert days.starts_of(monday, " 9:00 – 9:30 ", new_york) == [datetime(2026, 11, 2, 14, tzinfo=UTC)]
    assert days.starts_of(monday, "09:00", new_york) == [datetime(2026, 11, 2, 14, tzinfo=UTC)]
    twice = days.starts_of(date(2026, 11, 1), "01:30-02:00", new_york)
    assert twice == [datetime(2026, 11, 1, 5, 30, tzinfo=UTC), datetime(2026, 11, 1, 6, 30, tzinfo=UTC)]
    assert days.starts_of(date(2026, 3, 8), "02:30-03:00", new_york) == []


@pytest.mark.parametrize(
    "text", ["", "morning", "25:00-26:00", "09:60", "09:00-24:30", "09:00-", "0９:00", "9", "09:00\x00"]
)
def test_what_is_no_label_is_refused(text: str) -> None:
    with pytest.raises(NoSuchTime):
        days.starts_of(date(2026, 1, 5), text, ZoneInfo("Asia/Shanghai"))


@given(st.sampled_from(ZONES), st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)))
def test_every_slot_is_found_by_its_own_label(name: str, moment: datetime) -> None:
    zone = ZoneInfo(name)
    start = moment.replace(second=0, microsecond=0, tzinfo=UTC)
    found = days.starts_of(days.local_day(start, zone), days.label(start, start + HALF_HOUR, zone), zone)
    assert start in found


WEEKS = [
    ("Asia/Shanghai", "2026-05-06", "2026-05-03T16:00", 168),
    ("America/New_York", "2026-03-08", "2026-03-02T05:00", 167),
    ("America/New_York", "2026-11-01", "2026-10-26T04:00", 169),
    ("Europe/London", "2026-03-29", "2026-03-23T00:00", 167),
    ("Australia/Lord_Howe", "2026-10-04", "2026-09-27T13:30", 167.5),
    ("Pacific/Kiritimati", "2026-05-04", "2026-05-03T10:00", 168),
]


@pytest.mark.parametrize(("zone", "day", "start", "length"), WEEKS)
def test_weeks_begin_on_the_zone_s_monday(zone: str, day: str, start: str, length: float) -> None:
    begin, end = days.week_bounds(date.fromisoformat(day), ZoneInfo(zone))
    assert begin == datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert (end - begin) == timedelta(hours=length)
