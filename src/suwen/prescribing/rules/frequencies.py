"""How often: codes (bid, q6h, prn), Chinese and English in; a code, words and times per day out."""

import math
import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

ONCE_A_DAY = Fraction(1)
NUMBERS = {word: value for value, words in enumerate(
    ("", "一 one once", "二 两 two twice", "三 three", "四 four", "五 five", "六 six", "七 seven", "八 eight",
     "九 nine", "十 ten", "十一 eleven", "十二 twelve")) for word in words.split()}  # fmt: skip
ENGLISH = "one|once|two|twice|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
N = rf"(\d{{1,2}}|十[一二]|[一二两三四五六七八九十]|{ENGLISH})"
MOST = re.compile(
    rf"(?:(?:每日|一日|每天|一天|24小时内?)\s*)?(?:最多|不超过|至多)(?:每日|一日|每天|一天)?\s*{N}\s*次"
    rf"|(?:at most|max(?:imum)?(?: of)?|no more than|up to)\s*{N}\s*(?:x|times?|doses?)?"
    r"(?:\s*(?:a|per|each|in a) day|\s*daily|\s*/\s*d(?:ay)?|\s*(?:in|per) 24 ?h(?:ours)?)?"
    r"|(?<=prn)\s*:?\s*(\d{1,2})"
)
NEEDED = re.compile(r"必要时|需要时|按需|as needed|as required|when needed|when required|if needed|if required|prn|sos")
APART = r"[\s,，。.;；、()（）/]+"
FILLER = re.compile(rf"{APART}|服用?$|使用$|taken?$")
# once or twice ("1、2次"), every 2.4 hours: two numbers are not one, and not to be guessed
A_NUMBER = rf"(?:\d|[一二两三四五六七八九十]|\b(?:{ENGLISH})\b)"
TWO_NUMBERS = re.compile(rf"{A_NUMBER}{APART}{A_NUMBER}")
MEALS = re.compile(  # when, not how often
    r"\b(?:ac|pc|po)\b|[饭餐][前后]|空腹|口服|(?:before|after|with) (?:meals|food)|by mouth|on an empty stomach"
)
# special words, by code: times a day, Chinese, English; the first of each is printed
WORDS: dict[str, tuple[Fraction, tuple[str, ...], tuple[str, ...]]] = {
    "qod": (Fraction(1, 2), ("隔日1次", "隔日一次", "隔天一次", "隔天1次", "隔日", "隔天"),
            ("every other day", "alternate days", "on alternate days", "every second day")),
    "qn": (ONCE_A_DAY, ("每晚1次", "每晚一次", "每晚", "晚上一次", "晚上1次"),
           ("every night", "at night", "each night", "nightly")),
    "hs": (ONCE_A_DAY, ("睡前1次", "睡前一次", "睡前", "每晚睡前", "临睡前", "睡前顿服", "每晚睡前一次", "每晚睡前1次"),
           ("at bedtime", "before bed", "before sleep", "every night at bedtime")),
    "qam": (ONCE_A_DAY, ("每晨1次", "每晨一次", "每晨", "每早", "每早一次", "每早1次", "早晨一次", "晨起一次", "晨服"),
            ("every morning", "in the morning", "each morning")),
    "stat": (ONCE_A_DAY, ("立即1次", "立即一次", "立即", "即刻", "即服", "顿服", "单次", "一次顿服"),
             ("once, now", "once now", "now", "immediately", "at once", "single dose", "once only", "one dose")),
}  # fmt: skip
OTHER_CODES = {
    "qd": "qd", "od": "qd", "q24h": "qd", "bid": "bid", "bd": "bid", "tid": "tid", "tds": "tid", "qid": "qid",
    "qds": "qid", "qhs": "hs", "qpm": "qn", "qm": "qam", "eod": "qod", "qw": "qw", "biw": "2xw", "tiw": "3xw",
    "q2d": "qod", "q1d": "qd", "q7d": "qw", "1xw": "qw", "1xd": "qd", "2xd": "bid", "3xd": "tid", "4xd": "qid",
}  # fmt: skip
DAILY = {1: "qd", 2: "bid", 3: "tid", 4: "qid"}
DAY = r"(?:每日|每天|一日|一天|日)"
PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), unit)
    for pattern, unit in (
        (rf"{DAY}{N}次", "d"),
        (r"早晚各(?:一|1)次", "2"),
        (r"早中晚各(?:一|1)次", "3"),
        (rf"每隔?{N}(?:个)?小时(?:(?:一|1)次)?", "h"),
        (rf"(?:每周|一周|每星期|每个星期){N}次", "w"),
        (rf"每{N}(?:日|天)(?:一|1)次", "days"),
        (rf"(?:{N}times|(once|twice))(?:aday|perday|eachday|daily|everyday)", "d"),
        (rf"(?:{N}times|(once|twice))(?:aweek|perweek|eachweek|weekly|everyweek)", "w"),
        (rf"every{N}(?:hours?|hrs?|h)", "h"),
        (rf"every{N}days?", "days"),
        (r"daily|everyday", "1"),
        (r"weekly|everyweek", "w1"),
        (r"q(\d{1,2})h", "h"),
        (r"q(\d{1,2})d", "days"),
        (r"(\d{1,2})xd", "d"),
        (r"(\d{1,2})xw", "w"),
    )
)


