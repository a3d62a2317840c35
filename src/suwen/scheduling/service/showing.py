"""What the pages show, put together; every fact comes from the functions beside this one."""

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.accounts import service as accounts
from suwen.clinics import service as clinics
from suwen.core.actor import Actor
from suwen.core.errors import Forbidden, Invalid, NotFound
from suwen.payments import service as payments
from suwen.payments.service import screens
from suwen.scheduling import queries
from suwen.scheduling.errors import PastTime, TooSoon
from suwen.scheduling.queries import appointments
from suwen.scheduling.rules import days, states, windows
from suwen.scheduling.schemas import AppointmentLine, FreeSlot, HoursInput
from suwen.scheduling.service import availability, booking, changes, desk, directory, holds, horizon, reads, slots

MINE = select(appointments.c.id).where(
    appointments.c.active_slot_id == queries.bindparam("slot"), appointments.c.patient_id == queries.bindparam("me")
)
PAUSE = timedelta(minutes=45)  # longer is a break between two sittings, shorter the rest after a visit
EXPORTABLE = ("status", "doctor_id", "location_id", "first", "last")
COMMON_ZONES = (
    "Asia/Shanghai", "Asia/Hong_Kong", "Asia/Singapore", "Asia/Tokyo", "Europe/London", "Europe/Paris",
    "Europe/Berlin", "America/New_York", "America/Chicago", "America/Los_Angeles", "America/Toronto",
    "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Auckland", "Pacific/Kiritimati", "UTC",
)  # fmt: skip


def directory_page(tx: Session, search: directory.Search, after: str | None, now: datetime) -> dict[str, Any]:
    """The doctors found, and what can be chosen to narrow the search."""
    asked = {name: value for name, value in asdict(search).items() if value not in (None, "next_free")}
    said = {"department_id": "department", "specialty_id": "specialty", "location_id": "location",
            "visit_type": "visit", "name": "q", "free_within_hours": "free", "sort": "sort"}  # fmt: skip
    return {
        "found": directory.find(tx, search, now, after), "choices": directory.choices(tx), "search": search,
        "asked": asked, "link": {said[name]: value for name, value in asked.items()}, "after": after,
    }  # fmt: skip


def doctor_page(tx: Session, doctor_id: str, day: date | None, zone: str, now: datetime) -> dict[str, Any]:
    """The doctor and seven days; without a day those from the next free time on."""
    doctor = directory.offer(tx, doctor_id, now)
    if day is None and doctor.next_free is not None:
        day = days.local_day(doctor.next_free, windows.zone_of(zone))
    return {"doctor": doctor} | week(tx, doctor_id, day, zone, now)


def week(tx: Session, doctor_id: str, day: date | None, zone: str, now: datetime) -> dict[str, Any]:
    """Seven days of the reader's zone from `day` on (never before today), with the free slots of each."""
    place = windows.zone_of(zone)
    today = days.local_day(now, place)
    last = today + timedelta(days=horizon.HORIZON_DAYS)
    first = min(max(day or today, today), last)
    start, end = days.day_bounds(first, place)[0], days.day_bounds(first + timedelta(days=6), place)[1]
    free = slots.free_between(tx, doctor_id, start, end, now)
    return {
        "doctor_id": doctor_id,
        "days": _days(free, first, today, place),
        "before": max(first - timedelta(days=7), today) if first > today else None,
        "after": first + timedelta(days=7) if first + timedelta(days=7) <= last else None,
        "other_zones": sorted({slot.zone for slot in free} - {zone}),
        "shown_zone": zone,
    }


def _days(free: list[FreeSlot], first: date, today: date, zone: ZoneInfo) -> list[dict[str, Any]]:
    grouped = slots.by_day(free, zone)
    shown = [first + timedelta(days=number) for number in range(7)]
    return [{"date": day, "today": day == today, "slots": grouped.get(day, [])} for day in shown]


