"""What others may react to. `subject` is what the order was opened for ("appointment:<id>")."""

from dataclasses import dataclass
from typing import ClassVar

from suwen.core.outbox import Event


@dataclass(frozen=True)
class PaymentSettled(Event):
    name: ClassVar[str] = "payments.payment_settled"
    order_id: str
    subject: str | None


@dataclass(frozen=True)
class OrderExpired(Event):
    name: ClassVar[str] = "payments.order_expired"
    order_id: str
    subject: str | None


@dataclass(frozen=True)
class RefundDone(Event):
    """The money is back: in the wallet, or handed out at the desk."""

    name: ClassVar[str] = "payments.refund_done"
    order_id: str
    refund_id: str
    subject: str | None
    amount: int
    currency: str


@dataclass(frozen=True)
class AttemptBegun(Event):
    """Somebody chose a way to pay; the gateway is to be asked for what the payer is shown."""

    name: ClassVar[str] = "payments.attempt_begun"
    attempt_id: str


@dataclass(frozen=True)
class GatewayChosen(Event):
    """An order may be paid at a gateway from now on: what is held for it waits, at its end, for that to be closed."""

    name: ClassVar[str] = "payments.gateway_chosen"
    order_id: str
    subject: str | None


@dataclass(frozen=True)
class AttemptDue(Event):
    """It is time to ask the gateway what became of an attempt, or to close it there."""

    name: ClassVar[str] = "payments.attempt_due"
    attempt_id: str


@dataclass(frozen=True)
class ReportStored(Event):
    """A gateway's verified report lies in the inbox."""

    name: ClassVar[str] = "payments.report_stored"
    report_id: str


@dataclass(frozen=True)
class RefundApproved(Event):
    """It is on its way: a gateway is to be told, or the payer that cash waits at the desk."""

    name: ClassVar[str] = "payments.refund_approved"
    refund_id: str


@dataclass(frozen=True)
class RefundDue(Event):
    """Time to ask the gateway what became of it."""

    name: ClassVar[str] = "payments.refund_due"
    refund_id: str


@dataclass(frozen=True)
class RefundRejected(Event):
    name: ClassVar[str] = "payments.refund_rejected"
    refund_id: str


@dataclass(frozen=True)
class RefundTroubled(Event):
    """An admin must look. what: failed, abnormal, not_enough, unanswered, slow."""

    name: ClassVar[str] = "payments.refund_troubled"
    refund_id: str
    what: str


@dataclass(frozen=True)
class ClaimSubmitted(Event):
    """An insurer is asked for an order: it is certain to be paid by somebody."""

    name: ClassVar[str] = "payments.claim_submitted"
    order_id: str
    subject: str | None


@dataclass(frozen=True)
class BillDue(Event):
    """The bill of a channel's day, `day` as 2030-01-31, is to be fetched and compared."""

    name: ClassVar[str] = "payments.bill_due"
    gateway: str
    day: str


@dataclass(frozen=True)
class LedgerCheckDue(Event):
    """A night has passed since the invariants were looked at."""

    name: ClassVar[str] = "payments.ledger_check_due"


@dataclass(frozen=True)
class DayFinished(Event):
    """Days up to `day` (YYYY-MM-DD, UTC) are over and have no seal yet."""

    name: ClassVar[str] = "payments.day_finished"
    day: str


@dataclass(frozen=True)
class PaymentDoubted(Event):
    """A bill and our books differ about a payment: the gateway is to be asked what it knows of it."""

    name: ClassVar[str] = "payments.payment_doubted"
    gateway: str
    out_no: str
    external_id: str
