"""The grammar: what is read, what is refused and where, and that text and meaning survive the round trip."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.scheduling.errors import BadRecurrence, HorizonTooLong
from suwen.scheduling.rules.recurrence import (
    Day,
    Recurrence,
    canonical,
    occurrences_between,
    plain,
    rule_text,
)
from suwen.scheduling.rules.recurrence_text import parse

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")

READ = [
    ("WEEKLY Mon,Wed", "FREQ=WEEKLY;BYDAY=MO,WE"),
    ("weekly mon , WED", "FREQ=WEEKLY;BYDAY=MO,WE"),
    ("WEEKLY Wed,Mon,Wed", "FREQ=WEEKLY;BYDAY=MO,WE"),
    ("WEEKLY Monday,friday", "FREQ=WEEKLY;BYDAY=MO,FR"),
    ("WEEKLY 周一,周三、星期日", "FREQ=WEEKLY;BYDAY=MO,WE,SU"),
    ("WEEKLY　周天；COUNT＝3", "FREQ=WEEKLY;BYDAY=SU;COUNT=3"),
    ("DAILY", "FREQ=DAILY"),
    ("DAILY Sat,Sun", "FREQ=DAILY;BYDAY=SA,SU"),
    ("WEEKLY", "FREQ=WEEKLY"),
    ("BIWEEKLY Tue", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"),
    ("MONTHLY 1st Mon", "FREQ=MONTHLY;BYDAY=1MO"),
    ("MONTHLY last Fri, 1st Mon;COUNT=6", "FREQ=MONTHLY;BYDAY=-1FR,1MO;COUNT=6"),
    ("MONTHLY Thu", "FREQ=MONTHLY;BYDAY=TH"),
    ("WEEKLY Mon;UNTIL=2026-06-30", "FREQ=WEEKLY;BYDAY=MO;UNTIL=20260630"),
    ("DAILY ; INTERVAL = 3 ; COUNT = 10", "FREQ=DAILY;INTERVAL=3;COUNT=10"),
    ("WEEKLY Mon;EXCEPT=2026-05-04,2026-05-11", "FREQ=WEEKLY;BYDAY=MO\nEXDATE;VALUE=DATE:20260504,20260511"),
    ("RRULE:FREQ=WEEKLY;BYDAY=MO,WE", "FREQ=WEEKLY;BYDAY=MO,WE"),
    ("rrule: byday=we,mo; freq=weekly; wkst=mo", "FREQ=WEEKLY;BYDAY=MO,WE"),
    ("FREQ=MONTHLY;BYDAY=-1FR", "FREQ=MONTHLY;BYDAY=-1FR"),
    ("RRULE:FREQ=DAILY;UNTIL=20260630T155959Z", "FREQ=DAILY;UNTIL=20260630T155959Z"),
    (
        "RRULE:FREQ=WEEKLY;BYDAY=MO\r\nEXDATE;VALUE=DATE:20260504\r\n",
        "FREQ=WEEKLY;BYDAY=MO\nEXDATE;VALUE=DATE:20260504",
    ),
]

REFUSED = [
    ("", 0, "DAILY"),
    ("   ", 3, "WEEKLY"),
    ("YEARLY", 0, "MONTHLY"),
    ("WEEKLYMon", 0, "WEEKLY"),
    ("WEEKLY Mon,", 11, "Mon..Sun"),
    ("WEEKLY Mo", 7, "周一..周日"),
    ("WEEKLY Mon Wed", 11, ","),
    ("WEEKLY Mon;", 11, "UNTIL"),
    ("WEEKLY 1st Mon", 7, "Mon..Sun"),
    ("MONTHLY 6th Mon", 8, "1st..5th"),
    ("MONTHLY 1st", 11, "Mon..Sun"),
    ("WEEKLY Mon;UNTIL", 16, "="),
    ("WEEKLY Mon;UNTIL=soon", 17, "YYYY-MM-DD"),
    ("WEEKLY Mon;UNTIL=2026-02-30", 17, "YYYY-MM-DD"),
    ("WEEKLY Mon;UNTIL=2026-02-10x", 27, ";"),
    ("WEEKLY Mon;COUNT=0", 17, "1..1000"),
    ("WEEKLY Mon;COUNT=1001", 17, "1..1000"),
    ("WEEKLY Mon;INTERVAL=0", 20, "1..52"),
    ("WEEKLY Mon;INTERVAL=53", 20, "1..52"),
    ("BIWEEKLY Mon;INTERVAL=3", 13, "UNTIL"),
    ("WEEKLY Mon;COUNT=3;COUNT=4", 19, "INTERVAL"),
    ("WEEKLY Mon;COUNT=3;UNTIL=2026-01-01", 19, "EXCEPT"),
    ("WEEKLY Mon;EXCEPT=", 18, "YYYY-MM-DD"),
    ("WEEKLY Mon;BYSETPOS=1", 11, "UNTIL"),
    ("RRULE:FREQ=SECONDLY", 11, "DAILY"),
    ("RRULE:FREQ=YEARLY", 11, "MONTHLY"),
    ("RRULE:BYDAY=MO", 14, "FREQ"),
    ("RRULE:FREQ=WEEKLY;INTERVAL=0", 27, "1..52"),
    ("RRULE:FREQ=WEEKLY;BYDAY=1MO", 24, "MO"),
    ("RRULE:FREQ=MONTHLY;BYDAY=6MO", 25, "MO..SU"),
    ("RRULE:FREQ=MONTHLY;BYDAY=-2MO", 25, "MO..SU"),
    ("RRULE:FREQ=DAILY;BYHOUR=9", 17, "BYDAY"),
    ("RRULE:FREQ=DAILY;WKST=SU", 22, "MO"),
    ("RRULE:FREQ=DAILY;COUNT=2;UNTIL=20260101", 25, "INTERVAL"),
    ("RRULE:FREQ=DAILY;UNTIL=20260630T250000Z", 31, "HHMMSSZ"),
    ("RRULE:FREQ=DAILY\nDTSTART:20260101", 17, "EXDATE"),
    ("WEEKLY Mon\x00", 7, "Mon..Sun"),
    ("WEEKLY 😀", 7, "Mon..Sun"),
    ("WEEKLY Mon" + " " * 300, 255, "end"),
]


@pytest.mark.parametrize(("text", "rule"), READ)
def test_reads(text: str, rule: str) -> None:
    assert canonical(parse(text)) == rule


@pytest.mark.parametrize(("text", "position", "expected"), REFUSED)
def test_refuses_at_the_place(text: str, position: int, expected: str) -> None:
    with pytest.raises(BadRecurrence) as refusal:
        parse(text)
    assert refusal.value.data["position"] == position
    assert expected in refusal.value.data["expected"]


def recurrences() -> st.SearchStrategy[Recurrence]:
    dates = st.dates(date(2020, 1, 1), date(2040, 12, 31))
    instants = st.datetimes(datetime(2020, 1, 1), datetime(2040, 12, 31)).map(
        lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
    )
    weekdays = st.integers(0, 6)

    @st.composite
    def made(draw: st.DrawFn) -> Recurrence:
        frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY"]))
        nth = st.sampled_from([None, 1, 2, 3, 4, 5, -1]) if frequency == "MONTHLY" else st.none()
        days = draw(st.sets(st.builds(Day, weekdays, nth), max_size=4))
        ends = draw(st.sampled_from(["never", "until", "instant", "count"]))
        until = draw(dates) if ends == "until" else draw(instants) if ends == "instant" else None
        return Recurrence(
            frequency=frequency,
            days=tuple(sorted(days, key=lambda day: (day.nth is not None, day.nth or 0, day.weekday))),
            interval=draw(st.integers(1, 52)),
            until=until,
            count=draw(st.integers(1, 1000)) if ends == "count" else None,
            excepted=tuple(sorted(draw(st.sets(dates, max_size=4)))),
        )

    return made()


@given(recurrences())
def test_round_trip(recurrence: Recurrence) -> None:
    assert parse(plain(recurrence)) == recurrence
    assert parse(canonical(recurrence)) == recurrence
    assert parse("RRULE:" + canonical(recurrence)) == recurrence


@given(st.text(alphabet=st.sampled_from("WEKLYDAIMONTHabn,;=: 0123456789-周一\n\x00😀"), max_size=40))
def test_any_text_is_read_or_refused_within_it(text: str) -> None:
    refused: dict[str, Any] = {}
    try:
        again = parse(canonical(parse(text)))
    except BadRecurrence as refusal:
        refused = refusal.data
    else:
        assert again == parse(text)
    if refused:
        assert 0 <= refused["position"] <= len(text)
        assert refused["expected"]


def days_of(text: str, start: datetime, first: date, last: date, zone: ZoneInfo = SHANGHAI) -> list[str]:
    return [f"{moment:%m-%d}" for moment in occurrences_between(parse(text), start, zone, first, last)]


NINE = datetime(2026, 1, 1, 9)  # a Thursday
EXPANDED = [
    ("WEEKLY Mon,Wed", ["01-05", "01-07", "01-12", "01-14"]),
    ("WEEKLY", ["01-01", "01-08", "01-15"]),
    ("BIWEEKLY Thu", ["01-01", "01-15"]),
    ("BIWEEKLY Mon", ["01-12"]),
    ("DAILY;INTERVAL=5", ["01-01", "01-06", "01-11", "01-16"]),
    ("DAILY Sat,Sun", ["01-03", "01-04", "01-10", "01-11"]),
    ("MONTHLY 1st Mon,2nd Tue", ["01-05", "01-13"]),
    ("MONTHLY last Fri", []),
    ("WEEKLY Mon;COUNT=1", ["01-05"]),
    ("WEEKLY Mon,Wed;EXCEPT=2026-01-07", ["01-05", "01-12", "01-14"]),
    ("WEEKLY Mon,Wed;UNTIL=2026-01-07", ["01-05", "01-07"]),
]


@pytest.mark.parametrize(("text", "expected"), EXPANDED)
def test_falls_on(text: str, expected: list[str]) -> None:
    assert days_of(text, NINE, date(2026, 1, 1), date(2026, 1, 16)) == expected


def test_count_does_not_restart_when_the_horizon_moves() -> None:
    assert days_of("DAILY;COUNT=5", NINE, date(2026, 1, 4), date(2026, 1, 31)) == ["01-04", "01-05"]


def test_until_as_an_instant_ends_in_local_time() -> None:
    # 01:00Z on the 3rd is 09:00 in Shanghai (included) and 20:00 on the 2nd in New York.
    text = "RRULE:FREQ=DAILY;UNTIL=20260103T010000Z"
    assert days_of(text, NINE, date(2026, 1, 1), date(2026, 1, 9)) == ["01-01", "01-02", "01-03"]
    assert days_of(text, NINE, date(2026, 1, 1), date(2026, 1, 9), NEW_YORK) == ["01-01", "01-02"]


def test_the_31st_is_skipped_in_short_months() -> None:
    start = datetime(2026, 1, 31, 9)
    assert days_of("MONTHLY", start, date(2026, 1, 1), date(2026, 5, 31)) == ["01-31", "03-31", "05-31"]


def test_a_horizon_beyond_reason_is_refused() -> None:
    with pytest.raises(HorizonTooLong):
        days_of("DAILY", NINE, date(2026, 1, 1), date(2028, 1, 1))


moments = st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1)).map(
    lambda moment: moment.replace(second=0, microsecond=0)
)


@settings(deadline=timedelta(seconds=20))
@given(recurrences(), moments)
def test_occurrences_lie_inside_what_was_asked_even_if_the_rule_never_matches(
    recurrence: Recurrence, start: datetime
) -> None:
    first, last = date(2026, 1, 1), date(2026, 12, 31)
    found = occurrences_between(recurrence, start, NEW_YORK, first, last)
    assert found == sorted(set(found))
    assert all(first <= moment.date() <= last and moment >= start for moment in found)
    assert all(moment.time() == start.time() for moment in found)
    if recurrence.days:
        assert {moment.weekday() for moment in found} <= {day.weekday for day in recurrence.days}
    assert not {moment.date() for moment in found} & set(recurrence.excepted)


def test_rule_text_leaves_the_excepted_days_out() -> None:
    assert rule_text(parse("WEEKLY Mon;EXCEPT=2026-05-04")) == "FREQ=WEEKLY;BYDAY=MO"
