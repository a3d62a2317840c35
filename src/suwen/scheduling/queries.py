"""Statements of the hot paths, built once; bound parameters carry what changes.

Columns carry the names of the views and stand in their order.
"""

from typing import Any

from sqlalchemy import (
    Boolean,
    Date,
    Select,
    String,
    bindparam,
    case,
    exists,
    false,
    func,
    insert,
    or_,
    select,
    true,
    type_coerce,
    union_all,
    update,
)

from suwen.accounts.models import PatientProfile, User
from suwen.clinics import queries as clinics
from suwen.clinics.models import ClinicLocation, Doctor
from suwen.core.hot import Hot, HotRow
from suwen.core.packed import packed_rows, written
from suwen.payments.queries import prices
from suwen.scheduling.models import Appointment, Availability, Slot
from suwen.scheduling.rules.states import ACTIVE

slots, appointments, hours = Slot.__table__, Appointment.__table__, Availability.__table__
users, doctors, profiles = User.__table__, Doctor.__table__, PatientProfile.__table__
locations = ClinicLocation.__table__

LISTED = clinics.listed(bindparam("today", type_=Date()))
IS_LISTED = clinics.public_card().where(doctors.c.id == bindparam("doctor"), LISTED)

_kind = type_coerce(slots.c.visit_type, String).label("visit_type")  # an Enum would check each of a hundred rows
_FREE = (slots.c.id, slots.c.slot_start, slots.c.slot_end, _kind, slots.c.location_id, slots.c.zone)
_IN_RANGE = (
    slots.c.doctor_id == bindparam("doctor"),
    slots.c.slot_start >= bindparam("start"),
    slots.c.slot_start < bindparam("end"),
)
# Asked once for the whole answer, not for each slot: times of a doctor who is not at work are nobody's to see.
_AT_WORK = exists().where(doctors.c.id == bindparam("doctor"), users.c.id == doctors.c.user_id, clinics.at_work())
# The covering index answers the first part; the second meets only holds that ran out and were not swept yet.
_free_between = union_all(
    select(*_FREE).where(*_IN_RANGE, _AT_WORK, slots.c.is_booked == false()),
    select(*_FREE)
    .where(*_IN_RANGE, _AT_WORK, slots.c.is_booked == true())
    .where(slots.c.held_until <= bindparam("now"), slots.c.is_orphan == false()),
).subquery()
# One text: a hundred rows fetched one by one cost three times as much.
FREE_BETWEEN = Hot(
    packed_rows(
        _free_between, id="id", starts_at="slot_start", ends_at="slot_end", visit_type="visit_type",
        location_id="location_id", zone="zone",
    )
)  # fmt: skip

# A place closes at once; the worker takes its free times away a moment later.
_PLACE_IS_OPEN = or_(
    slots.c.location_id.is_(None),
    exists().where(locations.c.id == slots.c.location_id, locations.c.is_active == true()).correlate(slots),
)
SLOT = (
    select(
        *(slots.c[name] for name in ("id", "doctor_id", "location_id", "slot_start", "slot_end", "zone")),
        *(slots.c[name] for name in ("visit_type", "is_booked", "held_until", "is_orphan")),
        doctors.c.user_id.label("doctor_user_id"),
        doctors.c.consultation_fee,
    )
    .join(doctors, doctors.c.id == slots.c.doctor_id)
    .join(users, users.c.id == doctors.c.user_id)
    .where(LISTED, _PLACE_IS_OPEN)
)
SLOT_BY_ID = HotRow(SLOT.where(slots.c.id == bindparam("slot")))
# With what it may cost, by payments' own list: a booking asks once for both.
PRICED_AS = {"online_video": "appointment_online", "offline": "appointment_offline"}
_service = case(*((slots.c.visit_type == written(kind), written(name)) for kind, name in PRICED_AS.items()))
SLOT_TO_BOOK = HotRow(
    SLOT.add_columns(prices.of_service(_service).label("prices")).where(slots.c.id == bindparam("slot"))
)
SLOT_BY_TIME = SLOT.where(
    slots.c.doctor_id == bindparam("doctor"), slots.c.slot_start.in_(bindparam("starts", expanding=True))
).order_by(slots.c.is_booked, slots.c.slot_start)
TAKE = Hot(
    update(slots)
    .where(
        slots.c.id == bindparam("slot"),
        slots.c.is_orphan == false(),
        _PLACE_IS_OPEN,
        or_(slots.c.is_booked == false(), slots.c.held_until <= bindparam("now")),
    )
    .values(is_booked=true(), held_until=bindparam("until"))
)
# Whoever lets a slot go or keeps it may have looked before the visit was moved: the slot itself says whose it is.
_LIVES_HERE = appointments.c.active_slot_id == slots.c.id
VACANT = ~select(appointments.c.id).where(_LIVES_HERE).correlate(slots).exists()
FREE_AGAIN = (
    update(slots)
    .where(slots.c.id == bindparam("slot"), slots.c.is_orphan == false(), VACANT)
    .values(is_booked=False, held_until=None)
)
KEEP = (
    update(slots)
    .where(slots.c.id == bindparam("slot"))
    .where(
        select(appointments.c.id)
        .where(_LIVES_HERE, appointments.c.id == bindparam("appointment"))
        .correlate(slots)
        .exists()
    )
    .values(is_booked=True, held_until=None)
)

