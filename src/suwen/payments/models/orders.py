"""Prices, orders, and each try to pay, to pay back, or to have an insurer pay."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from suwen.core.columns import ServerNow, currency_code, flag, money, ref, whole
from suwen.core.db import Changing, Json, LongText, Versioned, choice, exact, utc_now

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
    `refunded_amount` is back with the payer; `refunding_amount` was asked for or approved and is on its way: both
    together never exceed `amount`. A top-up of the payer's wallet is an order with the subject "top_up:<its id>".
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
    refunding_amount: Mapped[int] = money(0)
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
    """One attempt to pay, or what was paid back. `cashier_id` took the money at the desk.

    An attempt at a gateway has `transaction_no` as its number there, a `scene` and a `phase`:
    begun (the gateway has not been asked, or its answer was lost) -> offered (`offer` is what the payer is shown) ->
    paid | closing (to be closed there before anything else is tried) -> closed | failed.
    `live_order_id` repeats the order while it is the order's newest attempt and not over: one live attempt per order.
    `ask_at` is when to ask the gateway next, NULL when there is nothing left to ask.
    """

    __tablename__ = "payment_transactions"
    __table_args__ = (
        Index("idx_payment_transactions_order_id", "order_id"),
        Index("idx_payment_transactions_transaction_no", "transaction_no", unique=True),
        Index("idx_payment_transactions_external_id", "external_transaction_id"),
        Index("idx_payment_transactions_status", "status", "initiated_at"),
        Index(None, "ask_at"),
        Index(None, "live_order_id", unique=True),
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
    scene: Mapped[str | None] = mapped_column(String(20))
    phase: Mapped[str | None] = mapped_column(
        choice("begun", "offered", "closing", "closed", "paid", "failed", name="phase")
    )
    live_order_id: Mapped[str | None] = mapped_column(exact(36))
    offer: Mapped[dict[str, Any] | None] = mapped_column(Json)
    expires_at: Mapped[datetime | None]
    ask_at: Mapped[datetime | None]
    asks: Mapped[int] = whole()


class Refund(Versioned):
    """pending (to be approved) -> processing (approved; at the gateway, or waiting at the desk) -> success.

    pending -> cancelled when it was rejected; processing -> failed when the gateway gave it up (then the money is owed
    no more by this refund). `abnormal`: the gateway cannot pay it back by itself, a person must. `requested_by` is NULL
    for what the platform paid back by its rules. `out_refund_no` of the gateway is `refund_no`.
    """

    __tablename__ = "refund_records"
    __table_args__ = (
        Index("idx_refund_records_order_id", "order_id"),
        Index("idx_refund_records_user_id", "user_id"),
        Index("idx_refund_records_refund_no", "refund_no", unique=True),
        Index("idx_refund_records_status", "status"),
        Index(None, "ask_at"),
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
    requested_by: Mapped[str | None] = ref("users.id")
    reason_code: Mapped[str] = mapped_column(String(20), default="other", server_default="other")
    abnormal: Mapped[bool] = flag()
    ask_at: Mapped[datetime | None]
    asks: Mapped[int] = whole()


class Claim(Versioned):
    """What an insurer is asked to pay of an order, all of it: submitted -> approved -> settled, or rejected, withdrawn.

    Approved, the order is paid by `insurance` and the insurer owes it; settled, the insurer's money has come.
    `policy_no` is sealed; `policy_tail`, its last characters, is what lists show. `live_order_id` repeats the order
    until the claim is rejected or withdrawn.
    """

    __tablename__ = "insurance_claims"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        Index(None, "status", "created_at"),
    )

    claim_no: Mapped[str] = mapped_column(exact(50), unique=True)
    order_id: Mapped[str] = ref("payment_orders.id")
    live_order_id: Mapped[str | None] = mapped_column(exact(36), unique=True)
    user_id: Mapped[str] = ref("users.id")
    insurer: Mapped[str] = mapped_column(String(100))
    holder: Mapped[str] = mapped_column(String(100))
    policy_no: Mapped[str] = mapped_column(LongText)
    policy_tail: Mapped[str | None] = mapped_column(String(4))
    amount: Mapped[int] = money()
    currency: Mapped[str] = currency_code()
    status: Mapped[str] = mapped_column(
        choice("submitted", "approved", "rejected", "withdrawn", "settled", name="status"),
        default="submitted",
        server_default="submitted",
    )
    insurer_reference: Mapped[str | None] = mapped_column(String(100))
    submitted_by: Mapped[str] = ref("users.id")
    decided_by: Mapped[str | None] = ref("users.id")
    decided_at: Mapped[datetime | None]
    note: Mapped[str | None] = mapped_column(String(500))
    settled_at: Mapped[datetime | None]
