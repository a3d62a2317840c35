"""Visits for programs. `id` is the consultation's; where a room may not exist yet, the appointment's does as well."""

from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from suwen.consultations.schemas import (
    CallRating,
    ConsultationView,
    Ending,
    EventView,
    IceView,
    Lateness,
    NotesInput,
    Opening,
    PlaceView,
    QueueView,
    SavedNotes,
    TicketView,
)
from suwen.consultations.service import desk, notes, records, rooms
from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.schemas import Slice
from suwen.core.web.routes import get, post, put

Status = Literal["waiting", "in_progress", "completed", "cancelled", "no_show"]
BOTH = ("patient", "doctor")
AT = "/api/v1/consultations"


@get(AT, who=("patient", "doctor", "pharmacist"), audited="consultation")
def consultations(
    tx: Session, me: Actor, now: datetime, patient_profile_id: str | None = None, status: Status | None = None,
    appointment_id: str | None = None, after: str | None = None, limit: int | None = None,
) -> Slice[ConsultationView]:  # fmt: skip
    """Visits, newest first: one's own, or all of a person one treats (`patient_profile_id`)."""
    return records.consultations(
        tx,
        me,
        now,
        profile_id=patient_profile_id,
        status=status,
        appointment_id=appointment_id,
        after=after,
        limit=limit,
    )  # fmt: skip


@post(AT, who=BOTH)
def open_room(tx: Session, me: Actor, now: datetime, data: Opening) -> ConsultationView:
    """The room of an appointment; the same one however often it is asked for."""
    return records.after_change(tx, me, now, rooms.open_room(tx, me, now, data.appointment_id))


@get(f"{AT}/queue", who="doctor", audited="queue")
def queue(tx: Session, me: Actor, now: datetime) -> QueueView:
    """The doctor's day: inside, waiting, next, done."""
    return desk.queue(tx, me, now)


@get(f"{AT}/{{id:str}}", who=("patient", "doctor", "pharmacist"), audited="consultation")
def consultation(tx: Session, me: Actor, now: datetime, id: str) -> ConsultationView:
    return records.consultation(tx, me, now, id)


@post(f"{AT}/{{id:str}}/enter", who="patient", status=200)
def enter(tx: Session, me: Actor, now: datetime, id: str) -> ConsultationView:
    """Come into the waiting room."""
    return records.after_change(tx, me, now, rooms.enter(tx, me, now, id))


@get(f"{AT}/{{id:str}}/place", who="patient")
def place(tx: Session, me: Actor, now: datetime, id: str) -> PlaceView:
    """How many are before, and how long it may take."""
    return desk.place(tx, me, id, now)


@post(f"{AT}/{{id:str}}/late", who="patient", status=200)
def late(tx: Session, me: Actor, now: datetime, id: str, data: Lateness) -> ConsultationView:
    """Tell the doctor to expect a delay."""
    return records.after_change(tx, me, now, rooms.say_late(tx, me, now, id, data.minutes))


@post(f"{AT}/{{id:str}}/admit", who="doctor", status=200)
def admit(tx: Session, me: Actor, now: datetime, id: str) -> ConsultationView:
    """Call the patient in."""
    return records.after_change(tx, me, now, rooms.admit(tx, me, now, id))


@put(f"{AT}/{{id:str}}/notes", who="doctor", audited="consultation")
def save_notes(tx: Session, me: Actor, now: datetime, id: str, data: NotesInput) -> SavedNotes:
    """All four texts in place of the former ones; 409 `notes_changed` when somebody saved since `version`."""
    return notes.save(tx, me, now, id, data)


@post(f"{AT}/{{id:str}}/end", who="doctor", status=200, audited="consultation")
def end(tx: Session, me: Actor, now: datetime, id: str, data: Ending) -> ConsultationView:
    """End the visit; needs a diagnosis. Completes the appointment."""
    return records.after_change(tx, me, now, rooms.end(tx, me, now, id, data))


@post(f"{AT}/{{id:str}}/rating", who="patient", status=200)
def rate(tx: Session, me: Actor, now: datetime, id: str, data: CallRating) -> ConsultationView:
    """How picture and sound were."""
    return records.after_change(tx, me, now, rooms.rate(tx, me, now, id, data))


@post(f"{AT}/{{id:str}}/ticket", who=BOTH, once=False)
def ticket(tx: Session, me: Actor, now: datetime, house: House, id: str) -> TicketView:
    """A one-time way into `/live/call/{appointment_id}`, good for a minute."""
    house.limiter.hit(f"ticket:{me.id}", 60, 60)
    return rooms.ticket(tx, me, now, id)


@get(f"{AT}/{{id:str}}/ice", who=BOTH)
def ice(tx: Session, me: Actor, now: datetime, house: House, id: str) -> IceView:
    """STUN and TURN servers with credentials of this person that end by themselves."""
    return rooms.ice(tx, me, now, id, house.settings)


@get(f"{AT}/{{id:str}}/events", who=("patient", "doctor", "admin"), audited="call_events")
def events(
    tx: Session, me: Actor, now: datetime, id: str, after: str | None = None, limit: int | None = None
) -> Slice[EventView]:
    """What happened in the call: joined, left, reconnected, camera off, network poor ..."""
    return records.events(tx, me, now, id, after, limit)


ROUTES = [
    consultations, open_room, queue, consultation, enter, place, late, admit, save_notes, end, rate, ticket, ice,
    events,
]  # fmt: skip
