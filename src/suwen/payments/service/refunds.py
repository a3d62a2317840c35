"""Money goes back the way it came: asked for, looked at by somebody else, on its way, back.

Who writes here takes the order's row first, then the refund's, then the wallet's, then the ledger's accounts.
A sum that was asked for is reserved on its order (`refunding_amount`), so that two who ask at once never get more back
than was paid; it is booked when it is approved, and counts as back (`refunded_amount`) when it has arrived.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, insert, select, update
from sqlalchemy.orm import Session

from suwen.core.actor import SYSTEM, Actor
from suwen.core.db import changed, new_id, rows
from suwen.core.errors import Forbidden
from suwen.core.i18n import N_
from suwen.core.outbox import emit
from suwen.payments import rules
from suwen.payments.errors import (
    BadSum,
    NoSuchOrder,
    NoSuchRefund,
    OrderNotPaid,
    RefundDecided,
    RefundElsewhere,
    RefundTooLarge,
    SecondPersonNeeded,
)
from suwen.payments.events import RefundApproved, RefundDone, RefundRejected, RefundTroubled
from suwen.payments.models import GATEWAY_OF, Claim, Journal, Order, Refund, Transaction
from suwen.payments.service import ledger, second, wallets
from suwen.payments.service.paying import RECEIVABLE, is_top_up

PAID = ("paid", "partial_refunded")
PAID_TWICE = "paid_twice"
FIRST_QUESTION = timedelta(seconds=30)  # after the answer to the refund itself should have come
INSERT_REFUND, INSERT_TRANSACTION = insert(Refund.__table__), insert(Transaction.__table__)


def request(
    tx: Session, actor: Actor, order_id: str, amount: int | None, reason: str, now: datetime, *,
    reason_code: str = "other",
) -> str:  # fmt: skip
    """Ask for `amount` (None: all that is left) of an order back, and reserve it until somebody has looked.

    By its payer, or at the desk. Refused: other people's orders, what was not paid or was free, more than is left.
    """
    order = _order(tx, order_id)
    if order is None or (actor.role not in ("admin", "system") and order.user_id != actor.id):
        raise NoSuchOrder()
    back = _sum(order, amount, order.amount - order.refunded_amount - order.refunding_amount)
    if not order.amount:
        raise RefundTooLarge(left=0)
    _reserve(tx, order, back, now)
    paid_by = _payment_of(tx, order)
    id = _record(tx, order, paid_by, back, reason, reason_code, now, requested_by=actor.id or None)
    _shown(tx, order)
    return id


def refund(
    tx: Session, actor: Actor, order_id: str, amount: int | None, reason: str, now: datetime, *,
    reason_code: str = "other", transaction_id: str | None = None,
) -> str:  # fmt: skip
    """Pay back what the platform's rules owe: nobody need look at it. Returns the refund's id.

    Whether it is owed is the caller's decision. Into the wallet at once; through a gateway by a job; cash waits at the
    desk. Requests that stand in its way are answered by it. `reason_code` paid_twice is of a second payment for the
    same order (`transaction_id`), which the ledger owes back already: the order itself keeps what it has, and the same
    payment goes back once. Refused: more than was paid, also by two at a time.
    """
    order = _order(tx, order_id)
    if reason_code == PAID_TWICE:
        return _second_payment(tx, order, str(transaction_id), reason, now)
    if order is None:
        raise OrderNotPaid()
    free = order.amount - order.refunded_amount - order.refunding_amount
    asked = _asked_for(tx, order)
    back = _sum(order, amount, free + sum(one.refund_amount for one in asked))
    for one in asked:
        if free >= back:
            break
        _turn(tx, one.id, "pending", now, status="cancelled", review_notes=N_("Paid back by the clinic's rules."))
        _free(tx, order, one.refund_amount, now)
        free += one.refund_amount
    _reserve(tx, order, back, now)
    id = _record(tx, order, _payment_of(tx, order), back, reason, reason_code, now, requested_by=None)
    _approved(tx, SYSTEM, order, id, now, note=None, handed_out=False)
    return id


def may_alone(tx: Session, actor: Actor, refund_id: str) -> bool:
    """Whether who asked may approve it too: small sums only, and many small ones of an order are not small."""
    found = _refund(tx, refund_id)
    if found.requested_by != actor.id:
        return True
    limit = second.limit(tx)
    own = select(Refund.refund_amount).where(
        Refund.order_id == found.order_id, Refund.requested_by == actor.id, Refund.reviewed_by == actor.id
    )
    alone = sum(tx.scalars(own.where(Refund.status.in_(("processing", "success")))))
    return int(found.refund_amount) + alone <= limit


def approve(
    tx: Session, actor: Actor, refund_id: str, now: datetime, *, note: str | None = None, handed_out: bool = False
) -> str:
    """An admin lets it go back, `handed_out`: in cash, here and now. Returns the order's id.

    Refused: everybody else, a second time, and above a threshold whoever asked for it.
    """
    order = _decidable(tx, actor, refund_id)
    if not may_alone(tx, actor, refund_id):
        raise SecondPersonNeeded()
    _approved(tx, actor, order, refund_id, now, note=note, handed_out=handed_out)
    return str(order.id)


def reject(tx: Session, actor: Actor, refund_id: str, note: str, now: datetime) -> str:
    """An admin does not let it go back, and says why. Returns the order's id. Refused: others, and a second time."""
    order = _decidable(tx, actor, refund_id)
    found = _refund(tx, refund_id)
    seen = {"reviewed_by": actor.id, "reviewed_at": now, "review_notes": note[:500]}
    _turn(tx, refund_id, "pending", now, status="cancelled", **seen)
    _free(tx, order, found.refund_amount, now)
    emit(tx, RefundRejected(refund_id=refund_id), now)
    _shown(tx, order)
    return str(order.id)


