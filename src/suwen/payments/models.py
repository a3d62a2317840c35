"""Prices, orders, what was paid and refunded, the ledger under it, and the wallets."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Date, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from suwen.core.columns import ServerNow, currency_code, flag, money, ref
from suwen.core.db import Changing, Id, Json, LongText, Record, Versioned, choice, exact, utc_now

METHODS = ("wechat", "alipay", "bank_card", "balance", "cash", "insurance", "other")


class Price(Versioned):
    """What a service costs, for the whole platform or at one location."""

    __tablename__ = "price_configs"
    __table_args__ = (
        Index("idx_price_configs_service_type", "service_type"),
        Index("idx_price_configs_is_active", "is_active"),
    )

    service_type: Mapped[str] = mapped_column(String(50))
    service_name: Mapped[str] = mapped_column(String(100))
    price: Mapped[int] = money()
    discount_price: Mapped[int | None] = money()
    currency: Mapped[str] = currency_code()
    location_id: Mapped[str | None] = ref("clinic_locations.id")
    is_active: Mapped[bool] = flag(True)
    effective_date: Mapped[date | None] = mapped_column(Date)
    expiry_date: Mapped[date | None] = mapped_column(Date)
    description: Mapped[str | None] = mapped_column(LongText)


class Order(Versioned):
    """What somebody owes for `subject` ("appointment:<id>"), which is stored here and understood elsewhere.

    `live_subject` repeats it until the order is cancelled or expires, then is NULL: one live order per subject.
    """

    __tablename__ = "payment_orders"
    __table_args__ = (
        Index("idx_payment_orders_user_id", "user_id", "created_at"),
        Index("idx_payment_orders_appointment_id", "appointment_id"),
        Index("idx_payment_orders_order_no", "order_no", unique=True),
        Index("idx_payment_orders_status", "status", "expire_time"),
        Index("idx_payment_orders_created_at", "created_at"),
    )

    order_no: Mapped[str] = mapped_column(exact(50))
    user_id: Mapped[str] = ref("users.id")
    appointment_id: Mapped[str | None] = ref("appointments.id")
    patient_profile_id: Mapped[str | None] = ref("patient_profiles.id")
    subject: Mapped[str | None] = mapped_column(exact(100))
    live_subject: Mapped[str | None] = mapped_column(exact(100), unique=True)
    order_type: Mapped[str] = mapped_column(
        choice("appointment", "consultation", "prescription", "other", name="order_type")
    )
    amount: Mapped[int] = money()
    refunded_amount: Mapped[int] = money(0)
    currency: Mapped[str] = currency_code()
    status: Mapped[str] = mapped_column(
        choice("pending", "paid", "cancelled", "refunded", "partial_refunded", "expired", name="status"),
        default="pending",
        server_default="pending",
    )
    payment_method: Mapped[str | None] = mapped_column(choice(*METHODS, name="payment_method"))
    payment_time: Mapped[datetime | None]
    expire_time: Mapped[datetime]
    description: Mapped[str | None] = mapped_column(String(500))
    meta: Mapped[dict[str, Any] | None] = mapped_column("metadata", Json)


class Transaction(Changing):
    """One attempt to pay or to pay back. `cashier_id` took the money at the desk."""

    __tablename__ = "payment_transactions"
    __table_args__ = (
        Index("idx_payment_transactions_order_id", "order_id"),
        Index("idx_payment_transactions_transaction_no", "transaction_no", unique=True),
        Index("idx_payment_transactions_external_id", "external_transaction_id"),
        Index("idx_payment_transactions_status", "status", "initiated_at"),
        # What a gateway reports twice is booked once.
        UniqueConstraint("payment_method", "transaction_type", "external_transaction_id", name="uq_gateway_reference"),
    )

    transaction_no: Mapped[str] = mapped_column(exact(50))
    order_id: Mapped[str] = ref("payment_orders.id")
    payment_method: Mapped[str] = mapped_column(choice(*METHODS, name="payment_method"))
    transaction_type: Mapped[str] = mapped_column(choice("payment", "refund", name="transaction_type"))
    amount: Mapped[int] = money()
    currency: Mapped[str] = currency_code()
    status: Mapped[str] = mapped_column(
        choice("pending", "success", "failed", name="status"), default="pending", server_default="pending"
    )
    cashier_id: Mapped[str | None] = ref("users.id")
    external_transaction_id: Mapped[str | None] = mapped_column(exact(255))
    prepay_id: Mapped[str | None] = mapped_column(String(100))
    trade_no: Mapped[str | None] = mapped_column(String(100))
    request_data: Mapped[dict[str, Any] | None] = mapped_column(Json)
    response_data: Mapped[dict[str, Any] | None] = mapped_column(Json)
    callback_data: Mapped[dict[str, Any] | None] = mapped_column(Json)
    error_code: Mapped[str | None] = mapped_column(String(50))
    error_message: Mapped[str | None] = mapped_column(String(500))
    initiated_at: Mapped[datetime] = mapped_column(default=utc_now, server_default=ServerNow())
    completed_at: Mapped[datetime | None]


class Refund(Versioned):
    __tablename__ = "refund_records"
    __table_args__ = (
        Index("idx_refund_records_order_id", "order_id"),
        Index("idx_refund_records_user_id", "user_id"),
        Index("idx_refund_records_refund_no", "refund_no", unique=True),
        Index("idx_refund_records_status", "status"),
    )

    refund_no: Mapped[str] = mapped_column(exact(50))
    order_id: Mapped[str] = ref("payment_orders.id")
    transaction_id: Mapped[str] = ref("payment_transactions.id")
    user_id: Mapped[str] = ref("users.id")
    refund_amount: Mapped[int] = money()
    currency: Mapped[str] = currency_code()
    refund_reason: Mapped[str] = mapped_column(String(500))
    status: Mapped[str] = mapped_column(
        choice("pending", "processing", "success", "failed", "cancelled", name="status"),
        default="pending",
        server_default="pending",
    )
    reviewed_by: Mapped[str | None] = ref("users.id")
    reviewed_at: Mapped[datetime | None]
    review_notes: Mapped[str | None] = mapped_column(String(500))
    external_refund_id: Mapped[str | None] = mapped_column(String(100))
    refund_response: Mapped[dict[str, Any] | None] = mapped_column(Json)
    completed_at: Mapped[datetime | None]


class PaymentConfig(Changing):
    """Keys of a gateway; an encrypted value is sealed."""

    __tablename__ = "payment_configs"
    __table_args__ = (UniqueConstraint("payment_method", "config_key", name="uk_payment_method_key"),)

    payment_method: Mapped[str] = mapped_column(choice("wechat", "alipay", "bank_card", name="payment_method"))
    config_key: Mapped[str] = mapped_column(exact(50))
    config_value: Mapped[str] = mapped_column(LongText)
    is_encrypted: Mapped[bool] = flag()
    description: Mapped[str | None] = mapped_column(String(200))


class Balance(Versioned):
    """A wallet. It is written in the transaction that writes its postings, under a guard and these checks."""

    __tablename__ = "user_balances"
    __table_args__ = (
        CheckConstraint("balance >= 0", name="balance"),
        CheckConstraint("frozen_balance >= 0", name="frozen_balance"),
    )

    user_id: Mapped[str] = ref("users.id", unique=True)
    balance: Mapped[int] = money(0)
    frozen_balance: Mapped[int] = money(0)
    total_income: Mapped[int] = money(0)
    total_expense: Mapped[int] = money(0)
    currency: Mapped[str] = currency_code()


class BalanceEntry(Record):
    """A line of the wallet's statement, never changed."""

    __tablename__ = "balance_transactions"
    __table_args__ = (
        Index("idx_balance_transactions_user_id", "user_id", "created_at"),
        Index("idx_balance_transactions_type", "transaction_type"),
        Index("idx_balance_transactions_created_at", "created_at"),
        Index(None, "related_id"),
    )

    user_id: Mapped[str] = ref("users.id")
    transaction_type: Mapped[str] = mapped_column(
        choice("income", "expense", "freeze", "unfreeze", name="transaction_type")
    )
    amount: Mapped[int] = money()
    balance_before: Mapped[int] = money()
    balance_after: Mapped[int] = money()
    currency: Mapped[str] = currency_code()
    related_type: Mapped[str | None] = mapped_column(String(50))
    related_id: Mapped[str | None] = mapped_column(Id)
    journal_id: Mapped[str | None] = ref("journals.id")
    description: Mapped[str] = mapped_column(String(200))


