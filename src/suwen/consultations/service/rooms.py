"""A visit from the open door to the last word: enter, admit, end, and what stands around them."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from suwen.clinics.models import Doctor
from suwen.consultations import rules
from suwen.consultations.errors import (
    ConsultationNotFound,
    DiagnosisMissing,
    NotCompleted,
    NotHere,
    NotOpen,
    NotPaid,
    NotStarted,
    TooEarly,
    TooLate,
)
from suwen.consultations.events import ConsultationCompleted, PatientAdmitted
from suwen.consultations.models import Consultation, Signal
from suwen.consultations.schemas import CallRating, Ending, IceServer, IceView, NotesInput, TicketView
from suwen.consultations.service import notes
from suwen.consultations.service.signalling import queue_topic, role_in, topic
from suwen.core import audit
from suwen.core.actor import Actor
from suwen.core.db import changed, new_id, rows
from suwen.core.errors import Invalid
from suwen.core.outbox import emit
from suwen.scheduling.models import Appointment
from suwen.scheduling.service import changes
from suwen.settings import Settings


@dataclass(frozen=True)
class Door:
    consultation_id: str
    doctor_id: str
    doctor_user_id: str


def door(tx: Session, me: Actor, appointment_id: str) -> Door:
    """Where a call's socket leads; only the two people of the visit learn that it exists."""
    found = tx.execute(
        select(Consultation, Doctor.user_id)
        .join(Doctor, Doctor.id == Consultation.doctor_id)
        .where(Consultation.appointment_id == appointment_id)
    ).first()
    if found is None:
        raise ConsultationNotFound()
    role_in(found[0], me)
    return Door(found[0].id, found[0].doctor_id, found[1])


def open_room(tx: Session, me: Actor, now: datetime, appointment_id: str) -> Consultation:
    """The room of a confirmed or scheduled appointment; the same one however often it is asked for."""
    appointment = _appointment(tx, me, appointment_id)
    _must_be_open(appointment)
    return _ensure(tx, appointment, now)


def enter(tx: Session, me: Actor, now: datetime, appointment_id: str) -> Consultation:
    """The patient comes into the waiting room, which counts as arriving. Refused before and after its hours."""
    appointment = _appointment(tx, me, appointment_id)
    if me.role != "patient":
        raise ConsultationNotFound()
    _must_be_open(appointment)
    _must_be_in_time(appointment, "patient", now)
    room = _ensure(tx, appointment, now)
    if room.status not in rules.LIVE:
        raise NotOpen()
    if appointment.status != "checked_in":
        changes.check_in(tx, me, appointment.id, now)
    first = update(Consultation).where(Consultation.id == room.id, Consultation.patient_waiting_since.is_(None))
    if rows(tx, first.values(patient_waiting_since=now)):
        room.patient_waiting_since = now
    changed(tx, topic(room.id), queue_topic(room.doctor_id))
    return room


def say_late(tx: Session, me: Actor, now: datetime, appointment_id: str, minutes: int) -> Consultation:
    """The patient tells the doctor to expect a delay. Refused once the visit has begun."""
    appointment = _appointment(tx, me, appointment_id)
    if me.role != "patient":
        raise ConsultationNotFound()
    _must_be_open(appointment)
    if now >= rules.closes_at(appointment.appointment_end):
        raise TooLate()
    if not 1 <= minutes <= rules.LONGEST_LATE:
        raise Invalid(fields={"minutes": "Between 1 and 60 minutes."})
    room = _ensure(tx, appointment, now)
    waiting = (Consultation.id == room.id, Consultation.status == rules.WAITING)
    if not rows(tx, update(Consultation).where(*waiting).values(late_minutes=minutes)):
        raise NotOpen("The visit has begun already.")
    room.late_minutes = minutes
    changed(tx, topic(room.id), queue_topic(room.doctor_id))
    return room


