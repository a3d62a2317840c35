"""What a card gateway books on a day: the balance transactions of its account.

A booking is in the currency of the account. What was paid, and is compared, is the amount and currency of its source.
"""

from decimal import Decimal
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
    if not isinstance(source, dict) or type(source.get("amount")) is not int:
        raise Unreadable("a booking of another shape")
    refund = kind in REFUNDS
    metadata = source.get("metadata")
    about = metadata if isinstance(metadata, dict) else {}
    return Line(
        kind="refund" if refund else "payment",
        out_no=str(about.get("out_no", "")),
        external_id=str(source.get("payment_intent") or ""),
        amount=abs(source["amount"]),
        currency=messages.text(source, "currency").upper(),
        at=messages.moment(found.get("created")),
        state=str(source.get("status", "")).upper(),
        fee=_fee(found, source),
        out_refund_no=str(about.get("out_refund_no", "")) if refund else "",
        external_refund_id=messages.text(source, "id") if refund else "",
    )


def _fee(found: dict[str, Any], source: dict[str, Any]) -> int:
    """What the gateway kept, in the currency of the source: kept in the account's, it is changed back at its rate."""
    fee, rate = found.get("fee"), found.get("exchange_rate")
    if type(fee) is not int:
        raise Unreadable("a booking of another shape")
    if messages.text(found, "currency") == messages.text(source, "currency"):
        return fee
    if not isinstance(rate, int | float) or not rate > 0:
        raise Unreadable("a booking in another currency without a rate")
    return round(fee / Decimal(str(rate)))
