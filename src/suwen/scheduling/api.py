"""JSON routes of scheduling."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Any, Literal

from msgspec import Meta
from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.schemas import Slice
from suwen.core.web.answers import Download
from suwen.core.web.routes import ANYONE, delete, get, patch, post, put
from suwen.scheduling.schemas import (
    AppointmentLine,
    AppointmentView,
    Booked,
    Booking,
    Cancel,
    Details,
    ExceptionInput,
    FreeWeek,
    HoursChange,
    HoursChanged,
    HoursInput,
    HoursView,
    Moved,
    Note,
    Offer,
    Payment,
    Preview,
    Reschedule,
    Status,
    VisitType,
    WalkIn,
)
from suwen.scheduling.service import availability, booking, changes, desk, directory, paying, reads, slots

PARTIES = ("patient", "doctor", "admin")
DESK = ("doctor", "admin")
Limit = Annotated[int, Meta(ge=1, le=100)]
ZONE = "Asia/Shanghai"


def _search_key(**asked: Any) -> tuple[str, str]:
    return "directory", repr(sorted(asked.items()))


@get("/api/v1/doctors", who=ANYONE, kept=_search_key)
def doctors(
    tx: Session, now: datetime, department_id: str | None = None, specialty_id: str | None = None,
    location_id: str | None = None, visit_type: VisitType | None = None, name: str | None = None,
    free_within_hours: Annotated[int, Meta(ge=1, le=672)] | None = None,
    sort: Literal["next_free", "rating", "name"] = "next_free", after: str | None = None, limit: Limit = 20,
) -> Slice[Offer]:  # fmt: skip
    """Doctors who can be booked, with price and next free time."""
    search = directory.Search(department_id, specialty_id, location_id, visit_type, name, free_within_hours, sort)
    return directory.find(tx, search, now, after, limit)


@get("/api/v1/doctors/{id:str}", who=ANYONE, kept=lambda id: (f"doctor:{id}", "offer"))
def doctor(tx: Session, now: datetime, id: str) -> Offer:
    return directory.offer(tx, id, now)


@get(
    "/api/v1/doctors/{id:str}/free-slots",
    who=ANYONE,
    kept=lambda id, day=None, zone=ZONE: (f"doctor:{id}", f"{day} {zone}"),
)
def free_slots(tx: Session, now: datetime, id: str, day: date | None = None, zone: str = ZONE) -> FreeWeek:
    """Free slots of the week around `day` (Monday to Monday in `zone`; default: this week)."""
    return slots.free_week(tx, id, day, zone, now)


@get("/api/v1/doctors/{id:str}/hours", who=DESK)
def hours(tx: Session, me: Actor, now: datetime, id: str) -> list[HoursView]:
    return availability.hours(tx, me, id, now)


@post("/api/v1/doctors/{id:str}/hours", who=DESK)
def add_hours(tx: Session, me: Actor, now: datetime, id: str, data: HoursInput) -> HoursChanged:
    """Publish working hours; slots of the coming four weeks are made at once."""
    return availability.add_hours(tx, me, id, data, now)


@post("/api/v1/doctors/{id:str}/hours/preview", who=DESK, status=200, once=False)
def preview_hours(tx: Session, me: Actor, now: datetime, id: str, data: HoursInput) -> Preview:
    return availability.preview(tx, me, id, data, now)


@post("/api/v1/doctors/{id:str}/exceptions", who=DESK)
def add_exception(tx: Session, me: Actor, now: datetime, id: str, data: ExceptionInput) -> HoursChanged:
    """Block or add time once. Booked visits in a blocked time come back as `orphans`."""
    return availability.add_exception(tx, me, id, data, now)


@put("/api/v1/hours/{id:str}", who=DESK)
def change_hours(tx: Session, me: Actor, now: datetime, id: str, data: HoursChange) -> HoursChanged:
    return availability.change_hours(tx, me, id, data, now)


@delete("/api/v1/hours/{id:str}", who=DESK, status=200)
def remove_hours(tx: Session, me: Actor, now: datetime, id: str) -> HoursChanged:
    """Take back hours or an exception; unbooked slots go, booked ones stay as `orphans`."""
    return availability.remove(tx, me, id, now)


@get("/api/v1/doctors/{id:str}/calendar", who=DESK)
def calendar(
    tx: Session, me: Actor, now: datetime, id: str, first: date, days: Annotated[int, Meta(ge=1, le=31)] = 7,
    zone: str = ZONE,
) -> list[AppointmentLine]:  # fmt: skip
    """A doctor's appointments of some local days."""
    return reads.diary(tx, me, id, first, days, zone, now)


