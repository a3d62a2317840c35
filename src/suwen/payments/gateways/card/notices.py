"""Events of the Stripe API: verified, read."""

import json
from datetime import datetime
from typing import Any

from suwen.payments.gateways import intake
from suwen.payments.gateways.card import messages, signing
from suwen.payments.gateways.errors import Unreadable
from suwen.payments.gateways.redaction import redacted
from suwen.payments.gateways.terms import Headers, Notice

PAYMENTS = {
    "payment_intent.succeeded", "payment_intent.canceled", "payment_intent.processing", "payment_intent.payment_failed",
    "payment_intent.requires_action",
}  # fmt: skip
# charge.refunded comes too, but names no refund of ours
REFUNDS = {"refund.created", "refund.updated", "refund.failed", "charge.refund.updated"}


def read(creds: signing.Credentials, headers: Headers, raw_body: bytes, now: datetime, pepper: bytes) -> Notice:
    intake.bounded(raw_body)
    signing.verify(creds.webhook_secrets, headers, raw_body, now)
    event = _object(raw_body)
    kind, data = messages.text(event, "type"), event.get("data")
    found = data.get("object") if isinstance(data, dict) else None
    if not isinstance(found, dict):
        raise Unreadable("an event about nothing")
    about: dict[str, Any] = {
        "event_id": messages.text(event, "id")[:128], "event_type": kind, "digest": intake.digest(raw_body),
        "foreign": ("livemode",) if event.get("livemode") is not creds.live else (),
        "content": redacted(found, pepper),
    }  # fmt: skip
    if kind in PAYMENTS and messages.out_no_of(found):
        return Notice(kind="payment", payment=messages.answer(found), **about)
    if kind in REFUNDS:
        refund = messages.refund_answer(found)
        # what somebody pays back in the gateway's own pages has no number of ours: the bill shows it
        return Notice(kind="refund" if refund.out_refund_no else "other", refund=refund, **about)
    return Notice(kind="other", **about)


def _object(raw_body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw_body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Unreadable("no JSON") from None
    if not isinstance(found, dict):
        raise Unreadable("no JSON object")
    return found
