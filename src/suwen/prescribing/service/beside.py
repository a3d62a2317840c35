"""What stands beside the editor: who is treated, what they must not have, what they take, the doctor's own words."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from suwen.accounts.models import PatientProfile
from suwen.accounts.service import clinical
from suwen.core.actor import Actor
from suwen.core.times import age
from suwen.prescribing.rules.findings import Policy
from suwen.prescribing.schemas.shelf import PhraseView
from suwen.prescribing.service import phrases, reading
from suwen.prescribing.service.writing import visit_of

ACTIVE = ("signed", "effective", "partially_dispensed", "dispensed")


@dataclass(frozen=True)
class Active:
    """Something the person takes already."""

    id: str
    code: str
    names: list[str]
    until: date | None


@dataclass(frozen=True)
class Beside:
    """`fertile`: whether pregnancy is asked about; `child`: whether the weight is."""

    name: str
    gender: str | None
    age: int | None
    allergies: str
    history: str
    fertile: bool
    child: bool
    active: list[Active]
    advice: list[PhraseView]
    diagnoses: list[str]


def beside(tx: Session, actor: Actor, appointment_id: str, now: datetime) -> Beside:
    """For the doctor of the visit; the look into the record is noted."""
    visit = visit_of(tx, actor, appointment_id)
    person = tx.get_one(PatientProfile, visit.patient_profile_id)
    known = clinical(tx, actor, person, now, "prescribing")
    years = age(person.birthday, now.date()) if person.birthday else None
    policy = Policy()
    fertile = person.gender != "male" and (years is None or policy.fertile_from <= years <= policy.fertile_until)
    active = [
        Active(one.id, one.code, [line.get("name", "") for line in one.medicines], one.last_day)
        for one in reading.of_person(tx, actor, visit.patient_profile_id, now)
        if one.status in ACTIVE and (one.last_day is None or one.last_day >= now.date())
    ]
    return Beside(
        person.name, person.gender, years, known.allergies or "", known.medical_history or "", fertile,
        years is not None and years < policy.child_below, active,
        phrases.phrases(tx, actor, category="advice", limit=30).items,
        [one.content for one in phrases.phrases(tx, actor, category="diagnosis", limit=30).items],
    )  # fmt: skip
