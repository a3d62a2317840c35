"""Gateways are asked, and their reports applied."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.db import Database
from suwen.core.outbox import every, reach
from suwen.payments.events import AttemptBegun, AttemptDue
from suwen.payments.service import asking


@reach(AttemptBegun)
def offer(db: Database, now: datetime, message_id: str, attempt_id: str) -> None:
    asking.advance(db, attempt_id, now)


@reach(AttemptDue)
def ask(db: Database, now: datetime, message_id: str, attempt_id: str) -> None:
    asking.advance(db, attempt_id, now)


@every(seconds=5)
def ask_what_is_due(tx: Session, now: datetime) -> int:
    return asking.due(tx, now)
