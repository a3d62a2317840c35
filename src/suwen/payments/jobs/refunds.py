"""Refunds at the gateways: each is asked for, asked about, and never asked for under a second number."""

import logging
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.accounts.models import User
from suwen.core.db import Database
from suwen.core.i18n import N_
from suwen.core.money import Sum
from suwen.core.outbox import every, on, reach
from suwen.notifications.service import notify
from suwen.payments.events import RefundApproved, RefundDone, RefundDue, RefundRejected, RefundTroubled
from suwen.payments.gateways import Busy, GatewayError
from suwen.payments.models import Refund, Transaction
from suwen.payments.service import refund_answers
from suwen.payments.service.channels import gateways_of

log = logging.getLogger(__name__)
BACK, BACK_TEXT = N_("Your money is back"), N_("%(sum)s were paid back to you.")
REJECTED = N_("Your request was not approved")
REJECTED_TEXT = N_("%(sum)s are not paid back: %(note)s")
WAITS, WAITS_TEXT = N_("Money waits for you"), N_("%(sum)s in cash wait for you at the desk.")
TROUBLED = N_("A refund needs you")
TROUBLES = {
    "failed": N_("The gateway gave up refund %(number)s of %(sum)s. It must be paid back another way."),
    "abnormal": N_("The gateway cannot pay refund %(number)s of %(sum)s by itself."),
    "not_enough": N_("Our account at the gateway is too empty for refund %(number)s of %(sum)s. Please fill it."),
    "slow": N_("Refund %(number)s of %(sum)s has been on its way at the gateway for more than a week."),
    "unanswered": N_("The gateway does not say what became of refund %(number)s of %(sum)s."),
}


@reach(RefundApproved)
def pay_back(db: Database, now: datetime, message_id: str, refund_id: str) -> None:
    _talk(db, now, refund_id)


@reach(RefundDue)
def ask_what_became_of_it(db: Database, now: datetime, message_id: str, refund_id: str) -> None:
    _talk(db, now, refund_id)


def _talk(db: Database, now: datetime, refund_id: str) -> None:
    """Ask the gateway; what it says is applied, what it does not say is asked again when the next question is due."""
    base = str(getattr(db.settings, "base_url", "")).rstrip("/")
    gateways = gateways_of(db)
    notify_urls = {name: f"{base}/api/v1/payments/{name}/notifications" for name in gateways}
    question = db.write(lambda tx: refund_answers.question(tx, refund_id, notify_urls, now))
    if question is None:
        return
    try:
        gateway = gateways.get(question.gateway)
        if gateway is None:
            raise Busy(f"{question.gateway} is not configured")
        answer = gateway.query_refund(question.order) if question.known else gateway.refund(question.order)
        if question.known and answer.state == "absent":
            answer = gateway.refund(question.order)
    except GatewayError as error:
        said = error
        log.warning("refund %s: %s", question.order.out_refund_no, said)
        db.write(lambda tx: refund_answers.refund_unanswered(tx, refund_id, question.gateway, said, now))
        return
    db.write(lambda tx: refund_answers.refund_reported(tx, question.gateway, answer, now))


@every(seconds=10)
def look_for_refunds(tx: Session, now: datetime) -> int:
    return refund_answers.ask_due(tx, now)


@on(RefundApproved)
def tell_that_cash_waits(tx: Session, now: datetime, refund_id: str) -> None:
    found = tx.get_one(Refund, refund_id)
    if found.status == "processing" and tx.get_one(Transaction, found.transaction_id).payment_method == "cash":
        _tell(tx, found, found.user_id, WAITS, WAITS_TEXT, now, f"/orders/{found.order_id}", "waits")


@on(RefundDone)
def tell_that_it_is_back(
    tx: Session, now: datetime, order_id: str, refund_id: str, subject: str | None, amount: int, currency: str
) -> None:
    found = tx.get_one(Refund, refund_id)
    insured = tx.get_one(Transaction, found.transaction_id).payment_method == "insurance"
    if amount and not insured:
        _tell(tx, found, found.user_id, BACK, BACK_TEXT, now, f"/orders/{order_id}", "back")


@on(RefundRejected)
def tell_that_it_was_rejected(tx: Session, now: datetime, refund_id: str) -> None:
    found = tx.get_one(Refund, refund_id)
    if found.requested_by == found.user_id:
        path = f"/orders/{found.order_id}"
        _tell(tx, found, found.user_id, REJECTED, REJECTED_TEXT, now, path, "rejected", note=found.review_notes or "")


@on(RefundTroubled)
def tell_the_admins(tx: Session, now: datetime, refund_id: str, what: str) -> None:
    found = tx.get_one(Refund, refund_id)
    everyone = select(User.id).where(User.role == "admin", User.is_deleted.is_(False), User.status == "active")
    for admin in tx.scalars(everyone):
        path = f"/admin/refunds/{refund_id}"
        once = f"{what}:{found.asks}:{admin}"  # what befalls another question is told again
        _tell(tx, found, admin, TROUBLED, TROUBLES[what], now, path, once, number=found.refund_no)


def _tell(
    tx: Session, found: Any, user_id: str, title: str, text: str, now: datetime, path: str, what: str, **more: Any
) -> None:
    meta = {"sum": Sum(found.refund_amount, found.currency), "path": path} | more
    notify(tx, user_id, "system_announcement", title, text, None, now, meta, once=f"refund:{found.id}:{what}")
