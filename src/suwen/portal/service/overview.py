"""The administrator's day: numbers with yesterday beside, three charts, and what needs a decision."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from suwen.payments.service.reconciling import open_differences
from suwen.payments.service.resolving import open_anomalies
from suwen.portal import queries
from suwen.scheduling.service import reads

BACK, AHEAD = 13, 7
LIVE = ("pending", "scheduled", "confirmed", "checked_in", "completed", "no_show")


@dataclass
class Day:
    """One local day of the clinic. Money in minor units by currency, refunds taken off: the revenue of the ledger, in
    which what fills a wallet is nothing until it is spent.
    """

    visits: int = 0
    completed: int = 0
    cancelled: int = 0
    no_show: int = 0
    slots: int = 0
    booked: int = 0
    money: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    reviews: int = 0
    stars: int = 0

    @property
    def full(self) -> int:
        """Booked slots in per cent."""
        return round(100 * self.booked / self.slots) if self.slots else 0

    @property
    def rating(self) -> float | None:
        return round(self.stars / self.reviews, 2) if self.reviews else None


@dataclass(frozen=True)
class Overview:
    today: Day
    yesterday: Day
    days: list[tuple[date, Day]]
    coming: list[tuple[date, Day]]
    new_patients: int
    new_patients_before: int
    currencies: list[str]
    doctors: list[Any]
    refunds: list[Any]
    failures: list[Any]
    anomalies: int
    differences: int
    undecided: int


def overview(tx: Session, zone: ZoneInfo, now: datetime) -> Overview:
    """Fourteen days back and seven ahead, by the clinic's own days."""
    today = now.astimezone(zone).date()
    first, last = today - timedelta(days=BACK), today + timedelta(days=AHEAD)
    days = {first + timedelta(days=n): Day() for n in range(BACK + AHEAD + 1)}
    _count(tx, days, zone, _start(first, zone), _start(last + timedelta(days=1), zone))
    begin, before = _start(today, zone), _start(today - timedelta(days=1), zone)
    return Overview(
        today=days[today],
        yesterday=days[today - timedelta(days=1)],
        days=[(day, days[day]) for day in sorted(days) if day <= today],
        coming=[(day, days[day]) for day in sorted(days) if day >= today],
        new_patients=tx.scalar(queries.new_patients(begin, now)) or 0,
        new_patients_before=tx.scalar(queries.new_patients(before, begin)) or 0,
        currencies=sorted({code for day in days.values() for code in day.money}),
        doctors=list(tx.execute(queries.DOCTORS_TO_VERIFY)),
        refunds=list(tx.execute(queries.REFUNDS_TO_REVIEW)),
        failures=list(tx.execute(queries.FAILED_DELIVERIES)),
        anomalies=open_anomalies(tx),
        differences=open_differences(tx),
        undecided=reads.undecided(tx, now),
    )


def _count(tx: Session, days: dict[date, Day], zone: ZoneInfo, start: datetime, end: datetime) -> None:
    for day, (status, number) in _by_day(tx.execute(queries.visits_by_time(start, end)), days, zone):
        day.visits += number if status in LIVE else 0
        day.completed += number if status == "completed" else 0
        day.cancelled += number if status == "cancelled" else 0
        day.no_show += number if status == "no_show" else 0
    for day, (number, booked) in _by_day(tx.execute(queries.slots_by_time(start, end)), days, zone):
        day.slots += number
        day.booked += int(booked or 0)
    for day, (currency, taken, back) in _by_day(tx.execute(queries.revenue_by_time(start, end)), days, zone):
        day.money[currency] += int(taken) - int(back)
    for day, (number, stars) in _by_day(tx.execute(queries.ratings_by_time(start, end)), days, zone):
        day.reviews += number
        day.stars += int(stars)


def _by_day(rows: Iterable[Any], days: dict[date, Day], zone: ZoneInfo) -> Iterable[tuple[Day, tuple[Any, ...]]]:
    """Each row with the local day that its ten minutes fall into."""
    for moment, *values in rows:
        local = datetime.strptime(f"{moment}0", "%Y-%m-%d %H:%M").replace(tzinfo=UTC).astimezone(zone)
        if local.date() in days:
            yield days[local.date()], tuple(values)


def _start(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
