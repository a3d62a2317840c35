"""Money comes in for an order, and goes back the way it came."""

from datetime import datetime
from typing import Any

from sqlalchemy import case, insert, select, update
from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.db import changed, new_id, rows
from suwen.core.errors import Forbidden
from suwen.core.i18n import N_
from suwen.core.outbox import emit
from suwen.payments import rules
from suwen.payments.errors import BadSum, NoSuchRefund, OrderNotPaid, RefundDecided, RefundTooLarge
from suwen.payments.events import PaymentSettled, RefundDone
from suwen.payments.models import Order, Refund, Transaction
from suwen.payments.service import ledger, wallets
from suwen.payments.service.orders import own_order, settle

INSERT_TRANSACTION, INSERT_REFUND = insert(Transaction.__table__), insert(Refund.__table__)


def pay_from_balance(tx: Session, actor: Actor, order_id: str, now: datetime) -> None:
    """Pay the actor's own order from the wallet. Refused: not pending any more, expired, balance too low."""
    order = own_order(tx, actor, order_id)
    if order.user_id != actor.id:
        raise Forbidden("Only the payer can pay from the balance.")
    settle(tx, order.id, "balance", now)
    if order.amount:
        why = wallets.Movement(
            f"pay:{order.id}", "payment", ledger.REVENUE, ("order", order.id), order.description or order.order_no
        )
        wallets.move(tx, order.user_id, -order.amount, order.currency, why, now)
    _settled(tx, order, "balance", None, now)


def settle_cash(tx: Session, actor: Actor, order_id: str, now: datetime) -> None:
    """Take cash at the desk for an order. Refused: anybody but the desk, and what is not pending any more."""
    if actor.role != "admin":
        raise Forbidden("Cash is taken at the desk only.")
    order = own_order(tx, actor, order_id)
    settle(tx, order.id, "cash", now)
    if order.amount:
        lines = [(ledger.CASH, order.currency, order.amount), (ledger.REVENUE, order.currency, -order.amount)]
        ledger.book(tx, f"pay:{order.id}", "payment", lines, now, ref=("order", order.id))
    _settled(tx, order, "cash", actor.id, now)


def _settled(tx: Session, order: Any, method: str, cashier_id: str | None, now: datetime) -> None:
    tx.execute(INSERT_TRANSACTION, _transaction(order, "payment", order.amount, method, cashier_id, now))
    emit(tx, PaymentSettled(order_id=order.id, subject=order.subject), now)
    changed(tx, f"orders:{order.user_id}")


def _transaction(order: Any, kind: str, amount: int, method: str, cashier_id: str | None, now: datetime) -> Any:
    prefix = "TXN" if kind == "payment" else "RTX"
    return {
        "id": new_id(), "created_at": now, "updated_at": now, "transaction_no": rules.number(prefix, now),
        "order_id": order.id, "payment_method": method, "transaction_type": kind, "amount": amount,
        "currency": order.currency, "status": "success", "cashier_id": cashier_id, "initiated_at": now,
        "completed_at": now,
    }  # fmt: skip


def refund(tx: Session, actor: Actor, order_id: str, amount: int | None, reason: str, now: datetime) -> str:
    """Pay `amount` (None: all that is left) back the way it was paid; return the refund's id.

    Whether it may be paid back is the caller's decision. Into the wallet at once; cash at once when the desk does it,
    otherwise it waits to be handed out. Refused: more than was paid, also by two at a time.
    """
    order = tx.get(Order, order_id, with_for_update=True, populate_existing=True)
    if order is None or order.status not in ("paid", "partial_refunded", "refunded"):
        raise OrderNotPaid()
    back = order.amount - order.refunded_amount if amount is None else amount
    if back <= 0 and order.amount:
        raise RefundTooLarge() if order.status == "refunded" else BadSum(fields={"amount": BadSum.title})
    _take_from(tx, order, back, now)
    now_done = order.payment_method == "balance" or actor.role == "admin"
    id = _record(tx, actor, order, back, reason, now, done=now_done)
    if order.payment_method == "balance":
        why = wallets.Movement(f"refund:{id}", "refund", ledger.REVENUE, ("order", order.id), N_("Refund"))
        if back:
            wallets.move(tx, order.user_id, back, order.currency, why, now)
    elif back:
        to = ledger.CASH if now_done else ledger.OWED_BACK
        lines = [(ledger.REVENUE, order.currency, back), (to, order.currency, -back)]
        ledger.book(tx, f"refund:{id}", "refund", lines, now, ref=("order", order.id))
    if now_done:
        _refunded(tx, actor, order, id, back, now)
    changed(tx, f"orders:{order.user_id}")
    return id


