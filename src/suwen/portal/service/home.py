"""What the front door shows."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.scheduling.schemas import AppointmentLine, Offer
from suwen.scheduling.service import directory, reads

SHOWN = 6


@dataclass(frozen=True)
class Home:
    """`coming` is the reader's next visit; `soon` are the doctors who are free first."""

    coming: AppointmentLine | None
    soon: list[Offer]
    departments: list[tuple[str, str]]
    locations: list[tuple[str, str]]


def home(tx: Session, me: Actor, now: datetime) -> Home:
    choices = directory.choices(tx)
    soon = directory.find(tx, directory.Search(), now, None, SHOWN).items
    return Home(_coming(tx, me, now), soon, choices["departments"], choices["locations"])


def _coming(tx: Session, me: Actor, now: datetime) -> AppointmentLine | None:
    if me.role != "patient":
        return None
    upcoming = reads.listed(tx, me, reads.Filter(when="upcoming"), now, None, 1).items
    return upcoming[0] if upcoming else None
