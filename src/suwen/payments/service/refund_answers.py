"""What is asked of a gateway about a refund, and what follows from its answer. The asking itself is a job's."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.db import changed, rows
from suwen.core.errors import Forbidden
from suwen.core.outbox import emit
from suwen.payments.errors import RefundDecided, RefundElsewhere
from suwen.payments.events import RefundDue, RefundTroubled
from suwen.payments.gateways import RefundAnswer, RefundOrder
from suwen.payments.gateways.errors import GatewayError, Refused
from suwen.payments.gateways.terms import Reason
from suwen.payments.models import GATEWAY_OF, METHOD_OF, Refund, Transaction
from suwen.payments.service import anomalies
from suwen.payments.service.refunds import PAID_TWICE, finish, give_up, locked

PAUSES = tuple(timedelta(seconds=seconds) for seconds in (30, 60, 120, 300, 600, 1800, 3600))
AT_ONCE = 100
STUCK = 12  # asked so often (six hours and more) without an end: a person should know
SLOW = timedelta(days=7)  # a bank takes three working days, and holidays a week
# Our own account at the gateway is empty: it fills with the next payments, so it is asked again by itself.
POOR = {"NOT_ENOUGH", "ACQ.SELLER_BALANCE_NOT_ENOUGH", "balance_insufficient"}
REASONS: dict[str, Reason] = {
    "cancelled": "cancelled", "too_late": "too_late", "mistake": "mistake", PAID_TWICE: "mistake"
}  # fmt: skip


@dataclass(frozen=True)
class Question:
    """`known`: it was sent before, so it is asked about first."""

    gateway: str
    order: RefundOrder
    known: bool


def pause(asks: int) -> timedelta:
    """How long to wait after having asked `asks` times: 30 s, 1, 2, 5, 10, 30 minutes, then every hour."""
    return PAUSES[min(asks, len(PAUSES) - 1)]


def ask_due(tx: Session, now: datetime) -> int:
    """Let what is due be asked; two workers at once let each refund be asked once."""
    late = select(Refund.id, Refund.asks).where(Refund.status == "processing", Refund.ask_at <= now)
    done = 0
    for found in tx.execute(late.order_by(Refund.ask_at).limit(AT_ONCE)).all():
        mine = update(Refund).where(Refund.id == found.id, Refund.status == "processing", Refund.ask_at <= now)
        if rows(tx, mine.values(ask_at=now + pause(found.asks + 1), updated_at=now)):
            emit(tx, RefundDue(refund_id=found.id), now)
            done += 1
    return done


def question(tx: Session, refund_id: str, notify: Mapping[str, str], now: datetime) -> Question | None:
    """What to ask a gateway now, None where nothing is left to ask. The next question is set before this one is sent:
    who asks may not live to hear the answer."""
    _, found, paid_by = locked(tx, refund_id)
    gateway = GATEWAY_OF.get(paid_by.payment_method)
    mine = update(Refund).where(Refund.id == refund_id, Refund.status == "processing", Refund.abnormal.is_(False))
    again = mine.values(asks=Refund.asks + 1, ask_at=now + pause(found.asks), updated_at=now)
    if gateway is None or not rows(tx, again):
        return None
    order = RefundOrder(
        found.refund_no, found.refund_amount, paid_by.amount, found.currency, paid_by.transaction_no,
        paid_by.external_transaction_id or "", reason=REASONS.get(found.reason_code, "other"),
        notify_url=notify.get(gateway, ""), external_refund_id=found.external_refund_id or "",
        refusals=_refusals(found),
    )  # fmt: skip
    return Question(gateway, order, known=found.asks > 0)


def refund_reported(tx: Session, gateway: str, answer: RefundAnswer, now: datetime) -> str:
    """Apply what a gateway says of a refund, by itself or when asked. Saying it again changes nothing.

    Returns applied | repeated | ignored (of no payment of ours) | waiting (the payment that it is of must come first) |
    anomaly (it is noted, and nothing has moved).
    """
    id = tx.scalar(select(Refund.id).where(Refund.refund_no == answer.out_refund_no))
    if id is None:
        return _unknown(tx, gateway, answer, now)
    order, found, paid_by = locked(tx, id)
    if wrong := _disagreements(gateway, answer, found, paid_by):
        facts = {"fields": wrong, "refund_no": found.refund_no, "state": answer.state, "amount": answer.amount}
        facts |= {"expected": {"amount": found.refund_amount, "currency": found.currency}}
        note(tx, f"refund-differs:{id}:{answer.state}", "refund_differs", gateway, found, facts, now)
        return "anomaly"
    match answer.state:
        case "success" if answer.amount is None:  # which of several refunds it was, only the question says
            return _ask_now(tx, found, now)
        case "success":
            return _succeeded(tx, gateway, answer, order, found, now)
        case "processing":
            return _still(tx, gateway, answer, found, now)
        case "abnormal":
            return _abnormal(tx, gateway, answer, found, now)
        case "closed":
            return _closed(tx, gateway, answer, order, found, now)
        case _:
            _unheard(tx, gateway, found, {"refund_no": found.refund_no, "state": answer.state}, now)
            return "ignored"


def refund_unanswered(tx: Session, refund_id: str, gateway: str, error: GatewayError, now: datetime) -> None:
    """The gateway said no, or nothing that counts. It is asked again under the same number, unless a person must."""
    _, found, _ = locked(tx, refund_id)
    if found.status != "processing" or found.abnormal:
        return
    facts = {"refund_no": found.refund_no, "said": str(error)[:200]}
    if isinstance(error, Refused) and error.code in POOR:
        note(tx, f"refund-poor:{refund_id}", "refund_not_enough", gateway, found, facts, now)
        _once(tx, found, "not_enough", now, refusals=_refusals(found) + 1)
    elif isinstance(error, Refused):
        note(tx, f"refund-refused:{refund_id}", "refund_refused", gateway, found, facts, now)
        said = {"state": "refused", "detail": error.code, "refusals": _refusals(found) + 1}
        _set(tx, found, now, abnormal=True, ask_at=None, refund_response=said)
        emit(tx, RefundTroubled(refund_id=refund_id, what="abnormal"), now)
    else:
        _unheard(tx, gateway, found, facts, now)


def retry(tx: Session, actor: Actor, refund_id: str, now: datetime) -> str:
    """Ask the gateway once more, now. Returns the order's id. Refused: others, and what is at no gateway."""
    if actor.role != "admin":
        raise Forbidden()
    order, found, paid_by = locked(tx, refund_id)
    if paid_by.payment_method not in GATEWAY_OF:
        raise RefundElsewhere()
    if found.status != "processing":
        raise RefundDecided(state=found.status)
    _set(tx, found, now, abnormal=False, ask_at=now + pause(found.asks))
    emit(tx, RefundDue(refund_id=refund_id), now)
    return str(order.id)


