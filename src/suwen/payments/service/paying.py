"""Money comes in for an order: from the balance, in cash, or from an insurer."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.db import changed, new_id
from suwen.core.errors import Forbidden
from suwen.core.i18n import N_
from suwen.core.outbox import emit
from suwen.payments import rules
from suwen.payments.errors import MethodNotOffered
from suwen.payments.events import PaymentSettled
from suwen.payments.models import Transaction
from suwen.payments.service import ledger, wallets
from suwen.payments.service.orders import own_order, settle

INSERT_TRANSACTION = insert(Transaction.__table__)
RECEIVABLE = "asset:insurance_receivable"


def pay_from_balance(tx: Session, actor: Actor, order_id: str, now: datetime) -> None:
    """Pay the actor's own order from the wallet. Refused: not pending any more, expired, balance too low."""
    order = own_order(tx, actor, order_id)
    if order.user_id != actor.id:
        raise Forbidden("Only the payer can pay from the balance.")
    if is_top_up(order):
        raise MethodNotOffered(method="balance", offered=["cash"])
    settle(tx, order.id, "balance", now)
    if order.amount:
        why = wallets.Movement(
            f"pay:{order.id}", "payment", ledger.REVENUE, ("order", order.id), order.description or order.order_no
        )
        wallets.move(tx, order.user_id, -order.amount, order.currency, why, now)
    _settled(tx, order, "balance", None, now)


def pay_from_deposit(tx: Session, actor: Actor, order_id: str, now: datetime) -> None:
    """The desk pays an order with what is set aside of its payer's balance. Refused: others, and more than that."""
    if actor.role != "admin":
        raise Forbidden("Deposits are held at the desk only.")
    order = own_order(tx, actor, order_id)
    settle(tx, order.id, "balance", now)
    words = order.description or order.order_no
    why = wallets.Movement(f"pay:{order.id}", "capture", ledger.REVENUE, ("order", order.id), words, actor.id)
    wallets.capture(tx, order.user_id, order.amount, order.currency, why, now)
    _settled(tx, order, "balance", None, now)


def settle_cash(tx: Session, actor: Actor, order_id: str, now: datetime) -> None:
    """Take cash at the desk for an order. Refused: anybody but the desk, and what is not pending any more."""
    if actor.role != "admin":
        raise Forbidden("Cash is taken at the desk only.")
    order = own_order(tx, actor, order_id)
    settle(tx, order.id, "cash", now)
    if order.amount and is_top_up(order):
        why = wallets.Movement(
            f"pay:{order.id}", "payment", ledger.CASH, ("order", order.id), N_("Top-up at the desk"), actor.id,
            related=("top_up", order.id),
        )  # fmt: skip
        wallets.move(tx, order.user_id, order.amount, order.currency, why, now)
    elif order.amount:
        _earn(tx, order, ledger.CASH, now)
    _settled(tx, order, "cash", actor.id, now)


def settle_insured(tx: Session, actor: Actor, order: Any, now: datetime) -> None:
    """The insurer owes the order now. Refused: what is not pending any more, and what expired."""
    settle(tx, order.id, "insurance", now)
    _earn(tx, order, RECEIVABLE, now)
    _settled(tx, order, "insurance", actor.id, now)


def is_top_up(order: Any) -> bool:
    """It fills its payer's wallet: no income, until the balance is spent."""
    return str(order.subject or "").startswith(rules.TOP_UP)


def _earn(tx: Session, order: Any, account: str, now: datetime) -> None:
    lines = [(account, order.currency, order.amount), (ledger.REVENUE, order.currency, -order.amount)]
    ledger.book(tx, f"pay:{order.id}", "payment", lines, now, ref=("order", order.id))


def _settled(tx: Session, order: Any, method: str, cashier_id: str | None, now: datetime) -> None:
    tx.execute(INSERT_TRANSACTION, _transaction(order, method, cashier_id, now))
    emit(tx, PaymentSettled(order_id=order.id, subject=order.subject), now)
    changed(tx, f"order:{order.id}", f"orders:{order.user_id}")


def _transaction(order: Any, method: str, cashier_id: str | None, now: datetime) -> Any:
    return {
        "id": new_id(), "created_at": now, "updated_at": now, "transaction_no": rules.number("TXN", now),
        "order_id": order.id, "payment_method": method, "transaction_type": "payment", "amount": order.amount,
        "currency": order.currency, "status": "success", "cashier_id": cashier_id, "initiated_at": now,
        "completed_at": now,
    }  # fmt: skip
