"""What has happened at the demonstration clinic: three weeks of visits, and a day that is just going on."""

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.accounts.models import User
from suwen.accounts.service import confirm, sessions
from suwen.consultations.schemas import CallRating, Ending
from suwen.consultations.service import rooms
from suwen.core.actor import Actor
from suwen.demo import cast, till
from suwen.demo.clinic import Clinic
from suwen.payments import service as payments
from suwen.reviews.schemas import ReviewEntry
from suwen.reviews.service import answering, writing
from suwen.scheduling.models import Slot
from suwen.scheduling.schemas import Booking, Cancel
from suwen.scheduling.service import booking, changes, paying

FULL = 0.06  # share of the slots that somebody booked
AHEAD = 0.05
ONLINE = 0.4  # share of those that are not owed at the desk


@dataclass(frozen=True)
class Visit:
    id: str
    patient: Actor
    doctor: Actor
    start: datetime
    end: datetime
    online: bool
    owed: str | None  # the order of whoever pays at the desk
    story: tuple[Any, ...]


def book(tx: Session, clinic: Clinic, slot: Any, dice: random.Random, now: datetime, patient: Actor | None = None,
         person: int | None = None, kept: bool = True) -> Visit | None:  # fmt: skip
    """Somebody books this slot at `now` and pays; None where the person is busy then.

    What is not `kept` is paid from the balance: to pay it back takes nobody's help.
    """
    me = patient or dice.choice(clinic.patients)
    family = clinic.families[me.id]
    story = dice.choice(cast.STORIES)
    doctor = next(one for one in clinic.doctors if one.doctor_id == slot.doctor_id)
    if doctor.locale == "en":
        story = dice.choice(cast.STORIES[7:])
    profile = family[person] if person is not None else dice.choice(family)
    wish = Booking(slot_id=slot.id, patient_profile_id=profile, symptoms=story[0])
    try:
        with tx.begin_nested():
            made = booking.book(tx, me, wish, now)
    except Exception as refusal:
        if type(refusal).__module__.startswith("suwen."):
            return None
        raise
    owed = None
    if slot.visit_type == "offline" and dice.random() < 0.3:
        paying.pay_at_desk(tx, me, made.id, now)
        owed = made.order_id
    elif kept and dice.random() < ONLINE and till.at_a_gateway(tx, me, made.order_id, now, dice):
        paying.confirm(tx, made.id, made.order_id, now)
    else:
        payments.top_up(tx, clinic.admin, me.id, made.amount + dice.choice((0, 0, 5000)), now)
        paying.pay_from_balance(tx, me, made.id, now)
    return Visit(made.id, me, doctor, slot.slot_start, slot.slot_end, slot.visit_type == "online_video", owed, story)


def hold(tx: Session, clinic: Clinic, visit: Visit, dice: random.Random) -> None:
    """The visit takes place: waiting, talk, record."""
    came = visit.start - timedelta(minutes=dice.randint(1, 9))
    begun = visit.start + timedelta(minutes=dice.randint(0, 6))
    if visit.owed:
        payments.settle_cash(tx, clinic.admin, visit.owed, came)
    rooms.enter(tx, visit.patient, came, visit.id)
    room = rooms.admit(tx, visit.doctor, begun, visit.id)
    done = begun + timedelta(minutes=dice.randint(7, 16))
    complaint, diagnosis, plan, _, advice = visit.story
    rooms.end(
        tx, visit.doctor, done, room.id,
        Ending(version=room.version, chief_complaint=complaint, diagnosis=diagnosis, treatment_plan=plan, notes=advice),
    )  # fmt: skip
    if visit.online and dice.random() < 0.5:
        rooms.rate(tx, visit.patient, done, room.id, CallRating(rating=dice.choice((4, 5, 5))))


def past(tx: Session, clinic: Clinic, first: datetime, now: datetime, dice: random.Random) -> list[Visit]:
    """Visits from `first` to now; those that were held are returned."""
    held: list[Visit] = []
    for slot in _slots(tx, first, now - timedelta(minutes=30)):
        if dice.random() > FULL:
            continue
        asked = max(first, slot.slot_start - timedelta(hours=dice.randint(3, 60)))
        fate = dice.random()
        visit = book(tx, clinic, slot, dice, asked, kept=fate >= 0.11)
        if visit is None:
            continue
        if fate < 0.07:
            changes.cancel(tx, visit.patient, visit.id, Cancel(reason="临时有事 Something came up"), asked)
        elif fate < 0.11:
            changes.miss(tx, visit.doctor, visit.id, visit.end + timedelta(minutes=20))
        else:
            hold(tx, clinic, visit, dice)
            held.append(visit)
    return held


def coming(tx: Session, clinic: Clinic, now: datetime, dice: random.Random) -> None:
    """The days ahead are partly booked."""
    for slot in _slots(tx, now + timedelta(hours=3), now + timedelta(days=9)):
        if dice.random() < AHEAD:
            book(tx, clinic, slot, dice, now - timedelta(minutes=dice.randint(1, 600)))


def at_the_desk(tx: Session, doctor: Actor, now: datetime) -> Actor:
    """The doctor in a session that ends at once, and just confirmed: only a person signs."""
    user = tx.get_one(User, doctor.id)
    here, _ = sessions.start(
        tx, user, now, kind="web", strong=True, doctor_id=doctor.doctor_id, ip="", agent="demonstration"
    )
    confirm(tx, here, now)
    return replace(doctor, session_id=here.session_id)


def praise(tx: Session, visit: Visit, now: datetime, dice: random.Random) -> None:
    """The patient writes some words; now and then the doctor answers."""
    stars, words, tags = dice.choice(cast.PRAISE)
    entry = ReviewEntry(
        rating=stars, attitude_rating=stars, professionalism_rating=min(5, stars + 1), efficiency_rating=stars,
        comment=words, is_anonymous=dice.random() < 0.25, tags=list(tags),
    )  # fmt: skip
    written = min(now, visit.end + timedelta(hours=dice.randint(1, 30)))
    review = writing.review_visit(tx, visit.patient, visit.id, entry, written)
    if dice.random() < 0.4:
        answering.answer(tx, visit.doctor, review.id, dice.choice(cast.THANKS), min(now, written + timedelta(hours=3)))


def _slots(tx: Session, start: datetime, end: datetime) -> list[Any]:
    free = (Slot.is_booked.is_(False), Slot.slot_start >= start, Slot.slot_start < end)
    columns = (Slot.id, Slot.doctor_id, Slot.slot_start, Slot.slot_end, Slot.visit_type)
    return list(tx.execute(select(*columns).where(*free).order_by(Slot.slot_start, Slot.id)))
