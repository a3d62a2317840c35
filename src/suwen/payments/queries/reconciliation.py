"""Days and lines of reconciliation."""

from datetime import date
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from suwen.accounts.models import User
from suwen.payments.matching import RESULTS
from suwen.payments.models import GATEWAYS, Reconciliation, ReconciliationLine, Transaction
from suwen.payments.schemas.reconciliation import ReconciliationLineView, ReconciliationView

DIFFERENT = RESULTS[1:]
DAY_NAMES = [name for name in ReconciliationView.__struct_fields__ if name != "open"]
WORKED_OUT = ("missing", "order_id", "resolved_by", "ways")
LINE_NAMES = [name for name in ReconciliationLineView.__struct_fields__ if name not in WORKED_OUT]
DAYS: Select[Any] = select(*(getattr(Reconciliation, name) for name in DAY_NAMES))
LINES: Select[Any] = (
    select(
        *(getattr(ReconciliationLine, name) for name in LINE_NAMES),
        ReconciliationLine.transaction_id,
        Transaction.order_id,
        User.name.label("resolved_by"),
    )
    .outerjoin(Transaction, Transaction.id == ReconciliationLine.transaction_id)
    .outerjoin(User, User.id == ReconciliationLine.resolved_by)
)


def some_days(
    tx: Session, gateway: str | None, status: str | None, since: date | None, until: date | None, limit: int
) -> list[Any]:
    """Newest first, all channels of a day together; a day more than `limit` days, to tell that there are more."""
    found = DAYS
    if gateway:
        found = found.where(Reconciliation.gateway == gateway)
    if status:
        found = found.where(Reconciliation.status == status)
    if since:
        found = found.where(Reconciliation.day >= since)
    if until:
        found = found.where(Reconciliation.day <= until)
    newest = found.order_by(Reconciliation.day.desc(), Reconciliation.gateway).limit((limit + 1) * len(GATEWAYS))
    return list(tx.execute(newest))


def open_differences(tx: Session, ids: list[str]) -> dict[str, int]:
    """How many differences of each day nobody has resolved."""
    counted = (
        select(ReconciliationLine.reconciliation_id, func.count())
        .where(ReconciliationLine.reconciliation_id.in_(ids), ReconciliationLine.result.in_(DIFFERENT))
        .where(ReconciliationLine.resolved_at.is_(None))
        .group_by(ReconciliationLine.reconciliation_id)
    )
    return {row[0]: int(row[1]) for row in tx.execute(counted)}


def all_open_differences(tx: Session) -> int:
    """Of all days: what waits for somebody at the desk."""
    counted = (
        select(func.count())
        .select_from(ReconciliationLine)
        .join(Reconciliation, Reconciliation.id == ReconciliationLine.reconciliation_id)
        .where(Reconciliation.status == "different", ReconciliationLine.result.in_(DIFFERENT))
        .where(ReconciliationLine.resolved_at.is_(None))
    )
    return tx.scalar(counted) or 0


def results(tx: Session, id: str) -> dict[str, int]:
    counted = (
        select(ReconciliationLine.result, func.count())
        .where(ReconciliationLine.reconciliation_id == id)
        .group_by(ReconciliationLine.result)
    )
    return {row[0]: int(row[1]) for row in tx.execute(counted)}


def lines_of(id: str, shown: str | None) -> Select[Any]:
    found = LINES.where(ReconciliationLine.reconciliation_id == id)
    if shown in ("open", "differences"):
        found = found.where(ReconciliationLine.result.in_(DIFFERENT))
    elif shown:
        found = found.where(ReconciliationLine.result == shown)
    return found.where(ReconciliationLine.resolved_at.is_(None)) if shown == "open" else found
