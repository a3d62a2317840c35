"""Looking at appointments. What somebody may not see is not there."""

import contextlib
import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Select, func, or_
from sqlalchemy.orm import Session

from suwen.core import audit
from suwen.core.actor import SYSTEM, Actor
from suwen.core.errors import Forbidden, NotFound
from suwen.core.paging import keyset
from suwen.core.schemas import Slice
from suwen.notifications.service import watchable
from suwen.scheduling import queries
from suwen.scheduling.queries import appointments as table
from suwen.scheduling.rules import days, states, windows
from suwen.scheduling.schemas import AppointmentLine, AppointmentView, Brief

EXPORTED = 20_000
RAN_OUT = "hold_expired"
INSIDE = ("doctor_user_id", "booked_by")  # for the services beside this one, no part of the answer


@dataclass(frozen=True)
class Filter:
    """What a list is narrowed to. `when` is upcoming, past or open (needs an answer); days are local to `zone`."""

    when: str | None = None
    status: str | None = None
    doctor_id: str | None = None
    location_id: str | None = None
    patient_profile_id: str | None = None
    patient: str | None = None
    first: date | None = None
    last: date | None = None
    orphans: bool = False


def asked(**typed: str | None) -> Filter:
    """A filter from what stands in a page's address; what makes no sense there is no matter."""
    given = {name: value.strip() for name, value in typed.items() if value and value.strip()}
    wanted: dict[str, Any] = {}
    for name, value in given.items():
        if name in ("first", "last"):
            with contextlib.suppress(ValueError):
                wanted[name] = date.fromisoformat(value)
        elif name == "orphans":
            wanted[name] = True
        elif (name != "status" or value in states.STATUSES) and (name != "when" or value in ("upcoming", "past")):
            wanted[name] = value
    return Filter(**wanted)


def appointment(tx: Session, me: Actor, id: str, now: datetime) -> AppointmentView:
    """The whole appointment, for its account, its doctor and the admin; the look is noted."""
    row = visible(tx, me, id)
    audit.seen(tx, me, "read", "appointment", id, row["patient_profile_id"], now=now)
    return view(row, now)


def visible(tx: Session, me: Actor, id: str) -> dict[str, Any]:
    """The row, or NotFound for whoever may not see it. Admins run the house; what ails people is not theirs to read."""
    statement = queries.VISIBLE_BY_ID.get(me.role)
    if statement is None:
        raise NotFound()
    found = statement.first(tx.connection(), _mine(me) | {"id": id})
    if found is None:
        raise NotFound()
    row = msgspec.structs.asdict(found)
    return row | {"symptoms": ""} if me.role == "admin" else row


def view(row: dict[str, Any], now: datetime) -> AppointmentView:
    """The row as it is now: a hold that ran out is over, whether or not the job has swept it."""
    values = {name: value for name, value in row.items() if name not in INSIDE}
    if _ran_out(values, now):
        values |= {"status": "cancelled", "cancel_reason": RAN_OUT}
    values |= _flags(values)
    return AppointmentView(**values, appointment_date=days.local_day(row["starts_at"], ZoneInfo(row["zone"])))


def listed(
    tx: Session, me: Actor, wanted: Filter, now: datetime, after: str | None = None, limit: int | None = None
) -> Slice[AppointmentLine]:
    """The actor's appointments: upcoming ones soonest first, others latest first."""
    way = "asc" if wanted.when == "upcoming" else "desc"
    by = [(table.c.appointment_start, way), (table.c.id, way)]
    rows, following = keyset(tx, _narrowed(me, wanted, now), by, after, limit)
    return Slice([line(row, now) for row in rows], following)


def line(row: Any, now: datetime) -> AppointmentLine:
    values = dict(zip(AppointmentLine.__struct_fields__, row, strict=False))
    if _ran_out(values, now):
        values["status"] = "cancelled"
    return AppointmentLine(**values | _flags(values))


def undecided(tx: Session, now: datetime) -> int:
    """How many coming visits need a decision: their hours are gone, or their doctor, or the doctor's licence."""
    found = _narrowed(SYSTEM, Filter(when="upcoming", orphans=True), now)
    return tx.scalar(found.with_only_columns(func.count(), maintain_column_froms=True)) or 0


def diary(
    tx: Session, me: Actor, doctor_id: str, first: date, number: int, zone: str, now: datetime
) -> list[AppointmentLine]:
    """A doctor's appointments of `number` local days from `first` on, holds included, cancelled ones not."""
    if me.role not in ("admin", "system") and me.doctor_id != doctor_id:
        raise NotFound()
    place = windows.zone_of(zone)
    start, end = days.day_bounds(first, place)[0], days.day_bounds(first + timedelta(days=number - 1), place)[1]
    found = tx.connection().execute(queries.DAY, {"me": doctor_id, "start": start, "end": end, "now": now})
    return [line(row, now) for row in found.all()]


