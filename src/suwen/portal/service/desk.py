"""The doctor's day: who waits, one visit's desk, a person's record."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from suwen.accounts.models import PatientProfile
from suwen.accounts.schemas import Clinical
from suwen.accounts.service import family
from suwen.consultations.schemas import ConsultationView, QueueView
from suwen.consultations.service import desk as visits
from suwen.consultations.service import notes as recording
from suwen.consultations.service import records
from suwen.core.actor import Actor
from suwen.core.times import age
from suwen.prescribing import service as prescribing

RECENT = 5


@dataclass(frozen=True)
class Today:
    view: QueueView

    @property
    def expected(self) -> int:
        return len(self.view.now) + len(self.view.waiting) + len(self.view.next)


@dataclass(frozen=True)
class Person:
    """Who is treated, with what is sealed opened: the look is noted."""

    profile: PatientProfile
    clinical: Clinical
    age: int | None


@dataclass(frozen=True)
class Desk:
    """`record` is None until the visit was opened; `earlier` are the person's last visits."""

    visit: visits.Visit
    person: Person
    record: Any
    earlier: list[ConsultationView]
    prescriptions: list[Any]


@dataclass(frozen=True)
class Record:
    person: Person
    same: list[PatientProfile]
    visits: list[ConsultationView]
    prescriptions: list[Any]
    masked_id: str | None


def today(tx: Session, me: Actor, now: datetime) -> Today:
    return Today(visits.queue(tx, me, now))


def desk(tx: Session, me: Actor, appointment_id: str, now: datetime) -> Desk:
    """NotFound for whoever is not the doctor of this visit."""
    visit = visits.desk(tx, me, appointment_id, now)
    profile_id = visit.appointment.patient_profile_id
    room = visit.consultation
    earlier = records.consultations(tx, me, now, profile_id=profile_id, status="completed", limit=RECENT).items
    return Desk(
        visit,
        _person(tx, me, profile_id, now, "visit"),
        recording.notes(tx, me, now, room.id) if room else None,
        [one for one in earlier if room is None or one.id != room.id],
        prescribing.of_person(tx, me, profile_id, now),
    )


def record(tx: Session, me: Actor, profile_id: str, now: datetime) -> Record:
    """NotFound for staff who do not treat this person."""
    person = _person(tx, me, profile_id, now, "record")
    return Record(
        person,
        family.probably_same(tx, person.profile),
        records.consultations(tx, me, now, profile_id=profile_id, limit=50).items,
        prescribing.of_person(tx, me, profile_id, now),
        family.masked_id(tx, person.profile),
    )


def _person(tx: Session, me: Actor, profile_id: str, now: datetime, purpose: str) -> Person:
    profile = family.profile(tx, me, profile_id, now)
    born: date | None = profile.birthday
    return Person(profile, family.clinical(tx, me, profile, now, purpose), age(born, now.date()))
