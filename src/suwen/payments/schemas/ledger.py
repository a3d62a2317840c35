"""The ledger as admins read it, and deposits. Postings: debit is positive."""

from datetime import datetime
from typing import Annotated, Any

import msgspec

from suwen.core.schemas import Input, View
from suwen.payments.rules import LARGEST_SUM
from suwen.payments.schemas.amounts import minor

Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=127)]


class AccountView(View):
    """`balance` is positive on the account's usual side. Wallets of people are shown together: `people` have one."""

    code: str
    currency: str
    balance: int
    people: int


class JournalView(View):
    """`amount` is what moved: the sum of its debits."""

    id: str
    occurred_at: datetime
    kind: str
    ref_type: str | None
    ref_id: str | None
    idempotency_key: str
    reversed_by: str | None
    amount: int
    currency: str


class PostingView(View):
    code: str
    currency: str
    amount: int


class JournalDetail(JournalView):
    meta: dict[str, Any] | None
    postings: list[PostingView]


class FaultView(View):
    invariant: int
    text: str
    values: dict[str, Any]


class CheckView(View):
    """`asked_by` is a name; None is the night's own look."""

    id: str
    created_at: datetime
    took_ms: int
    journals: int
    postings: int
    faults: list[FaultView]
    asked_by: str | None


class HoldView(View):
    """`captured` of the deposit was spent on `order_id`, the rest came back."""

    id: str
    user_id: str
    name: str
    amount: int
    captured: int
    currency: str
    reason: str
    status: str
    created_at: datetime
    ended_at: datetime | None
    order_id: str | None
    note: str | None


class HoldInput(Input):
    amount: Annotated[int, msgspec.Meta(ge=1, le=LARGEST_SUM, examples=[5000])]
    reason: Reason


class HoldForm(Input):
    amount: str
    reason: Reason

    def minor(self) -> int:
        return minor(self.amount, "amount") or 0


class CaptureInput(Input):
    """`amount` in minor units; left out, all of the deposit."""

    reason: Reason
    amount: Annotated[int, msgspec.Meta(ge=1, le=LARGEST_SUM)] | None = None


class CaptureForm(Input):
    reason: Reason
    amount: str | None = None

    def minor(self) -> int | None:
        return minor(self.amount, "amount")
