"""Prescriptions as JSON."""

from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.schemas import Slice
from suwen.core.web.routes import get, post, put, routes_of
from suwen.prescribing import service
from suwen.prescribing.schemas import (
    ChangeInput,
    DraftInput,
    PrescriptionLine,
    PrescriptionView,
    SignInput,
    VoidInput,
)

TAGS = ["Prescriptions"]
READERS, WRITERS = ("patient", "doctor", "pharmacist"), ("doctor",)
Status = Literal[
    "draft", "signed", "returned", "effective", "partially_dispensed", "dispensed", "expired", "voided"
]  # fmt: skip


@get("/api/v1/prescriptions", who=READERS, tags=TAGS, audited="prescription")
def prescriptions(
    tx: Session, me: Actor, now: datetime, status: Status | None = None, profile_id: str | None = None,
    appointment_id: str | None = None, after: str | None = None, limit: int | None = None,
) -> Slice[PrescriptionLine]:  # fmt: skip
    """Those one may read, newest first. What is prescribed is not named in the list."""
    return service.prescriptions(
        tx, me, now, status=status, profile_id=profile_id, appointment_id=appointment_id, after=after, limit=limit
    )


@get("/api/v1/prescriptions/{id:str}", who=READERS, tags=TAGS, audited="prescription")
def prescription(tx: Session, me: Actor, now: datetime, id: str) -> PrescriptionView:
    return service.prescription(tx, me, id, now)


@post("/api/v1/prescriptions", who=WRITERS, tags=TAGS, audited="prescription")
def draft(tx: Session, me: Actor, now: datetime, data: DraftInput) -> PrescriptionView:
    """A draft for one's own visit, named by its appointment or consultation, once it has begun."""
    return service.view(tx, me, service.draft(tx, me, data, now))


@put("/api/v1/prescriptions/{id:str}", who=WRITERS, tags=TAGS, audited="prescription")
def change(tx: Session, me: Actor, now: datetime, id: str, data: ChangeInput) -> PrescriptionView:
    """The whole content anew, until it is in effect. What was signed is a draft again, its signatures invalid."""
    return service.view(tx, me, service.change(tx, me, id, data, now))


@post("/api/v1/prescriptions/{id:str}/sign", who=WRITERS, tags=TAGS, audited="prescription", status=200)
def sign(tx: Session, me: Actor, now: datetime, id: str, data: SignInput) -> PrescriptionView:
    """Only by a person who proved within five minutes to be there (`POST /api/v1/me/confirmation`).

    409 `unsafe_prescription`, `facts_missing`, `needs_resign` or `warnings_unanswered` name rules and findings. With
    reasons (`answers`) and acknowledgements it is signed: for the pharmacist to review, or effective at once.
    """
    return service.view(tx, me, service.sign(tx, me, id, data, now))


@post("/api/v1/prescriptions/{id:str}/void", who=WRITERS, tags=TAGS, audited="prescription", status=200)
def void(tx: Session, me: Actor, now: datetime, id: str, data: VoidInput) -> PrescriptionView:
    return service.view(tx, me, service.void(tx, me, id, data.reason, now))


ROUTES = routes_of(prescriptions, prescription, draft, change, sign, void)
