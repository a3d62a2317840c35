"""What is known of gateways: their keys, all that was said to them and by them, what did not fit, and their bills."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from suwen.core.columns import currency_code, flag, money, ref, whole
from suwen.core.db import Changing, Json, LongText, Record, Versioned, choice, exact

GATEWAYS = ("wechat", "alipay", "card")
METHOD_OF = {"wechat": "wechat", "alipay": "alipay", "card": "bank_card"}
GATEWAY_OF = {method: gateway for gateway, method in METHOD_OF.items()}


class PaymentConfig(Changing):
    """Keys of a gateway; an encrypted value is sealed."""

    __tablename__ = "payment_configs"
    __table_args__ = (UniqueConstraint("payment_method", "config_key", name="uk_payment_method_key"),)

    payment_method: Mapped[str] = mapped_column(choice("wechat", "alipay", "bank_card", name="payment_method"))
    config_key: Mapped[str] = mapped_column(exact(50))
    config_value: Mapped[str] = mapped_column(LongText)
    is_encrypted: Mapped[bool] = flag()
    description: Mapped[str | None] = mapped_column(String(200))


class GatewayExchange(Record):
    """One request to a gateway and its answer, redacted. `http_status` is 0 where no answer came. Purged in time."""

    __tablename__ = "gateway_exchanges"
    __table_args__ = (Index(None, "out_no"), Index(None, "created_at"))

    gateway: Mapped[str] = mapped_column(choice(*GATEWAYS, name="gateway"))
    out_no: Mapped[str | None] = mapped_column(exact(64))
    method: Mapped[str] = mapped_column(String(10))
    path: Mapped[str] = mapped_column(String(255))
    host: Mapped[str] = mapped_column(String(100))
    http_status: Mapped[int] = whole()
    sent: Mapped[Any] = mapped_column(Json, nullable=True)
    received: Mapped[Any] = mapped_column(Json, nullable=True)


class GatewayReport(Record):
    """The inbox: a report whose signature is the gateway's, once per event however often it is delivered.

    stored -> applied | repeated (said what was known) | ignored (nothing of ours) | anomaly (see payment_anomalies) |
    waiting (for what must come first, say a payment before its refund).
    """

    __tablename__ = "gateway_reports"
    __table_args__ = (
        UniqueConstraint("gateway", "event_id"),
        Index(None, "gateway", "nonce", "created_at"),
        Index(None, "out_no"),
        Index(None, "outcome", "created_at"),
    )

    gateway: Mapped[str] = mapped_column(choice(*GATEWAYS, name="gateway"))
    event_id: Mapped[str] = mapped_column(exact(150))
    event_type: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(choice("payment", "refund", "other", name="kind"))
    nonce: Mapped[str | None] = mapped_column(exact(80))
    digest: Mapped[str] = mapped_column(String(64))
    out_no: Mapped[str | None] = mapped_column(exact(64))
    content: Mapped[dict[str, Any]] = mapped_column(Json)
    deliveries: Mapped[int] = whole(1)
    outcome: Mapped[str] = mapped_column(
        choice("stored", "applied", "repeated", "ignored", "anomaly", "waiting", name="outcome"),
        default="stored",
        server_default="stored",
    )
    processed_at: Mapped[datetime | None]


class Anomaly(Record):
    """Money talk that did not fit: forged, of another amount, paid twice, abnormal ... A person resolves it, once.

    `once` keeps one row per occasion; `count` says how often it came up. One that comes up again after it was resolved
    is open again, beside what was said of it then. `facts` holds no person and no secret.
    """

    __tablename__ = "payment_anomalies"
    __table_args__ = (Index(None, "status", "created_at"), Index(None, "order_id"))

    once: Mapped[str] = mapped_column(exact(190), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    gateway: Mapped[str | None] = mapped_column(String(20))
    order_id: Mapped[str | None] = ref("payment_orders.id")
    transaction_id: Mapped[str | None] = ref("payment_transactions.id")
    refund_id: Mapped[str | None] = ref("refund_records.id")
    facts: Mapped[dict[str, Any]] = mapped_column(Json)
    count: Mapped[int] = whole(1)
    last_at: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(
        choice("open", "resolved", name="status"), default="open", server_default="open"
    )
    resolved_by: Mapped[str | None] = ref("users.id")
    resolved_at: Mapped[datetime | None]
    resolution: Mapped[str | None] = mapped_column(String(40))
    note: Mapped[str | None] = mapped_column(String(500))


class Reconciliation(Versioned):
    """One channel's day (a day in China) held against the channel's bill; run again, it is the same row.

    waiting (the bill is not there yet) | running | matched | different | settled (fees booked, clearing account empty).
    `sums` by currency: {"CNY": {"local_paid", "local_refunded", "bill_paid", "bill_refunded", "fee"}} in minor units.
    """

    __tablename__ = "reconciliations"
    __table_args__ = (UniqueConstraint("gateway", "day"),)

    gateway: Mapped[str] = mapped_column(choice(*GATEWAYS, name="gateway"))
    day: Mapped[date] = mapped_column(Date)
    status: Mapped[str] = mapped_column(
        choice("waiting", "running", "matched", "different", "settled", name="status"),
        default="waiting",
        server_default="waiting",
    )
    runs: Mapped[int] = whole()
    bill_lines: Mapped[int] = whole()
    local_lines: Mapped[int] = whole()
    matched: Mapped[int] = whole()
    differences: Mapped[int] = whole()
    sums: Mapped[dict[str, Any] | None] = mapped_column(Json)
    bill_digest: Mapped[str | None] = mapped_column(String(64))
    error: Mapped[str | None] = mapped_column(String(500))
    run_at: Mapped[datetime | None]


class ReconciliationLine(Record):
    """A line of the bill with what we have booked for it, or one side alone. `line_key` is the same in every run."""

    __tablename__ = "reconciliation_lines"
    __table_args__ = (
        UniqueConstraint("reconciliation_id", "line_key"),
        Index(None, "reconciliation_id", "result"),
        Index(None, "out_no"),
    )

    reconciliation_id: Mapped[str] = ref("reconciliations.id")
    line_key: Mapped[str] = mapped_column(exact(190))
    result: Mapped[str] = mapped_column(
        choice("match", "amount_mismatch", "local_only", "gateway_only", "status_mismatch", "duplicate", name="result")
    )
    kind: Mapped[str] = mapped_column(choice("payment", "refund", name="kind"))
    out_no: Mapped[str] = mapped_column(exact(64))
    external_id: Mapped[str | None] = mapped_column(exact(100))
    transaction_id: Mapped[str | None] = ref("payment_transactions.id")
    local_amount: Mapped[int | None] = money()
    bill_amount: Mapped[int | None] = money()
    fee: Mapped[int] = money(0)
    currency: Mapped[str] = currency_code()
    local_state: Mapped[str | None] = mapped_column(String(40))
    bill_state: Mapped[str | None] = mapped_column(String(40))
    happened_at: Mapped[datetime | None]
    resolution: Mapped[str | None] = mapped_column(String(40))
    note: Mapped[str | None] = mapped_column(String(500))
    resolved_by: Mapped[str | None] = ref("users.id")
    resolved_at: Mapped[datetime | None]