def hand_out(tx: Session, actor: Actor, refund_id: str, now: datetime) -> str:
    """The desk hands out cash that a refund owes; returns the order's id. Refused: others, a second time, and what
    goes back another way."""
    if actor.role != "admin":
        raise Forbidden("Cash is handed out at the desk only.")
    order, found, paid_by = locked(tx, refund_id)
    if paid_by.payment_method in GATEWAY_OF or paid_by.payment_method in ("balance", "insurance"):
        raise RefundElsewhere()
    finish(tx, order, found, now, method="cash", against=ledger.CASH, cashier_id=actor.id)
    return str(order.id)


def _decidable(tx: Session, actor: Actor, refund_id: str) -> Any:
    """The order of a request that waits for a decision, for an admin; nobody else decides."""
    if actor.role != "admin":
        raise Forbidden()
    order, found, _ = locked(tx, refund_id)
    if found.status != "pending":
        raise RefundDecided(state=found.status)
    return order


def _approved(
    tx: Session, actor: Actor, order: Any, refund_id: str, now: datetime, *, note: str | None, handed_out: bool
) -> None:
    """pending -> processing, booked, and on its way."""
    seen: dict[str, Any] = {"reviewed_by": actor.id or None, "reviewed_at": now}
    if note:
        seen["review_notes"] = note[:500]
    _turn(tx, refund_id, "pending", now, status="processing", **seen)
    found = _refund(tx, refund_id)
    paid_by = tx.get_one(Transaction, found.transaction_id)
    _on_its_way(tx, actor, order, found, paid_by.payment_method, now, handed_out=handed_out)
    _shown(tx, order)


def _on_its_way(
    tx: Session, actor: Actor, order: Any, found: Any, method: str, now: datetime, *, handed_out: bool
) -> None:
    cashier = actor.id or None
    if not found.refund_amount:
        finish(tx, order, found, now, method=method)
    elif method == "balance":
        why = wallets.Movement(f"refund:{found.id}", "refund", ledger.REVENUE, ("order", order.id), N_("Refund"))
        wallets.move(tx, order.user_id, found.refund_amount, order.currency, why, now)
        finish(tx, order, found, now, method=method)
    elif method == "insurance" and not _settled(tx, order):
        _book(tx, order, found, RECEIVABLE, now)  # the insurer owes so much less
        finish(tx, order, found, now, method=method)
    elif method in GATEWAY_OF:
        _owe(tx, order, found, now)
        _turn(tx, found.id, "processing", now, ask_at=now + FIRST_QUESTION)
        emit(tx, RefundApproved(refund_id=found.id), now)
    elif handed_out and method != "insurance":
        _book(tx, order, found, ledger.CASH, now)
        finish(tx, order, found, now, method="cash", cashier_id=cashier)
    else:
        _owe(tx, order, found, now)
        emit(tx, RefundApproved(refund_id=found.id), now)


def _owe(tx: Session, order: Any, found: Any, now: datetime) -> None:
    """Book what goes back; what was paid twice is owed already."""
    if found.reason_code != PAID_TWICE:
        _book(tx, order, found, ledger.OWED_BACK, now)


