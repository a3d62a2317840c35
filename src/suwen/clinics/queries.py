"""Statements about doctors that more than one place needs."""

from datetime import date
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, func, or_, select

from suwen.accounts.models import User
from suwen.clinics import rules
from suwen.clinics.models import Department, Doctor, Specialty
from suwen.clinics.schemas import DoctorCard
from suwen.core.packed import written

doctors, users, departments, specialties = (
    Doctor.__table__, User.__table__, Department.__table__, Specialty.__table__,
)  # fmt: skip

# Every column here may be seen by everybody; nothing private belongs into this list.
CARD = (
    doctors.c.id,
    users.c.name,
    doctors.c.title,
    doctors.c.hospital,
    doctors.c.department_id,
    func.coalesce(departments.c.name, doctors.c.department).label("department"),
    doctors.c.specialty_id,
    specialties.c.name.label("specialty"),
    doctors.c.introduction,
    doctors.c.experience,
    doctors.c.specialties,
    doctors.c.languages,
    doctors.c.photos,
    doctors.c.years_of_practice,
    doctors.c.average_rating,
    doctors.c.average_attitude,
    doctors.c.average_professionalism,
    doctors.c.average_efficiency,
    doctors.c.total_reviews,
)
FROM = (
    doctors.join(users, users.c.id == doctors.c.user_id)
    .outerjoin(departments, departments.c.id == doctors.c.department_id)
    .outerjoin(specialties, specialties.c.id == doctors.c.specialty_id)
)


def public_card(*more: Any) -> Select[Any]:
    """`CARD` of doctors, with more columns if wanted; add `listed(today)` and whatever else narrows it."""
    return select(*CARD, *more).select_from(FROM)


def at_work(accounts: Any = users) -> ColumnElement[bool]:
    """Whose page is not put away and whose account is open; `accounts` is the table of users in an alias of its own."""
    opened = (accounts.c.status == written("active")) & accounts.c.is_deleted.is_(False)
    return doctors.c.is_deleted.is_(False) & opened


def listed(today: date | BindParameter[date]) -> ColumnElement[bool]:
    """Who may be shown and booked: approved, at work, the licence not run out."""
    return (
        (doctors.c.verification_status == "approved")
        & at_work()
        & or_(doctors.c.license_valid_until.is_(None), doctors.c.license_valid_until >= today)
    )


def card_of(row: Any) -> DoctorCard:
    """A row of `public_card`."""
    return DoctorCard(**card_values(row))


def card_values(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "title": row.title,
        "hospital": row.hospital,
        "department_id": row.department_id,
        "department": row.department,
        "specialty_id": row.specialty_id,
        "specialty": row.specialty,
        "introduction": row.introduction,
        "experience": row.experience,
        "specialties": row.specialties or [],
        "languages": row.languages or [],
        "photo": rules.photo(row.photos),
        "years_of_practice": row.years_of_practice,
        "rating": rules.stars(row.average_rating),
        "attitude": rules.stars(row.average_attitude),
        "professionalism": rules.stars(row.average_professionalism),
        "efficiency": rules.stars(row.average_efficiency),
        "reviews": row.total_reviews,
    }