def briefs(tx: Session, ids: Iterable[str]) -> list[Brief]:
    wanted = list(ids)
    if not wanted:
        return []
    found = tx.execute(queries.LINES.where(table.c.id.in_(wanted)).order_by(table.c.appointment_start))
    return [
        Brief(
            id=row.id, starts_at=row.starts_at, ends_at=row.ends_at, zone=row.zone, patient=row.patient,
            status=row.status,
        )
        for row in found
    ]  # fmt: skip


HEADINGS = ("Start (UTC)", "Date", "Time", "Zone", "Status", "Kind", "Doctor", "Location", "Patient", "Booked at (UTC)")


def exported(tx: Session, me: Actor, wanted: Filter, now: datetime) -> Iterator[str]:
    """CSV, a line at a time. A cell that a spreadsheet would take for a formula is made harmless."""
    found = _narrowed(me, wanted, now).order_by(table.c.appointment_start.desc(), table.c.id).limit(EXPORTED)
    yield "\ufeff" + _csv(HEADINGS)  # the mark tells spreadsheets that it is UTF-8
    for row in tx.execute(found.execution_options(yield_per=500)):
        item = line(row, now)
        zone = ZoneInfo(item.zone)
        yield _csv(
            (
                item.starts_at.isoformat(), item.starts_at.astimezone(zone).date().isoformat(), item.time_slot,
                item.zone, item.status, item.visit_type, item.doctor, item.location or "", item.patient,
                item.created_at.isoformat(),
            )
        )  # fmt: skip


def note_export(tx: Session, me: Actor, now: datetime) -> None:
    """Exports are for the admin, and noted before the first line leaves."""
    if me.role != "admin":
        raise Forbidden()
    audit.seen(tx, me, "export", "appointment", "list", now=now)


def _narrowed(me: Actor, wanted: Filter, now: datetime) -> Select[Any]:
    statement = queries.VISIBLE.get(me.role)
    if statement is None:
        raise NotFound()
    open_ = table.c.status.in_(states.ACTIVE) & or_(table.c.status != "pending", table.c.held_until > now)
    zone = windows.zone_of(me.zone)
    conditions: list[Any] = []
    # Who has come and still waits, because the doctor is behind schedule, has not been seen yet.
    waits = (table.c.status == "checked_in") & (table.c.appointment_end > now - states.DEFAULT.enter_after)
    ahead = (table.c.appointment_end > now) | waits
    if wanted.when == "upcoming":
        conditions.append(open_ & ahead)
    elif wanted.when == "past":
        conditions.append(~(open_ & ahead))
    if wanted.status:
        conditions.append(table.c.status == wanted.status)
    for column in ("doctor_id", "location_id", "patient_profile_id"):
        if value := getattr(wanted, column):
            conditions.append(table.c[column] == value)
    if wanted.patient:
        conditions.append(queries.profiles.c.name.contains(wanted.patient.strip(), autoescape=True))
    if wanted.first:
        conditions.append(table.c.appointment_start >= days.day_bounds(wanted.first, zone)[0])
    if wanted.last:
        conditions.append(table.c.appointment_start < days.day_bounds(wanted.last, zone)[1])
    if wanted.orphans:
        conditions.append(queries.TO_DECIDE if me.role == "patient" else or_(queries.TO_DECIDE, queries.LICENCE_OVER))
    return statement.where(*conditions).params(**_mine(me))


def _flags(values: dict[str, Any]) -> dict[str, bool]:
    return {name: bool(values[name]) for name in ("is_orphan", "doctor_away", "licence_over")}


def _mine(me: Actor) -> dict[str, Any]:
    if me.role in ("admin", "system"):
        return {}
    return {"me": me.doctor_id if me.role == "doctor" else me.id}


def _ran_out(values: dict[str, Any], now: datetime) -> bool:
    return values["status"] == "pending" and values["held_until"] is not None and values["held_until"] <= now


def _csv(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([f"'{cell}" if cell[:1] in "=+-@\t\r" and cell else cell for cell in cells])
    return out.getvalue()


def _may_look(tx: Session, me: Actor, id: str, now: datetime) -> bool:
    try:
        return bool(visible(tx, me, id))
    except NotFound:
        return False


# What an open page may listen to.
watchable("queue", lambda tx, me, id, now: me.role == "admin" or (me.doctor_id is not None and me.doctor_id == id))
watchable("appointment", _may_look)
