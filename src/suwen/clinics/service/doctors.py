"""Doctors: written down, found, rated."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from suwen.accounts.models import User
from suwen.clinics import queries, rules
from suwen.clinics.errors import AlreadyADoctor, NotADoctorsAccount
from suwen.clinics.models import Department, Doctor, Specialty
from suwen.clinics.schemas import DoctorCard, DoctorEntry, Papers, Profile
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
    if not entry.id_number:
        raise Invalid(fields={"id_number": "Please fill this in."})
    made = Doctor(id=new_id(), user_id=user_id, created_at=now)
    fill(tx, made, entry)
    tx.add(made)
    tx.flush()
    tell(tx, made.id)
    return made


def fill(tx: Session, row: Doctor, entry: DoctorEntry) -> None:
    """Write the whole entry into the row. The ID number is sealed, and stays as it is when none is given."""
    if entry.id_number:
        seal(tx, row, "id_number", entry.id_number)
        row.id_number_index = blind_index(tx, entry.id_number)
    row.certificate_type, row.hospital, row.title = entry.certificate_type, entry.hospital, entry.title
    row.consultation_fee = entry.consultation_fee
    place(tx, row, entry.department_id, entry.specialty_id)
    describe(row, entry)
    set_papers(row, entry)


def place(tx: Session, row: Doctor, department_id: str | None, specialty_id: str | None) -> None:
    department = tx.get(Department, department_id) if department_id else None
    if department_id and department is None:
        raise Invalid(fields={"department_id": "There is no such department."})
    if specialty_id and tx.get(Specialty, specialty_id) is None:
        raise Invalid(fields={"specialty_id": "There is no such specialty."})
    row.department_id, row.department = department_id or None, department.name if department else None
    row.specialty_id = specialty_id or None


def describe(row: Doctor, entry: DoctorEntry | Profile) -> None:
    """What the doctor says about herself or himself."""
    good_at = rules.words(entry.specialties)
    if good_at is None:
        raise Invalid(fields={"specialties": "At most 12 words of up to 50 characters, please."})
    spoken = list(dict.fromkeys(entry.languages))
    if not set(spoken) <= rules.LANGUAGES.keys():
        raise Invalid(fields={"languages": "We do not know this language."})
    row.introduction, row.experience = entry.introduction or None, entry.experience or None
    row.specialties, row.languages = good_at, spoken
    _set_photo(row, rules.PUBLIC_PHOTO, "photo", entry.photo)


def set_papers(row: Doctor, papers: Papers) -> None:
    row.license_number, row.license_authority = papers.license_number or None, papers.license_authority or None
    row.license_valid_until, row.years_of_practice = papers.license_valid_until, papers.years_of_practice
    _set_photo(row, rules.LICENCE_PHOTO, "license_photo", papers.license_photo)


def _set_photo(row: Doctor, name: str, field: str, url: str | None) -> None:
    if url and not rules.good_address(url):
        raise Invalid(fields={field: "The address of a picture begins with https://"})
    others = {kind: value for kind, value in (row.photos or {}).items() if kind != name}
    row.photos = others | ({name: url} if url else {})


def tell(tx: Session, doctor_id: str) -> None:
    """The directory and the doctor's page have changed."""
    changed(tx, "directory", f"doctor:{doctor_id}")


def doctor(tx: Session, id: str) -> Doctor:
    """The row of a doctor who is not deleted; for other packages, which decide what of it they show."""
    found = tx.get(Doctor, id)
    if found is None or found.is_deleted:
        raise NotFound()
    return found


def doctor_at_work(tx: Session, id: str) -> Doctor:
    """As `doctor`, of whom a visit can be asked for: NotFound while the account is closed."""
    working = select(Doctor).join(User, User.id == Doctor.user_id).where(Doctor.id == id, queries.at_work())
    found = tx.scalar(working)
    if found is None:
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
