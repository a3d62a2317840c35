"""What a pharmacist needs beside the prescription: whom it is for, what else they take, who could check, what was
found by its number."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.accounts.models import User
from suwen.accounts.schemas import Clinical
from suwen.accounts.service import family
from suwen.core.actor import Actor
from suwen.notifications.service import watchable
from suwen.prescribing import queries
from suwen.prescribing.errors import NoSuchPrescription
from suwen.prescribing.models import Prescription
from suwen.prescribing.rules import codes, lifecycle, safety
from suwen.prescribing.schemas import FindingView, PrescriptionView
from suwen.prescribing.service import checking, dispensing, signatures


def _may_watch(tx: Session, me: Actor, id: str, now: datetime) -> bool:
    seen = queries.visible(me.role, me.id, me.doctor_id, now).where(Prescription.id == id)
    return me.role in ("patient", "doctor", "pharmacist") and tx.execute(seen).first() is not None


watchable("prescriptions", lambda tx, me, id, now: me.role == "pharmacist" and id == "waiting")
watchable("prescription", _may_watch)


@dataclass(frozen=True)
class Taken:
    """Another prescription that the person is taking, with what is in it."""

    code: str
    doctor: str
    names: tuple[str, ...]
    last_day: date | None


@dataclass(frozen=True)
class Beside:
    clinical: Clinical
    others: list[Taken]


@dataclass(frozen=True)
class Counter:
    """For the hand-over: how often it was given, when the next supply may leave, whether a second person must look,
    and who could. `findings` are of today, None where nothing may be given; `stops` are the keys of those that keep it
    here."""

    given: int
    left: int
    earliest: date | None
    second: bool
    colleagues: Sequence[tuple[str, str]]
    findings: list[FindingView] | None
    stops: frozenset[str]


def beside(tx: Session, actor: Actor, one: PrescriptionView, now: datetime) -> Beside:
    """`one` was read by whoever may; looking at the person is noted besides."""
    person = family.profile(tx, actor, one.patient_profile_id, now)
    others = [
        Taken(
            row.code, row.signed_by or "", tuple(str(line.get("name")) for line in row.medicines), columns["last_day"]
        )
        for row, columns in checking.taking(tx, person, one.id, now)
    ]
    return Beside(family.clinical(tx, actor, person, now, "prescription review"), others)


def counter(tx: Session, actor: Actor, one: PrescriptionView, now: datetime) -> Counter:
    found = tx.get_one(Prescription, one.id)
    given = dispensing.of(tx, one.id)
    open_ = lifecycle.allowed("dispense", found.status)
    today = dispensing.looked_at(tx, found, len(given), now) if open_ else None
    able = select(User.id, User.name).where(
        User.role == "pharmacist", User.status == "active", User.is_deleted.is_(False), User.id != actor.id
    )
    return Counter(
        given=len(given), left=max(0, 1 + found.refill_allowed - len(given)),
        earliest=dispensing.next_day(tx, found, given), second=dispensing.needs_second(found),
        colleagues=[(row.id, row.name) for row in tx.execute(able.order_by(User.name))],
        findings=checking.shown_now(today, actor.locale, found.answers, signatures.read_by_doctor(tx, found.id))
        if today else None,
        stops=frozenset(map(safety.key, dispensing.stops(tx, found, today))) if today else frozenset(),
    )  # fmt: skip


def find(tx: Session, text: str) -> tuple[str, bool]:
    """The id of what was typed, or scanned (a number, or the address that the square on the paper holds), and whether
    it waits for a pharmacist."""
    number = codes.read(text.strip().rstrip("/").rsplit("/", 1)[-1])
    wanted = select(Prescription.id, Prescription.status).where(Prescription.code == number)
    found = tx.execute(wanted).first() if number else None
    if found is None:
        raise NoSuchPrescription(fields={"code": NoSuchPrescription.title})
    return found.id, found.status in (*lifecycle.FROM["accept"], *lifecycle.FROM["dispense"])
