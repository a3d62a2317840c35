"""Doctors as admins see them: the list, the check of the licence, what is put away and brought back."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import Session

from suwen.accounts.models import User
from suwen.accounts.service import sessions
from suwen.clinics import queries, rules
from suwen.clinics.errors import AlreadyDecided, LicenceMissing
from suwen.clinics.events import DoctorBroughtBack, DoctorPutAway
from suwen.clinics.models import Doctor
from suwen.clinics.schemas import DoctorEntry, DoctorFile, DoctorFilters, DoctorLine
from suwen.clinics.service.doctors import fill, tell
from suwen.clinics.service.files import file_of
from suwen.core.actor import Actor
from suwen.core.audit import seen
from suwen.core.db import take
from suwen.core.errors import Conflict, Invalid, NotFound
from suwen.core.export import BOM, csv_line
from suwen.core.i18n import N_
from suwen.core.outbox import emit
from suwen.core.paging import keyset
from suwen.core.schemas import Slice
from suwen.notifications import service as notifications

d, users = queries.doctors, queries.users
LINE = (
    d.c.id, users.c.name, users.c.account, users.c.phone, d.c.title, d.c.hospital,
    func.coalesce(queries.departments.c.name, d.c.department).label("department"), d.c.license_number,
    d.c.license_valid_until, d.c.verification_status, d.c.is_deleted, d.c.created_at,
)  # fmt: skip
CSV = ("id", "name", "account", "phone", "title", "hospital", "department", "license_number", "license_valid_until",
       "verification_status", "listed", "is_deleted", "created_at")  # fmt: skip
STATES = ("pending", "approved", "rejected", "expired", "deleted")


def files(
    tx: Session, filters: DoctorFilters, now: datetime, after: str | None = None, limit: int | None = None
) -> Slice[DoctorLine]:
    """Newest first."""
    found, following = keyset(tx, _lines(filters, now), ((d.c.created_at, "desc"), (d.c.id, "desc")), after, limit)
    return Slice([_line(row) for row in found], following)


def counts(tx: Session, now: datetime) -> dict[str, int]:
    """How many are in each state."""
    sums = [func.coalesce(func.sum(case((_in(state, now), 1), else_=0)), 0).label(state) for state in STATES]
    row = tx.execute(select(*sums).select_from(queries.FROM)).one()
    return {state: int(getattr(row, state)) for state in STATES}


def table(tx: Session, filters: DoctorFilters, now: datetime) -> Iterator[str]:
    """The whole list as lines of a CSV file."""
    yield BOM + csv_line(CSV)
    found = tx.execute(_lines(filters, now).order_by(d.c.created_at.desc()).execution_options(yield_per=200))
    for row in found:
        yield csv_line(getattr(_line(row), name) for name in CSV)


def without_a_page(tx: Session) -> list[tuple[str, str]]:
    """Accounts of doctors that have no page yet: (id, "name (account)")."""
    statement = (
        select(User.id, User.name, User.account)
        .outerjoin(Doctor, Doctor.user_id == User.id)
        .where(User.role == "doctor", User.is_deleted.is_(False), Doctor.id.is_(None))
        .order_by(User.name)
        .limit(200)
    )
    return [(row.id, f"{row.name} ({row.account})") for row in tx.execute(statement)]


def change_doctor(tx: Session, actor: Actor, id: str, entry: DoctorEntry, now: datetime) -> DoctorFile:
    """Conflict when it was changed since it was read."""
    row = take(tx, _row(tx, id), entry.version)
    fill(tx, row, entry)
    return _done(tx, actor, row, "changed", now)


def approve(tx: Session, actor: Actor, id: str, version: int, now: datetime) -> DoctorFile:
    """List the doctor. LicenceMissing, AlreadyDecided."""
    row = _decide(tx, id, version)
    if not rules.licensed(row.license_number, row.license_authority, row.license_valid_until, now.date()):
        raise LicenceMissing()
    row.verification_status, row.rejection_reason = "approved", None
    row.verified_by, row.verified_at = actor.id, now
    _say(tx, row, N_("Your licence has been checked"), N_("Patients can find you and book your times now."), now)
    return _done(tx, actor, row, "approved", now)


def reject(tx: Session, actor: Actor, id: str, version: int, reason: str, now: datetime) -> DoctorFile:
    """Do not list the doctor, and say why."""
    row = _decide(tx, id, version)
    row.verification_status, row.rejection_reason = "rejected", reason
    row.verified_by, row.verified_at = actor.id, now
    _say(
        tx,
        row,
        N_("Your licence was not accepted"),
        N_("Read the reason on your page, and send the papers again."),
        now,
    )
    return _done(tx, actor, row, "rejected", now)


def put_away(tx: Session, actor: Actor, id: str, now: datetime) -> None:
    """Delete softly: nobody finds or books the doctor any more; past visits, records and reviews stay.

    The sessions end, for they say whose doctor's page it is.
    """
    row = take(tx, _row(tx, id), None)
    row.is_deleted, row.deleted_at = True, now
    sessions.end_all(tx, row.user_id, now)
    emit(tx, DoctorPutAway(id), now)
    _done(tx, actor, row, "deleted", now)


def bring_back(tx: Session, actor: Actor, id: str, now: datetime) -> DoctorFile:
    row = tx.get(Doctor, id)
    if row is None:
        raise NotFound()
    if not row.is_deleted:
        raise Conflict()
    take(tx, row, None)
    row.is_deleted, row.deleted_at = False, None
    emit(tx, DoctorBroughtBack(id), now)
    return _done(tx, actor, row, "restored", now)


def _lines(filters: DoctorFilters, now: datetime) -> Select[Any]:
    listed = queries.listed(now.date()).label("listed")
    statement = select(*LINE, listed).select_from(queries.FROM)
    if filters.status and filters.status not in STATES:
        raise Invalid(fields={"status": "There is no such state."})
    statement = statement.where(_in(filters.status, now) if filters.status else d.c.is_deleted.is_(False))
    if filters.department_id:
        statement = statement.where(d.c.department_id == filters.department_id)
    if filters.q:
        like = f"%{filters.q.strip().translate(ESCAPED)}%"
        places = (users.c.name, users.c.account, users.c.phone, d.c.license_number)
        statement = statement.where(or_(*(place.ilike(like, escape="\\") for place in places)))
    return statement


ESCAPED = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})


def _in(state: str, now: datetime) -> ColumnElement[bool]:
    if state == "deleted":
        return d.c.is_deleted.is_(True)
    if state == "expired":
        old = d.c.license_valid_until < now.date()
        return d.c.is_deleted.is_(False) & (d.c.verification_status == "approved") & old
    return d.c.is_deleted.is_(False) & (d.c.verification_status == state)


def _line(row: Any) -> DoctorLine:
    names = ("id", "name", "account", "phone", "title", "hospital", "department", "license_number",
             "license_valid_until", "verification_status", "is_deleted", "created_at")  # fmt: skip
    return DoctorLine(**{name: getattr(row, name) for name in names}, listed=bool(row.listed))


def _row(tx: Session, id: str) -> Doctor:
    row = tx.get(Doctor, id)
    if row is None or row.is_deleted:
        raise NotFound()
    return row


def _decide(tx: Session, id: str, version: int) -> Doctor:
    row = _row(tx, id)
    try:
        return take(tx, row, version)
    except Conflict:
        raise AlreadyDecided() from None


def _say(tx: Session, row: Doctor, title: str, content: str, now: datetime) -> None:
    meta = {"path": "/doctor/profile"}
    notifications.notify(tx, row.user_id, "system_announcement", title, content, row.id, now, meta)


def _done(tx: Session, actor: Actor, row: Doctor, what: str, now: datetime) -> DoctorFile:
    tx.flush()
    tell(tx, row.id)
    seen(tx, actor, "write", "doctor", row.id, purpose=what, now=now)
    return file_of(tx, row.id, now)
