"""A patient's visits: the list, and what can be done with one."""

from datetime import date, datetime
from typing import Any

from litestar import Request
from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.i18n import N_
from suwen.core.web.answers import Page, See
from suwen.core.web.routes import form, page, routes_of
from suwen.scheduling.pages.care import PATIENT, zone_of
from suwen.scheduling.schemas import Cancel, Note, Payment, Reschedule
from suwen.scheduling.service import changes, paying, showing

PARTIES = ("patient", "doctor", "admin")
# Where each role goes on after it did something with a visit.
HOME = {"patient": "/appointments", "doctor": "/doctor/calendar", "admin": "/admin/appointments"}


@page("/appointments", who=PATIENT)
def appointments(
    tx: Session, me: Actor, now: datetime, when: str = "upcoming", person: str | None = None, after: str | None = None
) -> Page:
    return Page("scheduling/appointments.html", showing.list_page(tx, me, when, person, after, now))


@page("/appointments/{id:str}/cancel", who=PARTIES, audited="appointment")
def cancel_page(tx: Session, me: Actor, now: datetime, id: str) -> Page:
    return Page("scheduling/cancel.html", showing.visit_page(tx, me, id, now) | {"home": HOME[me.role]})


@form("/appointments/{id:str}/cancel", again=cancel_page, who=PARTIES)
def cancel(tx: Session, me: Actor, now: datetime, id: str, data: Cancel) -> See:
    changes.cancel(tx, me, id, data, now)
    return See(HOME[me.role], toast=N_("The appointment is cancelled."))


@page("/appointments/{id:str}/reschedule", who=PARTIES, audited="appointment")
def reschedule_page(
    tx: Session, me: Actor, now: datetime, house: House, request: Request[Any, Any, Any], id: str,
    day: date | None = None,
) -> Page:  # fmt: skip
    shown = showing.move_page(tx, me, id, day, zone_of(request, me, house), now)
    return Page("scheduling/reschedule.html", shown | {"home": HOME[me.role]})


@form("/appointments/{id:str}/reschedule", again=reschedule_page, who=PARTIES)
def reschedule(tx: Session, me: Actor, now: datetime, id: str, data: Reschedule) -> See:
    changes.reschedule(tx, me, id, data, now)
    return See(HOME[me.role], toast=N_("The appointment has a new time."))


@form("/appointments/{id:str}/pay", again=cancel_page, who=PATIENT)
def pay(tx: Session, me: Actor, now: datetime, id: str, data: Payment) -> See:
    paying.PAY[data.method](tx, me, id, now)
    return See(f"/appointments/{id}", toast=N_("Your appointment is booked."))


@form("/appointments/{id:str}/check-in", again=cancel_page, who=PARTIES)
def check_in(tx: Session, me: Actor, now: datetime, id: str) -> See:
    changes.check_in(tx, me, id, now)
    return See(HOME[me.role], toast=N_("Noted: the patient has arrived."))


@form("/appointments/{id:str}/late", again=cancel_page, who=PATIENT)
def say_late(tx: Session, me: Actor, now: datetime, id: str, data: Note) -> See:
    changes.say_late(tx, me, id, data, now)
    return See("/appointments", toast=N_("Thank you, the doctor knows."))


@form("/appointments/{id:str}/no-show", again=cancel_page, who=("doctor", "admin"))
def miss(tx: Session, me: Actor, now: datetime, id: str) -> See:
    changes.miss(tx, me, id, now)
    return See(HOME[me.role], toast=N_("Noted: nobody came."))


ROUTES = routes_of(
    appointments, cancel_page, cancel, reschedule_page, reschedule, pay, check_in, say_late, miss
)  # fmt: skip
