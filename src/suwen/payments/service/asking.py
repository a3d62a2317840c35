"""Speaking with gateways about attempts: offer, ask what became of them, close. For jobs, outside transactions.

`advance` takes an attempt one step further, whatever step that is; said twice, or by two workers at once, it does no
harm, for a gateway knows an attempt by its number. What nobody answers is asked again later, never guessed.
"""

import logging
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from suwen.core.db import Database, changed, rows
from suwen.core.outbox import emit
from suwen.payments import states
from suwen.payments.events import AttemptDue
from suwen.payments.gateways import Answer, Attempt, Gateway, GatewayError, Offer, Refused, Unknown
from suwen.payments.models import GATEWAY_OF, Order, Transaction
from suwen.payments.service import applying, attempts
from suwen.payments.service.channels import gateways_of

AT_ONCE = 200
# The card gateway repeats its stored answer to the same key, also a 500: after so many the number is of no use.
SAME_NUMBER = 2
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Seen:
    """What is known of an attempt before its gateway is asked."""

    id: str
    order_id: str
    gateway: str
    out_no: str
    external_id: str
    phase: str
    asks: int
    began: datetime
    expires_at: datetime
    asked: Attempt


def due(tx: Session, now: datetime) -> int:
    """Have asked about what is due; two workers at once have each attempt asked about once."""
    late = select(Transaction.id).where(Transaction.ask_at <= now, Transaction.phase.in_(states.OPEN))
    done = 0
    for id in tx.scalars(late.order_by(Transaction.ask_at).limit(AT_ONCE)).all():
        mine = update(Transaction).where(Transaction.id == id, Transaction.ask_at <= now)
        # the job names the next moment; this one counts if the job is lost
        if rows(tx, mine.values(ask_at=now + states.ASKED_AFTER[1], updated_at=Transaction.updated_at)):
            emit(tx, AttemptDue(attempt_id=id), now)
            done += 1
    return done


def advance(db: Database, attempt_id: str, now: datetime) -> None:
    """Offer what was begun, ask about what is offered, close what was given up."""
    seen = db.read(lambda tx: _seen(tx, attempt_id, db))
    gateway = gateways_of(db).get(seen.gateway) if seen else None
    if seen is None:
        return
    if gateway is None:
        log.error("an attempt waits for a gateway that is not configured: %s", seen.gateway)
        db.write(lambda tx: _later(tx, seen, now))
        return
    match seen.phase:
        case "begun":
            _offer(db, gateway, seen, now)
        case "offered" if seen.expires_at > now:
            _ask(db, gateway, seen, now)
        case "offered":
            db.write(lambda tx: _over(tx, seen, now))
        case _:
            _close(db, gateway, seen, now)


def _offer(db: Database, gateway: Gateway, seen: Seen, now: datetime) -> None:
    """First close what was given up for this one: two codes that can be paid are one payment too many."""
    if seen.expires_at <= now:
        db.write(lambda tx: _over(tx, seen, now))
        return
    others = [_given_up(db, id, now) for id in db.read(lambda tx: _before(tx, seen))]
    if not all(others):
        db.write(lambda tx: _later(tx, seen, now))
        return
    if not db.read(lambda tx: _still(tx, seen)):
        return  # what was given up had been paid
    try:
        offer = gateway.create(seen.asked)
    except (Refused, ValueError) as error:
        code = error.code if isinstance(error, Refused) else "not_possible"
        db.write(lambda tx: _failed(tx, seen, code, now))
    except GatewayError as error:
        log.warning("%s does not offer %s: %s", seen.gateway, seen.out_no, error)
        useless = isinstance(error, Unknown) and seen.gateway == "card" and seen.asks >= SAME_NUMBER
        db.write(lambda tx: _unanswered(tx, seen, now, useless=useless))
    else:
        db.write(lambda tx: _offered(tx, seen, offer, now))


def _given_up(db: Database, id: str, now: datetime) -> bool:
    """Close another attempt of the same order; False if its gateway did not answer."""
    other = db.read(lambda tx: _seen(tx, id, db))
    gateway = gateways_of(db).get(other.gateway) if other else None
    return other is None or other.phase != "closing" or (gateway is not None and _close(db, gateway, other, now))


def _ask(db: Database, gateway: Gateway, seen: Seen, now: datetime) -> None:
    try:
        answer = gateway.query(seen.out_no, seen.external_id)
    except GatewayError as error:
        log.warning("%s does not say what became of %s: %s", seen.gateway, seen.out_no, error)
        db.write(lambda tx: _later(tx, seen, now))
        return
    db.write(lambda tx: _heard(tx, seen, answer, now))


def _close(db: Database, gateway: Gateway, seen: Seen, now: datetime) -> bool:
    """False if it may be paid at this moment. A gateway that never heard of it lets nobody pay it after its time."""
    try:
        answer = gateway.close(seen.out_no, seen.external_id)
    except GatewayError as error:
        log.warning("%s does not close %s: %s", seen.gateway, seen.out_no, error)
        db.write(lambda tx: _later(tx, seen, now))
        return False
    db.write(lambda tx: _heard(tx, seen, answer, now))
    return answer.state != "pending"  # which is said of a payment that is being made at this moment


