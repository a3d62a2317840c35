"""The form for an insurer: the claim, with the visit that it is for. Nothing of what was the matter."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from suwen.clinics import service as clinics
from suwen.core.actor import Actor
from suwen.core.errors import NotFound
from suwen.payments import service as payments
from suwen.payments.schemas.claims import ClaimForm
from suwen.payments.service import claims
from suwen.scheduling.service import reads


def form(tx: Session, me: Actor, claim_id: str, now: datetime) -> ClaimForm:
    """For the desk. NotFound where there is no such claim."""
    claim = claims.one(tx, me, claim_id, now)
    order = payments.order(tx, me, claim.order_id)
    visit = _visit(tx, me, claim.appointment_id)
    place = clinics.location(tx, visit["location_id"]) if visit and visit["location_id"] else None
    return ClaimForm(
        claim_no=claim.claim_no, order_no=claim.order_no, insurer=claim.insurer, holder=claim.holder,
        policy_no=claims.policy_no(tx, me, claim_id, now), patient=visit["patient"] if visit else None,
        service=order.description or order.order_type, doctor=visit["doctor"] if visit else None,
        day=reads.view(visit, visit["starts_at"]).appointment_date if visit else None,
        clinic=place.name if place else None, address=place.address if place else None,
        amount=claim.amount, refunded_amount=order.refunded_amount, currency=claim.currency, status=claim.status,
    )  # fmt: skip


def _visit(tx: Session, me: Actor, appointment_id: str | None) -> dict[str, Any] | None:
    try:
        return reads.visible(tx, me, appointment_id) if appointment_id else None
    except NotFound:
        return None