def _disagreements(gateway: str, answer: RefundAnswer, found: Any, paid_by: Any) -> list[str]:
    wrong = []
    if GATEWAY_OF.get(paid_by.payment_method) != gateway:
        wrong.append("gateway")
    if answer.out_no and answer.out_no != paid_by.transaction_no:
        wrong.append("out_no")
    if answer.amount is not None and answer.amount != found.refund_amount:
        wrong.append("amount")
    if answer.currency and answer.currency != found.currency:
        wrong.append("currency")
    return wrong


def _succeeded(tx: Session, gateway: str, answer: RefundAnswer, order: Any, found: Any, now: datetime) -> str:
    if found.status == "success" and not (found.refund_response or {}).get("by_hand"):
        return "repeated"
    if found.status != "processing":  # it went back by hand, or was given up, and now the gateway has paid too
        facts = {"refund_no": found.refund_no, "status": found.status, "amount": found.refund_amount}
        note(tx, f"refund-too-many:{found.id}", "refund_too_many", gateway, found, facts, now)
        return "anomaly"
    finish(
        tx, order, found, now, method=METHOD_OF[gateway], against=f"asset:{gateway}_clearing",
        external_id=answer.external_refund_id or found.refund_no,
        values={"external_refund_id": answer.external_refund_id or None, "refund_response": _kept(answer)},
    )  # fmt: skip
    return "applied"


def _unheard(tx: Session, gateway: str, found: Any, facts: dict[str, Any], now: datetime) -> None:
    """No answer came, or one that knows of no refund: asked on, and told to a person after a while."""
    if found.status == "processing" and not found.abnormal and found.asks >= STUCK:
        note(tx, f"refund-stuck:{found.id}", "refund_unanswered", gateway, found, facts, now)
        _once(tx, found, "unanswered", now)


def _still(tx: Session, gateway: str, answer: RefundAnswer, found: Any, now: datetime) -> str:
    if found.status != "processing":
        return "repeated"
    if now - (found.reviewed_at or found.created_at) >= SLOW:
        facts = {"refund_no": found.refund_no, "state": answer.state, "amount": found.refund_amount}
        if note(tx, f"refund-slow:{found.id}", "refund_slow", gateway, found, facts, now):
            emit(tx, RefundTroubled(refund_id=found.id, what="slow"), now)
    news = answer.external_refund_id and answer.external_refund_id != found.external_refund_id
    if news or (found.refund_response or {}).get("state") != answer.state:
        _set(tx, found, now, external_refund_id=answer.external_refund_id or None, refund_response=_kept(answer))
        return "applied"
    return "repeated"


