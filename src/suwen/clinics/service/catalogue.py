"""What a form lets one choose from; and names that are repeated on the doctors' rows."""

from dataclasses import dataclass

from sqlalchemy import ScalarSelect, or_, select, update
from sqlalchemy.orm import Session

from suwen.clinics.models import Department, Doctor, Specialty
from suwen.core.db import changed, rows


@dataclass(frozen=True)
class Choices:
    """(id, name) of each."""

    departments: list[tuple[str, str]]
    specialties: list[tuple[str, str]]


def choices(tx: Session) -> Choices:
    """Departments in use and all specialties."""
    departments = select(Department.id, Department.name).where(Department.status == "active").order_by(Department.code)
    specialties = select(Specialty.id, Specialty.name).order_by(Specialty.code)
    return Choices(
        [(row.id, row.name) for row in tx.execute(departments)],
        [(row.id, row.name) for row in tx.execute(specialties)],
    )


def repeat_department_names(tx: Session) -> int:
    """`doctors.department` repeats a department's name for those who read only that table; a name may change."""
    name: ScalarSelect[str] = select(Department.name).where(Department.id == Doctor.department_id).scalar_subquery()
    stale = (Doctor.department_id.is_not(None), or_(Doctor.department.is_(None), Doctor.department != name))
    done = rows(tx, update(Doctor).where(*stale).values(department=name))
    if done:
        changed(tx, "directory")
    return done