class LedgerAccount(Changing):
    """An account of the double-entry ledger. `balance_minor` is the sum of its postings, kept with them."""

    __tablename__ = "ledger_accounts"
    __table_args__ = (UniqueConstraint("code", "currency"), Index(None, "owner_type", "owner_id"))

    code: Mapped[str] = mapped_column(exact(100))
    currency: Mapped[str] = currency_code()
    owner_type: Mapped[str | None] = mapped_column(String(20))
    owner_id: Mapped[str | None] = mapped_column(Id)
    normal_side: Mapped[str] = mapped_column(choice("debit", "credit", name="normal_side"))
    allow_negative: Mapped[bool] = flag()
    balance_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))


class Journal(Record):
    """One movement of money; its postings add up to nought in each currency. A repeated key finds this row."""

    __tablename__ = "journals"
    __table_args__ = (Index(None, "ref_type", "ref_id"), Index(None, "occurred_at"))

    idempotency_key: Mapped[str] = mapped_column(exact(190), unique=True)
    body_hash: Mapped[str | None] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(50))
    occurred_at: Mapped[datetime]
    ref_type: Mapped[str | None] = mapped_column(String(50))
    ref_id: Mapped[str | None] = mapped_column(Id)
    reversed_by: Mapped[str | None] = ref("journals.id")
    meta: Mapped[dict[str, Any] | None] = mapped_column(Json)


class Posting(Record):
    """A signed line of a journal: debit positive, credit negative, in minor units."""

    __tablename__ = "postings"
    __table_args__ = (Index(None, "account_id", "created_at"), Index(None, "journal_id"))

    journal_id: Mapped[str] = ref("journals.id")
    account_id: Mapped[str] = ref("ledger_accounts.id")
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = currency_code()
