"""Papers about money: the receipt of an order, a payer's statement. Nothing clinical is on them."""

from datetime import date, datetime

from suwen.core.schemas import View


class ClinicOnPaper(View):
    name: str
    address: str | None
    phone: str | None


class PaidBack(View):
    """A refund as it stands on a receipt; `completed_at` is null while it is on its way."""

    refund_no: str
    refund_amount: int
    currency: str
    status: str
    created_at: datetime
    completed_at: datetime | None


class PaidReceipt(View):
    """What was paid for an order, and what of it went back. `service` is the name on the price list.

    `reference` is the gateway's own number of the payment, where it has one. `zone` is the payer's. `kept` is what was
    paid less what is back.
    """

    order_id: str
    order_no: str
    order_type: str
    user_id: str
    payer: str
    zone: str
    service: str | None
    clinic: ClinicOnPaper | None
    amount: int
    refunded_amount: int
    kept: int
    currency: str
    status: str
    payment_method: str
    opened_at: datetime
    paid_at: datetime
    transaction_no: str
    reference: str | None
    cashier: str | None
    top_up: bool
    refunds: list[PaidBack]


class StatementLine(View):
    """kind: payment, refund or top_up. `amount` is positive; a refund came back, all else was paid."""

    at: datetime
    kind: str
    order_id: str | None
    order_no: str | None
    order_type: str
    service: str | None
    payment_method: str
    amount: int
    currency: str


class OwedLine(View):
    order_id: str
    order_no: str
    order_type: str
    service: str | None
    opened_at: datetime
    pay_by: datetime
    amount: int
    currency: str
    top_up: bool


class StatementSum(View):
    """Of one currency. `topped_up` is money put aside in the wallet, no price of anything."""

    currency: str
    paid: int
    refunded: int
    topped_up: int


class WalletSum(View):
    """The wallet at both ends of the time, and what moved between."""

    currency: str
    before: int
    income: int
    expense: int
    after: int


class Statement(View):
    """All that a payer paid, got back and still owes; days are those of `zone`, both included."""

    user_id: str
    payer: str
    clinic: ClinicOnPaper | None
    since: date
    until: date
    zone: str
    lines: list[StatementLine]
    owed: list[OwedLine]
    sums: list[StatementSum]
    wallet: WalletSum