@dataclass(frozen=True, slots=True)
class Frequency:
    """`base` is a code ("tid", "q6h", "5xd", "3xw", "q3d", "hs", "stat"; "" when there is only "as needed")."""

    base: str
    as_needed: bool = False
    most: int | None = None  # times in a day, of what is taken as needed

    @property
    def code(self) -> str:
        parts = [self.base, "prn" if self.as_needed else "", f"max{self.most}" if self.most else ""]
        return " ".join(part for part in parts if part)

    @property
    def times(self) -> Fraction | None:
        """In a day; at most, when it is as needed. None: as needed, and nobody said how often at most."""
        if self.as_needed and self.most:
            return Fraction(self.most)
        return _times(self.base) if self.base else None

    @property
    def per_day(self) -> Decimal | None:
        times = self.times
        return None if times is None else Decimal(times.numerator) / Decimal(times.denominator)

    @property
    def once(self) -> bool:
        return self.base == "stat"


def parse(text: str) -> Frequency | None:
    """None where the text says something that is not understood: it is never guessed."""
    rest = unicodedata.normalize("NFKC", text).casefold().strip()
    if TWO_NUMBERS.search(rest):
        return None
    most = MOST.search(rest)
    if most:
        rest = f"{rest[: most.start()]} {rest[most.end() :]}"
    as_needed = bool(NEEDED.search(rest))
    rest = MEALS.sub(" ", NEEDED.sub(" ", rest)).strip()
    if TWO_NUMBERS.search(rest):
        return None
    base = _base(FILLER.sub("", rest))
    if base is None or not (base or as_needed):
        return None
    if most and not as_needed:
        return None
    limit = _number(next(one for one in most.groups() if one)) if most else None
    return None if limit == 0 else Frequency(base, as_needed, limit)


def words(frequency: Frequency, locale: str) -> str:
    chinese = locale.startswith("zh")
    parts = [_said(frequency.base, chinese)] if frequency.base else []
    if frequency.as_needed:
        parts.append("必要时" if chinese else "as needed")
    if frequency.most:
        parts.append(f"每日最多{frequency.most}次" if chinese else f"at most {_often(frequency.most)} a day")
    return ("，" if chinese else ", ").join(parts)


def quantity(amount: Decimal, frequency: Frequency, days: int) -> int | None:
    """Whole units for `days`: amount x times a day x days, rounded up; what is taken once is one amount."""
    times = frequency.times
    if times is None:
        return None
    return units(amount, times, 1 if frequency.once else days)


def units(amount: Decimal, times: Fraction | Decimal, days: int) -> int:
    """Whole units: half a tablet is cut from a whole one, and every other day of seven is four times."""
    taken = Fraction(times).limit_denominator(100) * days
    if taken.denominator > 1 and times < 1:
        taken = Fraction(math.ceil(taken))
    return math.ceil(Fraction(amount) * taken)


def _base(rest: str) -> str | None:
    if not rest:
        return ""
    for code, (_, chinese, english) in WORDS.items():
        if rest == code or rest in {FILLER.sub("", one) for one in (*chinese, *english)}:
            return code
    if rest in OTHER_CODES:
        return OTHER_CODES[rest]
    for pattern, unit in PATTERNS:
        match = pattern.fullmatch(rest)
        if match:
            return _counted(unit, next((one for one in match.groups() if one), "1"))
    return None


def _counted(unit: str, word: str) -> str | None:
    count = _number(word)
    if unit in ("1", "2", "3"):
        return DAILY[int(unit)]
    if unit == "w1" or (unit == "w" and count == 1):
        return "qw"
    if not 0 < count <= {"d": 12, "h": 24, "w": 21, "days": 31}[unit]:
        return None
    if unit == "d":
        return DAILY.get(count, f"{count}xd")
    if unit == "h":
        return "qd" if count == 24 else f"q{count}h"
    if unit == "w":
        return "qd" if count == 7 else f"{count}xw"
    return {1: "qd", 2: "qod", 7: "qw"}.get(count, f"q{count}d")


def _number(word: str) -> int:
    return int(word) if word.isdigit() else NUMBERS[word]


def _times(base: str) -> Fraction:
    if base in WORDS:
        return WORDS[base][0]
    daily = {code: count for count, code in DAILY.items()}
    if base in daily:
        return Fraction(daily[base])
    if base == "qw":
        return Fraction(1, 7)
    count = int(re.sub(r"\D", "", base))
    if base.endswith("h"):
        return Fraction(24, count)
    if base.endswith("xd"):
        return Fraction(count)
    return Fraction(count, 7) if base.endswith("xw") else Fraction(1, count)


def _said(base: str, chinese: bool) -> str:
    if base in WORDS:
        _, in_chinese, in_english = WORDS[base]
        return (in_chinese if chinese else in_english)[0]
    daily = {code: count for count, code in DAILY.items()}
    count = daily.get(base) or (1 if base == "qw" else int(re.sub(r"\D", "", base)))
    if base.endswith("h"):
        return f"每{count}小时1次" if chinese else f"every {count} hours" if count > 1 else "every hour"
    if base in daily or base.endswith("xd"):
        return f"每日{count}次" if chinese else f"{_often(count)} a day"
    if base.endswith("w"):
        return f"每周{count}次" if chinese else f"{_often(count)} a week"
    return f"每{count}日1次" if chinese else f"every {count} days"


def _often(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
