"""What both sides are told about a visit, and when they are reminded. Nothing clinical is ever said here."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from suwen.clinics import service as clinics
from suwen.core.actor import SYSTEM
from suwen.core.db import changed
from suwen.core.errors import NotFound
from suwen.core.i18n import N_
from suwen.core.money import Sum
from suwen.core.outbox import emit
from suwen.notifications import service as notifications
from suwen.payments import service as payments
from suwen.scheduling.events import ReminderDue
from suwen.scheduling.queries import appointments
from suwen.scheduling.rules import days, states
from suwen.scheduling.service import holds, reads

# Nearest first: who is reminded of the next minutes needs no word about tomorrow any more.
REMINDERS = {"soon": timedelta(minutes=10), "hour": timedelta(hours=1), "day": timedelta(hours=24)}
COLUMN = {kind: appointments.c[f"reminded_{kind}_at"] for kind in REMINDERS}
AT_ONCE = 200

BOOKED = N_("Your appointment is booked")
BOOKED_TEXT = N_("%(patient)s sees %(doctor)s: %(start)s.")
BOOKED_STAFF = N_("New appointment")
BOOKED_STAFF_TEXT = N_("%(patient)s comes to you: %(start)s.")
MOVED = N_("The appointment was moved")
MOVED_TEXT = N_("%(patient)s and %(doctor)s: now %(start)s, before %(was)s.")
CANCELLED = N_("The appointment was cancelled")
CANCELLED_TEXT = N_("%(patient)s and %(doctor)s: %(start)s is free again.")
REFUNDED_TEXT = N_("%(patient)s and %(doctor)s: %(start)s was cancelled. %(sum)s is on its way back.")
RELEASED = N_("The time is no longer held")
RELEASED_TEXT = N_("It was not paid in time, so %(start)s with %(doctor)s is free again. Nothing was taken.")
REMINDER = {
    "day": N_("Your appointment is tomorrow"),
    "hour": N_("Your appointment is in an hour"),
    "soon": N_("Your appointment begins in a few minutes"),
}
# what is said where the worker was away and comes late with the day's word: that may be on the day itself
LATE_DAY = N_("Your appointment is in less than a day")
ORPHANED = N_("Visits need a new time")
ORPHANED_TEXT = N_(
    "Your hours have changed, but %(number)s booked visits lie outside them. Please move or cancel them."
)


def booked(tx: Session, id: str, version: int, now: datetime) -> None:
    row = _visit(tx, id)
    if row is None or row["status"] not in (*states.BOOKED, "checked_in"):
        return
    _tell_patient(tx, row, "appointment_confirmed", BOOKED, BOOKED_TEXT, now, once=f"booked:{id}")
    _tell_doctor(tx, row, "appointment_confirmed", BOOKED_STAFF, BOOKED_STAFF_TEXT, now, once=f"booked:{id}:doctor")
    changed(tx, f"queue:{row['doctor_id']}")


def moved(tx: Session, id: str, version: int, was: datetime, now: datetime) -> None:
    row = _visit(tx, id)
    if row is None or row["status"] not in states.ACTIVE:
        return
    for tell, whom in ((_tell_patient, "patient"), (_tell_doctor, "doctor")):
        once = f"moved:{id}:{version}:{whom}"
        tell(tx, row, "appointment_confirmed", MOVED, MOVED_TEXT, now, once=once, was=was)


def cancelled(tx: Session, id: str, by: str, refunded: int, now: datetime) -> None:
    row = _visit(tx, id)
    if row is None:
        return
    order = payments.order_of(tx, holds.subject(id)) if refunded else None
    text = REFUNDED_TEXT if order else CANCELLED_TEXT
    more = {"sum": Sum(refunded, order.currency)} if order else {}
    _tell_patient(tx, row, "appointment_cancelled", CANCELLED, text, now, once=f"cancelled:{id}", **more)
    if by != "doctor":
        _tell_doctor(tx, row, "appointment_cancelled", CANCELLED, CANCELLED_TEXT, now, once=f"cancelled:{id}:doctor")


def hold_cancelled(tx: Session, id: str, now: datetime) -> None:
    row = _visit(tx, id)
    if row is not None:
        _tell_patient(tx, row, "appointment_cancelled", CANCELLED, CANCELLED_TEXT, now, once=f"cancelled:{id}")


def released(tx: Session, id: str, now: datetime) -> None:
    row = _visit(tx, id)
    if row is not None and row["status"] == "cancelled":
        _tell_patient(tx, row, "appointment_cancelled", RELEASED, RELEASED_TEXT, now, once=f"released:{id}")


def reminded(tx: Session, id: str, start: datetime, kind: str, now: datetime) -> None:
    """Say it, unless the visit was moved, cancelled or has begun since it became due."""
    row = _visit(tx, id)
    if row is None or row["status"] not in states.BOOKED or row["starts_at"] != start or start <= now:
        return
    if row["doctor_away"]:
        return
    once = f"reminder:{kind}:{id}:{start:%Y%m%dT%H%M}"
    late = kind == "day" and start - now < REMINDERS["day"] - timedelta(hours=1)
    title = LATE_DAY if late else REMINDER[kind]
    _tell_patient(tx, row, "appointment_reminder", title, BOOKED_TEXT, now, once=once)


def orphaned(tx: Session, doctor_id: str, appointment_ids: list[str], now: datetime) -> None:
    try:
        doctor = clinics.doctor(tx, doctor_id)
    except NotFound:
        return
    meta = {"number": len(appointment_ids), "path": "/doctor/availability"}
    once = f"orphans:{min(appointment_ids)}:{now:%Y%m%dT%H%M}"
    notifications.notify(tx, doctor.user_id, "system_announcement", ORPHANED, ORPHANED_TEXT, None, now, meta, once=once)


def due(tx: Session, now: datetime) -> int:
    """Mark every reminder that is due and let it be told; two workers at once mark each of them once."""
    done = 0
    for kind, before in REMINDERS.items():
        found = (
            select(appointments.c.id, appointments.c.appointment_start, appointments.c.created_at)
            .where(
                appointments.c.status.in_(states.BOOKED),
                appointments.c.appointment_start > now,
                appointments.c.appointment_start <= now + before,
                COLUMN[kind].is_(None),
            )
            .limit(AT_ONCE)
        )
        for visit in tx.execute(found).all():
            if not _mark(tx, visit.id, kind, now):
                continue
            done += 1
            # Whoever booked within that time knows it still.
            if visit.created_at <= visit.appointment_start - before:
                emit(tx, ReminderDue(visit.id, visit.appointment_start.isoformat(), kind), now)
    return done


def reminders_begun(start: datetime, now: datetime) -> dict[str, datetime | None]:
    """The marks of a visit that gets a new start: what would be due already is taken as said with the news itself."""
    return {f"reminded_{kind}_at": now if start - before <= now else None for kind, before in REMINDERS.items()}


def _mark(tx: Session, id: str, kind: str, now: datetime) -> bool:
    kinds = list(REMINDERS)
    longer = {COLUMN[other].name: func.coalesce(COLUMN[other], now) for other in kinds[kinds.index(kind) :]}
    mine = update(appointments).where(
        appointments.c.id == id, appointments.c.status.in_(states.BOOKED), COLUMN[kind].is_(None)
    )
    return tx.connection().execute(mine.values(longer)).rowcount == 1


def _visit(tx: Session, id: str) -> dict[str, Any] | None:
    try:
        return reads.visible(tx, SYSTEM, id)
    except NotFound:
        return None


def _tell_patient(tx: Session, row: dict[str, Any], type: str, title: str, text: str, now: datetime, *,
                  once: str, **more: Any) -> None:  # fmt: skip
    meta = _words(row) | more
    notifications.notify(tx, row["patient_id"], type, title, text, row["id"], now, meta, once=once)


def _tell_doctor(tx: Session, row: dict[str, Any], type: str, title: str, text: str, now: datetime, *,
                 once: str, **more: Any) -> None:  # fmt: skip
    day = days.local_day(row["starts_at"], ZoneInfo(row["zone"]))
    meta = _words(row) | more | {"path": f"/doctor/calendar?day={day}"}
    notifications.notify(tx, row["doctor_user_id"], type, title, text, row["id"], now, meta, once=once)


def _words(row: dict[str, Any]) -> dict[str, Any]:
    return {"patient": row["patient"], "doctor": row["doctor"], "start": row["starts_at"]}
