"""Orders: lists, details, filters, paying."""

from datetime import datetime
from typing import Literal

from suwen.core.schemas import Input, View
from suwen.payments.schemas.claims import ClaimBrief
from suwen.payments.schemas.filters import DayFilters
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


class OrderFilters(DayFilters, kw_only=True, frozen=True):
    """Orders opened in these days."""

    status: str | None = None
    user_id: str | None = None


class Payment(Input):
    """How an order is paid. Only `balance`, and `cash` at the desk, are offered here."""

    method: Method
