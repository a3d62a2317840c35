"""Where all money of gateways comes in: what a gateway says of a payment, by report or when asked, becomes ours here.

Said once or fifty times, in one thread or eight, it moves money once: under a lock on the order, with a journal whose
key is the gateway's own number of the payment.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from suwen.core.actor import SYSTEM
from suwen.core.db import changed, rows
from suwen.core.i18n import N_
from suwen.core.outbox import emit
from suwen.payments import rules, states
from suwen.payments.events import PaymentSettled, ReportStored
from suwen.payments.gateways.terms import Answer
from suwen.payments.models import METHOD_OF, GatewayReport, Order, Transaction
from suwen.payments.service import anomalies, ledger, refunds, wallets
from suwen.payments.service.orders import expire, give_up, settle_late

Outcome = Literal["applied", "repeated", "ignored", "anomaly"]
TWICE = N_("Paid twice: the second payment goes back.")
FRESH = {"populate_existing": True}


def payment_known(
    tx: Session, gateway: str, answer: Answer, now: datetime, *, report: str | None = None,
    foreign: tuple[str, ...] = (),
) -> Outcome:  # fmt: skip
    """Take note of what a gateway says of a payment. `report` is the id of the report that says it.

    A paid order is confirmed once. What does not fit our own numbers (C-R2) changes nothing and becomes an anomaly.
    """
    found = _locked(tx, gateway, answer.out_no)
    if found is None:
        return _of_nobody(tx, gateway, answer, now, report, foreign)
    order, attempt = found
    wrong = [*answer.disagreements(attempt.transaction_no, attempt.amount, attempt.currency), *foreign]
    if wrong:
        kind = "foreign" if foreign else "mismatch"
        return _anomaly(tx, kind, order, attempt, answer, now, report, wrong=sorted(wrong))
    match answer.state:
        case "paid" | "refunded":
            return _paid(tx, gateway, order, attempt, answer, now, report)
        case "closed":
            return _closed(tx, order, attempt, answer, now, report)
        case _:
            return "repeated"


def never_came(tx: Session, gateway: str, out_no: str, now: datetime) -> None:
    """The gateway has never heard of an attempt whose time is over: nobody can pay it any more."""
    found = _locked(tx, gateway, out_no)
    if found is not None and found[1].phase == "closing":
        _close(tx, *found, "absent", now)


def _locked(tx: Session, gateway: str, out_no: str) -> tuple[Order, Transaction] | None:
    """The order is locked before its attempt is looked at: whoever applies something to it waits here."""
    mine = (
        Transaction.transaction_no == out_no, Transaction.payment_method == METHOD_OF[gateway],
        Transaction.transaction_type == "payment",
    )  # fmt: skip
    order_id = tx.scalar(select(Transaction.order_id).where(*mine))
    if order_id is None:
        return None
    order = tx.get_one(Order, order_id, with_for_update=True, populate_existing=True)
    # read under a lock too: MySQL would show what stood there when this transaction first looked
    attempt = tx.scalars(select(Transaction).where(*mine).with_for_update(), execution_options=FRESH).one()
    return order, attempt


def _paid(
    tx: Session, gateway: str, order: Order, attempt: Transaction, answer: Answer, now: datetime, report: str | None
) -> Outcome:
    if attempt.status == "success":
        return _said_again(tx, order, attempt, answer, now, report)
    if _taken(tx, attempt, answer.external_id):
        return _anomaly(tx, "number_used", order, attempt, answer, now, report)
    paid = {
        "status": "success", "phase": states.move(states.ATTEMPT, attempt.phase or "", "paid"),
        "live_order_id": None, "ask_at": None, "offer": None, "error_code": None, "request_data": None,
        "external_transaction_id": answer.external_id, "completed_at": answer.at or now,
        "callback_data": {"report_id": report, "state": answer.state, "detail": answer.detail}, "updated_at": now,
    }  # fmt: skip
    mine = update(Transaction).where(Transaction.id == attempt.id, Transaction.status != "success")
    if not rows(tx, mine.values(**paid)):
        return "repeated"
    was = order.status
    if settle_late(tx, order.id, attempt.payment_method, answer.at or now, now):
        _book(tx, gateway, order, answer, now)
        give_up(tx, order.id, now)
        emit(tx, PaymentSettled(order_id=order.id, subject=order.subject), now)
        if was in states.LATE:
            _anomaly(tx, "late", order, attempt, answer, now, report)
    else:
        _owe_back(tx, gateway, order, answer, now)
        refunds.refund(
            tx, SYSTEM, order.id, None, TWICE, now, reason_code=refunds.PAID_TWICE, transaction_id=attempt.id
        )
        _anomaly(tx, "paid_twice", order, attempt, answer, now, report)
    if answer.state == "refunded":
        _anomaly(tx, "refunded_elsewhere", order, attempt, answer, now, report)
    _wake(tx, gateway, attempt, now)
    changed(tx, f"order:{order.id}", f"orders:{order.user_id}")
    return "applied"


def _book(tx: Session, gateway: str, order: Order, answer: Answer, now: datetime) -> None:
    key, clearing = f"pay:{gateway}:{answer.external_id}", f"asset:{gateway}_clearing"
    if (order.subject or "").startswith(rules.TOP_UP):
        wallets.credit_top_up(tx, order, clearing, key, now)
        return
    lines = [(clearing, order.currency, order.amount), (ledger.REVENUE, order.currency, -order.amount)]
    ledger.book(tx, key, "payment", lines, now, ref=("order", order.id))


def _owe_back(tx: Session, gateway: str, order: Order, answer: Answer, now: datetime) -> None:
    """Money for an order that is paid already is no income: it goes back."""
    lines = [
        (f"asset:{gateway}_clearing", order.currency, order.amount),
        (ledger.OWED_BACK, order.currency, -order.amount),
    ]
    ledger.book(tx, f"pay:{gateway}:{answer.external_id}", "paid_twice", lines, now, ref=("order", order.id))


def _said_again(
    tx: Session, order: Order, attempt: Transaction, answer: Answer, now: datetime, report: str | None
) -> Outcome:
    if answer.external_id != attempt.external_transaction_id:
        return _anomaly(tx, "other_number", order, attempt, answer, now, report)
    if answer.state == "refunded" and not order.refunded_amount + order.refunding_amount:
        return _anomaly(tx, "refunded_elsewhere", order, attempt, answer, now, report)
    return "repeated"


def _taken(tx: Session, attempt: Transaction, external_id: str) -> bool:
    """Whether the gateway's number of this payment is that of another one already."""
    other = select(Transaction.id).where(
        Transaction.payment_method == attempt.payment_method, Transaction.transaction_type == "payment",
        Transaction.external_transaction_id == external_id, Transaction.id != attempt.id,
    )  # fmt: skip
    return not external_id or tx.scalar(other) is not None


