"""What the two sides see around the call: the doctor's queue and desk, the patient's place in it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from suwen.accounts.models import PatientProfile, User
from suwen.clinics.models import Doctor
from suwen.consultations import rules
from suwen.consultations.errors import ConsultationNotFound
from suwen.consultations.models import Consultation
from suwen.consultations.schemas import ConsultationView, PlaceView, QueueEntry, QueueView
from suwen.consultations.service import records
from suwen.core import audit, times
from suwen.core.actor import Actor
from suwen.scheduling.models import Appointment

SHOWN = ("scheduled", "confirmed", "checked_in", "completed", "no_show")
RECENT = 20


@dataclass(frozen=True)
class Visit:
    """One visit with the names around it. `consultation` is None until a room was opened."""

    appointment: Appointment
    consultation: ConsultationView | None
    patient_name: str
    birthday: Any
    gender: str | None
    doctor_name: str
    doctor_title: str
    place: PlaceView | None = None
    opens_at: datetime | None = None

    @property
    def age(self) -> int | None:
        return times.age(self.birthday, self.appointment.appointment_start.date()) if self.birthday else None

    @property
    def is_video(self) -> bool:
        return self.appointment.visit_type == "online_video"


def queue(tx: Session, me: Actor, now: datetime) -> QueueView:
    """The doctor's day: inside, waiting (who came first, but nobody before the booked time), still to come, done.

    It is drawn anew every minute, so only who is there is shown with a complaint, and each such look is noted.
    """
    if me.role != "doctor":
        raise ConsultationNotFound()
    begin, end = _day(now, me.zone)
    today = and_(Appointment.appointment_start >= begin, Appointment.appointment_start < end)
    open_still = and_(Consultation.status.in_(rules.LIVE), Consultation.patient_waiting_since >= now - rules.LATE * 2)
    found = tx.execute(
        select(Appointment, Consultation, PatientProfile.name, PatientProfile.birthday, PatientProfile.gender)
        .join(PatientProfile, PatientProfile.id == Appointment.patient_profile_id)
        .outerjoin(Consultation, Consultation.appointment_id == Appointment.id)
        .where(Appointment.doctor_id == me.doctor_id, Appointment.is_deleted.is_(False))
        .where(Appointment.status.in_(SHOWN), or_(today, open_still))
        .order_by(Appointment.appointment_start, Appointment.id)
        .limit(200)
    ).all()
    seats = records.presences(tx, [room.id for _, room, *_ in found if room])
    view = QueueView(now=[], waiting=[], next=[], done=[])
    audit.seen(tx, me, "read", "queue", me.doctor_id or "", now=now)  # the names of the whole day
    for appointment, room, name, birthday, gender in found:
        sides = seats.get(room.id) if room else None
        entry = _entry(appointment, room, name, birthday, gender, sides, now)
        pile = _pile(view, entry)
        if appointment.symptoms and (pile is view.now or pile is view.waiting):
            entry.symptoms = appointment.symptoms
            audit.seen(tx, me, "read", "appointment", appointment.id, entry.patient_profile_id, "list", now=now)
        pile.append(entry)
    view.waiting.sort(key=lambda one: rules.queue_key(one.start, one.waiting_since or one.start))
    return view


def desk(tx: Session, me: Actor, appointment_id: str, now: datetime) -> Visit:
    """The doctor's desk for one visit, with the record as it stands."""
    visit = _visit(tx, me, appointment_id, now)
    if me.role != "doctor":
        raise ConsultationNotFound()
    return visit


def visit(tx: Session, me: Actor, appointment_id: str, now: datetime) -> Visit:
    """The patient's page of a visit."""
    if me.role != "patient":
        raise ConsultationNotFound()
    return _visit(tx, me, appointment_id, now, with_place=True)


def place(tx: Session, me: Actor, appointment_id: str, now: datetime) -> PlaceView:
    """How many are before this patient, and an honest estimate of the wait."""
    appointment = _mine(tx, me, appointment_id)
    room = tx.scalar(select(Consultation).where(Consultation.appointment_id == appointment.id))
    return _place(tx, appointment, room, now)


def _visit(tx: Session, me: Actor, appointment_id: str, now: datetime, with_place: bool = False) -> Visit:
    appointment = _mine(tx, me, appointment_id)
    found = tx.execute(
        select(PatientProfile.name, PatientProfile.birthday, PatientProfile.gender, User.name, Doctor.title)
        .select_from(PatientProfile)
        .join(Doctor, Doctor.id == appointment.doctor_id)
        .join(User, User.id == Doctor.user_id)
        .where(PatientProfile.id == appointment.patient_profile_id)
    ).one()
    room = tx.scalar(select(Consultation).where(Consultation.appointment_id == appointment.id))
    view = records.consultation(tx, me, now, room.id) if room else None
    if view is None:
        audit.seen(tx, me, "read", "appointment", appointment.id, appointment.patient_profile_id, now=now)
    waits = (
        with_place and (room is None or room.status == rules.WAITING) and appointment.status in rules.OPEN_APPOINTMENTS
    )
    return Visit(
        appointment, view, *found, place=_place(tx, appointment, room, now) if waits else None,
        opens_at=rules.opens_at(me.role, appointment.appointment_start),
    )  # fmt: skip


