"""The doctor's day: the queue, the call desk, a person's record."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.web.answers import Page
from suwen.core.web.routes import page, routes_of
from suwen.portal.service import desk as visits


@page("/doctor/today", who="doctor", audited="queue")
def today(tx: Session, me: Actor, now: datetime) -> Page:
    return Page("portal/today.html", {"today": visits.today(tx, me, now)})


@page("/desk/{id:str}", who="doctor", audited="consultation")
def desk(tx: Session, me: Actor, now: datetime, id: str) -> Page:
    """One visit: the call, the notes, the prescription, the person's history."""
    return Page("portal/desk.html", {"desk": visits.desk(tx, me, id, now)})


@page("/doctor/patients/{id:str}", who=("doctor", "pharmacist"), audited="record")
def record(tx: Session, me: Actor, now: datetime, id: str) -> Page:
    """A person's record: who they are, allergies, visits and prescriptions."""
    return Page("portal/record.html", {"record": visits.record(tx, me, id, now)})


ROUTES = routes_of(today, desk, record)