def hand_out(tx: Session, actor: Actor, refund_id: str, now: datetime) -> str:
    """The desk hands out cash that a refund owes; return the order's id. Refused: others, and a second time."""
    if actor.role != "admin":
        raise Forbidden("Cash is handed out at the desk only.")
    found = tx.get(Refund, refund_id)
    if found is None:
        raise NoSuchRefund()
    mine = update(Refund).where(Refund.id == refund_id, Refund.status == "pending")
    done = {"status": "success", "reviewed_by": actor.id, "reviewed_at": now, "completed_at": now}
    if not rows(tx, mine.values(**done, version=Refund.version + 1, updated_at=now)):
        raise RefundDecided()
    order = tx.get(Order, found.order_id)
    lines = [
        (ledger.OWED_BACK, found.currency, found.refund_amount),
        (ledger.CASH, found.currency, -found.refund_amount),
    ]
    ledger.book(tx, f"hand-out:{refund_id}", "hand_out", lines, now, ref=("order", found.order_id))
    _refunded(tx, actor, order, refund_id, found.refund_amount, now)
    return str(found.order_id)


def _take_from(tx: Session, order: Any, back: int, now: datetime) -> None:
    """Raise the order's refunded sum under its guard. The state goes first: MySQL shows each value to the next."""
    after = Order.refunded_amount + back
    mine = update(Order).where(
        Order.id == order.id, Order.status.in_(("paid", "partial_refunded")), after <= Order.amount
    )
    values: list[tuple[Any, Any]] = [
        (Order.status, case((after >= Order.amount, "refunded"), else_="partial_refunded")),
        (Order.refunded_amount, after), (Order.version, Order.version + 1), (Order.updated_at, now),
    ]  # fmt: skip
    if not rows(tx, mine.ordered_values(*values)):
        raise RefundTooLarge()


def _record(tx: Session, actor: Actor, order: Any, back: int, reason: str, now: datetime, *, done: bool) -> str:
    paid = select(Transaction.id).where(Transaction.order_id == order.id, Transaction.transaction_type == "payment")
    reviewer = actor.id if actor.role == "admin" else None
    id = new_id()
    tx.execute(INSERT_REFUND, {
        "id": id, "created_at": now, "updated_at": now, "version": 1, "refund_no": rules.number("RFD", now),
        "order_id": order.id, "transaction_id": tx.scalars(paid).one(), "user_id": order.user_id,
        "refund_amount": back, "currency": order.currency, "refund_reason": reason[:500],
        "status": "success" if done else "pending", "reviewed_by": reviewer,
        "reviewed_at": now if reviewer else None, "completed_at": now if done else None,
    })  # fmt: skip
    return id


def _refunded(tx: Session, actor: Actor, order: Any, refund_id: str, back: int, now: datetime) -> None:
    cashier = actor.id if actor.role == "admin" and order.payment_method == "cash" else None
    tx.execute(INSERT_TRANSACTION, _transaction(order, "refund", back, order.payment_method, cashier, now))
    done = RefundDone(
        order_id=order.id, refund_id=refund_id, subject=order.subject, amount=back, currency=order.currency
    )
    emit(tx, done, now)
    changed(tx, f"orders:{order.user_id}")
