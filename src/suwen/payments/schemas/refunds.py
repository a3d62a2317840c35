"""What is asked back, and paid back."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from suwen.core.schemas import Input, View
from suwen.payments.rules import LARGEST_SUM
from suwen.payments.schemas.amounts import minor
from suwen.payments.schemas.filters import DayFilters
from suwen.payments.schemas.seconded import Seconded

Words = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
ReasonCode = Literal["cancelled", "service", "mistake", "other"]
Place = Literal["review", "desk", "gateway", "insurer", "abnormal", "success", "failed", "cancelled"]


class RefundView(View):
    """`place` says where it is: review (an admin looks), desk (cash waits), gateway (on its way), insurer, abnormal
    (a person must act), success, failed, cancelled (not approved; `review_notes` says why)."""

    id: str
    refund_no: str
    refund_amount: int
    currency: str
    refund_reason: str
    reason_code: str
    status: str
    place: str
    payment_method: str
    created_at: datetime
    reviewed_at: datetime | None
    review_notes: str | None
    completed_at: datetime | None


class RefundLine(RefundView):
    """`requester` is None for what the clinic's rules owed. `trouble` is the gateway's word for why it waits."""

    order_id: str
    order_no: str
    description: str | None
    user_id: str
    payer: str
    requested_by: str | None
    requester: str | None
    requester_role: str | None
    reviewed_by: str | None
    reviewer: str | None
    external_refund_id: str | None
    asks: int
    ask_at: datetime | None
    trouble: str | None


class RefundFilters(DayFilters, kw_only=True, frozen=True):
    """Refunds asked for in these days."""

    place: str | None = None


class RefundInput(Input):
    """`amount` in minor units; left out, all that was not paid back yet."""

    reason: Words
    amount: Annotated[int, msgspec.Meta(ge=1, le=LARGEST_SUM)] | None = None
    reason_code: ReasonCode = "other"


class RefundForm(Input):
    reason: Words
    amount: str | None = None
    reason_code: ReasonCode = "other"

    def minor(self) -> int | None:
        return minor(self.amount, "amount")


class Approval(Input):
    note: Annotated[str, msgspec.Meta(max_length=500)] | None = None


class Rejection(Input):
    """`note` is read by who asked."""

    note: Words


class ByHand(Seconded, kw_only=True):
    """How it was paid back without the gateway; `note` says where that is written down."""

    how: Literal["cash", "bank"]
    note: Words