def _mine(tx: Session, me: Actor, appointment_id: str) -> Appointment:
    appointment = tx.get(Appointment, appointment_id)
    if appointment is None and (room := tx.get(Consultation, appointment_id)):
        appointment = tx.get(Appointment, room.appointment_id)
    if appointment is None or appointment.is_deleted:
        raise ConsultationNotFound()
    mine = appointment.patient_id == me.id if me.role == "patient" else appointment.doctor_id == me.doctor_id
    if me.role not in ("patient", "doctor") or not mine:
        raise ConsultationNotFound()
    return appointment


def _place(tx: Session, appointment: Appointment, room: Consultation | None, now: datetime) -> PlaceView:
    """Three statements whatever the length of the queue."""
    since = room.patient_waiting_since if room else None
    rows = tx.execute(
        select(
            Consultation.status,
            Consultation.scheduled_start_time,
            Consultation.patient_waiting_since,
            Consultation.actual_start_time,
        )
        .where(Consultation.doctor_id == appointment.doctor_id, Consultation.status.in_(rules.LIVE))
        .where(
            Consultation.patient_waiting_since >= now - rules.LATE * 2, Consultation.appointment_id != appointment.id
        )
        .limit(200)
    ).all()
    mine = rules.queue_key(appointment.appointment_start, since or now)
    waiting = [row for row in rows if row.status == rules.WAITING]
    ahead = sum(rules.queue_key(row.scheduled_start_time, row.patient_waiting_since) < mine for row in waiting)
    inside = [row.actual_start_time for row in rows if row.status == rules.IN_PROGRESS]
    lasted = select(Consultation.duration).where(
        Consultation.doctor_id == appointment.doctor_id, Consultation.status == rules.COMPLETED
    )
    durations = tx.scalars(lasted.order_by(Consultation.scheduled_start_time.desc()).limit(RECENT)).all()
    slot = round((appointment.appointment_end - appointment.appointment_start).total_seconds() / 60)
    soonest, latest = rules.estimate(
        ahead=ahead, running_since=max(inside, default=None), start=appointment.appointment_start, now=now,
        typical=rules.typical_minutes([one for one in durations if one], slot or rules.DEFAULT_MINUTES),
    )  # fmt: skip
    return PlaceView(ahead=ahead, inside=bool(inside), wait_from=soonest, wait_to=latest, waiting_since=since)


def _entry(
    appointment: Appointment, room: Consultation | None, name: str, birthday: Any, gender: str | None,
    sides: tuple[rules.Presence, rules.Presence] | None, now: datetime,
) -> QueueEntry:  # fmt: skip
    doctor, patient = sides or (rules.Presence(), rules.Presence())
    status = room.status if room else rules.WAITING
    return QueueEntry(
        appointment_id=appointment.id, consultation_id=room.id if room else None,
        patient_profile_id=appointment.patient_profile_id, patient_name=name,
        age=times.age(birthday, now.date()) if birthday else None, gender=gender, visit_type=appointment.visit_type,
        symptoms=None, start=appointment.appointment_start, end=appointment.appointment_end,
        zone=appointment.zone, appointment_status=appointment.status, status=status,
        phase=rules.phase(status, doctor, patient, now),
        waiting_since=_waiting_since(appointment, room), late_minutes=room.late_minutes if room else None,
        duration=room.duration if room else None,
    )  # fmt: skip


def _waiting_since(appointment: Appointment, room: Consultation | None) -> datetime | None:
    """In the waiting room on line, or checked in at the desk."""
    if room and room.patient_waiting_since:
        return room.patient_waiting_since
    return appointment.checked_in_at if appointment.status == "checked_in" else None


def _pile(view: QueueView, entry: QueueEntry) -> list[QueueEntry]:
    if entry.status == rules.IN_PROGRESS:
        return view.now
    if entry.appointment_status in ("completed", "no_show") or entry.status not in rules.LIVE:
        return view.done
    return view.waiting if entry.waiting_since else view.next


def _day(now: datetime, zone: str) -> tuple[datetime, datetime]:
    """The reader's calendar day as instants."""
    local = now.astimezone(times.known_zone(zone) or ZoneInfo("UTC"))
    begin = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return begin, begin + timedelta(days=1)