def booking_page(tx: Session, me: Actor, slot_id: str, zone: str, now: datetime) -> dict[str, Any]:
    """One time: for whom, why, pay. Shows also that it is gone, with others of the same doctor."""
    slot = queries.SLOT_BY_ID.first(tx.connection(), {"slot": slot_id, "today": now.date()})
    if slot is None:
        raise NotFound()
    mine = _mine(tx, me, slot_id, now)
    held = mine is not None and mine.status == "pending"
    order = payments.order_of(tx, holds.subject(mine.id)) if mine else None
    if order is not None:
        amount, currency = order.amount, order.currency
    else:
        amount, currency, _ = payments.price_for(
            tx, queries.PRICED_AS[slot.visit_type], location_id=slot.location_id, on=now.date(),
            doctor_fee=slot.consultation_fee,
        )  # fmt: skip
    gone = mine is None and _gone(slot, now)
    phone = screens.on_a_phone(me)
    return {
        "order": order, "online": screens.page_ways(tx, me, currency, phone=phone) if held and amount else [],
        "slot": slot, "doctor": directory.offer(tx, slot.doctor_id, now), "mine": mine, "held": held, "gone": gone,
        "people": accounts.profiles(tx, me), "amount": amount, "currency": currency,
        "wallet": payments.wallet_of(tx, me.id, currency),
        "others": _others(tx, slot, zone, now) if gone else [],
        "place": clinics.location(tx, slot.location_id) if slot.location_id else None, "policy": changes.policy(tx),
    }  # fmt: skip


def _mine(tx: Session, me: Actor, slot_id: str, now: datetime) -> Any:
    found = tx.execute(MINE, {"slot": slot_id, "me": me.id}).scalar()
    if found is None:
        return None
    view = reads.appointment(tx, me, found, now)
    return None if view.status == "cancelled" else view


def _gone(slot: Any, now: datetime) -> str:
    """Why this time cannot be booked: taken, past, soon; '' if it can."""
    if slot.is_orphan or (slot.is_booked and (slot.held_until is None or slot.held_until > now)):
        return "taken"
    try:
        booking.bookable(slot, now, states.DEFAULT)
    except PastTime:
        return "past"
    except TooSoon:
        return "soon"
    return ""


def _others(tx: Session, slot: Any, zone: str, now: datetime) -> list[FreeSlot]:
    """Free times of the same doctor near this one."""
    start, _ = days.week_bounds(days.local_day(max(slot.slot_start, now), ZoneInfo(zone)), ZoneInfo(zone))
    found = slots.free_between(tx, slot.doctor_id, start, start + timedelta(days=14), now)
    near = sorted(found, key=lambda one: abs(one.starts_at - slot.slot_start))[:8]
    return sorted(near, key=lambda one: one.starts_at)


def list_page(
    tx: Session, me: Actor, when: str, person: str | None, after: str | None, now: datetime
) -> dict[str, Any]:
    """A patient's visits, upcoming or past, of everybody or one of the family."""
    wanted = reads.Filter(when="past" if when == "past" else "upcoming", patient_profile_id=person)
    found = reads.listed(tx, me, wanted, now, after)
    return {
        "found": found, "tab": wanted.when, "person": person, "after": after, "people": accounts.profiles(tx, me),
        "link": {"when": wanted.when} | ({"person": person} if person else {}),
        "ways": {visit.id: ways(me, visit, now) for visit in found.items},
    }  # fmt: skip


def ways(me: Actor, visit: AppointmentLine, now: datetime) -> dict[str, Any]:
    """What can be done with a visit right now, and how much would come back."""
    policy = states.DEFAULT
    return {
        "pay": visit.status == "pending" and not visit.doctor_away,
        "enter": visit.visit_type == "online_video" and visit.status in ("scheduled", "confirmed", "checked_in")
        and visit.starts_at - policy.enter_before <= now < visit.ends_at + policy.enter_after,
        "check_in": _allowed(states.arrivable, policy, visit.starts_at, visit.ends_at, now)
        and states.may("check_in", visit.status, me.role),
        "cancel": states.may("cancel", visit.status, me.role)
        and _allowed(
            states.cancellable, me.role, visit.status, visit.starts_at, visit.ends_at, now,
            admitted=visit.admitted_at is not None,
        ),
        "move": not visit.doctor_away  # for then there is no other time either
        and _allowed(states.reschedulable, policy, me.role, visit.status, visit.starts_at, visit.times_moved, now),
        "miss": states.may("miss", visit.status, me.role) and visit.starts_at <= now,
    }  # fmt: skip


