"""Reading recurrence text: the clinic's grammar and raw RFC 5545 rules.

    text    := freq [SP days] *(";" option)         WEEKLY Mon,Wed   ·   MONTHLY 1st Mon,last Fri;COUNT=6
    freq    := DAILY | WEEKLY | BIWEEKLY | MONTHLY
    days    := day *("," day)       day := [ordinal SP] weekday      (ordinals in MONTHLY only)
    weekday := Mon | Monday | 周一 | 星期一 ...
    option  := UNTIL=date | COUNT=n | INTERVAL=n | EXCEPT=date *("," date)
    raw     := ["RRULE:"] FREQ=...;BYDAY=... [line break EXDATE:date,...]

Case and extra spaces do not matter. What is refused is refused with the position of the first
character that does not fit and with what was expected there.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from suwen.scheduling.errors import BadRecurrence
from suwen.scheduling.rules.recurrence import CODES, LONGEST_INTERVAL, MOST_OCCURRENCES, ORDINALS, Day, Recurrence

LONGEST_TEXT = 255

FREQUENCY_WORDS = ("DAILY", "WEEKLY", "BIWEEKLY", "MONTHLY")
OPTIONS = ("UNTIL", "COUNT", "INTERVAL", "EXCEPT")
RAW_OPTIONS = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST")
ORDINAL_WORDS = {"1ST": 1, "2ND": 2, "3RD": 3, "4TH": 4, "5TH": 5, "LAST": -1}
FULL = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
CHINESE = "一二三四五六日"

WEEKDAYS = {name[:3]: number for number, name in enumerate(FULL)}
WEEKDAYS |= {name: number for number, name in enumerate(FULL)}
WEEKDAYS |= {f"{prefix}{sign}": number for prefix in ("周", "星期") for number, sign in enumerate(CHINESE)}
WEEKDAYS |= {"周天": 6, "星期天": 6}

WORD = re.compile(r"[^\s,;=:]+")
SPACES = re.compile(r"[ \t　]*")
DATE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?![\d-])")
TIME = re.compile(r"[Tt](\d{2}):?(\d{2}):?(\d{2})[Zz]")
NUMBER = re.compile(r"\d{1,9}")
RAW_DAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)(?![A-Za-z])", re.IGNORECASE)
RAW = re.compile(r"\s*(RRULE\s*:|FREQ\s*=)", re.IGNORECASE)
# People type Chinese punctuation with a Chinese keyboard; one sign for one sign keeps every position true.
PUNCTUATION = str.maketrans("，；：＝、", ",;:=,")


def parse(text: str) -> Recurrence:
    """Read the text, or raise BadRecurrence(position, expected)."""
    if len(text) > LONGEST_TEXT:
        raise BadRecurrence(position=LONGEST_TEXT, expected=["end"])
    reader = _Reader(text.translate(PUNCTUATION))
    return _raw(reader) if RAW.match(reader.text) else _plain(reader)


class _Reader:
    """A place in the text; everything that does not fit is reported where it stands."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.skip()

    def skip(self) -> None:
        match = SPACES.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def refuse(self, *expected: str, at: int | None = None) -> BadRecurrence:
        return BadRecurrence(position=self.at if at is None else at, expected=list(expected))

    def take(self, sign: str) -> bool:
        if self.text.startswith(sign, self.at):
            self.at += len(sign)
            self.skip()
            return True
        return False

    def expect(self, sign: str) -> None:
        if not self.take(sign):
            raise self.refuse(sign)

    def word(self, *allowed: str) -> str:
        """One of the allowed words; a longer or other word is refused at its beginning."""
        match = WORD.match(self.text, self.at)
        found = match.group().upper() if match else ""
        if match is None or found not in allowed:
            raise self.refuse(*allowed)
        self.at = match.end()
        self.skip()
        return found

    def ahead(self) -> str:
        match = WORD.match(self.text, self.at)
        return match.group().upper() if match else ""

    def number(self, most: int) -> int:
        start, match = self.at, NUMBER.match(self.text, self.at)
        if match is None or not 1 <= int(match.group()) <= most:
            raise self.refuse(f"1..{most}", at=start)
        self.at = match.end()
        self.skip()
        return int(match.group())

    def day(self) -> date:
        start, match = self.at, DATE.match(self.text, self.at)
        try:
            found = date(*(int(part) for part in match.groups())) if match else None
        except ValueError:
            found = None
        if match is None or found is None:
            raise self.refuse("YYYY-MM-DD", at=start)
        self.at = match.end()
        self.skip()
        return found

    def date_or_instant(self) -> date | datetime:
        """UNTIL of a calendar program is an instant in UTC: 20260630T155959Z."""
        # The time follows the date without a space, so look before `date` has skipped spaces.
        before = DATE.match(self.text, self.at)
        clock = TIME.match(self.text, before.end()) if before else None
        found = self.day()
        if clock is None:
            return found
        hour, minute, second = (int(part) for part in clock.groups())
        if hour > 23 or minute > 59 or second > 59:
            raise self.refuse("HHMMSSZ", at=clock.start())
        self.at = clock.end()
        self.skip()
        return datetime(found.year, found.month, found.day, hour, minute, second, tzinfo=UTC)

    def dates(self) -> list[date]:
        found = [self.day()]
        while self.take(","):
            found.append(self.day())
        return found

    def lines(self) -> None:
        """Skip line breaks; only a raw rule, which may carry an EXDATE line, has them."""
        while not self.end() and self.text[self.at] in "\r\n":
            self.at += 1
            self.skip()

    def end(self) -> bool:
        return self.at >= len(self.text)


