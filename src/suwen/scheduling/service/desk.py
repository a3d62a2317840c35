"""Staff books for somebody who is there or on the phone: a walk-in without a slot, or a free slot, paid at the desk."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from suwen.accounts.models import PatientProfile, User
from suwen.clinics import service as clinics
from suwen.core import audit
from suwen.core.actor import Actor
from suwen.core.errors import Forbidden, NotFound
from suwen.core.i18n import N_
from suwen.core.outbox import emit
from suwen.scheduling import queries
from suwen.scheduling.errors import BadHours, DoctorBusy, PastTime
from suwen.scheduling.events import AppointmentBooked
from suwen.scheduling.rules import states, windows
from suwen.scheduling.schemas import Moved, WalkIn
from suwen.scheduling.service import booking, holds, horizon, paying, reads

HOME = {"admin": "/admin/appointments", "doctor": "/doctor/calendar"}
AROUND_NOW = timedelta(minutes=30)


def walk_in(tx: Session, me: Actor, data: WalkIn, now: datetime) -> Moved:
    """Book at the desk. Refused: anybody but staff, a person or a doctor who is busy then (unless squeezed in)."""
    if me.role != "admin" and not (me.role == "doctor" and me.doctor_id):
        raise Forbidden()
    person = tx.scalar(
        select(PatientProfile).where(PatientProfile.id == data.patient_profile_id, PatientProfile.is_deleted.is_(False))
    )
    if person is None:
        raise NotFound()
    slot = _free_slot(tx, data, now) if data.slot_id else _stretch(tx, me, data, now)
    if me.role == "doctor" and slot.doctor_id != me.doctor_id:
        raise NotFound()
    if slot.id is not None:
        holds.take(tx, slot, None, now)
    holds.person(tx, person.user_id, person.id, slot.slot_start, slot.slot_end, now)
    row = booking.visit(slot, person.user_id, person.id, now) | {
        "status": "scheduled", "symptoms": data.symptoms.strip(), "booked_by": me.id, "held_until": None,
    }  # fmt: skip
    queries.INSERT_APPOINTMENT.later(tx.connection(), row)
    booking.open_order(tx, row, slot, expires=slot.slot_end + paying.DESK_CLOSES, now=now)
    if slot.id is None:
        horizon.regenerate(tx, slot.doctor_id, now)
    whole = reads.visible(tx, me, row["id"])
    paying.related(tx, whole, now)
    emit(tx, AppointmentBooked(row["id"], 1), now)
    audit.seen(tx, me, "write", "appointment", row["id"], person.id, "walk-in", now=now)
    holds.tell(tx, slot.doctor_id, row["id"])
    return Moved(id=row["id"], status="scheduled", version=1, starts_at=slot.slot_start, ends_at=slot.slot_end)


def find_people(tx: Session, me: Actor, words: str) -> list[Any]:
    """People by name or phone, for whoever stands at the desk: (id, name, birthday, account, phone), at most 20."""
    if me.role not in ("admin", "doctor"):
        raise Forbidden()
    wanted = words.strip()
    if len(wanted) < (2 if wanted.isascii() else 1):
        return []
    by = or_(
        PatientProfile.name.contains(wanted, autoescape=True),
        PatientProfile.phone.contains(wanted, autoescape=True),
        User.phone.contains(wanted, autoescape=True),
        User.name.contains(wanted, autoescape=True),
    )
    statement = (
        select(
            PatientProfile.id, PatientProfile.name, PatientProfile.birthday, PatientProfile.gender,
            User.name.label("account"), User.phone,
        )
        .join(User, User.id == PatientProfile.user_id)
        .where(PatientProfile.is_deleted.is_(False), User.is_deleted.is_(False), by)
        .order_by(PatientProfile.name, PatientProfile.id)
        .limit(20)
    )  # fmt: skip
    return list(tx.execute(statement).all())


def _free_slot(tx: Session, data: WalkIn, now: datetime) -> Any:
    found = queries.SLOT_BY_ID.first(tx.connection(), {"slot": data.slot_id, "today": now.date()})
    if found is None:
        raise NotFound()
    if found.slot_end <= now:
        raise PastTime()
    return found


def _stretch(tx: Session, me: Actor, data: WalkIn, now: datetime) -> Any:
    """A stretch of the doctor's time that no slot stands for; the doctor is locked before the look."""
    doctor_id = data.doctor_id or me.doctor_id
    if doctor_id is None:
        raise BadHours(fields={"doctor_id": "Please fill this in."})
    start = (data.starts_at or now).replace(second=0, microsecond=0)
    end = start + timedelta(minutes=data.minutes)
    if start < now - AROUND_NOW:
        raise PastTime()
    if start > now + AROUND_NOW:
        raise BadHours(fields={"starts_at": N_("Without a free slot a visit begins now, within half an hour.")})
    if not horizon.lock_doctor(tx, doctor_id):
        raise NotFound()
    doctor = clinics.doctor_at_work(tx, doctor_id)
    place = horizon.place(tx, data.location_id) if data.location_id else None
    if data.visit_type == "offline" and place is None:
        raise BadHours(fields={"location_id": "Visits at the clinic need a place."})
    zone = place.timezone if place else me.zone
    windows.zone_of(zone)
    if not data.squeeze_in:
        _doctor_is_free(tx, doctor_id, start, end, now)
    return SimpleNamespace(
        id=None, doctor_id=doctor_id, location_id=data.location_id, slot_start=start, slot_end=end, zone=zone,
        visit_type=data.visit_type, consultation_fee=doctor.consultation_fee, is_booked=False,
    )  # fmt: skip


def _doctor_is_free(tx: Session, doctor_id: str, start: datetime, end: datetime, now: datetime) -> None:
    values = {"me": doctor_id, "start": start, "end": end, "now": now}
    for other in tx.connection().execute(queries.DAY, values):
        if other.status in states.ACTIVE:
            raise DoctorBusy(starts_at=other.starts_at, ends_at=other.ends_at)
