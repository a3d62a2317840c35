"""What stands beside the editor: who is treated, what they must not have, what they take, the doctor's own words."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from suwen.accounts.models import PatientProfile
from suwen.accounts.service import clinical
from suwen.core import audit
from suwen.core.actor import Actor
from suwen.core.times import age
from suwen.prescribing.rules.findings import policy_of
from suwen.prescribing.schemas.shelf import PhraseView
from suwen.prescribing.service import checking, phrases
from suwen.prescribing.service.writing import visit_of


@dataclass(frozen=True)
class Active:
    """Something the person takes already; without an `id` where it belongs to another account of theirs, which the
    doctor may not open."""

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
    policy = policy_of(tx.info["settings"].policy)
    fertile = person.gender != "male" and (years is None or policy.fertile_from <= years <= policy.fertile_until)
    taken = checking.taking(tx, person, None, now)
    for profile_id in sorted({one.patient_profile_id for one, _ in taken}):
        audit.seen(tx, actor, "read", "prescription", "list", profile_id, "prescribing", now=now)
    active = [
        Active(
            one.id if one.patient_profile_id == person.id else "", one.code,
            [line.get("name", "") for line in one.medicines], row["last_day"],
        )
        for one, row in taken
    ]  # fmt: skip
    return Beside(
        person.name, person.gender, years, known.allergies or "", known.medical_history or "", fertile,
        years is not None and years < policy.child_below, active,
        phrases.phrases(tx, actor, category="advice", limit=30).items,
        [one.content for one in phrases.phrases(tx, actor, category="diagnosis", limit=30).items],
    )  # fmt: skip
