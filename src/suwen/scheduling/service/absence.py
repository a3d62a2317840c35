"""A doctor's account is closed, the page put away, the licence ends: what is told about the visits that are booked.

That those visits need a decision is stored nowhere: lists and pages see it of the doctor (`queries.DOCTOR_AWAY`).
A doctor may be away for both reasons: who was told of the first is not told of the second, nor that only one of them
is over. A job is done once, with what it tells, so nothing needs a key.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from suwen.accounts.models import User
from suwen.accounts.queries import is_open
from suwen.clinics import service as clinics
from suwen.core.db import changed
from suwen.core.i18n import N_
from suwen.notifications import service as notifications
from suwen.scheduling import queries
from suwen.scheduling.queries import appointments
from suwen.scheduling.rules import states

LEFT = N_("The doctor cannot hold your appointment")
LEFT_TEXT = N_(
    "%(patient)s and %(doctor)s: %(start)s cannot take place as booked. The clinic will call you about another time or "
    "doctor. If you cancel, all that was paid goes back."
)
BACK = N_("Your appointment takes place after all")
BACK_TEXT = N_("%(patient)s and %(doctor)s: %(start)s stands as it was booked.")
ADMINS = N_("Visits of a doctor who is not at work any more")
ADMINS_TEXT = N_(
    "%(number)s visits booked with %(doctor)s need a decision: cancel them, or book them with somebody else."
)
ENDS = N_("A licence ends before visits that are booked")
ENDS_TEXT = N_(
    "The licence of %(doctor)s is good until %(day)s; %(number)s visits are booked after that. Once the new licence is "
    "checked, nothing more has to be done."
)
TO_DECIDE, PAPERS = "/admin/appointments?orphans=yes", "/doctor/profile"


def account_closed(tx: Session, user_id: str, now: datetime) -> None:
    doctor = clinics.doctor_of_user(tx, user_id)
    if doctor is not None:  # of one put away it was told then
        _tell_left(tx, doctor.id, now)


def account_opened(tx: Session, user_id: str, now: datetime) -> None:
    doctor = clinics.doctor_of_user(tx, user_id)
    if doctor is not None:
        _tell_back(tx, doctor.id, now)


def put_away(tx: Session, doctor_id: str, now: datetime) -> None:
    if _has_open_account(tx, doctor_id):
        _tell_left(tx, doctor_id, now)


def brought_back(tx: Session, doctor_id: str, now: datetime) -> None:
    if _has_open_account(tx, doctor_id):
        _tell_back(tx, doctor_id, now)


def _has_open_account(tx: Session, doctor_id: str) -> bool:
    account = select(User.status, User.is_deleted).join(queries.doctors, queries.doctors.c.user_id == User.id)
    return is_open(tx.execute(account.where(queries.doctors.c.id == doctor_id)).one())


def _tell_left(tx: Session, doctor_id: str, now: datetime) -> None:
    visits = _coming(tx, doctor_id, now)
    _tell_patients(tx, doctor_id, visits, LEFT, LEFT_TEXT, now)
    if not visits:
        return
    meta = {"number": len(visits), "doctor": visits[0].doctor, "path": TO_DECIDE}
    for admin in _admins(tx):
        notifications.notify(tx, admin, "system_announcement", ADMINS, ADMINS_TEXT, None, now, meta)


def licences(tx: Session, now: datetime) -> int:
    """Tell admins and the doctor, once for each licence, that visits are booked beyond its last day; return how many
    doctors that is true of. The marks need nobody to set them (`queries.LICENCE_OVER`).
    """
    doctors = queries.doctors
    found = queries.LINES.where(
        appointments.c.status.in_((*states.BOOKED, "checked_in")), appointments.c.appointment_end > now,
        queries.LICENCE_ENDS, ~queries.DOCTOR_AWAY,
    ).with_only_columns(
        doctors.c.id, doctors.c.user_id, doctors.c.license_valid_until, func.count().label("number"),
        func.max(queries.DOCTORS_NAME).label("name"), maintain_column_froms=True,
    )  # fmt: skip
    beyond = tx.execute(found.group_by(doctors.c.id, doctors.c.user_id, doctors.c.license_valid_until)).all()
    for one in beyond:
        meta = {"number": one.number, "doctor": one.name, "day": one.license_valid_until.isoformat()}
        for who, path in ((one.user_id, PAPERS), *((admin, TO_DECIDE) for admin in _admins(tx))):
            notifications.notify(
                tx, who, "system_announcement", ENDS, ENDS_TEXT, None, now, meta | {"path": path},
                once=f"licence:{one.id}:{meta['day']}:{who}",
            )  # fmt: skip
    return len(beyond)


def _admins(tx: Session) -> Sequence[str]:
    admins = select(User.id).where(User.role == "admin", User.is_deleted.is_(False), User.status == "active")
    return tx.scalars(admins).all()


def _tell_back(tx: Session, doctor_id: str, now: datetime) -> None:
    _tell_patients(tx, doctor_id, _coming(tx, doctor_id, now), BACK, BACK_TEXT, now)


def _tell_patients(tx: Session, doctor_id: str, visits: Sequence[Any], title: str, text: str, now: datetime) -> None:
    for visit in visits:
        meta = {"patient": visit.patient, "doctor": visit.doctor, "start": visit.starts_at}
        notifications.notify(tx, visit.patient_id, "appointment_cancelled", title, text, visit.id, now, meta)
    changed(tx, f"doctor:{doctor_id}", "directory", f"queue:{doctor_id}", *(f"appointment:{one.id}" for one in visits))


def _coming(tx: Session, doctor_id: str, now: datetime) -> Sequence[Any]:
    """Visits that somebody counts on; who only holds a time cannot pay for it any more, and loses nothing."""
    mine = queries.LINES.where(
        appointments.c.doctor_id == doctor_id, appointments.c.status.in_((*states.BOOKED, "checked_in")),
        appointments.c.appointment_end > now,
    )  # fmt: skip
    return tx.execute(mine.order_by(appointments.c.appointment_start)).all()
