"""Sums of a stretch of time."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from suwen.payments.models import BalanceEntry


def topped_up(tx: Session, since: datetime, until: datetime) -> list[Any]:
    found = (
        select(BalanceEntry.currency, func.sum(BalanceEntry.amount).label("amount"), func.count().label("count"))
        .where(BalanceEntry.related_type == "top_up", BalanceEntry.created_at >= since, BalanceEntry.created_at < until)
        .group_by(BalanceEntry.currency)
    )
    return list(tx.execute(found))
