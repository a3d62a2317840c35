"""The ledger: accounts, journals, postings; the wallets that it holds and deposits; the seals and checks over it."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Date, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from suwen.core.columns import currency_code, flag, money, ref, whole
from suwen.core.db import Changing, Id, Json, Record, Versioned, choice, exact


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


class Hold(Versioned):
    """A deposit: a part of somebody's balance that the desk has set aside, and why.

    held -> released (all of it came back) | captured (`captured` of it was spent on `order_id`, the rest came back).
    """

    __tablename__ = "wallet_holds"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("captured >= 0 AND captured <= amount", name="captured"),
        Index(None, "user_id", "status"),
        Index(None, "status", "created_at"),
    )

    user_id: Mapped[str] = ref("users.id")
    amount: Mapped[int] = money()
    captured: Mapped[int] = money(0)
    currency: Mapped[str] = currency_code()
    reason: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(
        choice("held", "released", "captured", name="status"), default="held", server_default="held"
    )
    placed_by: Mapped[str] = ref("users.id")
    ended_by: Mapped[str | None] = ref("users.id")
    ended_at: Mapped[datetime | None]
    note: Mapped[str | None] = mapped_column(String(200))
    order_id: Mapped[str | None] = ref("payment_orders.id")


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


class JournalSeal(Record):
    """The hash of one day's journals and postings with the seal before it: what was booked cannot change unseen."""

    __tablename__ = "journal_seals"

    day: Mapped[date] = mapped_column(Date, unique=True)
    journals: Mapped[int] = whole()
    digest: Mapped[str] = mapped_column(String(64))
    previous: Mapped[str | None] = mapped_column(String(64))


class LedgerCheck(Record):
    """One run of the invariants: `faults` is empty when the money adds up."""

    __tablename__ = "ledger_checks"
    __table_args__ = (Index(None, "created_at"),)

    took_ms: Mapped[int] = whole()
    journals: Mapped[int] = whole()
    postings: Mapped[int] = whole()
    faults: Mapped[list[Any]] = mapped_column(Json)
    asked_by: Mapped[str | None] = ref("users.id")