def _allowed(rule: Any, *arguments: Any, **more: Any) -> bool:
    try:
        rule(*arguments, **more)
    except Exception as refusal:
        if not hasattr(refusal, "code"):
            raise
        return False
    return True


def visit_page(tx: Session, me: Actor, id: str, now: datetime) -> dict[str, Any]:
    """One visit, for the pages that cancel or move it."""
    visit = reads.appointment(tx, me, id, now)
    order = payments.order_of(tx, holds.subject(id))
    goes_back = changes.refund_due(tx, me, order, visit.starts_at, now, orphan=visit.is_orphan)
    return {"visit": visit, "ways": ways(me, visit, now), "order": order, "goes_back": goes_back}


def move_page(tx: Session, me: Actor, id: str, day: date | None, zone: str, now: datetime) -> dict[str, Any]:
    """Other free times of the same doctor and kind, week by week."""
    shown = visit_page(tx, me, id, now)
    visit = shown["visit"]
    found = week(tx, visit.doctor_id, day or days.local_day(max(visit.starts_at, now), ZoneInfo(zone)), zone, now)
    for one in found["days"]:
        one["slots"] = [slot for slot in one["slots"] if slot.visit_type == visit.visit_type]
    return shown | found


def calendar_page(
    tx: Session, me: Actor, day: date | None, view: str, zone: str | None, doctor_id: str | None, now: datetime
) -> dict[str, Any]:
    """A doctor's day or week: visits, free slots, closed time, in the clinic's zone."""
    doctor = _whose(tx, me, doctor_id)
    hours = availability.hours(tx, me, doctor.id, now)
    zones = sorted({one.zone for one in hours}) or [me.zone]
    shown = zone if zone in zones else (hours[0].zone if hours else me.zone)
    place = windows.zone_of(shown)
    today = days.local_day(now, place)
    first = day or today
    number = 1 if view == "day" else 7
    if number == 7:
        first = days.monday_of(first)
    visits = reads.diary(tx, me, doctor.id, first, number, shown, now)
    start, end = days.day_bounds(first, place)[0], days.day_bounds(first + timedelta(days=number - 1), place)[1]
    free = slots.unbooked(tx, doctor.id, start, end, now)
    blocks = [one for one in hours if one.kind == "block"]
    return {
        "doctor": doctor, "view": "day" if number == 1 else "week", "first": first, "today": today, "place": shown,
        "zones": zones, "before": first - timedelta(days=number), "after": first + timedelta(days=number),
        "columns": [
            _column(first + timedelta(days=n), visits, free, blocks, place, today, joined=number == 7)
            for n in range(number)
        ],
        "ways": {visit.id: ways(me, visit, now) for visit in visits},
        "orphans": [visit for visit in visits if visit.is_orphan],
    }  # fmt: skip


@dataclass(frozen=True)
class FreeTime:
    """Slots nobody has booked and with no visit between them, from the start of the first to the end of the last."""

    starts_at: datetime
    ends_at: datetime
    number: int = 1


def _joined(entries: list[tuple[str, datetime, Any]]) -> list[tuple[str, datetime, Any]]:
    """What is free without a pause is one line: in a week the visits are lost among a hundred free slots else."""
    made: list[tuple[str, datetime, Any]] = []
    for kind, at, it in entries:
        if made and kind == made[-1][0] == "free" and at - made[-1][2].ends_at < PAUSE:
            _, begun, run = made.pop()
            it, at = FreeTime(begun, max(run.ends_at, it.ends_at), run.number + 1), begun
        made.append((kind, at, it))
    return made


