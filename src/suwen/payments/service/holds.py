"""Deposits: a part of a patient's balance that the desk sets aside, gives back, or spends when it is owed.

For what the clinic lends (a blood pressure monitor, a decoction pot) and for visits that would be missed: the patient
sees what is held and why, and cannot spend it meanwhile. What is spent of it is an order like any other, paid from the
balance: it has a number, stands in the statement and can be refunded.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from suwen.accounts.models import User
from suwen.core.actor import Actor
from suwen.core.db import changed, new_id, rows
from suwen.core.errors import Forbidden
from suwen.core.i18n import N_
from suwen.core.money import ensure_currency
from suwen.payments import rules
from suwen.payments.errors import BadSum, HoldEnded, NoSuchHold, NoSuchPerson
from suwen.payments.models import Hold
from suwen.payments.service import ledger, paying, wallets
from suwen.payments.service.orders import open_order

INSERT_HOLD = insert(Hold.__table__)


def hold(
    tx: Session, actor: Actor, user_id: str, amount: int, reason: str, now: datetime, *, currency: str = "CNY"
) -> str:
    """The desk sets an amount of somebody's balance aside. Refused: others, more than the balance, unknown accounts."""
    _desk(actor)
    if not 0 < amount <= rules.LARGEST_SUM:
        raise BadSum(fields={"amount": BadSum.title})
    if tx.scalar(select(User.id).where(User.id == user_id, User.is_deleted.is_(False))) is None:
        raise NoSuchPerson()
    id, code = new_id(), ensure_currency(currency)
    wallets.freeze(tx, user_id, amount, code, _why(f"hold:{id}", "hold", id, N_("Deposit held"), actor), now)
    tx.execute(INSERT_HOLD, {
        "id": id, "created_at": now, "updated_at": now, "version": 1, "user_id": user_id, "amount": amount,
        "captured": 0, "currency": code, "reason": reason[:200], "status": "held", "placed_by": actor.id,
    })  # fmt: skip
    return id


def release(tx: Session, actor: Actor, hold_id: str, now: datetime) -> str:
    """All of it comes back; returns whose it is. Refused: others, and a second time."""
    found = _ended(tx, actor, hold_id, now, status="released")
    why = _why(f"release:{hold_id}", "release", hold_id, N_("Deposit released"), actor)
    wallets.unfreeze(tx, found.user_id, found.amount, found.currency, why, now)
    return str(found.user_id)


def capture(tx: Session, actor: Actor, hold_id: str, amount: int | None, reason: str, now: datetime) -> str:
    """Spend it (None: all) and give the rest back; returns the id of the order that was paid with it.

    Refused: others, more than is held, a second time.
    """
    found = _ended(tx, actor, hold_id, now, status="captured")
    spent = found.amount if amount is None else amount
    if not 0 < spent <= found.amount:
        raise BadSum(fields={"amount": BadSum.title})
    order = open_order(
        tx, found.user_id, subject=f"hold:{hold_id}", amount=spent, currency=found.currency, order_type="other",
        expires=now + timedelta(minutes=1), now=now, description=reason,
    )  # fmt: skip
    paying.pay_from_deposit(tx, actor, order.id, now)
    mine = update(Hold).where(Hold.id == hold_id).values(captured=spent, note=reason[:200], order_id=order.id)
    rows(tx, mine)
    if rest := found.amount - spent:
        why = _why(f"release:{hold_id}", "release", hold_id, N_("Deposit released"), actor)
        wallets.unfreeze(tx, found.user_id, rest, found.currency, why, now)
    return order.id


def _ended(tx: Session, actor: Actor, hold_id: str, now: datetime, *, status: str) -> Any:
    """held -> released | captured, once."""
    _desk(actor)
    mine = update(Hold).where(Hold.id == hold_id, Hold.status == "held")
    over = {"status": status, "ended_by": actor.id, "ended_at": now, "version": Hold.version + 1, "updated_at": now}
    met = rows(tx, mine.values(**over))
    found = tx.get(Hold, hold_id, populate_existing=True)
    if found is None:
        raise NoSuchHold()
    if not met:
        raise HoldEnded()
    changed(tx, f"wallet:{found.user_id}")
    return found


def _desk(actor: Actor) -> None:
    if actor.role != "admin":
        raise Forbidden("Deposits are held at the desk only.")


def _why(key: str, kind: str, hold_id: str, words: str, actor: Actor) -> wallets.Movement:
    return wallets.Movement(key, kind, ledger.REVENUE, ("hold", hold_id), words, actor.id)
