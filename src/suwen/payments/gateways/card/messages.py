"""The shapes of the Stripe API: what is asked, and what its objects mean in our words."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from suwen.payments.gateways.errors import Unreadable
from suwen.payments.gateways.terms import Answer, Attempt, RefundAnswer, RefundOrder, RefundState, State

INTENT_STATES: dict[str, State] = {
    "requires_payment_method": "pending", "requires_confirmation": "pending", "requires_action": "pending",
    "processing": "pending", "requires_capture": "pending", "succeeded": "paid", "canceled": "closed",
}  # fmt: skip
REFUND_STATES: dict[str, RefundState] = {
    "pending": "processing", "requires_action": "processing", "succeeded": "success", "failed": "abnormal",
    "canceled": "closed",
}  # fmt: skip
REASONS = {"mistake": "duplicate"}
SHORTEST_SESSION = timedelta(minutes=31)  # a hosted page lives for half an hour at least


def intent(attempt: Attempt) -> dict[str, Any]:
    return {
        "amount": attempt.amount,
        "currency": attempt.currency.lower(),
        "automatic_payment_methods": {"enabled": True},
        "description": attempt.description,
        "metadata": {"out_no": attempt.out_no},
    }


def session(attempt: Attempt) -> dict[str, Any]:
    """A page of the gateway's own, on which the card is typed in: no number of a card ever comes to us.

    It outlives the attempt, for the gateway's shortest time may be longer; whoever expires the order closes it. Worked
    out from the attempt alone: asked again, the request is the same one.
    """
    return {
        "mode": "payment",
        "client_reference_id": attempt.out_no,
        "metadata": {"out_no": attempt.out_no},
        "payment_intent_data": {"description": attempt.description, "metadata": {"out_no": attempt.out_no}},
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": attempt.currency.lower(),
                    "unit_amount": attempt.amount,
                    "product_data": {"name": attempt.description},
                },
            }
        ],
        "success_url": attempt.return_url,
        "cancel_url": attempt.return_url,
        "expires_at": int((attempt.expires_at + SHORTEST_SESSION).timestamp()),
    }


def refund(order: RefundOrder) -> dict[str, Any]:
    return {
        "payment_intent": order.external_id,
        "amount": order.amount,
        "reason": REASONS.get(order.reason, "requested_by_customer"),
        "metadata": {"out_refund_no": order.out_refund_no, "out_no": order.out_no},
    }


def answer(found: dict[str, Any]) -> Answer:
    """A payment intent; with its latest charge expanded it also knows what went back."""
    word = text(found, "status")
    state = INTENT_STATES.get(word)
    if state is None:
        raise Unreadable(f"a state of payment that is not known: {word[:32]}")
    charge = found.get("latest_charge")
    if state == "paid" and isinstance(charge, dict) and _minor(charge, "amount_refunded"):
        state = "refunded"
    paid = state in ("paid", "refunded")
    when = (charge.get("created") if isinstance(charge, dict) else None) or found.get("created")
    return Answer(
        state,
        out_no_of(found),
        external_id=text(found, "id"),
        amount=_minor(found, "amount_received") if paid else None,
        currency=text(found, "currency").upper() if paid else "",
        at=moment(when) if paid else None,
        detail=word,
    )


def session_answer(found: dict[str, Any]) -> Answer:
    """A hosted page; what was paid on it is in its payment intent, if there is one yet."""
    inner = found.get("payment_intent")
    if isinstance(inner, dict):
        known = answer(inner)
        if known.state != "pending":
            return known
    word = text(found, "status")
    state: State = "closed" if word == "expired" else "pending"
    return Answer(state, out_no_of(found), external_id=text(found, "id"), detail=word)


def refund_answer(found: dict[str, Any]) -> RefundAnswer:
    word = text(found, "status")
    state = REFUND_STATES.get(word)
    if state is None:
        raise Unreadable(f"a state of refund that is not known: {word[:32]}")
    metadata = found.get("metadata")
    about = metadata if isinstance(metadata, dict) else {}
    intent = found.get("payment_intent")
    return RefundAnswer(
        state,
        str(about.get("out_refund_no", "")),
        out_no=str(about.get("out_no", "")),
        external_id=str(intent.get("id") if isinstance(intent, dict) else intent or ""),
        external_refund_id=text(found, "id"),
        amount=_minor(found, "amount"),
        currency=text(found, "currency").upper(),
        at=moment(found.get("created")) if state == "success" else None,
        detail=word,
    )


def out_no_of(found: dict[str, Any]) -> str:
    """Which attempt it is; empty for payments that others make on the same account."""
    metadata = found.get("metadata")
    value = metadata.get("out_no", "") if isinstance(metadata, dict) else ""
    return value if isinstance(value, str) else ""


def form(body: dict[str, Any]) -> bytes:
    """a[b][0]=c, as the API wants it."""
    return urlencode(list(_flat(body, ""))).encode()


def moment(value: Any) -> datetime:
    if type(value) is not int or not 0 <= value < 10**11:
        raise Unreadable("a time that is none")
    return datetime.fromtimestamp(value, UTC)


def text(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not value:
        raise Unreadable(f"{name} is missing")
    return value


def _flat(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}[{key}]" if name else str(key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _flat(inner, f"{name}[{number}]")
    elif isinstance(value, bool):
        yield name, "true" if value else "false"
    elif value not in (None, ""):
        yield name, str(value)


def _minor(found: dict[str, Any], name: str) -> int:
    value = found.get(name)
    if type(value) is not int or value < 0:
        raise Unreadable("an amount that is none")
    return value
