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
from datetime import UTC, date, datetime

from suwen.scheduling.errors import BadRecurrence
from suwen.scheduling.rules.recurrence import CODES, LONGEST_INTERVAL, MOST_OCCURRENCES, Day, Recurrence

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

    def date(self) -> date:
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
        day = DATE.match(self.text, self.at)
        clock = TIME.match(self.text, day.end()) if day else None
        found = self.date()
        if clock is None:
            return found
        hour, minute, second = (int(part) for part in clock.groups())
        if hour > 23 or minute > 59 or second > 59:
            raise self.refuse("HHMMSSZ", at=clock.start())
        self.at = clock.end()
        self.skip()
        return datetime(found.year, found.month, found.day, hour, minute, second, tzinfo=UTC)

    def end(self) -> bool:
        return self.at >= len(self.text)


def _plain(reader: _Reader) -> Recurrence:
    word = reader.word(*FREQUENCY_WORDS)
    frequency = "WEEKLY" if word == "BIWEEKLY" else word
    days: list[Day] = []
    if not reader.end() and not reader.text.startswith(";", reader.at):
        days.append(_day(reader, frequency))
        while reader.take(","):
            days.append(_day(reader, frequency))
    given: dict[str, object] = {}
    while not reader.end():
        if not reader.take(";"):
            raise reader.refuse(*([";"] if given else [",", ";"]))
        start = reader.at
        allowed = [name for name in OPTIONS if name not in given]
        if word == "BIWEEKLY":
            allowed.remove("INTERVAL") if "INTERVAL" in allowed else None
        allowed = [name for name in allowed if {name, *given} < {"UNTIL", "COUNT"} or not _both_ends(name, given)]
        name = reader.word(*allowed)
        reader.expect("=")
        given[name] = _option(reader, name, start)
    if word == "BIWEEKLY":
        given["INTERVAL"] = 2
    return _made(frequency, days, given)


def _both_ends(name: str, given: dict[str, object]) -> bool:
    """RFC 5545: UNTIL and COUNT never stand in the same rule."""
    return (name == "UNTIL" and "COUNT" in given) or (name == "COUNT" and "UNTIL" in given)


def _day(reader: _Reader, frequency: str) -> Day:
    ordinal = None
    if frequency == "MONTHLY" and reader.ahead() in ORDINAL_WORDS:
        ordinal = ORDINAL_WORDS[reader.word(*ORDINAL_WORDS)]
    if reader.ahead() not in WEEKDAYS:
        expected = ["Mon..Sun", "周一..周日"]
        raise reader.refuse(*(["1st..5th", "last", *expected] if frequency == "MONTHLY" and not ordinal else expected))
    return Day(WEEKDAYS[reader.word(*WEEKDAYS)], ordinal)


def _option(reader: _Reader, name: str, start: int) -> object:
    if name == "UNTIL":
        return reader.date_or_instant()
    if name == "COUNT":
        return reader.number(MOST_OCCURRENCES)
    if name == "INTERVAL":
        return reader.number(LONGEST_INTERVAL)
    excepted = [reader.date()]
    while reader.take(","):
        excepted.append(reader.date())
    return excepted


def _raw(reader: _Reader) -> Recurrence:
    if reader.ahead() == "RRULE":
        reader.word("RRULE")
        reader.expect(":")
    given: dict[str, object] = {}
    days: list[Day] = []
    day_places: list[int] = []
    while True:
        allowed = [name for name in RAW_OPTIONS if name not in given and not _both_ends(name, given)]
        name = reader.word(*allowed)
        reader.expect("=")
        if name == "BYDAY":
            days, day_places = _raw_days(reader)
            given[name] = True
        elif name == "FREQ":
            given[name] = reader.word("DAILY", "WEEKLY", "MONTHLY")
        elif name == "WKST":
            # Another week start moves what INTERVAL=2 means; ours is Monday, as in RFC 5545 by default.
            given[name] = reader.word("MO")
        else:
            given[name] = _option(reader, name, reader.at)
        if not reader.take(";"):
            break
    if "FREQ" not in given:
        raise reader.refuse("FREQ")
    frequency = str(given["FREQ"])
    for day, place in zip(days, day_places, strict=True):
        if day.nth and frequency != "MONTHLY":
            raise reader.refuse(*CODES, at=place)
    if excepted := _exdates(reader):
        given["EXCEPT"] = excepted
    if not reader.end():
        raise reader.refuse(";", "EXDATE", "end")
    return _made(frequency, days, given)


def _raw_days(reader: _Reader) -> tuple[list[Day], list[int]]:
    days, places = [], []
    while True:
        match = RAW_DAY.match(reader.text, reader.at)
        nth = int(match.group(1)) if match and match.group(1) else None
        if match is None or nth not in (None, 1, 2, 3, 4, 5, -1):
            raise reader.refuse("MO..SU", "1MO..5SU", "-1MO..-1SU")
        days.append(Day(CODES.index(match.group(2).upper()), nth))
        places.append(reader.at)
        reader.at = match.end()
        reader.skip()
        if not reader.take(","):
            return days, places


def _exdates(reader: _Reader) -> list[date]:
    found: list[date] = []
    while not reader.end() and reader.text[reader.at] in "\r\n":
        reader.at += 1
        reader.skip()
    if reader.end() or reader.ahead() != "EXDATE":
        return found
    reader.word("EXDATE")
    if reader.take(";"):
        reader.word("VALUE")
        reader.expect("=")
        reader.word("DATE")
    reader.expect(":")
    found.append(reader.date())
    while reader.take(","):
        found.append(reader.date())
    while not reader.end() and reader.text[reader.at] in "\r\n":
        reader.at += 1
    return found


def _made(frequency: str, days: list[Day], given: dict[str, object]) -> Recurrence:
    excepted = given.get("EXCEPT", [])
    return Recurrence(
        frequency=frequency,
        days=tuple(sorted(set(days), key=lambda day: (day.nth is not None, day.nth or 0, day.weekday))),
        interval=given.get("INTERVAL", 1),  # type: ignore[arg-type]
        until=given.get("UNTIL"),  # type: ignore[arg-type]
        count=given.get("COUNT"),  # type: ignore[arg-type]
        excepted=tuple(sorted(set(excepted))),  # type: ignore[call-overload]
    )
