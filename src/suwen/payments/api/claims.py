"""Insurers, as JSON."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.schemas import Slice
from suwen.core.web.routes import get, post, routes_of
from suwen.payments.schemas.claims import (
    ClaimFilters,
    ClaimGranted,
    ClaimInput,
    ClaimLine,
    ClaimNote,
    ClaimRefused,
    ClaimStatus,
)
from suwen.payments.service import claims

DESK = ("admin",)
TAGS = ["Payments"]


@post("/api/v1/orders/{id:str}/claims", who=DESK, tags=TAGS)
def submit(tx: Session, me: Actor, now: datetime, id: str, data: ClaimInput) -> ClaimLine:
    """Ask an insurer for the whole order; until it is answered, the order does not expire."""
    return claims.one(tx, me, claims.submit(tx, me, id, data, now), now)


@get("/api/v1/claims", who=DESK, tags=TAGS)
def claim_list(
    tx: Session, me: Actor, status: ClaimStatus | None = None, q: str | None = None, after: str | None = None,
    limit: int | None = None,
) -> Slice[ClaimLine]:  # fmt: skip
    return claims.claim_list(tx, me, ClaimFilters(status=status, q=q or None), after=after, limit=limit)


@get("/api/v1/claims/{id:str}", who=DESK, tags=TAGS, audited=claims.KIND)
def one_claim(tx: Session, me: Actor, now: datetime, id: str) -> ClaimLine:
    return claims.one(tx, me, id, now)


@post("/api/v1/claims/{id:str}/approval", who=DESK, tags=TAGS)
def approve(tx: Session, me: Actor, now: datetime, id: str, data: ClaimGranted) -> ClaimLine:
    """The insurer will pay; the order is paid."""
    claims.approve(tx, me, id, data.insurer_reference, now)
    return claims.one(tx, me, id, now)


@post("/api/v1/claims/{id:str}/rejection", who=DESK, tags=TAGS)
def reject(tx: Session, me: Actor, now: datetime, id: str, data: ClaimRefused) -> ClaimLine:
    """The insurer will not pay; the order is its payer's to pay."""
    claims.reject(tx, me, id, data.note, now)
    return claims.one(tx, me, id, now)


@post("/api/v1/claims/{id:str}/withdrawal", who=DESK, tags=TAGS)
def withdraw(tx: Session, me: Actor, now: datetime, id: str, data: ClaimNote) -> ClaimLine:
    claims.withdraw(tx, me, id, data.note, now)
    return claims.one(tx, me, id, now)


@post("/api/v1/claims/{id:str}/settlement", who=DESK, tags=TAGS)
def settle(tx: Session, me: Actor, now: datetime, id: str) -> ClaimLine:
    """The insurer's money is on the clinic's bank account."""
    claims.settle(tx, me, id, now)
    return claims.one(tx, me, id, now)


ROUTES = routes_of(submit, claim_list, one_claim, approve, reject, withdraw, settle)