# The people of an account, locked by raising their version: whoever books for them next waits here. No other
# constraint could forbid two overlapping visits of one person, or one hold too many.
LOCK_PEOPLE = Hot(
    update(profiles)
    .where(profiles.c.user_id == bindparam("account"), profiles.c.is_deleted == false())
    .values(version=profiles.c.version + 1)
)
_active, _pending = appointments.alias("active"), written("pending")
# One look after the lock: the person asked for (or the default one), the account's holds, the person's other visits.
PERSON = (
    select(
        profiles.c.id,
        profiles.c.name,
        profiles.c.user_id,
        type_coerce(profiles.c.gender, String).label("gender"),
        profiles.c.birthday,
        select(func.count())
        .where(
            _active.c.patient_id == profiles.c.user_id,
            # written so that no index helps: SQLite would take the one of states, and count the holds of everybody
            func.coalesce(_active.c.status, written("none")) == _pending,
            _active.c.held_until > bindparam("now"),
            _active.c.id != bindparam("except_id"),
        )
        .scalar_subquery()
        .label("holds"),
        select(func.count())
        .where(
            _active.c.patient_profile_id == profiles.c.id,
            _active.c.status.in_([written(status) for status in ACTIVE]),
            _active.c.appointment_start < bindparam("end"),
            _active.c.appointment_end > bindparam("start"),
            or_(_active.c.status != _pending, _active.c.held_until > bindparam("now")),
            _active.c.id != bindparam("except_id"),
        )
        .scalar_subquery()
        .label("overlaps"),
    )
    .where(profiles.c.is_deleted == false())
    .order_by(profiles.c.is_default.desc(), profiles.c.created_at)
    .limit(written(1))
)
_OF_ACCOUNT = PERSON.where(profiles.c.user_id == bindparam("account"))
PERSON_OF_ACCOUNT = HotRow(_OF_ACCOUNT.where(profiles.c.id == bindparam("profile")))
DEFAULT_PERSON = HotRow(_OF_ACCOUNT)
INSERT_APPOINTMENT = Hot(insert(appointments).values(version=written(1), times_moved=written(0), is_deleted=written(0)))

_doctor_user = users.alias("doctor_user")
DOCTORS_NAME = _doctor_user.c.name
# Nothing is stored of it: the mark is there while the doctor is not, and goes when the doctor is back.
DOCTOR_AWAY = appointments.c.status.in_([written(status) for status in ACTIVE]) & ~clinics.at_work(_doctor_user)
TO_DECIDE = or_(func.coalesce(slots.c.is_orphan, false()), DOCTOR_AWAY)
# So is this, by the same day as `clinics.listed`. It is the clinic's affair: licences are renewed, and until then no
# patient need hear of it. New papers that nobody has looked at yet take no mark away.
LICENCE_ENDS = func.coalesce(doctors.c.license_valid_until < func.date(appointments.c.appointment_start), false())
LICENCE_OVER = appointments.c.status.in_([written(status) for status in ACTIVE]) & or_(
    doctors.c.verification_status != written("approved"), LICENCE_ENDS
)
_LINE = (
    appointments.c.id,
    appointments.c.status,
    appointments.c.appointment_start.label("starts_at"),
    appointments.c.appointment_end.label("ends_at"),
    appointments.c.zone,
    appointments.c.time_slot,
    appointments.c.visit_type,
    appointments.c.doctor_id,
    _doctor_user.c.name.label("doctor"),
    doctors.c.title.label("doctor_title"),
    appointments.c.location_id,
    locations.c.name.label("location"),
    appointments.c.patient_id,
    appointments.c.patient_profile_id,
    profiles.c.name.label("patient"),
    appointments.c.held_until,
    appointments.c.late_note,
    appointments.c.checked_in_at,
    appointments.c.admitted_at,
    appointments.c.slot_id,
    TO_DECIDE.label("is_orphan"),
    DOCTOR_AWAY.label("doctor_away"),
    LICENCE_OVER.label("licence_over"),
    appointments.c.times_moved,
    appointments.c.version,
    appointments.c.created_at,
)
_FULL = (appointments.c.symptoms, appointments.c.has_visited_before, appointments.c.cancel_reason)


