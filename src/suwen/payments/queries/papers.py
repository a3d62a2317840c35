"""What stands on receipts and statements."""

from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, func, select
from sqlalchemy.orm import Session, aliased

from suwen.accounts.models import User
from suwen.clinics.models import ClinicLocation
from suwen.payments.models import BalanceEntry, Order, Price, Refund, Transaction

MOST_LINES = 2000
SHOWN_REFUNDS = ("processing", "success")
PAID_TWICE = "paid_twice"  # a second payment went back whole: it is none of the order's


def paid_order(tx: Session, id: str) -> Any:
    """An order with its payer and the payment that settled it."""
    cashier = aliased(User)
    names = (
        Order.id, Order.order_no, Order.order_type, Order.user_id, Order.subject, Order.meta, Order.amount,
        Order.refunded_amount, Order.currency, Order.status, Order.payment_method, Order.payment_time,
        Order.created_at, User.name.label("payer"), User.zone, Transaction.transaction_no,
        Transaction.external_transaction_id,
        cashier.name.label("cashier"),
    )  # fmt: skip
    found = (
        select(*names)
        .join(User, User.id == Order.user_id)
        .join(
            Transaction,
            and_(
                Transaction.order_id == Order.id,
                Transaction.transaction_type == "payment",
                Transaction.status == "success",
                ~exists().where(Refund.transaction_id == Transaction.id, Refund.reason_code == PAID_TWICE),
            ),
        )
        .outerjoin(cashier, cashier.id == Transaction.cashier_id)
        .where(Order.id == id)
        .order_by(Transaction.completed_at, Transaction.id)
        .limit(1)
    )
    return tx.execute(found).first()


def refunds_on_paper(tx: Session, order_id: str) -> list[Any]:
    names = (Refund.refund_no, Refund.refund_amount, Refund.currency, Refund.status, Refund.created_at,
             Refund.completed_at)  # fmt: skip
    own = (Refund.order_id == order_id, Refund.status.in_(SHOWN_REFUNDS), Refund.reason_code != PAID_TWICE)
    found = select(*names).where(*own)
    return list(tx.execute(found.order_by(Refund.created_at, Refund.id)))


def price_names(tx: Session, ids: set[str]) -> dict[str, Any]:
    """(name, place) of prices by their id."""
    if not ids:
        return {}
    found = select(Price.id, Price.service_name, Price.location_id).where(Price.id.in_(ids))
    return {row.id: row for row in tx.execute(found)}


def clinic(tx: Session, location_id: str | None) -> Any:
    """The place that is meant; else the one that was there first."""
    names = (ClinicLocation.name, ClinicLocation.city, ClinicLocation.address, ClinicLocation.phone)
    found = select(*names)
    if location_id:
        found = found.where(ClinicLocation.id == location_id)
    else:
        found = found.where(ClinicLocation.is_active.is_(True))
    return tx.execute(found.order_by(ClinicLocation.created_at, ClinicLocation.id).limit(1)).first()


def moved(tx: Session, payer_id: str, since: datetime, until: datetime) -> list[Any]:
    """What a payer paid and got back in [since, until), oldest first."""
    names = (
        Transaction.id, Transaction.completed_at, Transaction.transaction_type, Transaction.payment_method,
        Transaction.amount, Transaction.currency, Order.id.label("order_id"), Order.order_no, Order.order_type,
        Order.subject, Order.meta,
    )  # fmt: skip
    found = (
        select(*names)
        .join(Order, Order.id == Transaction.order_id)
        .where(
            Order.user_id == payer_id, Transaction.status == "success",
            Transaction.completed_at >= since, Transaction.completed_at < until,
        )
    )  # fmt: skip
    return list(tx.execute(found.order_by(Transaction.completed_at, Transaction.id).limit(MOST_LINES)))


def cash_top_ups(tx: Session, payer_id: str, since: datetime, until: datetime) -> list[Any]:
    """Into the wallet at the desk. What came through a gateway has an order, and is among `moved`."""
    ordered = exists().where(Order.id == BalanceEntry.related_id)
    found = select(BalanceEntry.created_at, BalanceEntry.amount, BalanceEntry.currency).where(
        BalanceEntry.user_id == payer_id, BalanceEntry.related_type == "top_up", ~ordered,
        BalanceEntry.created_at >= since, BalanceEntry.created_at < until,
    )  # fmt: skip
    return list(tx.execute(found.order_by(BalanceEntry.created_at, BalanceEntry.id).limit(MOST_LINES)))


def owed(tx: Session, payer_id: str, now: datetime) -> list[Any]:
    names = (Order.id, Order.order_no, Order.order_type, Order.meta, Order.subject, Order.created_at,
             Order.expire_time, Order.amount, Order.currency)  # fmt: skip
    found = select(*names).where(Order.user_id == payer_id, Order.status == "pending", Order.expire_time > now)
    return list(tx.execute(found.order_by(Order.created_at, Order.id).limit(MOST_LINES)))


def wallet_moves(tx: Session, payer_id: str, since: datetime, until: datetime) -> tuple[int, int]:
    """(came in, went out) of the wallet in [since, until)."""
    summed = func.coalesce(func.sum(BalanceEntry.amount), 0)
    found = (
        select(BalanceEntry.transaction_type, summed)
        .where(BalanceEntry.user_id == payer_id, BalanceEntry.created_at >= since, BalanceEntry.created_at < until)
        .group_by(BalanceEntry.transaction_type)
    )
    by_kind = {kind: int(amount) for kind, amount in tx.execute(found)}
    return by_kind.get("income", 0), by_kind.get("expense", 0)


def balance_at(tx: Session, payer_id: str, moment: datetime) -> int:
    """The wallet's balance just before a moment: where its last line stood."""
    found = select(BalanceEntry.balance_after).where(BalanceEntry.user_id == payer_id, BalanceEntry.created_at < moment)
    newest = found.order_by(BalanceEntry.created_at.desc(), BalanceEntry.id.desc()).limit(1)
    return int(tx.scalar(newest) or 0)
