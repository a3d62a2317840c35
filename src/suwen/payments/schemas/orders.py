"""Orders: lists, details, filters, paying."""

from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from suwen.core.schemas import Input, View
from suwen.payments import rules
from suwen.payments.schemas.claims import ClaimBrief
from suwen.payments.schemas.refunds import RefundView

Method = Literal["wechat", "alipay", "bank_card", "balance", "cash", "insurance", "other"]
Status = Literal["pending", "paid", "cancelled", "refunded", "partial_refunded", "expired"]


class OrderView(View):
    id: str
    order_no: str
    user_id: str
    payer: str
    subject: str | None
    appointment_id: str | None
    order_type: str
    description: str | None
    amount: int
    refunded_amount: int
    refunding_amount: int
    currency: str
    status: str
    payment_method: str | None
    payment_time: datetime | None
    expire_time: datetime
    created_at: datetime


class TransactionView(View):
    id: str
    transaction_no: str
    payment_method: str
    transaction_type: str
    amount: int
    currency: str
    status: str
    completed_at: datetime | None
    cashier: str | None


class OrderDetail(OrderView):
    transactions: list[TransactionView]
    refunds: list[RefundView]
    claims: list[ClaimBrief]


class OrderFilters(msgspec.Struct, kw_only=True, frozen=True):
    """Orders opened in [since, until); `q` is the beginning of an order number, or part of a name or phone."""

    status: str | None = None
    method: str | None = None
    q: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @classmethod
    def of_days(
        cls, zone: str, since: date | None, until: date | None, *, status: str | None = None,
        method: str | None = None, q: str | None = None,
    ) -> "OrderFilters":  # fmt: skip
        """From the first moment of `since` to the end of the day `until`, both in `zone`."""
        return cls(
            status=status or None, method=method or None, q=q or None,
            since=rules.start_of(since, zone) if since else None,
            until=rules.start_of(min(until, rules.LAST_DAY) + timedelta(days=1), zone) if until else None,
        )  # fmt: skip


class Payment(Input):
    """How an order is paid. Only `balance`, and `cash` at the desk, are offered here."""

    method: Method
