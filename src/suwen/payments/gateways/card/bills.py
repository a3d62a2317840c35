"""What a card gateway books on a day: the balance transactions of its account.

A booking is in the currency of the account. What was paid, and is compared, is the amount and currency of its source.
"""

from decimal import Decimal
from typing import Any

from suwen.payments.gateways.card import messages
from suwen.payments.gateways.errors import Unreadable
from suwen.payments.gateways.terms import Line

PAYMENTS, REFUNDS = {"charge", "payment"}, {"refund", "payment_refund"}
FAILURES = {"refund_failure", "payment_failure_refund"}  # what had moved moves back, in the currency of its source
PAYOUTS = {"payout", "payout_cancel", "payout_failure"}  # from the account to the bank: a settlement, no difference
CAME_BACK = {"FAILED", "CANCELED"}


def line(found: dict[str, Any]) -> Line | None:
    """A balance transaction with its source expanded; None for payouts.

    A booking has moved money whatever became of its source later: what came back is a booking of its own.
    """
    kind = messages.text(found, "type")
    if kind in PAYOUTS:
        return None
    if kind not in PAYMENTS | REFUNDS:
        return _other(kind, found)
    source, about = _source(found)
    refund, word = kind in REFUNDS, str(source.get("status", "")).upper()
    return Line(
        kind="refund" if refund else "payment",
        out_no=str(about.get("out_no", "")),
        external_id=str(source.get("payment_intent") or ""),
        amount=abs(source["amount"]),
        currency=messages.text(source, "currency").upper(),
        at=messages.moment(found.get("created")),
        state="SUCCEEDED" if word in CAME_BACK else word,
        fee=_fee(found, messages.text(source, "currency")),
        out_refund_no=str(about.get("out_refund_no", "")) if refund else "",
        external_refund_id=messages.text(source, "id") if refund else "",
    )


def _other(kind: str, found: dict[str, Any]) -> Line:
    """Money that no order of ours moved: a dispute, a fee of the account, a refund that came back. What came in stands
    as a payment, what went out as a refund, under the booking's own number; what came back names its refund."""
    id, moved, code, number = messages.text(found, "id"), found.get("amount"), messages.text(found, "currency"), ""
    if type(moved) is not int:
        raise Unreadable("a booking of another shape")
    amount, incoming = abs(moved), moved > 0
    if kind in FAILURES:
        source, about = _source(found)
        amount, code = abs(source["amount"]), messages.text(source, "currency")
        number = str(about.get("out_refund_no", "")) if incoming else ""
    return Line(
        kind="payment" if incoming else "refund", out_no=number, external_id=id, amount=amount, currency=code.upper(),
        at=messages.moment(found.get("created")), state="SUCCEEDED", fee=_fee(found, code),
        external_refund_id="" if incoming else id,
    )  # fmt: skip


def _source(found: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the source, what we wrote on it)"""
    source = found.get("source")
    if not isinstance(source, dict) or type(source.get("amount")) is not int:
        raise Unreadable("a booking of another shape")
    about = source.get("metadata")
    return source, about if isinstance(about, dict) else {}


def _fee(found: dict[str, Any], code: str) -> int:
    """What the gateway kept, in the currency of the line: kept in the account's, it is changed back at its rate."""
    fee, rate = found.get("fee"), found.get("exchange_rate")
    if type(fee) is not int:
        raise Unreadable("a booking of another shape")
    if messages.text(found, "currency") == code:
        return fee
    if not isinstance(rate, int | float) or not rate > 0:
        raise Unreadable("a booking in another currency without a rate")
    return round(fee / Decimal(str(rate)))