@dataclass
class _Parts:
    """What the options said so far."""

    days: list[Day] = field(default_factory=list)
    interval: int = 1
    until: date | datetime | None = None
    count: int | None = None
    excepted: list[date] = field(default_factory=list)
    given: set[str] = field(default_factory=set)

    def open(self, names: Iterable[str]) -> list[str]:
        """The options that may still come; UNTIL and COUNT never stand in the same rule (RFC 5545)."""
        closed = self.given | ({"UNTIL", "COUNT"} if self.given & {"UNTIL", "COUNT"} else set())
        return [name for name in names if name not in closed]

    def read(self, reader: _Reader, name: str) -> None:
        self.given.add(name)
        match name:
            case "UNTIL":
                self.until = reader.date_or_instant()
            case "COUNT":
                self.count = reader.number(MOST_OCCURRENCES)
            case "INTERVAL":
                self.interval = reader.number(LONGEST_INTERVAL)
            case "EXCEPT":
                self.excepted = reader.dates()

    def recurrence(self, frequency: str) -> Recurrence:
        days = sorted(set(self.days), key=lambda day: (day.nth is not None, day.nth or 0, day.weekday))
        excepted = tuple(sorted(set(self.excepted)))
        return Recurrence(frequency, tuple(days), self.interval, self.until, self.count, excepted)


def _plain(reader: _Reader) -> Recurrence:
    word, parts = reader.word(*FREQUENCY_WORDS), _Parts()
    frequency = "WEEKLY" if word == "BIWEEKLY" else word
    if word == "BIWEEKLY":
        parts.interval = 2
        parts.given.add("INTERVAL")
    if not reader.end() and not reader.text.startswith(";", reader.at):
        parts.days.append(_day(reader, frequency))
        while reader.take(","):
            parts.days.append(_day(reader, frequency))
    while not reader.end():
        if not reader.take(";"):
            raise reader.refuse(*([";"] if parts.given else [",", ";"]))
        name = reader.word(*parts.open(OPTIONS))
        reader.expect("=")
        parts.read(reader, name)
    return parts.recurrence(frequency)


def _day(reader: _Reader, frequency: str) -> Day:
    ordinal = None
    if frequency == "MONTHLY" and reader.ahead() in ORDINAL_WORDS:
        ordinal = ORDINAL_WORDS[reader.word(*ORDINAL_WORDS)]
    if reader.ahead() not in WEEKDAYS:
        expected = ["Mon..Sun", "周一..周日"]
        raise reader.refuse(*(["1st..5th", "last", *expected] if frequency == "MONTHLY" and not ordinal else expected))
    return Day(WEEKDAYS[reader.word(*WEEKDAYS)], ordinal)


def _raw(reader: _Reader) -> Recurrence:
    if reader.ahead() == "RRULE":
        reader.word("RRULE")
        reader.expect(":")
    parts, frequency = _Parts(), ""
    places: list[int] = []
    while True:
        name = reader.word(*parts.open(RAW_OPTIONS))
        reader.expect("=")
        parts.read(reader, name)
        match name:
            case "FREQ":
                frequency = reader.word("DAILY", "WEEKLY", "MONTHLY")
            case "BYDAY":
                parts.days, places = _raw_days(reader)
            case "WKST":
                # Another week start moves what INTERVAL=2 means; ours is Monday, RFC 5545's default.
                reader.word("MO")
        if not reader.take(";"):
            break
    if not frequency:
        raise reader.refuse("FREQ")
    for day, place in zip(parts.days, places, strict=True):
        if day.nth and frequency != "MONTHLY":
            raise reader.refuse(*CODES, at=place)
    _exdates(reader, parts)
    if not reader.end():
        raise reader.refuse(";", "EXDATE", "end")
    return parts.recurrence(frequency)


def _raw_days(reader: _Reader) -> tuple[list[Day], list[int]]:
    days, places = [], []
    while True:
        match = RAW_DAY.match(reader.text, reader.at)
        nth = int(match.group(1)) if match and match.group(1) else None
        if match is None or nth not in (None, *ORDINALS):
            raise reader.refuse("MO..SU", "1MO..5SU", "-1MO..-1SU")
        days.append(Day(CODES.index(match.group(2).upper()), nth))
        places.append(reader.at)
        reader.at = match.end()
        reader.skip()
        if not reader.take(","):
            return days, places


def _exdates(reader: _Reader, parts: _Parts) -> None:
    reader.lines()
    if reader.ahead() != "EXDATE":
        return
    reader.word("EXDATE")
    if reader.take(";"):
        reader.word("VALUE")
        reader.expect("=")
        reader.word("DATE")
    reader.expect(":")
    parts.excepted = reader.dates()
    reader.lines()
