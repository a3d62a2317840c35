"""Gateways are asked, and their reports applied."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.db import Database
from suwen.core.outbox import every, on, reach
from suwen.payments.events import AttemptBegun, AttemptDue, ReportStored
from suwen.payments.service import asking, inbox


@reach(AttemptBegun)
def offer(db: Database, now: datetime, message_id: str, attempt_id: str) -> None:
    asking.advance(db, attempt_id, now)


@reach(AttemptDue)
def ask(db: Database, now: datetime, message_id: str, attempt_id: str) -> None:
    asking.advance(db, attempt_id, now)


@on(ReportStored)
def apply_report(tx: Session, now: datetime, report_id: str) -> None:
    inbox.process(tx, report_id, now)


@every(seconds=5)
def ask_what_is_due(tx: Session, now: datetime) -> int:
    return asking.due(tx, now)
