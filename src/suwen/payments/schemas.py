"""What comes in about money and what goes out. Amounts are minor units (5000 is 50.00); forms write "50.00"."""

from datetime import date, datetime, timedelta
from typing import Annotated, Literal

import msgspec

from suwen.core import money
from suwen.core.money import BadAmount
from suwen.core.schemas import Input, Version, View
from suwen.payments import rules
from suwen.payments.rules import LARGEST_SUM, LARGEST_TOP_UP

Method = Literal["wechat", "alipay", "bank_card", "balance", "cash", "insurance", "other"]
Status = Literal["pending", "paid", "cancelled", "refunded", "partial_refunded", "expired"]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class WalletView(View):
    """Amounts in minor units of `currency`."""

    balance: int
    frozen_balance: int
    total_income: int
    total_expense: int
    currency: str


class EntryView(View):
    """A line of the wallet's statement."""

    id: str
    created_at: datetime
    transaction_type: str
    amount: int
    balance_before: int
    balance_after: int
    currency: str
    related_type: str | None
    related_id: str | None
    description: str


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


class RefundView(View):
    """`status` is pending while cash waits to be handed out at the desk."""

    id: str
    refund_no: str
    refund_amount: int
    currency: str
    refund_reason: str
    status: str
    created_at: datetime
    completed_at: datetime | None


class OrderDetail(OrderView):
    transactions: list[TransactionView]
    refunds: list[RefundView]


class Receipt(View):
    """Cash that was taken at the desk into a wallet."""

    id: str
    created_at: datetime
    user_id: str
    name: str
    account: str
    amount: int
    balance_after: int
    currency: str
    cashier: str | None


class PriceView(View):
    id: str
    service_type: str
    service_name: str
    price: int
    discount_price: int | None
    currency: str
    location_id: str | None
    is_active: bool
    effective_date: date | None
    expiry_date: date | None
    description: str | None
    version: int


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


class RefundInput(Input):
    """`amount` in minor units; left out, all that was not paid back yet."""

    reason: Words
    amount: Annotated[int, msgspec.Meta(ge=1, le=LARGEST_SUM)] | None = None


class RefundForm(Input):
    reason: Words
    amount: str | None = None

    def minor(self) -> int | None:
        return _minor(self.amount, "amount")


class TopUpInput(Input):
    user_id: str
    amount: Annotated[int, msgspec.Meta(ge=1, le=LARGEST_TOP_UP, examples=[5000])]


class TopUpForm(Input):
    amount: str

    def minor(self) -> int:
        return money.parse(self.amount)


class PriceRest(Input):
    """Of a price, all but the amounts. Days are included on both ends; an open end is for ever."""

    service_type: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{1,49}$", examples=["appointment_online"])]
    service_name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    currency: Annotated[str, msgspec.Meta(min_length=3, max_length=3)] = "CNY"
    location_id: str | None = None
    is_active: bool = True
    effective_date: date | None = None
    expiry_date: date | None = None
    description: Annotated[str, msgspec.Meta(max_length=2000)] | None = None
    version: Version | None = None


class PriceInput(PriceRest, kw_only=True):
    price: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_SUM, examples=[5000])]
    discount_price: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_SUM)] | None = None


class PriceForm(PriceRest, kw_only=True):
    price: str
    discount_price: str | None = None

    def entry(self) -> PriceInput:
        """With the amounts in minor units; BadAmount names the field that is none."""
        typed = {name: value for name, value in msgspec.structs.asdict(self).items() if "price" not in name}
        price = _minor(self.price, "price")
        return PriceInput(price=price or 0, discount_price=_minor(self.discount_price, "discount_price"), **typed)


def _minor(text: str | None, field: str) -> int | None:
    if text is None or not text.strip():
        return None
    try:
        return money.parse(text)
    except BadAmount:
        raise BadAmount(fields={field: BadAmount.title}) from None
