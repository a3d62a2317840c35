"""What is paid back."""

from datetime import datetime
from typing import Annotated

import msgspec

from suwen.core.schemas import Input, View
from suwen.payments.rules import LARGEST_SUM
from suwen.payments.schemas.amounts import minor

Words = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


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


class RefundInput(Input):
    """`amount` in minor units; left out, all that was not paid back yet."""

    reason: Words
    amount: Annotated[int, msgspec.Meta(ge=1, le=LARGEST_SUM)] | None = None


class RefundForm(Input):
    reason: Words
    amount: str | None = None

    def minor(self) -> int | None:
        return minor(self.amount, "amount")