def _joined(statement: Select[Any]) -> Select[Any]:
    return (
        statement.join(doctors, doctors.c.id == appointments.c.doctor_id)
        .join(_doctor_user, _doctor_user.c.id == doctors.c.user_id)
        .join(profiles, profiles.c.id == appointments.c.patient_profile_id)
        .outerjoin(locations, locations.c.id == appointments.c.location_id)
        .outerjoin(slots, slots.c.id == appointments.c.active_slot_id)
        .where(appointments.c.is_deleted == false())
    )


_HIDDEN = {"licence_over": type_coerce(written(0), Boolean).label("licence_over")}
_PATIENTS_LINE = [_HIDDEN.get(column.key, column) for column in _LINE]
_WHOLE = (*_FULL, doctors.c.user_id.label("doctor_user_id"), appointments.c.booked_by)

LINES = _joined(select(*_LINE))
WHOLE = _joined(select(*_LINE, *_WHOLE)).where(appointments.c.id == bindparam("id"))
_PATIENTS_LINES = _joined(select(*_PATIENTS_LINE))
_PATIENTS_WHOLE = _joined(select(*_PATIENTS_LINE, *_WHOLE)).where(appointments.c.id == bindparam("id"))
# Whose appointments somebody may see at all; the admin and the system see every one.
OWNED_BY = {
    "patient": appointments.c.patient_id == bindparam("me"),
    "doctor": appointments.c.doctor_id == bindparam("me"),
    "admin": true(),
    "system": true(),
}
VISIBLE_BY_ID = {
    role: HotRow((_PATIENTS_WHOLE if role == "patient" else WHOLE).where(owned)) for role, owned in OWNED_BY.items()
}
VISIBLE = {role: (_PATIENTS_LINES if role == "patient" else LINES).where(owned) for role, owned in OWNED_BY.items()}

DAY = (
    VISIBLE["doctor"]
    .where(
        appointments.c.appointment_start < bindparam("end"),
        appointments.c.appointment_end > bindparam("start"),
        appointments.c.status.in_((*ACTIVE, "completed", "no_show")),
        or_(appointments.c.status != "pending", appointments.c.held_until > bindparam("now")),
    )
    .order_by(appointments.c.appointment_start, appointments.c.id)
)

_free_at = slots.alias("free_at")


def next_free(column: Any, *more: Any) -> Any:
    """The first free slot of a doctor from `now` on: one look into the covering index per doctor."""
    return (
        select(column)
        .where(
            _free_at.c.doctor_id == doctors.c.id,
            _free_at.c.is_booked == false(),
            _free_at.c.slot_start >= bindparam("soonest"),
            *more,
        )
        .order_by(_free_at.c.slot_start)
        .limit(1)
        .scalar_subquery()
    )


def directory(visit_type: str | None, location_id: str | None) -> Select[Any]:
    """Listed doctors with their next free slot, among the slots of that kind and place."""
    wanted = [_free_at.c.visit_type == visit_type] if visit_type else []
    wanted += [_free_at.c.location_id == location_id] if location_id else []
    return clinics.public_card(
        doctors.c.consultation_fee, doctors.c.created_at, next_free(_free_at.c.id, *wanted).label("next_free_slot_id")
    ).where(LISTED)


def offered(found: Any) -> Select[Any]:
    """The doctors of `found` (a subquery of `directory`) with the facts of their next free slot."""
    return (
        select(
            *found.c, slots.c.slot_start.label("next_free"), slots.c.zone.label("next_zone"),
            slots.c.visit_type.label("next_kind"), slots.c.location_id.label("next_place"),
        )
        .select_from(found)
        .outerjoin(slots, slots.c.id == found.c.next_free_slot_id)
    )  # fmt: skip


OFFER = offered(directory(None, None).where(doctors.c.id == bindparam("doctor")).subquery())
# Where and how doctors work, for those on a page.
WORK = (
    select(hours.c.doctor_id, hours.c.visit_type, locations.c.name)
    .outerjoin(locations, locations.c.id == hours.c.location_id)
    .where(
        hours.c.doctor_id.in_(bindparam("doctors", expanding=True)),
        hours.c.is_deleted == false(),
        hours.c.rrule.is_not(None),
        or_(hours.c.location_id.is_(None), locations.c.is_active.is_(True)),
    )
    .distinct()
)
