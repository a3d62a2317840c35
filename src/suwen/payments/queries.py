"""Statements of payments: lists, details, the day's figures."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from suwen.accounts.models import User
from suwen.payments.models import BalanceEntry, Journal, Order, Refund, Transaction
from suwen.payments.schemas import EntryView, OrderFilters, OrderView, RefundView, TransactionView

ORDER_NAMES = [name for name in OrderView.__struct_fields__ if name != "payer"]
ENTRY_NAMES = EntryView.__struct_fields__
REFUND_NAMES = RefundView.__struct_fields__
ORDERS = select(*(getattr(Order, name) for name in ORDER_NAMES), User.name.label("payer")).join(
    User, User.id == Order.user_id
)
ENTRIES = select(*(getattr(BalanceEntry, name) for name in ENTRY_NAMES))
PEOPLE_SHOWN = 20


def order_view(row: Any) -> OrderView:
    return OrderView(**{name: getattr(row, name) for name in OrderView.__struct_fields__})


def orders(filters: OrderFilters, payer_id: str | None) -> Select[Any]:
    """The orders of one payer, or of everybody (None)."""
    found = ORDERS
    if payer_id is not None:
        found = found.where(Order.user_id == payer_id)
    if filters.status:
        found = found.where(Order.status == filters.status)
    if filters.method:
        found = found.where(Order.payment_method == filters.method)
    if filters.since:
        found = found.where(Order.created_at >= filters.since)
    if filters.until:
        found = found.where(Order.created_at < filters.until)
    if filters.q:
        wanted = filters.q.strip()
        found = found.where(or_(Order.order_no.startswith(wanted.upper(), autoescape=True), *named(wanted)))
    return found


def named(text: str) -> tuple[Any, ...]:
    """Conditions under which an account is the one meant: part of the name, the account, the end of the phone."""
    return (
        User.name.contains(text, autoescape=True),
        User.account == text.lower(),
        User.phone.endswith(text, autoescape=True),
    )


def people(tx: Session, text: str) -> list[Any]:
    """Accounts that may be meant at the desk, a few of them."""
    names = (User.id, User.name, User.account, User.phone, User.role)
    alive = (User.is_deleted.is_(False), User.status == "active", User.role == "patient")
    return list(tx.execute(select(*names).where(*alive, or_(*named(text))).order_by(User.name).limit(PEOPLE_SHOWN)))


def person(tx: Session, user_id: str) -> Any:
    names = (User.id, User.name, User.account, User.phone, User.role)
    return tx.execute(select(*names).where(User.id == user_id, User.is_deleted.is_(False))).first()


def transactions(tx: Session, order_id: str) -> list[TransactionView]:
    names = [name for name in TransactionView.__struct_fields__ if name != "cashier"]
    cashier = aliased(User)
    found = (
        select(*(getattr(Transaction, name) for name in names), cashier.name.label("cashier"))
        .outerjoin(cashier, cashier.id == Transaction.cashier_id)
        .where(Transaction.order_id == order_id)
        .order_by(Transaction.initiated_at, Transaction.id)
    )
    return [TransactionView(**row._mapping) for row in tx.execute(found)]


def refunds(tx: Session, order_id: str) -> list[RefundView]:
    found = select(*(getattr(Refund, name) for name in REFUND_NAMES)).where(Refund.order_id == order_id)
    return [RefundView(**row._mapping) for row in tx.execute(found.order_by(Refund.created_at, Refund.id))]


def waiting_refunds(tx: Session) -> list[Any]:
    """Cash that the desk owes, oldest first."""
    found = (
        select(Refund.id, Refund.order_id, Refund.refund_amount, Refund.currency, Refund.created_at, User.name)
        .join(User, User.id == Refund.user_id)
        .where(Refund.status == "pending")
        .order_by(Refund.created_at, Refund.id)
        .limit(50)
    )
    return list(tx.execute(found))


def receipt(tx: Session, entry_id: str) -> Any:
    found = (
        select(
            BalanceEntry.id, BalanceEntry.created_at, BalanceEntry.user_id, BalanceEntry.amount,
            BalanceEntry.balance_after, BalanceEntry.currency, User.name, User.account, Journal.meta,
        )
        .join(User, User.id == BalanceEntry.user_id)
        .join(Journal, Journal.id == BalanceEntry.journal_id)
        .where(BalanceEntry.id == entry_id, BalanceEntry.related_type == "top_up")
    )  # fmt: skip
    return tx.execute(found).first()


def taken(tx: Session, since: datetime, until: datetime) -> list[Any]:
    """(currency, method, payment|refund, sum, how many) of what was done in [since, until)."""
    found = (
        select(
            Transaction.currency, Transaction.payment_method, Transaction.transaction_type,
            func.sum(Transaction.amount).label("amount"), func.count().label("count"),
        )
        .where(
            Transaction.status == "success",
            # what a gateway confirms late was begun up to two days before: the index is by the beginning
            Transaction.initiated_at >= since - timedelta(days=2),
            Transaction.initiated_at < until,
            Transaction.completed_at >= since,
            Transaction.completed_at < until,
        )
        .group_by(Transaction.currency, Transaction.payment_method, Transaction.transaction_type)
    )  # fmt: skip
    return list(tx.execute(found))


def topped_up(tx: Session, since: datetime, until: datetime) -> list[Any]:
    found = (
        select(BalanceEntry.currency, func.sum(BalanceEntry.amount).label("amount"), func.count().label("count"))
        .where(BalanceEntry.related_type == "top_up", BalanceEntry.created_at >= since, BalanceEntry.created_at < until)
        .group_by(BalanceEntry.currency)
    )
    return list(tx.execute(found))