def _closed(
    tx: Session, order: Order, attempt: Transaction, answer: Answer, now: datetime, report: str | None
) -> Outcome:
    if attempt.status == "success":
        return _anomaly(tx, "closed_after_paid", order, attempt, answer, now, report)
    if attempt.phase in ("closed", "failed"):
        return "repeated"
    _close(tx, order, attempt, answer.detail, now)
    return "applied"


def _close(tx: Session, order: Order, attempt: Transaction, detail: str, now: datetime) -> None:
    """Nothing was paid and nothing can be any more; an order that waited for this may expire now."""
    mine = update(Transaction).where(Transaction.id == attempt.id, Transaction.phase.in_(states.OPEN))
    ended = {"status": "failed", "phase": "closed", "live_order_id": None, "ask_at": None, "offer": None}
    if rows(tx, mine.values(**ended, error_code=detail[:50] or None, completed_at=now, updated_at=now)):
        changed(tx, f"order:{order.id}", f"orders:{order.user_id}")
        expire(tx, order.id, now)


def _wake(tx: Session, gateway: str, attempt: Transaction, now: datetime) -> None:
    """Reports that came before the payment they follow from, say of a refund, can be applied now."""
    waiting = select(GatewayReport.id).where(
        GatewayReport.gateway == gateway, GatewayReport.out_no == attempt.transaction_no,
        GatewayReport.outcome == "waiting",
    )  # fmt: skip
    for id in tx.scalars(waiting).all():
        emit(tx, ReportStored(report_id=id), now)


def _of_nobody(
    tx: Session, gateway: str, answer: Answer, now: datetime, report: str | None, foreign: tuple[str, ...]
) -> Outcome:
    """A payment with a number that we never gave out. Unpaid it is nobody's concern."""
    if answer.state not in ("paid", "refunded"):
        return "ignored"
    facts = _facts(answer, report) | {"wrong": ["out_no", *foreign]}
    anomalies.note(tx, "unknown_payment", f"unknown_payment:{gateway}:{answer.external_id or answer.out_no}", now,
                   gateway=gateway, facts=facts)  # fmt: skip
    return "anomaly"


def _anomaly(
    tx: Session, kind: str, order: Order, attempt: Transaction, answer: Answer, now: datetime, report: str | None,
    **more: Any,
) -> Outcome:  # fmt: skip
    gateway = next(name for name, method in METHOD_OF.items() if method == attempt.payment_method)
    expected = {"amount": attempt.amount, "currency": attempt.currency, "order_status": order.status}
    marks = ",".join(more.get("wrong", ()))
    anomalies.note(
        tx, kind, f"{kind}:{attempt.id}:{answer.external_id}:{marks}", now, gateway=gateway, order_id=order.id,
        transaction_id=attempt.id, facts=_facts(answer, report) | {"expected": expected} | more,
    )  # fmt: skip
    return "anomaly"


def _facts(answer: Answer, report: str | None) -> dict[str, Any]:
    said = asdict(answer) | {"at": answer.at.isoformat() if answer.at else None}
    return {"said": said, "report_id": report}
