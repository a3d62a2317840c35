"""Find care: the directory, a doctor with the week, and the booking page."""

from datetime import date, datetime
from typing import Any

from litestar import Request
from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.i18n import N_
from suwen.core.web.answers import Page, See
from suwen.core.web.reader import reader_of
from suwen.core.web.routes import ANYONE, form, page, routes_of
from suwen.scheduling.pages.chips import chips
from suwen.scheduling.schemas import DetailsForm, Payment
from suwen.scheduling.service import booking, directory, paying, showing

PATIENT = ("patient",)


def zone_of(request: Request[Any, Any, Any], me: Actor, house: House) -> str:
    """The zone in which this reader wants times: the browser's choice before the account's."""
    return reader_of(request.scope, me, house.settings.zone).zone.key


def _key(**asked: Any) -> tuple[str, str]:
    return "directory", repr(sorted(asked.items()))


@page("/doctors", who=ANYONE, kept=_key, shared=True)
def doctors(
    tx: Session, now: datetime, department: str | None = None, specialty: str | None = None,
    location: str | None = None, visit: str | None = None, q: str | None = None, free: str | None = None,
    sort: str | None = None, after: str | None = None,
) -> Page:  # fmt: skip
    search = directory.asked(department, specialty, location, visit, q, free, sort)
    return Page("scheduling/doctors.html", showing.directory_page(tx, search, after, now))


@page("/doctors/{id:str}", who=ANYONE, kept=lambda id, day=None: (f"doctor:{id}", f"page {day}"), shared=True)
def doctor(
    tx: Session, me: Actor, now: datetime, house: House, request: Request[Any, Any, Any], id: str,
    day: date | None = None,
) -> Page:  # fmt: skip
    return _with_week("scheduling/doctor.html", tx, me, now, house, request, id, day)


@page("/doctors/{id:str}/week", who=ANYONE, kept=lambda id, day=None: (f"doctor:{id}", f"week {day}"))
def doctor_week(
    tx: Session, me: Actor, now: datetime, house: House, request: Request[Any, Any, Any], id: str,
    day: date | None = None,
) -> Page:  # fmt: skip
    return _with_week("scheduling/week.html", tx, me, now, house, request, id, day)


def _with_week(
    template: str, tx: Session, me: Actor, now: datetime, house: House, request: Request[Any, Any, Any], id: str,
    day: date | None,
) -> Page:  # fmt: skip
    shown = showing.doctor_page(tx, id, day, zone_of(request, me, house), now)
    return Page(template, shown | {"chips": chips})


@page("/book/{slot_id:str}", who=PATIENT, audited="appointment")
def booking_page(
    tx: Session, me: Actor, now: datetime, house: House, request: Request[Any, Any, Any], slot_id: str
) -> Page:
    return Page("scheduling/book.html", showing.booking_page(tx, me, slot_id, zone_of(request, me, house), now))


@form("/book/{slot_id:str}", again=booking_page, who=PATIENT)
def hold(tx: Session, me: Actor, now: datetime, slot_id: str, data: DetailsForm) -> See:
    booking.hold_or_change(tx, me, slot_id, data, now)
    return See(f"/book/{slot_id}#pay")


@form("/book/{slot_id:str}/pay", again=booking_page, who=PATIENT)
def pay(tx: Session, me: Actor, now: datetime, slot_id: str, data: Payment) -> See:
    done = paying.pay_for_slot(tx, me, slot_id, data.method, now)
    return See(f"/appointments/{done.id}", toast=N_("Your appointment is booked."))


@form("/book/{slot_id:str}/release", again=booking_page, who=PATIENT)
def release(tx: Session, me: Actor, now: datetime, slot_id: str) -> See:
    doctor_id = paying.let_go(tx, me, slot_id, now)
    return See(f"/doctors/{doctor_id}", toast=N_("The time is free again."))


ROUTES = routes_of(doctors, doctor, doctor_week, booking_page, hold, pay, release)
