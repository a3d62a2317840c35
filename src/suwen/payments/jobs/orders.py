"""Timed work on orders."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.outbox import every
from suwen.payments import service


@every(seconds=15)
def expire_orders(tx: Session, now: datetime) -> int:
    return service.expire_due(tx, now)
