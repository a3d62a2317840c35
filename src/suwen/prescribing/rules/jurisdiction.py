"""What a country's law asks of a prescription, as data; the rows are in data/jurisdictions.yaml."""

import calendar
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_CEILING, Decimal
from zoneinfo import ZoneInfo

from suwen.prescribing.rules.findings import Finding, Severity
from suwen.prescribing.rules.lines import LONGEST


@dataclass(frozen=True, slots=True)
class Schedule:
    """What the law says of controlled medicines of one kind. `months` 0: nothing, the prescription's own validity."""

    code: str
    refills: int
    months: int


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """`follow_up_months`: how long ago a diagnosis of the clinic's own may lie and still show that a visit is a
    follow-up. `guardian_below`: a child under so many years is not alone in a video visit, 0 for no such rule.
    `valid_months` 0: until midnight where the clinic is. `usual_days` may be exceeded with a reason, `most_days` not.
    `refill_after` is the part of the supply that must be used up before the next one. `schedules` are stricter limits
    of controlled medicines."""

    code: str
    pharmacist_review: bool
    online_bans: bool
    follow_up_evidence: bool
    follow_up_months: int
    guardian_below: int
    valid_months: int
    extend_days: int
    refills_max: int
    refill_after: Decimal
    usual_days: int
    most_days: int
    schedules: tuple[Schedule, ...]
    source: str
    evidence: str
    reviewed_by: str
    version: str

    @property
    def limits_days(self) -> bool:
        """Whether a line that does not say how long would pass by a limit."""
        return min(self.usual_days, self.most_days) < LONGEST

    def valid_until(self, effective: datetime, zone: ZoneInfo, schedules: Collection[str] = ()) -> datetime:
        """The last second in which it may be dispensed, with controlled medicines of these schedules in it."""
        day = effective.astimezone(zone).date()
        months = min([self.valid_months, *(one.months for one in self._of(schedules) if one.months)])
        return end_of(later(day, months) if months else day, zone)

    def follow_up_since(self, now: datetime, zone: ZoneInfo) -> datetime:
        """The beginning of the first day whose diagnosis still counts."""
        first = later(now.astimezone(zone).date(), -self.follow_up_months)
        return datetime.combine(first, time(), zone)

    def next_supply(self, before: datetime, days: int | None, zone: ZoneInfo) -> date:
        """The first day on which the next refill may be given: never the same, also where nobody said how long it
        lasts."""
        waits = (Decimal(days or 0) * self.refill_after).to_integral_value(ROUND_CEILING)
        return before.astimezone(zone).date() + timedelta(days=max(1, int(waits)))

    def findings(self, days: int | None, *, online: bool, refills: int, seen_before: bool,
                 long_course: str | None, alone: bool = False,
                 schedules: Collection[str] = (), age_known: bool = True) -> list[Finding]:  # fmt: skip
        """What the law asks beside the medicines."""
        found = []
        if self.follow_up_evidence and online and not seen_before:
            found.append(
                _asks(
                    "follow_up",
                    "follow_up",
                    f"线上处方仅限复诊：本院{self.follow_up_months}个月内无诊断记录，请写明您看过的复诊凭证。",
                    "Online only follow-up patients get prescriptions. This clinic has made no diagnosis within "
                    f"{self.follow_up_months} months: write down which earlier records you have seen.",
                    self,
                )
            )
        if alone:
            found.append(self._guardian(age_known))
        found += self._refills(refills, schedules)
        if days and days > self.most_days:
            found.append(
                _forbids(
                    "days_most",
                    f"处方用量不得超过{self.most_days}天。",
                    f"Not for more than {self.most_days} days.",
                    self,
                )
            )
        elif days and days > self.usual_days and not (long_course or "").strip():
            found.append(
                _asks(
                    "long_course",
                    "days_usual",
                    f"处方用量一般不超过{self.usual_days}天：请注明延长理由。",
                    f"Usually for {self.usual_days} days at most: say why it is longer.",
                    self,
                )
            )
        return found  # fmt: skip

    def _guardian(self, age_known: bool) -> Finding:
        below = self.guardian_below
        if age_known:
            zh = f"为{below}岁以下儿童线上开具处方须有监护人在场：请记录。"
            en = f"Online a child under {below} gets a prescription only with a guardian there: write down who."
        else:
            zh = (
                f"出生日期不详，无法确认是否为{below}岁以下儿童："
                "请补全出生日期，或记录在场的监护人；成人请写明如何确认。"
            )
            en = (
                f"The date of birth is not known, and online a child under {below} has a guardian there: have the date "
                "added to the profile, or write down who is there, or how you know that the person is grown up."
            )
        return _asks("guardian", "guardian", zh, en, self)

    def _refills(self, refills: int, schedules: Collection[str]) -> Iterator[Finding]:
        """The strictest limit that is passed."""
        controlled = min(self._of(schedules), key=lambda one: one.refills, default=None)
        if controlled and controlled.refills < min(refills, self.refills_max):
            yield _forbids(
                "refills",
                f"含 {controlled.code} 类管制药品，不得续配超过{controlled.refills}次。",
                f"No more than {controlled.refills} refills are allowed with a medicine of schedule {controlled.code}.",
                self,
            )
        elif refills > self.refills_max:
            zh, en = "不得续配超过{}次。", "No more than {} refills are allowed."
            yield _forbids("refills", zh.format(self.refills_max), en.format(self.refills_max), self)

    def _of(self, schedules: Collection[str]) -> list[Schedule]:
        return [one for one in self.schedules if one.code in schedules]


def later(day: date, months: int) -> date:
    """The same day so many months later (earlier, if below nothing), or the last of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return day.replace(year=year, month=month + 1, day=min(day.day, calendar.monthrange(year, month + 1)[1]))


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """23:59:59 of a day as the clock on the wall shows it."""
    midnight = datetime.combine(day + timedelta(days=1), time(), zone)
    return datetime.fromtimestamp(midnight.timestamp() - 1, zone)


def extended(until: datetime, days: int, zone: ZoneInfo) -> datetime:
    return end_of(until.astimezone(zone).date() + timedelta(days=days), zone)


def _asks(asks: str, rule: str, zh: str, en: str, of: Jurisdiction) -> Finding:
    return Finding(Severity.BLOCK_OVERRIDE, rule, (), zh, en, of.source, asks=asks)


def _forbids(rule: str, zh: str, en: str, of: Jurisdiction) -> Finding:
    return Finding(Severity.FORBID, rule, (), zh, en, of.source)
