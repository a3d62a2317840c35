"""The clinic's own things: departments, specialties, places, doctors."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from suwen.core.columns import flag, money, ref, whole
from suwen.core.db import Json, LongText, Versioned, choice, exact


class Department(Versioned):
    __tablename__ = "departments"

    name: Mapped[str] = mapped_column(String(100))
    code: Mapped[str] = mapped_column(exact(20), unique=True)
    contact_person: Mapped[str | None] = mapped_column(String(50))
    contact_phone: Mapped[str | None] = mapped_column(String(20))
    description: Mapped[str | None] = mapped_column(LongText)
    status: Mapped[str] = mapped_column(
        choice("active", "inactive", name="status"), default="active", server_default="active"
    )


class Specialty(Versioned):
    __tablename__ = "specialties"

    code: Mapped[str] = mapped_column(exact(50), unique=True)
    name: Mapped[str] = mapped_column(String(150))
    description: Mapped[str | None] = mapped_column(LongText)
    department_id: Mapped[str | None] = ref("departments.id")


class ClinicLocation(Versioned):
    """A place. `timezone` is the IANA zone in which its hours are meant."""

    __tablename__ = "clinic_locations"

    name: Mapped[str] = mapped_column(String(150))
    city: Mapped[str | None] = mapped_column(String(100))
    address: Mapped[str | None] = mapped_column(String(300))
    timezone: Mapped[str] = mapped_column(String(50), default="UTC", server_default="UTC")
    phone: Mapped[str | None] = mapped_column(String(30))
    currency: Mapped[str] = mapped_column(String(10), default="CNY", server_default="CNY")
    is_active: Mapped[bool] = flag(True)


class Doctor(Versioned):
    """A doctor's page and qualification; name, e-mail and phone stand on the account.

    `id_number` is sealed. `average_*` are hundredths of a star: 467 is 4.67.
    """

    __tablename__ = "doctors"
    __table_args__ = (
        Index("ix_doctors_listed", "verification_status", "is_deleted", "department_id"),
        Index(None, "id_number_index"),
    )

    user_id: Mapped[str] = ref("users.id", unique=True)
    certificate_type: Mapped[str] = mapped_column(String(50))
    id_number: Mapped[str] = mapped_column(String(255))
    id_number_index: Mapped[str | None] = mapped_column(exact(64))
    hospital: Mapped[str] = mapped_column(String(200))
    department: Mapped[str | None] = mapped_column(String(100))
    department_id: Mapped[str | None] = ref("departments.id")
    specialty_id: Mapped[str | None] = ref("specialties.id")
    title: Mapped[str] = mapped_column(String(100))
    introduction: Mapped[str | None] = mapped_column(LongText)
    specialties: Mapped[list[Any] | None] = mapped_column(Json)
    experience: Mapped[str | None] = mapped_column(LongText)
    photos: Mapped[Any | None] = mapped_column(Json)
    languages: Mapped[list[Any] | None] = mapped_column(Json)
    years_of_practice: Mapped[int | None]
    consultation_fee: Mapped[int | None] = money()
    verification_status: Mapped[str] = mapped_column(
        choice("pending", "approved", "rejected", name="verification_status"),
        default="pending",
        server_default="pending",
    )
    license_number: Mapped[str | None] = mapped_column(String(100))
    license_authority: Mapped[str | None] = mapped_column(String(200))
    license_valid_until: Mapped[date | None] = mapped_column(Date)
    verified_by: Mapped[str | None] = ref("users.id")
    verified_at: Mapped[datetime | None]
    rejection_reason: Mapped[str | None] = mapped_column(String(500))
    total_reviews: Mapped[int] = whole()
    average_rating: Mapped[int] = whole()
    average_attitude: Mapped[int] = whole()
    average_professionalism: Mapped[int] = whole()
    average_efficiency: Mapped[int] = whole()
    is_deleted: Mapped[bool] = flag()
    deleted_at: Mapped[datetime | None]
