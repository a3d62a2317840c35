"""When doctors can be booked, and who booked them."""

from datetime import date, datetime

from sqlalchemy import Date, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from suwen.core.columns import WallTime, flag, ref, whole
from suwen.core.db import Id, LongText, Record, Versioned, choice

VISIT_TYPES = ("online_video", "offline")
STATUSES = ("pending", "scheduled", "confirmed", "checked_in", "completed", "cancelled", "no_show")


class Availability(Versioned):
    """Hours of a doctor, or an exception to them.

    `start_time` and `end_time` are wall-clock values in `zone`, the only moments in the
    database that are not UTC: 09:00 stays 09:00 when the clocks change. `recurrence` is
    what was typed, `rrule` what it means. `generated_until` says how far slots reach.
    """

    __tablename__ = "doctor_availabilities"
    __table_args__ = (Index(None, "doctor_id", "is_deleted", "start_time"),)

    doctor_id: Mapped[str] = ref("doctors.id")
    location_id: Mapped[str | None] = ref("clinic_locations.id")
    start_time: Mapped[datetime] = mapped_column(WallTime)
    end_time: Mapped[datetime] = mapped_column(WallTime)
    zone: Mapped[str] = mapped_column(String(50))
    recurrence: Mapped[str | None] = mapped_column(String(255))
    rrule: Mapped[str | None] = mapped_column(String(1000))
    effective_until: Mapped[date | None] = mapped_column(Date)
    generated_until: Mapped[datetime | None]
    slot_minutes: Mapped[int] = whole(30)
    buffer_minutes: Mapped[int] = whole(0)
    most_per_day: Mapped[int | None]
    visit_type: Mapped[str] = mapped_column(
        choice(*VISIT_TYPES, name="visit_type"), default="online_video", server_default="online_video"
    )
    is_exception: Mapped[bool] = flag()
    exception_kind: Mapped[str | None] = mapped_column(choice("block", "add", name="exception_kind"))
    reason: Mapped[str | None] = mapped_column(String(255))
    is_deleted: Mapped[bool] = flag()


class Slot(Record):
    """A bookable stretch of one doctor's time; the covering index answers a week without touching the rows.

    `is_booked` is set from the hold on. An orphan is booked although its hours are gone: somebody must act.
    """

    __tablename__ = "appointment_slots"
    __table_args__ = (
        UniqueConstraint("doctor_id", "slot_start"),
        Index(
            "ix_appointment_slots_free",
            *("doctor_id", "is_booked", "slot_start", "slot_end", "visit_type", "location_id", "zone", "id"),
            *("held_until", "is_orphan"),  # for holds that ran out
        ),
        Index(None, "location_id", "is_booked", "slot_start"),
        Index(None, "availability_id", "slot_start"),
        Index(None, "held_until"),
    )

    doctor_id: Mapped[str] = ref("doctors.id")
    location_id: Mapped[str | None] = ref("clinic_locations.id")
    availability_id: Mapped[str | None] = ref("doctor_availabilities.id")
    slot_start: Mapped[datetime]
    slot_end: Mapped[datetime]
    zone: Mapped[str] = mapped_column(String(50))
    visit_type: Mapped[str] = mapped_column(
        choice(*VISIT_TYPES, name="visit_type"), default="online_video", server_default="online_video"
    )
    is_booked: Mapped[bool] = flag()
    held_until: Mapped[datetime | None]
    is_orphan: Mapped[bool] = flag()


class Appointment(Versioned):
    """A visit of one person. `patient_id` is the account that booked and pays, `patient_profile_id` who is treated.

    `active_slot_id` repeats `slot_id` while the visit occupies it and is NULL once it is cancelled or deleted:
    under a unique key NULLs may repeat, so a slot holds one live visit. A walk-in has no slot.
    From `admitted_at` on the patient is with the doctor: the visit is ended then, not cancelled.
    """

    __tablename__ = "appointments"
    __table_args__ = (
        Index("idx_appointments_patient_id", "patient_id", "appointment_start"),
        Index("idx_appointments_doctor_id", "doctor_id", "appointment_start"),
        Index("idx_appointments_date", "appointment_date"),
        Index("idx_appointments_status", "status", "appointment_start"),
        Index(None, "patient_profile_id", "appointment_start"),
    )

    patient_id: Mapped[str] = ref("users.id")
    patient_profile_id: Mapped[str] = ref("patient_profiles.id")
    doctor_id: Mapped[str] = ref("doctors.id")
    location_id: Mapped[str | None] = ref("clinic_locations.id")
    slot_id: Mapped[str | None] = ref("appointment_slots.id")
    active_slot_id: Mapped[str | None] = mapped_column(Id, unique=True)
    appointment_start: Mapped[datetime]
    appointment_end: Mapped[datetime]
    appointment_date: Mapped[datetime]
    time_slot: Mapped[str] = mapped_column(String(20))
    zone: Mapped[str] = mapped_column(String(50))
    visit_type: Mapped[str] = mapped_column(choice(*VISIT_TYPES, name="visit_type"))
    symptoms: Mapped[str] = mapped_column(LongText)
    has_visited_before: Mapped[bool] = flag()
    status: Mapped[str] = mapped_column(choice(*STATUSES, name="status"), default="pending", server_default="pending")
    held_until: Mapped[datetime | None]
    booked_by: Mapped[str | None] = ref("users.id")
    times_moved: Mapped[int] = whole(0)
    cancel_reason: Mapped[str | None] = mapped_column(LongText)
    cancelled_by: Mapped[str | None] = ref("users.id")
    cancelled_at: Mapped[datetime | None]
    checked_in_at: Mapped[datetime | None]
    admitted_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    late_note: Mapped[str | None] = mapped_column(String(255))
    reminded_day_at: Mapped[datetime | None]
    reminded_hour_at: Mapped[datetime | None]
    reminded_soon_at: Mapped[datetime | None]
    is_deleted: Mapped[bool] = flag()
    deleted_at: Mapped[datetime | None]
