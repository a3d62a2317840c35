"""Doctors: written down, found, rated."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from suwen.accounts.models import User
from suwen.clinics import queries, rules
from suwen.clinics.errors import AlreadyADoctor, NotADoctorsAccount
from suwen.clinics.models import Department, Doctor, Specialty
from suwen.clinics.schemas import DoctorCard, DoctorEntry
from suwen.core.actor import Actor
from suwen.core.db import changed, new_id, rows
from suwen.core.errors import Forbidden, Invalid, NotFound
from suwen.core.sealed import blind_index, seal


def create_doctor(tx: Session, actor: Actor, user_id: str, entry: DoctorEntry, now: datetime) -> Doctor:
    """Give a doctor's account its page, pending verification.

    Refused for whoever is no admin, for an account that is no doctor's or has a page already.
    """
    if actor.role not in ("admin", "system"):
        raise Forbidden()
    user = tx.get(User, user_id)
    if user is None or user.role != "doctor":
        raise NotADoctorsAccount()
    if doctor_of_user(tx, user_id) is not None:
        raise AlreadyADoctor()
    made = Doctor(id=new_id(), user_id=user_id, created_at=now)
    fill(tx, made, entry)
    tx.add(made)
    tx.flush()
    tell(tx, made.id)
    return made


def fill(tx: Session, row: Doctor, entry: DoctorEntry) -> None:
    """Write the whole entry into the row; the ID number is sealed."""
    row.certificate_type, row.hospital, row.title = entry.certificate_type, entry.hospital, entry.title
    seal(tx, row, "id_number", entry.id_number)
    row.id_number_index = blind_index(tx, entry.id_number)
    place(tx, row, entry.department_id, entry.specialty_id)
    row.introduction, row.experience = entry.introduction, entry.experience
    row.specialties, row.languages = entry.specialties, entry.languages
    set_photo(row, entry.photo)
    row.license_number, row.license_authority = entry.license_number, entry.license_authority
    row.license_valid_until, row.years_of_practice = entry.license_valid_until, entry.years_of_practice


def place(tx: Session, row: Doctor, department_id: str | None, specialty_id: str | None) -> None:
    department = tx.get(Department, department_id) if department_id else None
    if department_id and department is None:
        raise Invalid(fields={"department_id": "There is no such department."})
    if specialty_id and tx.get(Specialty, specialty_id) is None:
        raise Invalid(fields={"specialty_id": "There is no such specialty."})
    row.department_id, row.department = department_id or None, department.name if department else None
    row.specialty_id = specialty_id or None


def set_photo(row: Doctor, url: str | None) -> None:
    if url and not rules.good_address(url):
        raise Invalid(fields={"photo": "The address of a picture begins with https://"})
    others = {name: value for name, value in (row.photos or {}).items() if name != rules.PUBLIC_PHOTO}
    row.photos = others | ({rules.PUBLIC_PHOTO: url} if url else {})


def tell(tx: Session, doctor_id: str) -> None:
    """The directory and the doctor's page have changed."""
    changed(tx, "directory", f"doctor:{doctor_id}")


def doctor(tx: Session, id: str) -> Doctor:
    """The row of a doctor who is not deleted; for other packages, which decide what of it they show."""
    found = tx.get(Doctor, id)
    if found is None or found.is_deleted:
        raise NotFound()
    return found


def doctor_of_user(tx: Session, user_id: str) -> Doctor | None:
    return tx.scalar(select(Doctor).where(Doctor.user_id == user_id, Doctor.is_deleted.is_(False)))


def doctor_ids(tx: Session, now: datetime) -> list[str]:
    """All who are listed, in a stable order: for jobs that go through them."""
    return list(tx.scalars(select(queries.doctors.c.id).select_from(queries.FROM).where(queries.listed(now.date()))
                           .order_by(queries.doctors.c.id)))  # fmt: skip


def listed_doctor(tx: Session, id: str, now: datetime) -> DoctorCard:
    """The card of a doctor who is listed; NotFound for anybody else."""
    row = tx.execute(queries.public_card().where(queries.doctors.c.id == id, queries.listed(now.date()))).first()
    if row is None:
        raise NotFound()
    return queries.card_of(row)


def record_rating(
    tx: Session, doctor_id: str, *, reviews: int, rating: int, attitude: int = 0, professionalism: int = 0,
    efficiency: int = 0,
) -> None:  # fmt: skip
    """Keep what the reviews amount to: their number, and averages in hundredths of a star."""
    met = rows(tx, update(Doctor).where(Doctor.id == doctor_id).values(
        total_reviews=reviews, average_rating=rating, average_attitude=attitude,
        average_professionalism=professionalism, average_efficiency=efficiency,
    ))  # fmt: skip
    if met:
        tell(tx, doctor_id)
