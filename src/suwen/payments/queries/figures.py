"""Sums of a stretch of time."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from suwen.payments.models import BalanceEntry, Transaction


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