def _undone(tx: Session, gateway: str, answer: RefundAnswer, found: Any, now: datetime) -> bool:
    """Whether the gateway takes back what it had called done: a bank may return the money of a card weeks later."""
    told = found.refund_response or {}
    if found.status != "success" or told.get("by_hand"):
        return False
    facts = {"refund_no": found.refund_no, "state": answer.state, "amount": found.refund_amount}
    note(tx, f"refund-undone:{found.id}", "refund_undone", gateway, found, facts, now)
    return True


def _abnormal(tx: Session, gateway: str, answer: RefundAnswer, found: Any, now: datetime) -> str:
    if _undone(tx, gateway, answer, found, now):
        return "anomaly"
    if found.status != "processing" or found.abnormal:
        return "repeated"
    _set(
        tx, found, now, abnormal=True, ask_at=None, external_refund_id=answer.external_refund_id or None,
        refund_response=_kept(answer),
    )  # fmt: skip
    note(tx, f"refund-abnormal:{found.id}", "refund_abnormal", gateway, found, {"refund_no": found.refund_no}, now)
    emit(tx, RefundTroubled(refund_id=found.id, what="abnormal"), now)
    return "applied"


def _closed(tx: Session, gateway: str, answer: RefundAnswer, order: Any, found: Any, now: datetime) -> str:
    if _undone(tx, gateway, answer, found, now):
        return "anomaly"
    if found.status != "processing":
        return "repeated"
    note(tx, f"refund-closed:{found.id}", "refund_closed", gateway, found, {"refund_no": found.refund_no}, now)
    told = {"external_refund_id": answer.external_refund_id or None, "refund_response": _kept(answer)}
    give_up(tx, order, found, now, **told)
    return "applied"


def _ask_now(tx: Session, found: Any, now: datetime) -> str:
    if found.status != "processing":
        return "repeated"
    emit(tx, RefundDue(refund_id=found.id), now)
    return "applied"


def _unknown(tx: Session, gateway: str, answer: RefundAnswer, now: datetime) -> str:
    """A refund that we never asked for: made at the gateway's own counter, or of a payment that is not ours."""
    mine = select(Transaction).where(Transaction.transaction_no == answer.out_no)
    paid_by = tx.scalars(mine.where(Transaction.transaction_type == "payment")).first() if answer.out_no else None
    if paid_by is None:
        return "ignored"
    if paid_by.status != "success":
        return "waiting"
    if answer.state == "success":
        facts = {"refund_no": answer.out_refund_no, "out_no": answer.out_no, "amount": answer.amount}
        once = f"refund-unknown:{gateway}:{answer.out_refund_no}"[:190]
        note(tx, once, "refund_unknown", gateway, None, facts, now, paid_by=paid_by)
        return "anomaly"
    return "ignored"


def note(
    tx: Session, once: str, kind: str, gateway: str, found: Any, facts: dict[str, Any], now: datetime, *,
    paid_by: Any = None,
) -> bool:  # fmt: skip
    """For a person to look at, at the order of the refund, or of the payment it is said to be of. True if it is new."""
    about = (paid_by.order_id, paid_by.id, None) if found is None else (found.order_id, found.transaction_id, found.id)
    return anomalies.note(
        tx, kind, once, now, gateway=gateway, order_id=about[0], transaction_id=about[1], refund_id=about[2],
        facts=facts,
    )  # fmt: skip


def _once(tx: Session, found: Any, what: str, now: datetime, **more: Any) -> None:
    """Keep why it waits, and tell the admins the first time."""
    first = (found.refund_response or {}).get("state") != what
    _set(tx, found, now, refund_response={"state": what, "refusals": _refusals(found)} | more)
    if first:
        emit(tx, RefundTroubled(refund_id=found.id, what=what), now)


def _refusals(found: Any) -> int:
    return int((found.refund_response or {}).get("refusals", 0))


def _set(tx: Session, found: Any, now: datetime, **values: Any) -> None:
    mine = update(Refund).where(Refund.id == found.id, Refund.status == "processing")
    rows(tx, mine.values(**values, version=Refund.version + 1, updated_at=now))
    changed(tx, "refunds", f"orders:{found.user_id}")


def _kept(answer: RefundAnswer) -> dict[str, Any]:
    return {
        "state": answer.state, "detail": answer.detail, "at": answer.at.isoformat() if answer.at else None,
        "external_refund_id": answer.external_refund_id,
    }  # fmt: skip