def _book(tx: Session, order: Any, found: Any, to: str, now: datetime) -> None:
    """Out of income, or out of the wallet that it was put into."""
    if is_top_up(order):
        why = wallets.Movement(f"refund:{found.id}", "refund", to, ("order", order.id), N_("Refund"))
        wallets.move(tx, order.user_id, -found.refund_amount, order.currency, why, now)
        return
    lines = [(ledger.REVENUE, found.currency, found.refund_amount), (to, found.currency, -found.refund_amount)]
    ledger.book(tx, f"refund:{found.id}", "refund", lines, now, ref=("order", order.id))


def finish(
    tx: Session, order: Any, found: Any, now: datetime, *, method: str, against: str | None = None,
    cashier_id: str | None = None, external_id: str | None = None, values: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    """processing -> success: the money is back with its payer. `against` is where it was taken from, if that is not
    booked yet. RefundDecided where it is not on its way."""
    done = {"status": "success", "completed_at": now, "abnormal": False, "ask_at": None} | (values or {})
    _turn(tx, found.id, "processing", now, **done)
    if found.reason_code != PAID_TWICE:
        _arrived(tx, order, found.refund_amount, now)
    if against and found.refund_amount:
        lines = [
            (ledger.OWED_BACK, found.currency, found.refund_amount),
            (against, found.currency, -found.refund_amount),
        ]
        ledger.book(tx, f"refund-done:{found.id}", "refund_done", lines, now, ref=("order", order.id))
    tx.execute(INSERT_TRANSACTION, {
        "id": new_id(), "created_at": now, "updated_at": now, "transaction_no": found.refund_no, "order_id": order.id,
        "payment_method": method, "transaction_type": "refund", "amount": found.refund_amount,
        "currency": found.currency, "status": "success", "cashier_id": cashier_id, "initiated_at": now,
        "completed_at": now, "external_transaction_id": external_id or None,
    })  # fmt: skip
    back = {"subject": order.subject, "amount": found.refund_amount, "currency": found.currency}
    emit(tx, RefundDone(order_id=order.id, refund_id=found.id, **back), now)
    _shown(tx, order)


def give_up(tx: Session, order: Any, found: Any, now: datetime, **values: Any) -> None:
    """processing -> failed: the gateway will not pay it back. It is owed no more by this refund, and an admin is told;
    what was paid twice stays owed."""
    if found.reason_code == PAID_TWICE:
        _turn(tx, found.id, "processing", now, abnormal=True, ask_at=None, **values)
    else:
        _turn(tx, found.id, "processing", now, status="failed", abnormal=False, ask_at=None, **values)
        _free(tx, order, found.refund_amount, now)
        if is_top_up(order):
            why = wallets.Movement(
                f"refund-back:{found.id}", "refund_back", ledger.OWED_BACK, ("order", order.id), N_("Refund failed")
            )
            wallets.move(tx, order.user_id, found.refund_amount, order.currency, why, now)
        else:
            lines = [
                (ledger.OWED_BACK, found.currency, found.refund_amount),
                (ledger.REVENUE, found.currency, -found.refund_amount),
            ]
            ledger.book(tx, f"refund-back:{found.id}", "refund_back", lines, now, ref=("order", order.id))
    emit(tx, RefundTroubled(refund_id=found.id, what="failed"), now)
    _shown(tx, order)


def locked(tx: Session, refund_id: str) -> tuple[Any, Any, Any]:
    """(order, refund, the payment it is of): the order's row is held first. NoSuchRefund."""
    order_id = tx.scalar(select(Refund.order_id).where(Refund.id == refund_id))
    if order_id is None:
        raise NoSuchRefund()
    order = _order(tx, order_id)
    found = _refund(tx, refund_id)
    return order, found, tx.get_one(Transaction, found.transaction_id, populate_existing=True)


def _order(tx: Session, order_id: str) -> Any:
    return tx.get(Order, order_id, with_for_update=True, populate_existing=True)


def _refund(tx: Session, refund_id: str) -> Any:
    found = tx.get(Refund, refund_id, populate_existing=True)
    if found is None:
        raise NoSuchRefund()
    return found


def _asked_for(tx: Session, order: Any) -> list[Any]:
    """Requests that nobody has looked at yet, oldest first."""
    found = select(Refund.id, Refund.refund_amount).where(Refund.order_id == order.id, Refund.status == "pending")
    return list(tx.execute(found.order_by(Refund.created_at, Refund.id)))


def _sum(order: Any, amount: int | None, left: int) -> int:
    """What is to go back, all that is left where no amount is named. Refused: nothing, and what was never paid."""
    if order.status not in (*PAID, "refunded"):
        raise OrderNotPaid()
    back = left if amount is None else amount
    if back > left or (back <= 0 and order.amount and amount is None):
        raise RefundTooLarge(left=left)
    if back <= 0 and order.amount:
        raise BadSum(fields={"amount": BadSum.title})
    return back


def _payment_of(tx: Session, order: Any) -> Any:
    """The payment that made the order paid: not a second one, though its report may be of an earlier moment."""
    mine = (Transaction.order_id == order.id, Transaction.transaction_type == "payment")
    done = (Transaction.status == "success", Transaction.payment_method == order.payment_method)
    paid = select(Transaction).where(*mine, *done).order_by(Transaction.completed_at, Transaction.id)
    twice = (Journal.ref_type == "order", Journal.ref_id == order.id, Journal.kind == PAID_TWICE)
    others = set(tx.scalars(select(Journal.idempotency_key).where(*twice)))
    gateway = GATEWAY_OF.get(order.payment_method)
    return next(one for one in tx.scalars(paid) if f"pay:{gateway}:{one.external_transaction_id}" not in others)


def _second_payment(tx: Session, order: Any, transaction_id: str, reason: str, now: datetime) -> str:
    paid_by = tx.get(Transaction, transaction_id, populate_existing=True)
    if order is None or paid_by is None or paid_by.order_id != order.id or not ledger.owed_back(tx, paid_by):
        raise OrderNotPaid()
    known = select(Refund.id).where(Refund.transaction_id == transaction_id, Refund.reason_code == PAID_TWICE)
    if id := tx.scalar(known):
        return str(id)
    id = _record(tx, order, paid_by, paid_by.amount, reason, PAID_TWICE, now, requested_by=None)
    _approved(tx, SYSTEM, order, id, now, note=None, handed_out=False)
    return id


def _settled(tx: Session, order: Any) -> bool:
    """Whether the insurer's money for the order has come already."""
    found = select(Claim.id).where(Claim.order_id == order.id, Claim.status == "settled")
    return tx.scalar(found.limit(1)) is not None


def _record(
    tx: Session, order: Any, paid_by: Any, back: int, reason: str, code: str, now: datetime, *,
    requested_by: str | None,
) -> str:  # fmt: skip
    id = new_id()
    tx.execute(INSERT_REFUND, {
        "id": id, "created_at": now, "updated_at": now, "version": 1, "refund_no": rules.number("RFD", now),
        "order_id": order.id, "transaction_id": paid_by.id, "user_id": order.user_id, "refund_amount": back,
        "currency": order.currency, "refund_reason": reason[:500], "status": "pending", "reason_code": code,
        "requested_by": requested_by, "abnormal": False, "asks": 0,
    })  # fmt: skip
    return id


def _turn(tx: Session, refund_id: str, source: str, now: datetime, **values: Any) -> None:
    """The guarded step from one state. RefundDecided where the refund is in another."""
    mine = update(Refund).where(Refund.id == refund_id, Refund.status == source)
    if not rows(tx, mine.values(**values, version=Refund.version + 1, updated_at=now)):
        raise RefundDecided(state=tx.scalar(select(Refund.status).where(Refund.id == refund_id)))


def _reserve(tx: Session, order: Any, back: int, now: datetime) -> None:
    """Set the sum aside under the order's guard. RefundTooLarge where it is not there (any more)."""
    room = Order.refunded_amount + Order.refunding_amount + back <= Order.amount
    mine = update(Order).where(Order.id == order.id, Order.status.in_(PAID), room)
    _write(tx, mine, [(Order.refunding_amount, Order.refunding_amount + back)], now)


def _free(tx: Session, order: Any, back: int, now: datetime) -> None:
    """Give a reservation back."""
    mine = update(Order).where(Order.id == order.id, Order.refunding_amount >= back)
    _write(tx, mine, [(Order.refunding_amount, Order.refunding_amount - back)], now)


def _arrived(tx: Session, order: Any, back: int, now: datetime) -> None:
    """What was reserved is back. The state goes first: MySQL shows each value to the next."""
    after = Order.refunded_amount + back
    mine = update(Order).where(
        Order.id == order.id, Order.status.in_(PAID), Order.refunding_amount >= back, after <= Order.amount
    )
    values = [
        (Order.status, case((after >= Order.amount, "refunded"), else_="partial_refunded")),
        (Order.refunded_amount, after), (Order.refunding_amount, Order.refunding_amount - back),
    ]  # fmt: skip
    _write(tx, mine, values, now)


def _write(tx: Session, mine: Any, values: list[tuple[Any, Any]], now: datetime) -> None:
    if not rows(tx, mine.ordered_values(*values, (Order.version, Order.version + 1), (Order.updated_at, now))):
        raise RefundTooLarge()


def _shown(tx: Session, order: Any) -> None:
    changed(tx, f"orders:{order.user_id}", "refunds")
