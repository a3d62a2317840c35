"""The patient's page of a visit, and the doctor's fragments: call, arrival, notes, queue."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.consultations.schemas import CallRating, Ending, Lateness, NotesInput
from suwen.consultations.service import desk, notes, rooms
from suwen.core.actor import Actor
from suwen.core.i18n import N_
from suwen.core.web.answers import Page, See
from suwen.core.web.routes import form, page, routes_of


@page("/visit/{id:str}", who="patient", audited="consultation")
def visit(tx: Session, me: Actor, now: datetime, id: str) -> Page:
    return Page("consultations/visit.html", {"visit": desk.visit(tx, me, id, now)})


@page("/visit/{id:str}/place", who="patient", audited="consultation")
def place(tx: Session, me: Actor, now: datetime, id: str) -> Page:
    return Page("consultations/place.html", {"visit": desk.visit(tx, me, id, now)})


@form("/visit/{id:str}/enter", again=visit, who="patient")
def enter(tx: Session, me: Actor, now: datetime, id: str) -> See:
    rooms.enter(tx, me, now, id)
    return See(f"/visit/{id}")


@form("/visit/{id:str}/late", again=visit, who="patient")
def late(tx: Session, me: Actor, now: datetime, id: str, data: Lateness) -> See:
    rooms.say_late(tx, me, now, id, data.minutes)
    return See(f"/visit/{id}", toast=N_("The doctor has been told."))


@form("/visit/{id:str}/rating", again=visit, who="patient")
def rate(tx: Session, me: Actor, now: datetime, id: str, data: CallRating) -> See:
    rooms.rate(tx, me, now, id, data)
    return See(f"/visit/{id}", toast=N_("Thank you."))


@page("/consultations/queue", who="doctor", audited="queue")
def queue(tx: Session, me: Actor, now: datetime) -> Page:
    return Page("consultations/queue.html", {"view": desk.queue(tx, me, now)})


@page("/consultations/{id:str}/call", who="doctor", audited="consultation")
def call(tx: Session, me: Actor, now: datetime, id: str) -> Page:
    return Page("consultations/room.html", {"visit": desk.desk(tx, me, id, now)})


@page("/consultations/{id:str}/arrival", who="doctor", audited="consultation")
def arrival(tx: Session, me: Actor, now: datetime, id: str) -> Page:
    return Page("consultations/arrival.html", {"visit": desk.desk(tx, me, id, now)})


@form("/consultations/{id:str}/admit", again=call, who="doctor")
def admit(tx: Session, me: Actor, now: datetime, id: str) -> See:
    return See(f"/desk/{rooms.admit(tx, me, now, id).appointment_id}")


@page("/consultations/{id:str}/notes", who="doctor", audited="consultation")
def show_notes(tx: Session, me: Actor, now: datetime, id: str) -> Page:
    return Page("consultations/notes.html", {"record": notes.notes(tx, me, now, id)})


@page("/consultations/{id:str}/notes/status", who="doctor", audited="consultation")
def notes_status(tx: Session, me: Actor, now: datetime, id: str) -> Page:
    return Page("consultations/notes_status.html", {"record": notes.notes(tx, me, now, id), "saved": None})


@form("/consultations/{id:str}/notes/autosave", again=notes_status, who="doctor", audited="consultation", once=False)
def autosave(tx: Session, me: Actor, now: datetime, id: str, data: NotesInput) -> Page:
    saved = notes.save(tx, me, now, id, data)
    return Page("consultations/notes_status.html", {"record": notes.saved(tx, me, id), "saved": saved.saved_at})


@form("/consultations/{id:str}/notes", again=show_notes, who="doctor", audited="consultation")
def save_notes(tx: Session, me: Actor, now: datetime, id: str, data: NotesInput) -> See:
    notes.save(tx, me, now, id, data)
    return See(f"/consultations/{id}/notes", toast=N_("Saved."))


@form("/consultations/{id:str}/end", again=show_notes, who="doctor", audited="consultation")
def end(tx: Session, me: Actor, now: datetime, id: str, data: Ending) -> See:
    rooms.end(tx, me, now, id, data)
    return See("/doctor/today", toast=N_("The visit is completed."))


ROUTES = routes_of(
    visit, place, enter, late, rate, queue, call, arrival, admit, show_notes, notes_status, autosave, save_notes, end
)