def admit(tx: Session, me: Actor, now: datetime, appointment_id: str) -> Consultation:
    """The doctor calls the patient in: the visit begins. Admitting twice is no harm."""
    appointment = _appointment(tx, me, appointment_id)
    if me.role != "doctor":
        raise ConsultationNotFound()
    _must_be_open(appointment)
    _must_be_in_time(appointment, "doctor", now)
    room = _ensure(tx, appointment, now)
    if room.status == rules.IN_PROGRESS:
        return room
    if appointment.visit_type == "online_video" and room.patient_waiting_since is None:
        raise NotHere()
    changes.admit(tx, me, appointment.id, now)
    begins = update(Consultation).where(Consultation.id == room.id, Consultation.status == rules.WAITING)
    if not rows(tx, begins.values(status=rules.IN_PROGRESS, admitted_at=now, actual_start_time=now)):
        raise NotOpen()
    tx.refresh(room)
    emit(tx, PatientAdmitted(appointment_id=appointment.id, consultation_id=room.id), now)
    changed(tx, topic(room.id), queue_topic(room.doctor_id))
    return room


def end(tx: Session, me: Actor, now: datetime, consultation_id: str, data: Ending) -> Consultation:
    """The doctor ends the visit; a diagnosis must have been written. The appointment is completed with it."""
    room = _mine(tx, me, consultation_id)
    if me.role != "doctor":
        raise ConsultationNotFound()
    if room.status != rules.IN_PROGRESS:
        raise NotStarted() if room.status == rules.WAITING else NotOpen()
    if data.version is not None:
        last = {name: getattr(data, name) for name in notes.TEXTS}
        notes.save(tx, me, now, room.id, NotesInput(version=data.version, **last))
        tx.refresh(room)
    diagnosis = (data.diagnosis or room.diagnosis or "").strip()
    if not diagnosis:
        raise DiagnosisMissing(fields={"diagnosis": "Please write a diagnosis before you end the visit."})
    ending: dict[str, Any] = {
        "status": rules.COMPLETED, "end_time": now, "duration": rules.duration_seconds(room.actual_start_time, now),
        "diagnosis": diagnosis, "doctor_token": None, "patient_token": None, "interrupted_at": None,
    }  # fmt: skip
    running = (Consultation.id == room.id, Consultation.status == rules.IN_PROGRESS)
    if not rows(tx, update(Consultation).where(*running).values(**ending, version=Consultation.version + 1)):
        raise NotOpen()
    tx.refresh(room)
    forget_signals(tx, room.room_id)
    changes.complete(tx, me, room.appointment_id, now)
    audit.seen(tx, me, "write", "consultation", room.id, room.patient_profile_id, "visit ended", now=now)
    emit(tx, ConsultationCompleted(appointment_id=room.appointment_id, consultation_id=room.id), now)
    changed(tx, topic(room.id), queue_topic(room.doctor_id))
    return room


def forget_signals(tx: Session, room_id: str) -> int:
    """Session descriptions and candidates hold addresses of people's homes: gone as soon as the call is over."""
    return rows(tx, delete(Signal).where(Signal.room_id == room_id))


def ticket(tx: Session, me: Actor, now: datetime, consultation_id: str) -> TicketView:
    """A one-time way into the call's socket, good for a minute. A newer one makes an older one void."""
    room = _mine(tx, me, consultation_id)
    role = role_in(room, me)
    if room.status not in rules.LIVE:
        raise NotOpen()
    if role == "patient" and room.patient_waiting_since is None:
        raise NotOpen("Please enter the waiting room first.")
    made = secrets.token_urlsafe(24)
    column = Consultation.doctor_token if role == "doctor" else Consultation.patient_token
    kept = {column: rules.ticket_kept(made, now), Consultation.updated_at: Consultation.updated_at}
    rows(tx, update(Consultation).where(Consultation.id == room.id).values(kept))
    return TicketView(ticket=made, seconds=int(rules.TICKET_LIFE.total_seconds()))


def ice(tx: Session, me: Actor, now: datetime, consultation_id: str, settings: Settings) -> IceView:
    """The ways out for this person's browser, with relay credentials that end by themselves."""
    appointment = _appointment(tx, me, consultation_id)
    room = tx.scalar(select(Consultation).where(Consultation.appointment_id == appointment.id))
    if appointment.status not in rules.OPEN_APPOINTMENTS or (room and room.status not in rules.LIVE):
        raise NotOpen()
    own = room.ice_servers if room else None
    servers = own or rules.ice_servers(
        stun=settings.stun_servers, turn=settings.turn_servers, secret=settings.turn_secret, user=me.id, now=now
    )
    views = [IceServer(**server) for server in servers]
    return IceView(
        ice_servers=views, seconds=int(rules.TURN_LIFE.total_seconds()), relay=any(one.credential for one in views)
    )


