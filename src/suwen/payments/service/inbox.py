"""Reports of gateways: proven, written down once, answered at once; a job applies them afterwards.

What is not provably a gateway's is answered with a failure and counted, one row per kind and hour, so that whoever
sends rubbish fills no table. What is a gateway's is answered with success as soon as it is stored, whatever it says.
"""

import logging
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from suwen.core.db import Database, new_id, rows
from suwen.core.hot import Hot
from suwen.core.outbox import emit
from suwen.payments.events import AttemptDue, ReportStored
from suwen.payments.gateways import Answer, BadMessage, Notice, RefundAnswer, Stale, Unreadable
from suwen.payments.gateways.errors import Probe
from suwen.payments.gateways.terms import Headers
from suwen.payments.models import METHOD_OF, GatewayReport, Transaction
from suwen.payments.service import anomalies, applying
from suwen.payments.service.refund_answers import refund_reported

SAME_NONCE = timedelta(minutes=10)
NOT_OURS = (400, b"")
REPORTS = GatewayReport.__table__
INSERT = Hot(insert(REPORTS))
SAME = (REPORTS.c.gateway == bindparam("its_gateway"), REPORTS.c.event_id == bindparam("its_event"))
AGAIN = Hot(update(REPORTS).where(*SAME).values(deliveries=REPORTS.c.deliveries + 1))
OTHER_BODY = Hot(
    select(REPORTS.c.id).where(
        REPORTS.c.gateway == bindparam("its_gateway"), REPORTS.c.nonce == bindparam("its_nonce"),
        REPORTS.c.digest != bindparam("its_digest"), REPORTS.c.created_at > bindparam("since"),
    )
)  # fmt: skip
log = logging.getLogger(__name__)


def receive(db: Database, gateway_name: str, headers: Headers, body: bytes | None, now: datetime) -> tuple[int, bytes]:
    """The (status, body) of the answer to a report. `body` is None for one that is too large to be any."""
    # not before a report comes: an HTTP client takes a quarter of a second to load
    from suwen.payments.service.channels import gateways_of

    gateway = gateways_of(db).get(gateway_name)
    if gateway is None:
        return NOT_OURS
    try:
        notice = gateway.read_notification(headers, body or b"")
    except BadMessage as error:
        # nothing of what was sent is logged: it may hold a person, or what somebody wants to stand in a log
        kind, why = _kind(error), str(error)[:200]
        log.warning("a report to %s is refused: %s", gateway_name, kind)
        db.write(lambda tx: _refused(tx, gateway_name, kind, why, now))
        return gateway.acknowledge(False)
    return gateway.acknowledge(db.write(lambda tx: store(tx, gateway_name, notice, now)))


def store(tx: Session, gateway: str, notice: Notice, now: datetime) -> bool:
    """Write a proven report down, once per event. False for a nonce that came with other bytes a moment ago."""
    if notice.nonce and _nonce_used(tx, gateway, notice, now):
        _refused(tx, gateway, "nonce_reused", notice.event_id, now)
        return False
    event_id = notice.event_id[:150]
    event, connection = {"its_gateway": gateway, "its_event": event_id}, tx.connection()
    if AGAIN.run(connection, event):
        return True
    about = notice.payment or notice.refund
    row: dict[str, Any] = {
        "id": new_id(), "created_at": now, "gateway": gateway, "event_id": event_id,
        "event_type": notice.event_type[:80], "kind": notice.kind, "nonce": notice.nonce[:80] or None,
        "digest": notice.digest, "out_no": (about.out_no[:64] if about else "") or None, "content": _content(notice),
        "deliveries": 1, "outcome": "stored",
    }  # fmt: skip
    try:
        INSERT.run(connection, row)
    except IntegrityError:  # another delivery of it was quicker by a breath: of our transaction only this is undone
        AGAIN.run(connection, event)
        return True
    emit(tx, ReportStored(report_id=row["id"]), now)
    return True


def process(tx: Session, report_id: str, now: datetime) -> None:
    """Apply a stored report. Said twice, it is applied once."""
    report = tx.get(GatewayReport, report_id, with_for_update=True, populate_existing=True)
    if report is None or report.outcome not in ("stored", "waiting"):
        return
    outcome = _applied(tx, report, now)
    mine = update(GatewayReport).where(GatewayReport.id == report_id)
    rows(tx, mine.values(outcome=outcome, processed_at=now))


def _applied(tx: Session, report: GatewayReport, now: datetime) -> str:
    foreign = tuple(report.content.get("foreign", ()))
    payment, refund = report.content.get("payment"), report.content.get("refund")
    if report.kind == "payment" and payment:
        return applying.payment_known(
            tx, report.gateway, Answer(**_moment(payment)), now, report=report.id, foreign=foreign
        )
    if report.kind != "refund" or not refund:
        return "ignored"
    if foreign:
        facts = {"report_id": report.id, "wrong": list(foreign), "said": refund}
        anomalies.note(tx, "foreign", f"foreign:{report.id}", now, gateway=report.gateway, facts=facts)
        return "anomaly"
    outcome = refund_reported(tx, report.gateway, RefundAnswer(**_moment(refund)), now)
    if outcome == "waiting":  # its payment must come first: whoever knows of the refund knows of that, too
        _ask_for_payment(tx, report, now)
    return outcome


def _ask_for_payment(tx: Session, report: GatewayReport, now: datetime) -> None:
    mine = (Transaction.transaction_no == report.out_no, Transaction.payment_method == METHOD_OF[report.gateway])
    id = tx.scalar(select(Transaction.id).where(*mine, Transaction.phase.is_not(None)))
    if id is not None:
        emit(tx, AttemptDue(attempt_id=id), now)


def _nonce_used(tx: Session, gateway: str, notice: Notice, now: datetime) -> bool:
    asked = {
        "its_gateway": gateway, "its_nonce": notice.nonce, "its_digest": notice.digest, "since": now - SAME_NONCE
    }  # fmt: skip
    return OTHER_BODY.scalar(tx.connection(), asked) is not None


def _refused(tx: Session, gateway: str, kind: str, why: str, now: datetime) -> None:
    once, day = f"{kind}:{gateway}:{now:%Y%m%d%H}", f"{kind}:{gateway}:{now:%Y%m%d}"
    anomalies.note(tx, kind, once, now, gateway=gateway, facts={"why": why}, told=day)


def _kind(error: BadMessage) -> str:
    match error:
        case Probe():
            return "probe"
        case Stale():
            return "stale"
        case Unreadable():
            return "unreadable"
        case _:
            return "forged"


def _content(notice: Notice) -> dict[str, Any]:
    """What a job needs to apply it, and what was said, without people and keys."""
    return {
        "payment": _written(notice.payment), "refund": _written(notice.refund), "foreign": list(notice.foreign),
        "said": notice.content,
    }  # fmt: skip


def _written(answer: Answer | RefundAnswer | None) -> dict[str, Any] | None:
    return asdict(answer) | {"at": answer.at.isoformat() if answer.at else None} if answer else None


def _moment(kept: dict[str, Any]) -> dict[str, Any]:
    return kept | {"at": datetime.fromisoformat(kept["at"]) if kept["at"] else None}
