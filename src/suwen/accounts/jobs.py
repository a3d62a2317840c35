"""Timed work of accounts."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.accounts.service import codes, sessions
from suwen.core.outbox import every


@every(seconds=3600)
def forget_old_codes(tx: Session, now: datetime) -> int:
    return codes.forget_old(tx, now)


@every(seconds=3600)
def forget_old_sessions(tx: Session, now: datetime) -> int:
    return sessions.forget_old(tx, now)
