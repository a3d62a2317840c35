"""Find care: listed doctors with what they cost and when they are next free."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, case, cast, exists, false, func, or_, select
from sqlalchemy.orm import Session

from suwen.clinics import queries as clinics
from suwen.clinics.models import ClinicLocation, Department, Specialty
from suwen.core.errors import NotFound
from suwen.core.paging import keyset
from suwen.core.schemas import Slice
from suwen.payments import service as payments
from suwen.scheduling import queries
from suwen.scheduling.models import Availability, Slot
from suwen.scheduling.queries import PRICED_AS, doctors, users
from suwen.scheduling.rules import states, windows
from suwen.scheduling.schemas import Offer

hours, slots = Availability.__table__, Slot.__table__
SORTS = ("next_free", "rating", "name")


@dataclass(frozen=True)
class Search:
    """What a reader looks for; None is no matter."""

    department_id: str | None = None
    specialty_id: str | None = None
    location_id: str | None = None
    visit_type: str | None = None
    name: str | None = None
    free_within_hours: int | None = None
    sort: str = "next_free"


def asked(
    department: str | None, specialty: str | None, location: str | None, visit: str | None, words: str | None,
    free: str | None, sort: str | None,
) -> Search:  # fmt: skip
    """A search from what stands in a page's address; what makes no sense there is no matter."""
    return Search(
        department or None, specialty or None, location or None, visit if visit in PRICED_AS else None,
        words or None, int(free) if free in ("24", "72", "168") else None, sort if sort in SORTS else "next_free",
    )  # fmt: skip


def find(
    tx: Session, search: Search, now: datetime, after: str | None = None, limit: int | None = None
) -> Slice[Offer]:
    """Listed doctors that fit, the soonest free first unless another order is asked for."""
    found = queries.directory(search.visit_type, search.location_id).where(*_fitting(search)).subquery()
    # Whoever has no free time comes last. The stand-in is another moment of the row: MySQL makes text of a literal.
    never = case((slots.c.slot_start.is_(None), 1), else_=0)
    start = func.coalesce(slots.c.slot_start, found.c.created_at)
    statement = queries.offered(found)
    if search.free_within_hours is not None:
        statement = statement.where(slots.c.slot_start < now + timedelta(hours=search.free_within_hours))
    statement = statement.params(today=now.date(), soonest=windows.bookable_from(now, states.DEFAULT.lead))
    by: dict[str, list[tuple[Any, str]]] = {
        "next_free": [(never, "asc"), (start, "asc"), (found.c.id, "asc")],
        "rating": [(found.c.average_rating, "desc"), (found.c.total_reviews, "desc"), (found.c.id, "asc")],
        "name": [(found.c.name, "asc"), (found.c.id, "asc")],
    }
    rows, following = keyset(tx, statement, by.get(search.sort, by["next_free"]), after, limit)
    return Slice(_offers(tx, rows, now), following)


def offer(tx: Session, doctor_id: str, now: datetime) -> Offer:
    """One listed doctor; NotFound for anybody else."""
    values = {"doctor": doctor_id, "today": now.date(), "soonest": windows.bookable_from(now, states.DEFAULT.lead)}
    row = tx.connection().execute(queries.OFFER, values).first()
    if row is None:
        raise NotFound()
    return _offers(tx, [row], now)[0]


def choices(tx: Session) -> dict[str, list[tuple[str, str]]]:
    """What can be chosen in the search: departments, specialties and places, by name."""
    department = select(Department.id, Department.name).where(Department.status == "active").order_by(Department.name)
    specialty = select(Specialty.id, Specialty.name).order_by(Specialty.name)
    location = select(ClinicLocation.id, ClinicLocation.name).where(ClinicLocation.is_active.is_(True))
    asked = {"departments": department, "specialties": specialty, "locations": location.order_by(ClinicLocation.name)}
    return {name: [(row[0], row[1]) for row in tx.execute(statement)] for name, statement in asked.items()}


def names(tx: Session, now: datetime) -> list[tuple[str, str]]:
    """(id, name) of everybody listed, for a choice."""
    statement = select(doctors.c.id, users.c.name).select_from(clinics.FROM).where(clinics.listed(now.date()))
    return [(row[0], row[1]) for row in tx.execute(statement.order_by(users.c.name))]


def _fitting(search: Search) -> list[Any]:
    conditions: list[Any] = []
    if search.department_id:
        conditions.append(doctors.c.department_id == search.department_id)
    if search.specialty_id:
        conditions.append(doctors.c.specialty_id == search.specialty_id)
    works = [hours.c.doctor_id == doctors.c.id, hours.c.is_deleted == false()]
    if search.location_id:
        conditions.append(exists().where(*works, hours.c.location_id == search.location_id))
    if search.visit_type:
        conditions.append(exists().where(*works, hours.c.visit_type == search.visit_type))
    for word in (search.name or "").split()[:5]:
        # Name, or what they are good at: people type complaints into the same box.
        places = (users.c.name, doctors.c.title, doctors.c.hospital, clinics.specialties.c.name,
                  clinics.departments.c.name, cast(doctors.c.specialties, String), doctors.c.introduction)  # fmt: skip
        conditions.append(or_(*(column.contains(word, autoescape=True) for column in places)))
    return conditions


def _offers(tx: Session, rows: Iterable[Any], now: datetime) -> list[Offer]:
    found = list(rows)
    kinds: dict[str, set[str]] = {row.id: set() for row in found}
    places: dict[str, set[str]] = {row.id: set() for row in found}
    for line in tx.connection().execute(queries.WORK, {"doctors": list(kinds)}) if found else ():
        kinds[line.doctor_id].add(line.visit_type)
        if line.name:
            places[line.doctor_id].add(line.name)
    listed = payments.price_list(tx, now.date())
    return [_offer(row, sorted(kinds[row.id]), sorted(places[row.id]), listed) for row in found]


def _offer(row: Any, kinds: list[str], places: list[str], listed: payments.PriceList) -> Offer:
    asked = [(row.next_kind, row.next_place)] if row.next_kind else [(kind, None) for kind in kinds]
    prices = [listed.of(PRICED_AS[kind], place, row.consultation_fee) for kind, place in asked]
    price = min((found for found in prices if found), default=None)
    return Offer(
        **clinics.card_values(row), next_free=row.next_free, next_free_zone=row.next_zone,
        next_free_slot_id=row.next_free_slot_id, visit_types=kinds, locations=places,
        amount=price[0] if price else None, currency=price[1] if price else None,
    )  # fmt: skip
