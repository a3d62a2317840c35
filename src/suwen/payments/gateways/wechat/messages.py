"""The shapes of WeChat Pay: what is asked, and what its answers mean in our words."""

import json
from datetime import datetime
from typing import Any

from suwen.payments.gateways.amounts import CHINA, from_rfc3339
from suwen.payments.gateways.errors import Unreadable
from suwen.payments.gateways.terms import REASONS, Answer, Attempt, RefundAnswer, RefundOrder, RefundState, State

SHORTEST_IP, LONGEST_TEXT, LONGEST_REASON = 3, 127, 80
ENDPOINTS = {"qr": "native", "phone": "h5", "inside": "jsapi", "app": "app"}
# REVOKED is said of payments by scanned code only; PAYERROR too: the person may try once more until it is closed.
STATES: dict[str, State] = {
    "SUCCESS": "paid", "REFUND": "refunded", "NOTPAY": "pending", "USERPAYING": "pending", "PAYERROR": "pending",
    "ACCEPT": "pending", "CLOSED": "closed", "REVOKED": "closed",
}  # fmt: skip
REFUND_STATES: dict[str, RefundState] = {
    "SUCCESS": "success", "CLOSED": "closed", "PROCESSING": "processing", "ABNORMAL": "abnormal",
}  # fmt: skip


def order(attempt: Attempt, mchid: str, app_id: str) -> dict[str, Any]:
    """The body of a new payment."""
    if attempt.currency != "CNY":
        raise ValueError("WeChat Pay takes CNY")
    body: dict[str, Any] = {
        "appid": app_id,
        "mchid": mchid,
        "description": cut(attempt.description, LONGEST_TEXT),
        "out_trade_no": attempt.out_no,
        "time_expire": china_rfc3339(attempt.expires_at),
        "notify_url": attempt.notify_url,
        "amount": {"total": attempt.amount, "currency": "CNY"},
    }
    if attempt.scene == "inside":
        if not attempt.payer_ref:
            raise ValueError("inside WeChat the payer's openid is needed")
        body["payer"] = {"openid": attempt.payer_ref}
    if attempt.scene == "phone":
        if len(attempt.payer_ip) < SHORTEST_IP:
            raise ValueError("a phone's browser is known by its address")
        body["scene_info"] = {"payer_client_ip": attempt.payer_ip, "h5_info": {"type": "Wap"}}
    return body


def refund(order: RefundOrder) -> dict[str, Any]:
    body: dict[str, Any] = {
        "out_refund_no": order.out_refund_no,
        "reason": cut(REASONS[order.reason], LONGEST_REASON),
        "amount": {"refund": order.amount, "total": order.total, "currency": order.currency},
    }
    if order.external_id:
        body["transaction_id"] = order.external_id
    else:
        body["out_trade_no"] = order.out_no
    if order.notify_url:
        body["notify_url"] = order.notify_url
    return body


def answer(found: dict[str, Any]) -> Answer:
    """A transaction object, from a query or a report."""
    word = _text(found, "trade_state")
    state = STATES.get(word)
    if state is None:
        raise Unreadable(f"a state of payment that is not known: {word[:32]}")
    paid = state in ("paid", "refunded")
    amount = found.get("amount") if paid else None
    return Answer(
        state,
        _text(found, "out_trade_no"),
        external_id=_text(found, "transaction_id") if paid else str(found.get("transaction_id", "")),
        amount=_minor(amount, "total") if paid else None,
        currency=_currency(amount) if paid else "",
        at=from_rfc3339(_text(found, "success_time")) if paid else None,
        detail=word,
    )


def refund_answer(found: dict[str, Any]) -> RefundAnswer:
    """A refund object; a report calls its state refund_status."""
    word = found.get("status") or found.get("refund_status")
    state = REFUND_STATES.get(word) if isinstance(word, str) else None
    if state is None or not isinstance(word, str):
        raise Unreadable("a state of refund that is not known")
    when = found.get("success_time")
    amount = found.get("amount")
    return RefundAnswer(
        state,
        _text(found, "out_refund_no"),
        out_no=_text(found, "out_trade_no"),
        external_id=_text(found, "transaction_id"),
        external_refund_id=_text(found, "refund_id"),
        amount=_minor(amount, "refund"),
        currency=_currency(amount, "CNY"),
        at=from_rfc3339(when) if isinstance(when, str) and when else None,
        detail=word,
    )


def read(body: bytes) -> dict[str, Any]:
    """A JSON object, with no name in it twice."""
    try:
        found = json.loads(body.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise Unreadable("no JSON") from None
    if not isinstance(found, dict):
        raise Unreadable("no JSON object")
    return found


def write(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def cut(text: str, longest: int) -> str:
    """Not more than `longest` bytes, and no half character at the end."""
    return text.encode()[:longest].decode(errors="ignore")


def china_rfc3339(moment: datetime) -> str:
    return moment.astimezone(CHINA).replace(microsecond=0).isoformat()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def _text(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not value:
        raise Unreadable(f"{name} is missing")
    return value


def _minor(amount: Any, name: str) -> int:
    value = amount.get(name) if isinstance(amount, dict) else None
    if type(value) is not int or value < 0:
        raise Unreadable("an amount that is none")
    return value


def _currency(amount: Any, default: str | None = None) -> str:
    # the report of a refund leaves it out; a wrong one is compared by who knows the order, never put right
    value = amount.get("currency", default)
    if not isinstance(value, str):
        raise Unreadable("a currency that is none")
    return value