def _column(
    day: date, visits: list[AppointmentLine], free: list[FreeSlot], blocks: list[Any], zone: ZoneInfo, today: date,
    *, joined: bool,
) -> dict[str, Any]:  # fmt: skip
    start, end = days.day_bounds(day, zone)
    here: list[tuple[str, datetime, Any]] = [
        ("visit", visit.starts_at, visit) for visit in visits if start <= visit.starts_at < end
    ]
    here += [
        ("free", slot.starts_at, FreeTime(slot.starts_at, slot.ends_at))
        for slot in free
        if start <= slot.starts_at < end
    ]
    closed = []
    for block in blocks:
        place = windows.zone_of(block.zone)
        interval = (
            windows.instant(datetime.fromisoformat(block.starts), place),
            windows.instant(datetime.fromisoformat(block.ends), place),
        )
        if windows.overlaps((start, end), interval):
            closed.append((max(start, interval[0]), min(end, interval[1]), block.reason))
    entries = sorted(here, key=lambda entry: entry[1])
    return {
        "date": day, "today": day == today, "closed": closed,
        "entries": [{"kind": kind, "at": at, "it": it} for kind, at, it in (_joined(entries) if joined else entries)],
    }  # fmt: skip


def hours_page(tx: Session, me: Actor, doctor_id: str | None, now: datetime) -> dict[str, Any]:
    """The doctor's hours and exceptions, the coming slots, and visits that lost their hours."""
    doctor = _whose(tx, me, doctor_id)
    found = availability.hours(tx, me, doctor.id, now)
    return {
        "doctor": doctor, "own": me.doctor_id == doctor.id,
        "hours": [one for one in found if one.kind == "hours"],
        "exceptions": [one for one in found if one.kind != "hours"],
        "places": clinics.locations(tx), "zones": COMMON_ZONES,
        "orphans": reads.briefs(tx, horizon.orphans_of(tx, doctor.id, now)),
        "today": days.local_day(now, windows.zone_of(me.zone)),
    }  # fmt: skip


def one_hours_page(tx: Session, me: Actor, id: str, now: datetime) -> dict[str, Any]:
    """One rule, to change or to remove."""
    found = availability.one(tx, me, id)
    return {"one": found, "doctor": _whose(tx, me, found.doctor_id), "places": clinics.locations(tx),
            "zones": COMMON_ZONES}  # fmt: skip


def preview_part(tx: Session, me: Actor, doctor_id: str, typed: dict[str, str], now: datetime) -> dict[str, Any]:
    """The first times that hours would make while they are being typed; or why they make none."""
    given = {name: value for name, value in typed.items() if value != ""}
    shown: dict[str, Any] = {"preview": None, "problem": None, "unfinished": False, "typed_text": typed["recurrence"]}
    try:
        data = msgspec.convert(given, HoursInput, strict=False)
        shown["preview"] = availability.preview(tx, me, doctor_id, data, now)
    except msgspec.ValidationError:
        shown["unfinished"] = True
    except Invalid as refusal:
        shown["problem"] = refusal
    return shown


def _whose(tx: Session, me: Actor, doctor_id: str | None) -> Any:
    wanted = doctor_id or me.doctor_id
    if wanted is None:
        raise NotFound()
    if me.role != "admin" and wanted != me.doctor_id:
        raise NotFound()
    return clinics.doctor(tx, wanted)


def admin_page(tx: Session, me: Actor, wanted: reads.Filter, after: str | None, now: datetime) -> dict[str, Any]:
    """All visits, narrowed."""
    if me.role != "admin":
        raise Forbidden()
    found = reads.listed(tx, me, wanted, now, after)
    asked = {name: value for name, value in asdict(wanted).items() if value not in (None, False, "")}
    return {
        "found": found, "link": asked, "wanted": wanted, "after": after, "choices": directory.choices(tx),
        "export": {name: asked[name] for name in EXPORTABLE if name in asked},
        "doctors": directory.names(tx, now), "ways": {visit.id: ways(me, visit, now) for visit in found.items},
        "orders": payments.orders_of(tx, [visit.id for visit in found.items]),
    }  # fmt: skip


def walk_in_page(tx: Session, me: Actor, person: str | None, doctor_id: str | None, now: datetime) -> dict[str, Any]:
    """Who is at the desk, which doctor, and that doctor's next free times."""
    zone = windows.zone_of(me.zone)
    start, end = days.day_bounds(days.local_day(now, zone), zone)
    today = slots.unbooked(tx, doctor_id, start, end, now) if doctor_id else []
    return {
        "people": desk.find_people(tx, me, person) if person else [], "asked": person,
        "doctors": directory.names(tx, now), "doctor_id": doctor_id, "places": clinics.locations(tx),
        "free": today,
    }  # fmt: skip