def rate(tx: Session, me: Actor, now: datetime, consultation_id: str, data: CallRating) -> Consultation:
    """The patient says how picture and sound were."""
    room = _mine(tx, me, consultation_id)
    if role_in(room, me) != "patient":
        raise ConsultationNotFound()
    if room.status != rules.COMPLETED:
        raise NotCompleted()
    given = {"patient_rating": data.rating, "patient_feedback": data.feedback}
    rows(tx, update(Consultation).where(Consultation.id == room.id).values(**given))
    audit.seen(tx, me, "write", "consultation", room.id, room.patient_profile_id, "rating", now=now)
    tx.refresh(room)
    return room


def close_unheld(tx: Session, now: datetime, appointment_id: str, status: str) -> None:
    """The appointment was cancelled or missed: a room that never began is closed with it."""
    room = tx.scalar(select(Consultation).where(Consultation.appointment_id == appointment_id))
    if room is None:
        return
    never_begun = (Consultation.id == room.id, Consultation.status == rules.WAITING)
    closed = {"status": status, "end_time": now, "doctor_token": None, "patient_token": None}
    if rows(tx, update(Consultation).where(*never_begun).values(**closed)):
        forget_signals(tx, room.room_id)
        changed(tx, topic(room.id), queue_topic(room.doctor_id))


def reschedule(tx: Session, appointment_id: str) -> None:
    """The appointment has another time; so has its room."""
    start = select(Appointment.appointment_start).where(Appointment.id == appointment_id).scalar_subquery()
    waiting = (Consultation.appointment_id == appointment_id, Consultation.status == rules.WAITING)
    rows(tx, update(Consultation).where(*waiting).values(scheduled_start_time=start, patient_waiting_since=None))


def ensure_for(tx: Session, now: datetime, appointment_id: str) -> None:
    """A room for an appointment that has become certain. Nothing for one that is gone again."""
    appointment = tx.get(Appointment, appointment_id)
    if appointment and appointment.status in rules.OPEN_APPOINTMENTS:
        _ensure(tx, appointment, now)


def _appointment(tx: Session, me: Actor, appointment_id: str) -> Appointment:
    """The appointment (named by its own id or its room's), for its doctor or the account that booked it."""
    appointment = tx.get(Appointment, appointment_id)
    if appointment is None and (room := tx.get(Consultation, appointment_id)):
        appointment = tx.get(Appointment, room.appointment_id)
    if appointment is None or appointment.is_deleted:
        raise ConsultationNotFound()
    mine = appointment.patient_id == me.id if me.role == "patient" else appointment.doctor_id == me.doctor_id
    if me.role not in ("patient", "doctor") or not mine:
        raise ConsultationNotFound()
    return appointment


def _must_be_open(appointment: Appointment) -> None:
    if appointment.status == "pending":
        raise NotPaid()
    if appointment.status not in rules.OPEN_APPOINTMENTS:
        raise NotOpen()


def _must_be_in_time(appointment: Appointment, role: str, now: datetime) -> None:
    opens = rules.opens_at(role, appointment.appointment_start)
    if now < opens:
        raise TooEarly(opens_at=opens.isoformat())
    if now >= rules.closes_at(appointment.appointment_end):
        raise TooLate()


def _ensure(tx: Session, appointment: Appointment, now: datetime) -> Consultation:
    """Under the appointment's lock, so that two who come at once find one room."""
    tx.execute(select(Appointment.id).where(Appointment.id == appointment.id).with_for_update())
    room = tx.scalar(select(Consultation).where(Consultation.appointment_id == appointment.id))
    if room is None:
        room = Consultation(
            id=new_id(), appointment_id=appointment.id, doctor_id=appointment.doctor_id,
            patient_id=appointment.patient_id, patient_profile_id=appointment.patient_profile_id,
            room_id=f"room_{secrets.token_hex(16)}", scheduled_start_time=appointment.appointment_start,
            created_at=now, updated_at=now,
        )  # fmt: skip
        tx.add(room)
        tx.flush()
    return room


def _mine(tx: Session, me: Actor, consultation_id: str) -> Consultation:
    room = tx.get(Consultation, consultation_id)
    if room is None:  # a page may know its appointment only
        room = tx.scalar(select(Consultation).where(Consultation.appointment_id == consultation_id))
    if room is None:
        raise ConsultationNotFound()
    role_in(room, me)
    return room