@post("/api/v1/appointments", who="patient")
def book(tx: Session, me: Actor, now: datetime, data: Booking) -> Booked:
    """Hold a time for 15 minutes: by `slot_id`, or by `doctor_id`, `appointment_date` and `time_slot`."""
    return booking.book(tx, me, data, now)


@get("/api/v1/appointments", who=PARTIES)
def appointments(
    tx: Session, me: Actor, now: datetime, when: Literal["upcoming", "past"] | None = None,
    status: Status | None = None, doctor_id: str | None = None, location_id: str | None = None,
    patient_profile_id: str | None = None, patient: str | None = None, first: date | None = None,
    last: date | None = None, orphans: bool = False, after: str | None = None, limit: Limit = 20,
) -> Slice[AppointmentLine]:  # fmt: skip
    """A patient's own, a doctor's own, or all for the admin."""
    wanted = reads.Filter(when, status, doctor_id, location_id, patient_profile_id, patient, first, last, orphans)
    return reads.listed(tx, me, wanted, now, after, limit)


@get("/api/v1/appointments.csv", who="admin", audited="appointment")
def export(
    tx: Session, me: Actor, now: datetime, status: Status | None = None, doctor_id: str | None = None,
    location_id: str | None = None, first: date | None = None, last: date | None = None,
) -> Download:  # fmt: skip
    """The list as CSV (UTF-8, escaped), at most 20,000 lines."""
    wanted = reads.Filter(status=status, doctor_id=doctor_id, location_id=location_id, first=first, last=last)
    reads.note_export(tx, me, now)

    def lines(session: Session) -> Iterator[str]:
        return reads.exported(session, me, wanted, now)

    return Download(lines, "text/csv", "appointments.csv")


@get("/api/v1/appointments/{id:str}", who=PARTIES, audited="appointment")
def appointment(tx: Session, me: Actor, now: datetime, id: str) -> AppointmentView:
    return reads.appointment(tx, me, id, now)


@patch("/api/v1/appointments/{id:str}", who=("patient", "admin"))
def change_details(tx: Session, me: Actor, now: datetime, id: str, data: Details) -> AppointmentView:
    """For whom and why, while the time is held."""
    return booking.change_details(tx, me, id, data, now)


@post("/api/v1/appointments/{id:str}/pay", who=("patient", "admin"), status=200)
def pay(tx: Session, me: Actor, now: datetime, id: str, data: Payment) -> Moved:
    """Pay from the balance (confirmed at once), or promise to pay at the desk (scheduled)."""
    return paying.PAY[data.method](tx, me, id, now)


@post("/api/v1/appointments/{id:str}/cancel", who=PARTIES, status=200)
def cancel(tx: Session, me: Actor, now: datetime, id: str, data: Cancel) -> Moved:
    return changes.cancel(tx, me, id, data, now)


@post("/api/v1/appointments/{id:str}/reschedule", who=PARTIES, status=200)
def reschedule(tx: Session, me: Actor, now: datetime, id: str, data: Reschedule) -> Moved:
    return changes.reschedule(tx, me, id, data, now)


@post("/api/v1/appointments/{id:str}/check-in", who=PARTIES, status=200)
def check_in(tx: Session, me: Actor, now: datetime, id: str) -> Moved:
    return changes.check_in(tx, me, id, now)


@post("/api/v1/appointments/{id:str}/late", who="patient", status=200)
def say_late(tx: Session, me: Actor, now: datetime, id: str, data: Note) -> Moved:
    """A word to the doctor: I am late."""
    return changes.say_late(tx, me, id, data, now)


@post("/api/v1/appointments/{id:str}/no-show", who=DESK, status=200)
def miss(tx: Session, me: Actor, now: datetime, id: str) -> Moved:
    return changes.miss(tx, me, id, now)


@post("/api/v1/walk-ins", who=DESK)
def walk_in(tx: Session, me: Actor, now: datetime, data: WalkIn) -> Moved:
    """Book somebody who is at the desk: without a slot, or into a free one."""
    return desk.walk_in(tx, me, data, now)


ROUTES = [
    doctors, doctor, free_slots, hours, add_hours, preview_hours, add_exception, change_hours, remove_hours, calendar,
    book, appointments, export, appointment, change_details, pay, cancel, reschedule, check_in, say_late, miss, walk_in,
]  # fmt: skip
