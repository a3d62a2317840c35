"""The doctor's calendar and hours; all visits and walk-ins at the desk."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.i18n import N_
from suwen.core.web.answers import Page, See
from suwen.core.web.routes import form, page, routes_of
from suwen.scheduling.schemas import ExceptionInput, HoursChange, HoursInput, WalkIn
from suwen.scheduling.service import availability, desk, reads, showing

DOCTOR, ADMIN = ("doctor", "admin"), ("admin",)


def _hours_url(doctor_id: str) -> str:
    return f"/doctor/availability?doctor_id={doctor_id}"


@page("/doctor/calendar", who=DOCTOR)
def calendar(
    tx: Session, me: Actor, now: datetime, day: date | None = None, view: str = "week", zone: str | None = None,
    doctor_id: str | None = None,
) -> Page:  # fmt: skip
    return Page("scheduling/calendar.html", showing.calendar_page(tx, me, day, view, zone, doctor_id, now))


@page("/doctor/availability", who=DOCTOR)
def hours(tx: Session, me: Actor, now: datetime, doctor_id: str | None = None) -> Page:
    return Page("scheduling/hours.html", showing.hours_page(tx, me, doctor_id, now))


@page("/doctor/availability/preview", who=DOCTOR)
def preview(
    tx: Session, me: Actor, now: datetime, doctor_id: str, first_day: str = "", opens: str = "", closes: str = "",
    recurrence: str = "", until: str = "", location_id: str = "", zone: str = "", visit_type: str = "",
    slot_minutes: str = "", buffer_minutes: str = "", most_per_day: str = "",
) -> Page:  # fmt: skip
    typed = {
        "first_day": first_day, "opens": opens, "closes": closes, "recurrence": recurrence, "until": until,
        "location_id": location_id, "zone": zone, "visit_type": visit_type, "slot_minutes": slot_minutes,
        "buffer_minutes": buffer_minutes, "most_per_day": most_per_day,
    }  # fmt: skip
    return Page("scheduling/preview.html", showing.preview_part(tx, me, doctor_id, typed, now))


@form("/doctor/availability", again=hours, who=DOCTOR)
def add_hours(tx: Session, me: Actor, now: datetime, doctor_id: str, data: HoursInput) -> See:
    availability.add_hours(tx, me, doctor_id, data, now)
    return See(_hours_url(doctor_id), toast=N_("Saved. The times of the coming weeks are there."))


@form("/doctor/exceptions", again=hours, who=DOCTOR)
def add_exception(tx: Session, me: Actor, now: datetime, doctor_id: str, data: ExceptionInput) -> See:
    availability.add_exception(tx, me, doctor_id, data, now)
    return See(_hours_url(doctor_id), toast=N_("Saved. The times of the coming weeks are there."))


@page("/doctor/availability/{id:str}", who=DOCTOR)
def one_hours(tx: Session, me: Actor, now: datetime, id: str) -> Page:
    return Page("scheduling/hours_edit.html", showing.one_hours_page(tx, me, id, now))


@form("/doctor/availability/{id:str}", again=one_hours, who=DOCTOR)
def change_hours(tx: Session, me: Actor, now: datetime, id: str, data: HoursChange) -> See:
    availability.change_hours(tx, me, id, data, now)
    return See(_hours_url(availability.doctor_of(tx, id)), toast=N_("Saved. The times of the coming weeks are there."))


@form("/doctor/availability/{id:str}/remove", again=one_hours, who=DOCTOR)
def remove_hours(tx: Session, me: Actor, now: datetime, id: str) -> See:
    availability.remove(tx, me, id, now)
    return See(_hours_url(availability.doctor_of(tx, id)), toast=N_("Removed."))


@page("/admin/appointments", who=ADMIN)
def all_visits(
    tx: Session, me: Actor, now: datetime, when: str | None = "upcoming", status: str | None = None,
    doctor_id: str | None = None, location_id: str | None = None, patient: str | None = None,
    first: str | None = None, last: str | None = None, orphans: str | None = None, after: str | None = None,
) -> Page:  # fmt: skip
    wanted = reads.asked(
        when=when, status=status, doctor_id=doctor_id, location_id=location_id, patient=patient, first=first,
        last=last, orphans=orphans,
    )  # fmt: skip
    return Page("scheduling/all_visits.html", showing.admin_page(tx, me, wanted, after, now))


@page("/admin/walk-in", who=DOCTOR)
def walk_in_page(
    tx: Session, me: Actor, now: datetime, person: str | None = None, doctor_id: str | None = None
) -> Page:
    return Page("scheduling/walk_in.html", showing.walk_in_page(tx, me, person, doctor_id, now))


@form("/admin/walk-in", again=walk_in_page, who=DOCTOR)
def walk_in(tx: Session, me: Actor, now: datetime, data: WalkIn) -> See:
    desk.walk_in(tx, me, data, now)
    return See(desk.HOME[me.role], toast=N_("The visit is booked."))


ROUTES = routes_of(
    calendar, hours, preview, add_hours, add_exception, one_hours, change_hours, remove_hours, all_visits,
    walk_in_page, walk_in,
)  # fmt: skip
