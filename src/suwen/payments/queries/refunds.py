"""What was or will be paid back."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.accounts.models import User
from suwen.payments.models import Refund
from suwen.payments.schemas import RefundView

REFUND_NAMES = RefundView.__struct_fields__


def refunds(tx: Session, order_id: str) -> list[RefundView]:
    found = select(*(getattr(Refund, name) for name in REFUND_NAMES)).where(Refund.order_id == order_id)
    return [RefundView(**row._mapping) for row in tx.execute(found.order_by(Refund.created_at, Refund.id))]


def waiting_refunds(tx: Session) -> list[Any]:
    """Cash that the desk owes, oldest first."""
    found = (
        select(Refund.id, Refund.order_id, Refund.refund_amount, Refund.currency, Refund.created_at, User.name)
        .join(User, User.id == Refund.user_id)
        .where(Refund.status == "pending")
        .order_by(Refund.created_at, Refund.id)
        .limit(50)
    )
    return list(tx.execute(found))
