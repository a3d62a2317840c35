"""What goes back through gateways at the demonstration clinic, in each state that it can have; what is only begun."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.demo.clinic import Clinic
from suwen.demo.till import SCENES
from suwen.demo.visits import Visit
from suwen.payments import service as payments
from suwen.payments.gateways.terms import RefundAnswer, RefundState
from suwen.payments.models import GATEWAY_OF, Order, Refund, Transaction
from suwen.payments.service import refund_answers, refunds


def paid_back(tx: Session, clinic: Clinic, held: list[Visit], now: datetime) -> None:
    """Refunds that a gateway did, cannot do by itself, gave up; and one that nobody has looked at yet."""
    ends: tuple[tuple[RefundState, str], ...] = (
        ("success", "医生临时停诊 The doctor was away"), ("abnormal", "银行卡已注销 The card was cancelled"),
        ("closed", "重复付款 Paid twice"),
    )  # fmt: skip
    for (state, why), (order, payer) in zip(ends, _through_gateways(tx, held, "wechat"), strict=False):
        id = refunds.request(tx, payer, order.id, order.amount // 2, why, now - timedelta(hours=6))
        refunds.approve(tx, clinic.admin, id, now - timedelta(hours=4))
        asked = refund_answers.question(tx, id, {}, now - timedelta(hours=4))
        if asked is None:
            raise AssertionError("an approved refund is asked for")
        number = asked.order
        answer = RefundAnswer(
            state, number.out_refund_no, out_no=number.out_no, external_refund_id=f"5030{number.out_refund_no[3:]}",
            amount=number.amount, currency=number.currency, at=now - timedelta(hours=3),
        )  # fmt: skip
        refund_answers.refund_reported(tx, asked.gateway, answer, now - timedelta(hours=3))
    for order, payer in _through_gateways(tx, held, "alipay")[:1]:
        refunds.request(
            tx, payer, order.id, order.amount, "时间不合适 The time does not suit", now - timedelta(hours=1)
        )


def begun(tx: Session, clinic: Clinic, held: list[Visit], now: datetime) -> None:
    """Left to the server, which asks the practice cashier as soon as it runs: a payment that can be made there, and a
    refund that is on its way for days."""
    if not payments.offered(tx):
        return
    visitor = clinic.patients[0]
    order = payments.open_top_up(tx, visitor, 30_000, now)
    payments.begin_attempt(tx, visitor, order.id, "wechat", SCENES["wechat"], now)
    for one, payer in _through_gateways(tx, held, "wechat")[:1]:
        id = refunds.request(tx, payer, one.id, one.amount // 2, "改为复诊 It became a follow-up", now)
        refunds.approve(tx, clinic.admin, id, now)


def _through_gateways(tx: Session, held: list[Visit], method: str) -> list[tuple[Order, Actor]]:
    """Visits that were paid this way and of which nothing was asked back, newest first, with who paid."""
    payers = {visit.id: visit.patient for visit in held}
    found = select(Order).where(
        Order.appointment_id.in_(payers), Order.status == "paid", Order.payment_method == method, Order.amount > 1000,
        ~exists().where(Refund.order_id == Order.id),
    )  # fmt: skip
    return [(one, payers[str(one.appointment_id)]) for one in tx.scalars(found.order_by(Order.created_at.desc()))]


def refunds_at_gateways(tx: Session) -> list[dict[str, Any]]:
    """For the simulator: (gateway, out_no, refund_no, external_id, amount, state, at); what is on its way
    takes days."""
    names = (
        Transaction.payment_method, Transaction.transaction_no, Refund.refund_no, Refund.external_refund_id,
        Refund.refund_amount, Refund.status, Refund.abnormal, Refund.reviewed_at,
    )  # fmt: skip
    found = select(*names).join(Transaction, Transaction.id == Refund.transaction_id)
    states = {"success": "success", "processing": "processing", "failed": "closed"}
    return [
        {"gateway": GATEWAY_OF[row.payment_method], "out_no": row.transaction_no, "refund_no": row.refund_no,
         "external_id": row.external_refund_id or f"5030{row.refund_no[3:]}", "amount": row.refund_amount,
         "state": "abnormal" if row.abnormal else states[row.status], "at": row.reviewed_at.timestamp()}
        for row in tx.execute(found.where(Refund.status.in_(states), Transaction.phase == "paid"))
    ]  # fmt: skip
