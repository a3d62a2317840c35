"""Claims, for the desk and for the payer."""

from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from suwen.accounts.models import User
from suwen.payments.models import Claim, Order
from suwen.payments.queries.people import named
from suwen.payments.schemas.claims import ClaimBrief, ClaimFilters

Submitter, Decider = aliased(User), aliased(User)
CLAIMS: Any = (
    select(Claim, Order.order_no, Order.status.label("order_status"), Order.description, Order.appointment_id,
           Order.patient_profile_id,
           User.name.label("payer"), Submitter.name.label("submitter"), Decider.name.label("decider"))
    .join(Order, Order.id == Claim.order_id)
    .join(User, User.id == Claim.user_id)
    .outerjoin(Submitter, Submitter.id == Claim.submitted_by)
    .outerjoin(Decider, Decider.id == Claim.decided_by)
)  # fmt: skip


def claims(filters: ClaimFilters) -> Select[Any]:
    found: Select[Any] = CLAIMS
    if filters.status:
        found = found.where(Claim.status == filters.status)
    if filters.q:
        wanted = filters.q.strip()
        numbers = (column.startswith(wanted.upper(), autoescape=True) for column in (Claim.claim_no, Order.order_no))
        found = found.where(or_(*numbers, Claim.insurer.contains(wanted, autoescape=True), *named(wanted)))
    return found


def claims_of(tx: Session, order_id: str) -> list[ClaimBrief]:
    names = ClaimBrief.__struct_fields__
    found = select(*(getattr(Claim, name) for name in names)).where(Claim.order_id == order_id)
    return [ClaimBrief(**row._mapping) for row in tx.execute(found.order_by(Claim.created_at, Claim.id))]


def open_claims(tx: Session) -> dict[str, int]:
    """How many are in each state that somebody waits in."""
    found = select(Claim.status, func.count()).where(Claim.status.in_(("submitted", "approved"))).group_by(Claim.status)
    return {str(status): int(count) for status, count in tx.execute(found)}
