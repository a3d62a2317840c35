"""The nightly look at the ledger, and the seal of each finished day. Both read outside of any write transaction."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from suwen.core.db import Database
from suwen.core.outbox import emit, every, reach
from suwen.payments import service
from suwen.payments.events import DayFinished, LedgerCheckDue


@every(seconds=3600)
def look_at_the_ledger(tx: Session, now: datetime) -> int:
    """Once a night the invariants are looked at, and every finished day is sealed."""
    if due := service.nightly_check_due(tx, now):
        emit(tx, LedgerCheckDue(), now)
    days = service.days_to_seal(tx, now)
    if days:
        emit(tx, DayFinished(day=days[-1].isoformat()), now)
    return due + len(days)


@reach(LedgerCheckDue)
def check_ledger(db: Database, now: datetime, message_id: str) -> None:
    """Keep what the look found; tell the admins when the money does not add up."""
    if db.read(lambda tx: service.nightly_check_due(tx, now)):
        examined = db.read(service.examine)
        db.write(lambda tx: service.keep_nightly(tx, examined, now))


@reach(DayFinished)
def seal_days(db: Database, now: datetime, message_id: str, day: str) -> None:
    """Seal each day up to this one, in its turn. Another worker at the same work only makes it shorter."""
    while (days := db.read(lambda tx: service.days_to_seal(tx, now))) and days[0] <= date.fromisoformat(day):
        service.seal_day(db, days[0], now)
