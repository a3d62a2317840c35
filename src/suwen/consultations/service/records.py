"""Who may read what of a visit, and the lists of visits."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.accounts.service import care
from suwen.consultations import rules
from suwen.consultations.errors import ConsultationNotFound
from suwen.consultations.models import CallEvent, CallSeat, Consultation
from suwen.consultations.schemas import ConsultationView, EventView
from suwen.consultations.service.notes import TEXTS
from suwen.core import audit
from suwen.core.actor import Actor
from suwen.core.paging import keyset
from suwen.core.schemas import Slice

FACTS = tuple(name for name in ConsultationView.__struct_fields__ if name != "phase")


def consultation(tx: Session, me: Actor, now: datetime, consultation_id: str) -> ConsultationView:
    """One visit for its doctor, its patient's account, or staff who treat this person."""
    room = tx.get(Consultation, consultation_id)
    if room is None:
        raise ConsultationNotFound()
    texts = _may_read(tx, me, now, room)
    audit.seen(tx, me, "read", "consultation", room.id, room.patient_profile_id, now=now)
    return _view(room, texts, *presences(tx, [room.id]).get(room.id, _nobody()), now)


def consultations(
    tx: Session, me: Actor, now: datetime, *, profile_id: str | None = None, status: str | None = None,
    appointment_id: str | None = None, after: str | None = None, limit: int | None = None,
) -> Slice[ConsultationView]:  # fmt: skip
    """Visits this person may see, newest first: a doctor's own, an account's own, or all of a person one treats."""
    statement = select(Consultation).where(_whose(tx, me, now, profile_id))
    if profile_id:
        statement = statement.where(Consultation.patient_profile_id == profile_id)
    if status:
        statement = statement.where(Consultation.status == status)
    if appointment_id:
        statement = statement.where(Consultation.appointment_id == appointment_id)
    by = [(Consultation.scheduled_start_time, "desc"), (Consultation.id, "desc")]
    found, following = keyset(tx, statement, by, after, limit)
    seats = presences(tx, [room.id for room in found])
    views = []
    for room in found:
        audit.seen(tx, me, "read", "consultation", room.id, room.patient_profile_id, "list", now=now)
        views.append(_view(room, _texts_open(me, room), *seats.get(room.id, _nobody()), now))
    return Slice(items=views, next=following)


def of_appointment(tx: Session, me: Actor, now: datetime, appointment_id: str) -> ConsultationView | None:
    """The visit's record for a page that shows the appointment; None before there is one."""
    room = tx.scalar(select(Consultation).where(Consultation.appointment_id == appointment_id))
    return consultation(tx, me, now, room.id) if room else None


def after_change(tx: Session, me: Actor, now: datetime, room: Consultation) -> ConsultationView:
    """The answer to whoever has just changed the visit."""
    tx.refresh(room)
    return _view(room, _texts_open(me, room), *presences(tx, [room.id]).get(room.id, _nobody()), now)


def events(
    tx: Session, me: Actor, now: datetime, consultation_id: str, after: str | None, limit: int | None
) -> Slice[EventView]:
    """What happened in the call, in order: for its two people, and for an admin who looks into a complaint."""
    room = tx.get(Consultation, consultation_id)
    if room is None:
        raise ConsultationNotFound()
    if me.role != "admin":
        _may_read(tx, me, now, room)
    audit.seen(tx, me, "read", "call_events", room.id, room.patient_profile_id, now=now)
    statement = select(CallEvent).where(CallEvent.consultation_id == room.id)
    found, following = keyset(tx, statement, [(CallEvent.created_at, "asc"), (CallEvent.id, "asc")], after, limit)
    mine = [(one, one.user_id == me.id or me.role == "admin") for one in found]  # the other side's address is not ours
    return Slice(items=[_event(one, own) for one, own in mine], next=following)


def presences(tx: Session, ids: Iterable[str]) -> dict[str, tuple[rules.Presence, rules.Presence]]:
    """(doctor, patient) of each room that somebody has joined."""
    wanted = list(ids)
    sides: dict[str, dict[str, rules.Presence]] = {}
    for seat in tx.scalars(select(CallSeat).where(CallSeat.consultation_id.in_(wanted))) if wanted else ():
        presence = rules.Presence(seat.seen_at, seat.left_at is not None, seat.away_at is not None, seat.media)
        sides.setdefault(seat.consultation_id, {})[seat.role] = presence
    empty = rules.Presence()
    return {room: (of.get("doctor", empty), of.get("patient", empty)) for room, of in sides.items()}


def _nobody() -> tuple[rules.Presence, rules.Presence]:
    return rules.Presence(), rules.Presence()


def _may_read(tx: Session, me: Actor, now: datetime, room: Consultation) -> bool:
    """Whether the four texts are part of the answer; ConsultationNotFound when nothing is."""
    own = me.role == "doctor" and me.doctor_id == room.doctor_id
    if own or (me.role == "patient" and me.id == room.patient_id) or _treats(tx, me, now, room.patient_profile_id):
        return _texts_open(me, room)
    raise ConsultationNotFound()


def _texts_open(me: Actor, room: Consultation) -> bool:
    """A doctor sees what he is writing; everybody else the finished record."""
    return me.doctor_id == room.doctor_id or room.status == rules.COMPLETED


def _treats(tx: Session, me: Actor, now: datetime, profile_id: str) -> bool:
    return me.role in ("doctor", "pharmacist") and care.treats(tx, me.id, profile_id, now)


def _whose(tx: Session, me: Actor, now: datetime, profile_id: str | None) -> Any:
    if me.role == "patient":
        return Consultation.patient_id == me.id
    if profile_id and _treats(tx, me, now, profile_id):
        return Consultation.patient_profile_id == profile_id
    if me.role == "doctor":
        return Consultation.doctor_id == me.doctor_id
    raise ConsultationNotFound()


def _view(
    room: Consultation, texts: bool, doctor: rules.Presence, patient: rules.Presence, now: datetime
) -> ConsultationView:
    values: dict[str, Any] = {name: getattr(room, name) for name in FACTS if texts or name not in TEXTS}
    hidden: dict[str, Any] = {} if texts else dict.fromkeys(TEXTS)
    return ConsultationView(**values, **hidden, phase=rules.phase(room.status, doctor, patient, now))


def _event(one: CallEvent, own: bool) -> EventView:
    return EventView(
        id=one.id, user_id=one.user_id, event_type=one.event_type, event_data=one.event_data,
        ip_address=one.ip_address if own else None, user_agent=one.user_agent if own else None,
        created_at=one.created_at,
    )  # fmt: skip
