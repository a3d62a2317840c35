"""A channel's day held against its bill."""

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec

from suwen.core.schemas import Input, View
from suwen.payments.matching import Resolution, Result
from suwen.payments.schemas.seconded import Seconded

GatewayName = Literal["wechat", "alipay", "card"]
DayStatus = Literal["waiting", "running", "matched", "different", "settled"]
Shown = Literal["open", "differences"] | Result
Note = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class ReconciliationView(View):
    """`day` is a day in China. `open` is how many differences nobody has resolved yet.

    `sums` by currency, in minor units: local_paid, local_refunded, bill_paid, bill_refunded, fee; `held` is how many
    bookings around midnight wait for the next day's bill. `error` says why the bill is not here.
    """

    id: str
    gateway: GatewayName
    day: date
    status: DayStatus
    runs: int
    bill_lines: int
    local_lines: int
    matched: int
    differences: int
    open: int
    sums: dict[str, dict[str, int]]
    error: str | None
    run_at: datetime | None


class ReconciliationDetail(ReconciliationView):
    """`results` counts the lines by what became of them."""

    results: dict[str, int]


class ReconciliationLineView(View):
    """A row of the bill with what we booked for it, or one side alone; amounts in minor units.

    `missing` is what our books lack to say what the bill says (negative: have too much); `ways` are those in which
    it may be resolved.
    """

    id: str
    reconciliation_id: str
    line_key: str
    result: Result
    kind: Literal["payment", "refund"]
    out_no: str
    external_id: str | None
    order_id: str | None
    local_amount: int | None
    bill_amount: int | None
    missing: int
    fee: int
    currency: str
    local_state: str | None
    bill_state: str | None
    happened_at: datetime | None
    resolution: str | None
    note: str | None
    resolved_by: str | None
    resolved_at: datetime | None
    ways: list[Resolution]


class RunInput(Input):
    """Have the bill of a day in China fetched and compared."""

    gateway: GatewayName
    day: date


class ResolutionInput(Seconded, kw_only=True):
    """How a difference is resolved, and why."""

    kind: Resolution
    note: Note
