"""Today: whatever the hour, one doctor is at work, one patient inside, one waiting, some to come."""

import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.consultations.service import rooms
from suwen.core.actor import Actor
from suwen.demo.clinic import Clinic
from suwen.demo.visits import Visit, book, hold
from suwen.scheduling.models import Slot
from suwen.scheduling.schemas import ExceptionInput
from suwen.scheduling.service import availability

STEP = timedelta(minutes=20)


def play(tx: Session, clinic: Clinic, now: datetime, dice: random.Random) -> None:
    """The first doctor opens extra video hours around this very moment; the queue fills."""
    doctor = clinic.doctors[0]
    start = _floor(now) - 3 * STEP
    asked = start - timedelta(hours=4)
    _open(tx, doctor, start, start + 9 * STEP, asked)
    slots = _own(tx, doctor, start, start + 9 * STEP)
    # done, done, inside, waiting (the demonstration's own patient, for her mother), to come ...
    plan = [1, 2, 3, 0, 4, 5]
    for place, (slot, number) in enumerate(zip(slots, plan, strict=False)):
        visit = book(tx, clinic, slot, dice, asked, clinic.patients[number], person=1 if number == 0 else 0)
        if visit:
            _stand(tx, clinic, visit, place, now, dice)


def _stand(tx: Session, clinic: Clinic, visit: Visit, place: int, now: datetime, dice: random.Random) -> None:
    if place < 2:
        hold(tx, clinic, visit, dice)
    elif place == 2:
        rooms.enter(tx, visit.patient, visit.start - timedelta(minutes=4), visit.id)
        rooms.admit(tx, visit.doctor, now - timedelta(minutes=6), visit.id)
    elif place == 3:
        rooms.enter(tx, visit.patient, now - timedelta(minutes=3), visit.id)


def _open(tx: Session, doctor: Actor, start: datetime, end: datetime, asked: datetime) -> None:
    zone = ZoneInfo(doctor.zone)
    local = [f"{moment.astimezone(zone):%Y-%m-%dT%H:%M}" for moment in (start, end)]
    wish = ExceptionInput(
        kind="add", starts=local[0], ends=local[1], zone=doctor.zone, visit_type="online_video", slot_minutes=20,
        reason="加号 Extra hours",
    )  # fmt: skip
    availability.add_exception(tx, doctor, doctor.doctor_id or "", wish, asked)


def _own(tx: Session, doctor: Actor, start: datetime, end: datetime) -> list[Slot]:
    mine = (Slot.doctor_id == doctor.doctor_id, Slot.slot_start >= start, Slot.slot_start < end)
    found = select(Slot).where(*mine, Slot.is_booked.is_(False), Slot.visit_type == "online_video")
    return list(tx.scalars(found.order_by(Slot.slot_start)))


def _floor(now: datetime) -> datetime:
    return now.replace(minute=now.minute - now.minute % 20, second=0, microsecond=0)
