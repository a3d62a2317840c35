"""What a card gateway books on a day: the balance transactions of its account."""

from typing import Any

from suwen.payments.gateways.card import messages
from suwen.payments.gateways.errors import Unreadable
from suwen.payments.gateways.terms import Line

PAYMENTS, REFUNDS = {"charge", "payment"}, {"refund", "payment_refund"}


def line(found: dict[str, Any]) -> Line | None:
    """A balance transaction with its source expanded; None for what is neither payment nor refund (payouts, fees)."""
    kind, source = messages.text(found, "type"), found.get("source")
    if kind not in PAYMENTS | REFUNDS:
        return None
    amount, fee = found.get("amount"), found.get("fee")
    if not isinstance(source, dict) or type(amount) is not int or type(fee) is not int:
        raise Unreadable("a booking of another shape")
    refund = kind in REFUNDS
    metadata = source.get("metadata")
    about = metadata if isinstance(metadata, dict) else {}
    return Line(
        kind="refund" if refund else "payment",
        out_no=str(about.get("out_no", "")),
        external_id=str(source.get("payment_intent") or ""),
        amount=abs(amount),
        currency=messages.text(found, "currency").upper(),
        at=messages.moment(found.get("created")),
        state=str(source.get("status", "")).upper(),
        fee=fee,
        out_refund_no=str(about.get("out_refund_no", "")) if refund else "",
        external_refund_id=messages.text(source, "id") if refund else "",
    )