def _heard(tx: Session, seen: Seen, answer: Answer, now: datetime) -> None:
    applying.payment_known(tx, seen.gateway, answer, now)
    if answer.state == "absent" and seen.phase == "closing" and seen.expires_at <= now:
        applying.never_came(tx, seen.gateway, seen.out_no, now)
    _later(tx, seen, now)


def _offered(tx: Session, seen: Seen, offer: Offer, now: datetime) -> None:
    given = {name: value for name, value in asdict(offer).items() if value}
    if (seen.gateway, seen.asked.scene) == ("wechat", "phone"):
        given["until"] = (now + states.H5_LIVES).isoformat()
    shown = {
        "phase": "offered", "offer": given,
        "prepay_id": offer.prepay_id[:100] or None, "trade_no": offer.external_id[:100] or None,
        # whoever pays was needed for this question only
        "request_data": None, "error_code": None, "asks": 0, "updated_at": now,
        "ask_at": states.ask_next("offered", 0, seen.began, seen.expires_at, now),
    }  # fmt: skip
    mine = update(Transaction).where(Transaction.id == seen.id, Transaction.phase == "begun")
    if not rows(tx, mine.values(**shown)):
        # given up meanwhile: whoever closes it there needs the number that it has there
        known = {"trade_no": offer.external_id[:100] or None, "updated_at": now}
        rows(tx, update(Transaction).where(Transaction.id == seen.id, Transaction.phase == "closing").values(**known))
    changed(tx, f"order:{seen.order_id}")


def _failed(tx: Session, seen: Seen, code: str, now: datetime) -> None:
    """It was refused, and nobody has been shown where to pay it."""
    mine = update(Transaction).where(Transaction.id == seen.id, Transaction.phase == "begun")
    ended = {"status": "failed", "phase": "failed", "live_order_id": None, "ask_at": None, "request_data": None}
    if rows(tx, mine.values(**ended, error_code=code[:50], completed_at=now, updated_at=now)):
        log.warning("%s refuses %s: %s", seen.gateway, seen.out_no, code)
        changed(tx, f"order:{seen.order_id}")


def _unanswered(tx: Session, seen: Seen, now: datetime, *, useless: bool) -> None:
    """Ask again under the same number, for it may have been made; unless that number is of no use any more."""
    if useless:
        attempts.replace(tx, tx.get_one(Transaction, seen.id, populate_existing=True), now)
    _later(tx, seen, now)


def _over(tx: Session, seen: Seen, now: datetime) -> None:
    """Its time has come to an end, and nobody has said that it was paid."""
    mine = update(Transaction).where(Transaction.id == seen.id, Transaction.phase == seen.phase)
    closing = {"phase": "closing", "live_order_id": None, "ask_at": now + states.CLOSED_AGAIN[0], "asks": 0}
    if rows(tx, mine.values(**closing, request_data=None, updated_at=now)):
        emit(tx, AttemptDue(attempt_id=seen.id), now)
        changed(tx, f"order:{seen.order_id}")


def _later(tx: Session, seen: Seen, now: datetime) -> None:
    """Name the moment of the next question, if there is anything left to ask."""
    mine = update(Transaction).where(Transaction.id == seen.id, Transaction.phase == seen.phase)
    following = states.ask_next(seen.phase, seen.asks, seen.began, seen.expires_at, now)
    rows(tx, mine.values(ask_at=following, asks=Transaction.asks + 1, updated_at=now))


def _seen(tx: Session, attempt_id: str, db: Database) -> Seen | None:
    """None where nothing is left to be done."""
    found = tx.get(Transaction, attempt_id)
    if found is None or found.phase not in states.OPEN or found.expires_at is None:
        return None
    gateway = GATEWAY_OF[found.payment_method]
    order = tx.get_one(Order, found.order_id)
    told: dict[str, Any] = attempts.remembered(tx, found)
    asked = Attempt(
        found.transaction_no, found.amount, found.currency, attempts.purpose_of(order), found.scene,  # type: ignore[arg-type]
        found.expires_at, notify_url(db, gateway), **told,
    )  # fmt: skip
    external = found.external_transaction_id or found.trade_no or ""
    return Seen(
        found.id, found.order_id, gateway, found.transaction_no, external, found.phase, found.asks, found.initiated_at,
        found.expires_at, asked,
    )  # fmt: skip


def notify_url(db: Database, gateway: str) -> str:
    """Where a gateway sends its reports."""
    base = str(getattr(db.settings, "base_url", "")).rstrip("/")
    return f"{base}/api/v1/payments/{gateway}/notifications"


def _before(tx: Session, seen: Seen) -> list[str]:
    closing = select(Transaction.id).where(Transaction.order_id == seen.order_id, Transaction.phase == "closing")
    return list(tx.scalars(closing))


def _still(tx: Session, seen: Seen) -> bool:
    mine = (Transaction.id == seen.id, Transaction.phase == "begun", Order.status == "pending")
    return tx.scalar(select(Transaction.id).join(Order, Order.id == Transaction.order_id).where(*mine)) is not None
