"""Refunds that a person pays out past the gateway: in cash, or from the bank."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.accounts.service import Witness
from suwen.core import audit
from suwen.core.actor import Actor
from suwen.core.errors import Forbidden
from suwen.payments.errors import RefundElsewhere
from suwen.payments.models import Refund
from suwen.payments.service import ledger, second
from suwen.payments.service.refunds import finish, locked

BY_HAND = {"cash": ledger.CASH, "bank": ledger.BANK}
KIND = "refund"


def by_hand(
    tx: Session, actor: Actor, refund_id: str, how: str, note: str, now: datetime, confirmed: Witness | None = None
) -> str:
    """What the gateway cannot pay back, or what is owed to an insurer, was paid in cash or from the bank (`how`).

    Refused: anybody but an admin, what the gateway may still pay back itself, a second time, and a large sum without
    another admin who has confirmed it.
    """
    if actor.role != "admin":
        raise Forbidden()
    order, found, paid_by = locked(tx, refund_id)
    if paid_by.payment_method != "insurance" and not found.abnormal:
        raise RefundElsewhere()
    second.refuse_alone(tx, actor, found.refund_amount + alone_before(tx, order.id), confirmed)
    told = dict(found.refund_response or {}) | {"by_hand": how, "by": actor.id}
    if confirmed is not None:
        told |= {"confirmed_by": confirmed.id, "confirmed_how": confirmed.how}
    finish(
        tx, order, found, now, method="cash" if how == "cash" else "other", against=BY_HAND[how], cashier_id=actor.id,
        values={"review_notes": note[:500], "refund_response": told},
    )  # fmt: skip
    audit.seen(tx, actor, "write", KIND, refund_id, order.patient_profile_id, f"paid by hand: {how}", now=now)
    second.signed(tx, actor, confirmed, KIND, refund_id, now)
    return str(order.id)


def alone_before(tx: Session, order_id: str) -> int:
    """What went back of an order by one pair of hands already: many small sums are not small."""
    done = select(Refund.refund_amount, Refund.refund_response).where(
        Refund.order_id == order_id, Refund.status == "success"
    )
    told = [(row.refund_amount, row.refund_response or {}) for row in tx.execute(done)]
    return sum(amount for amount, said in told if said.get("by_hand") and not said.get("confirmed_by"))


def is_large(tx: Session, order_id: str, amount: int) -> bool:
    """Whether paying it out by hand needs two."""
    return second.is_needed(tx, amount + alone_before(tx, order_id))
