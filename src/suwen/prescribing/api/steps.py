"""The way of a prescription as JSON: checked, reviewed, dispensed, extended, verified."""

from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from suwen.accounts.service import Witness
from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.schemas import Slice
from suwen.core.web.routes import ANYONE, get, post, routes_of
from suwen.prescribing import service
from suwen.prescribing.schemas import (
    CheckInput,
    DispenseInput,
    ExtendInput,
    History,
    PrescriptionView,
    Preview,
    Replayed,
    ReviewInput,
    Verification,
    VerifyInput,
    WaitingLine,
    WaitingTime,
)

TAGS = ["Prescriptions"]
WRITERS, PHARMACISTS, CLINICIANS = ("doctor",), ("pharmacist",), ("doctor", "pharmacist")


@post("/api/v1/prescriptions/checks", who=WRITERS, tags=TAGS, audited="prescription", status=200, once=False)
def check(tx: Session, me: Actor, now: datetime, data: CheckInput) -> Preview:
    """What the safety engine finds in this content for the person of the visit. Nothing is stored."""
    return service.preview(tx, me, data, now)


@get("/api/v1/prescriptions/waiting", who=PHARMACISTS, tags=TAGS, audited="prescription")
def waiting(
    tx: Session, me: Actor, now: datetime, step: Literal["review", "dispense"] = "review", after: str | None = None,
    limit: int | None = None,
) -> Slice[WaitingLine]:  # fmt: skip
    """What waits to be reviewed, or may be dispensed; the oldest first. No medicine is named."""
    return service.waiting(tx, me, now, step=step, after=after, limit=limit)


@get("/api/v1/prescriptions/waiting-times", who=("admin",), tags=TAGS, audited="prescription")
def waiting_times(
    tx: Session, me: Actor, now: datetime, days: int = 0, after: str | None = None, limit: int | None = None
) -> Slice[WaitingTime]:
    """How long signed prescriptions have waited for a pharmacist: those of `days` whole days and more, the longest
    first. No person and no medicine is named."""
    return service.waiting_times(tx, me, now, days=days, after=after, limit=limit)


@post("/api/v1/prescriptions/verify", who=ANYONE, tags=TAGS, status=200, once=False)
def verify(tx: Session, house: House, me: Actor, now: datetime, data: VerifyInput) -> Verification:
    """Is a paper genuine, and may it be dispensed? `holder` is the holder's code that is printed on it; it stands in
    the body because addresses are kept in logs.

    `verdict`: authentic, partially_dispensed, dispensed, altered, void, expired or not_effective. An unknown number
    and a wrong code are both 404.
    """
    service.count(house.limiter, me.ip, data.code)
    return service.verify(tx, me, data.code, data.holder, now)


@post("/api/v1/prescriptions/{id:str}/claim", who=PHARMACISTS, tags=TAGS, audited="prescription", status=200)
def claim(tx: Session, me: Actor, now: datetime, id: str) -> PrescriptionView:
    """Take up what waits to be reviewed or dispensed: it, and the person's record, can be read for three days."""
    return service.view(tx, me, service.claim(tx, me, id, now))


@post("/api/v1/prescriptions/{id:str}/review", who=PHARMACISTS, tags=TAGS, audited="prescription", status=200)
def review(tx: Session, me: Actor, now: datetime, id: str, data: ReviewInput) -> PrescriptionView:
    """Accept what a doctor has signed, after seven checks (a signature: see `/me/confirmation`), or return it."""
    return service.view(tx, me, service.review(tx, me, id, data, now))


def prove_second(house: House, me: Actor, now: datetime, data: DispenseInput) -> Witness | None:
    return service.second_person(house, me, data, now)


@post(
    "/api/v1/prescriptions/{id:str}/dispensings", who=PHARMACISTS, tags=TAGS, audited="prescription",
    before=prove_second,
)  # fmt: skip
def dispense(
    tx: Session, me: Actor, now: datetime, id: str, data: DispenseInput, prepared: Witness | None
) -> PrescriptionView:
    """Give it out: once, then as often as refills are allowed. A second pharmacist who checks says so in person."""
    return service.view(tx, me, service.dispense(tx, me, id, data, now, prepared))


@post("/api/v1/prescriptions/{id:str}/extension", who=WRITERS, tags=TAGS, audited="prescription", status=200)
def extend(tx: Session, me: Actor, now: datetime, id: str, data: ExtendInput) -> PrescriptionView:
    """Make one's prescription valid for some days longer, as far as the jurisdiction allows."""
    return service.view(tx, me, service.extend(tx, me, id, data.days, now))


@get("/api/v1/prescriptions/{id:str}/history", who=CLINICIANS, tags=TAGS, audited="prescription")
def history(tx: Session, me: Actor, now: datetime, id: str) -> History:
    """Evaluations, signatures with what was signed, reviews, dispensings."""
    return service.history(tx, me, id, now)


@get(
    "/api/v1/prescriptions/{id:str}/evaluations/{evaluation_id:str}/replay", who=CLINICIANS, tags=TAGS,
    audited="prescription",
)  # fmt: skip
def replay(tx: Session, me: Actor, now: datetime, id: str, evaluation_id: str) -> Replayed:
    """Run an evaluation again, from what it was given: the same rules must find the same."""
    return service.replay(tx, me, id, evaluation_id, now)


ROUTES = routes_of(check, waiting, waiting_times, verify, claim, review, dispense, extend, history, replay)
