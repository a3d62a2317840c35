"""Income as the ledger has it, by day, department, doctor, method and place. Currencies are never added up."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.accounts.models import User
from suwen.clinics.models import ClinicLocation, Department, Doctor
from suwen.core import money
from suwen.core.export import BOM, csv_line
from suwen.payments.queries import topped_up
from suwen.portal import queries
from suwen.portal.schemas import RevenueDay, RevenueOfCurrency, RevenuePart, RevenueView

LONGEST = 366  # days of a report
PERIODS = ("today", "week", "month", "free")
EXPORTED = ("booked_at", "order_no", "department", "doctor", "location", "method", "currency", "taken", "refunded")


@dataclass(frozen=True)
class Period:
    """Days of the clinic, both included."""

    name: str
    first: date
    last: date

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """[start, end) in UTC."""
        end = datetime.combine(self.last, time(), zone) + timedelta(days=1)
        return datetime.combine(self.first, time(), zone).astimezone(UTC), end.astimezone(UTC)


@dataclass
class Sum:
    """In minor units of one currency."""

    taken: int = 0
    refunded: int = 0

    @property
    def net(self) -> int:
        return self.taken - self.refunded


Sums = dict[str, Sum]  # by name


@dataclass
class Money:
    """Of one currency. What was topped up is no income until it is spent."""

    total: Sum = field(default_factory=Sum)
    days: dict[date, Sum] = field(default_factory=dict)
    departments: Sums = field(default_factory=dict)
    doctors: Sums = field(default_factory=dict)
    methods: Sums = field(default_factory=dict)
    locations: Sums = field(default_factory=dict)
    insurers_owe: int = 0
    insurers_paid: int = 0
    topped_up: int = 0


def period(name: str | None, first: date | None, last: date | None, today: date) -> Period:
    """today, week (from Monday), month (from its first), or free: at most a year, never the wrong way round."""
    match name:
        case "today":
            return Period("today", today, today)
        case "week":
            return Period("week", today - timedelta(days=today.weekday()), today)
        case "free" if first or last:
            one, other = sorted((_near(first or last or today, today), _near(last or today, today)))
            return Period("free", max(one, other - timedelta(days=LONGEST - 1)), other)
    return Period("month", today.replace(day=1), today)


def _near(day: date, today: date) -> date:
    """What calendars and time zones can still count with."""
    return min(max(day, date(2000, 1, 1)), today + timedelta(days=LONGEST))


def revenue(tx: Session, wanted: Period, zone: ZoneInfo) -> dict[str, Money]:
    """By currency. Taken less refunded is the ledger's revenue account over the same time."""
    start, end = wanted.bounds(zone)
    found: dict[str, Money] = {}
    for moment, code, taken, back in tx.execute(queries.revenue_by_time(start, end)):
        day = datetime.strptime(f"{moment}0", "%Y-%m-%d %H:%M").replace(tzinfo=UTC).astimezone(zone).date()
        one = _of(found, code, wanted)
        for kept in (one.total, one.days[day]):
            _add(kept, taken, back)
    names = _names(tx)
    for code, method, department, doctor, location, taken, back in tx.execute(queries.revenue_by_place(start, end)):
        one = _of(found, code, wanted)
        parts: tuple[tuple[Sums, str], ...] = (
            (one.methods, method or ""), (one.departments, names.get(department, "")),
            (one.doctors, names.get(doctor, "")), (one.locations, names.get(location, "")),
        )  # fmt: skip
        for kept_by, key in parts:
            _add(kept_by.setdefault(key, Sum()), taken, back)
    for code, owed, paid in tx.execute(queries.owed_by_insurers(start, end)):
        one = _of(found, code, wanted)
        one.insurers_owe, one.insurers_paid = int(owed or 0), int(paid or 0)
    for row in topped_up(tx, start, end):
        _of(found, row.currency, wanted).topped_up = int(row.amount)
    return {code: _sorted(found[code]) for code in sorted(found)}


def revenue_view(tx: Session, wanted: Period, zone: ZoneInfo) -> RevenueView:
    """The same for the API."""
    found = revenue(tx, wanted, zone)
    return RevenueView(first=wanted.first, last=wanted.last, currencies=[_view(code, found[code]) for code in found])


def _view(code: str, one: Money) -> RevenueOfCurrency:
    return RevenueOfCurrency(
        currency=code, **_sum(one.total), days=[RevenueDay(day=day, **_sum(kept)) for day, kept in one.days.items()],
        departments=_parts(one.departments), doctors=_parts(one.doctors), methods=_parts(one.methods),
        locations=_parts(one.locations), insurers_owe=one.insurers_owe, insurers_paid=one.insurers_paid,
        topped_up=one.topped_up,
    )  # fmt: skip


def _parts(sums: Sums) -> list[RevenuePart]:
    return [RevenuePart(name=name, **_sum(kept)) for name, kept in sums.items()]


def _sum(kept: Sum) -> Any:
    return {"taken": kept.taken, "refunded": kept.refunded, "net": kept.net}


def _of(found: dict[str, Money], code: str, wanted: Period) -> Money:
    if code not in found:
        number = (wanted.last - wanted.first).days + 1
        found[code] = Money(days={wanted.first + timedelta(days=n): Sum() for n in range(number)})
    return found[code]


def _add(kept: Sum, taken: Any, back: Any) -> None:
    kept.taken += int(taken)
    kept.refunded += int(back)


def _sorted(one: Money) -> Money:
    """Largest first; what belongs to nobody last."""
    order: Callable[[tuple[str, Sum]], Any] = lambda item: (not item[0], -item[1].net, item[0])  # noqa: E731
    for name in ("departments", "doctors", "methods", "locations"):
        setattr(one, name, dict(sorted(getattr(one, name).items(), key=order)))
    return one


def _names(tx: Session) -> dict[str | None, str]:
    """Of departments, doctors and places, by id. Namesakes are told apart: each one's income is their own."""
    doctors = select(Doctor.id, User.name, User.account).join(User, User.id == Doctor.user_id)
    departments = select(Department.id, Department.name, Department.code)
    asked = (doctors, departments, select(ClinicLocation.id, ClinicLocation.name, ClinicLocation.city))
    names: dict[str | None, str] = {}
    for statement in asked:
        found = list(tx.execute(statement))
        held = Counter(name for _, name, _ in found)
        names |= {id: name if held[name] == 1 else f"{name} ({other or id[-6:]})" for id, name, other in found}
    return names


def revenue_csv(tx: Session, wanted: Period, zone: ZoneInfo) -> Iterator[str]:
    """Every movement on the revenue account, in the order in which they were booked; read as it is sent."""
    yield BOM + csv_line(EXPORTED)
    statement = queries.revenue_rows(*wanted.bounds(zone))
    for part in tx.execute(statement.execution_options(yield_per=500)).partitions():
        yield "".join(csv_line(_cells(row, zone)) for row in part)


def _cells(row: Any, zone: ZoneInfo) -> list[Any]:
    at, _, code, order_no, method, department, doctor, location, taken, back = row
    amounts = [money.plain(int(taken)), money.plain(int(back))]
    return [at.astimezone(zone), order_no, department, doctor, location, method, code, *amounts]
