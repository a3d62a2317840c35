"""What insurers are asked for."""

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec

from suwen.core.schemas import Input, View

ClaimStatus = Literal["submitted", "approved", "rejected", "withdrawn", "settled"]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Note = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class ClaimInput(Input):
    """Who insures whom. `policy_no` is kept sealed."""

    insurer: Name
    holder: Name
    policy_no: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]


class ClaimGranted(Input):
    insurer_reference: Annotated[str, msgspec.Meta(max_length=100)] | None = None


class ClaimRefused(Input):
    """`note` is read by the payer."""

    note: Note


class ClaimNote(Input):
    note: Annotated[str, msgspec.Meta(max_length=500)] | None = None


class ClaimBrief(View):
    """A claim as its order's payer sees it."""

    id: str
    insurer: str
    status: str
    note: str | None
    created_at: datetime


class ClaimLine(View):
    """`policy` is the end of the policy's number."""

    id: str
    claim_no: str
    order_id: str
    order_no: str
    order_status: str
    description: str | None
    appointment_id: str | None
    user_id: str
    payer: str
    insurer: str
    holder: str
    policy: str
    amount: int
    currency: str
    status: str
    insurer_reference: str | None
    submitter: str | None
    decider: str | None
    created_at: datetime
    decided_at: datetime | None
    note: str | None
    settled_at: datetime | None


class ClaimForm(View):
    """What is handed to the insurer: who, what service, when, where and how much. Nothing of what was the matter."""

    claim_no: str
    order_no: str
    insurer: str
    holder: str
    policy_no: str
    patient: str | None
    service: str
    day: date | None
    doctor: str | None
    clinic: str | None
    address: str | None
    amount: int
    refunded_amount: int
    currency: str
    status: str


class ClaimFilters(msgspec.Struct, kw_only=True, frozen=True):
    """`q` is the beginning of a number, part of a name or of the insurer's."""

    status: str | None = None
    q: str | None = None
