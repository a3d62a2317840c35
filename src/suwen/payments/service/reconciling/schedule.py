"""Which bill is due, and asking for it."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.db import changed, new_id, rows
from suwen.core.errors import Forbidden
from suwen.core.outbox import emit
from suwen.payments import matching
from suwen.payments.errors import DayNotOver, DaySettled, NoSuchReconciliation
from suwen.payments.events import BillDue
from suwen.payments.models import Reconciliation, Transaction
from suwen.payments.service.channels import GATEWAY_OF, METHOD_OF

BACK = timedelta(days=31)  # a channel that was not used for so long is left alone
AGAIN_AFTER = timedelta(minutes=30)  # a bill that is not there yet
PATIENCE = timedelta(days=7)  # then a person asks
FIRST_DAY = date(2000, 1, 1)
TOPIC = "reconciliation"

INSERT_DAY = insert(Reconciliation.__table__).prefix_with("OR IGNORE", dialect="sqlite")
for _name in ("mysql", "mariadb"):
    INSERT_DAY = INSERT_DAY.prefix_with("IGNORE", dialect=_name)


def look_for_due(tx: Session, now: datetime) -> int:
    """Open each finished day of each channel in use and ask for its bill; ask again for what was not there yet."""
    asked, there = 0, _opened(tx, now)
    for gateway, first in _in_use(tx, now).items():
        day, last = first, matching.last_ready(gateway, now)
        while day <= last:
            if (gateway, day) not in there and open_day(tx, gateway, day, now):
                emit(tx, BillDue(gateway=gateway, day=day.isoformat()), now)
                asked += 1
            day += timedelta(days=1)
    return asked + _once_more(tx, now)


def _in_use(tx: Session, now: datetime) -> dict[str, date]:
    """Channel and the first day to look at: the day before its first payment within `BACK`.

    The bill of that day before is what tells that a payment just after midnight is missing. Days that were opened say
    nothing here: one that a person asked for is no reason to skip those before it, nor to keep the channel in use.
    """
    since = now - BACK
    used = (
        select(Transaction.payment_method, func.min(Transaction.initiated_at))
        .where(Transaction.status == "success", Transaction.initiated_at >= since)
        .where(Transaction.payment_method.in_(GATEWAY_OF))
        .group_by(Transaction.payment_method)
    )
    oldest, before = matching.day_in_china(since), timedelta(days=1)
    return {
        GATEWAY_OF[method]: max(matching.day_in_china(first) - before, oldest) for method, first in tx.execute(used)
    }


def _opened(tx: Session, now: datetime) -> set[tuple[str, date]]:
    recent = Reconciliation.day >= matching.day_in_china(now - BACK)
    return {
        (row.gateway, row.day) for row in tx.execute(select(Reconciliation.gateway, Reconciliation.day).where(recent))
    }


def _once_more(tx: Session, now: datetime) -> int:
    """Bills that were not ready, and runs that nobody finished."""
    waiting = (
        select(Reconciliation.id, Reconciliation.gateway, Reconciliation.day, Reconciliation.version)
        .where(Reconciliation.status.in_(("waiting", "running")), Reconciliation.run_at <= now - AGAIN_AFTER)
        .where(Reconciliation.day >= matching.day_in_china(now - PATIENCE))
    )
    asked = 0
    for one in tx.execute(waiting).all():
        mine = update(Reconciliation).where(Reconciliation.id == one.id, Reconciliation.version == one.version)
        if rows(tx, mine.values(run_at=now, version=one.version + 1, updated_at=now)):
            emit(tx, BillDue(gateway=one.gateway, day=one.day.isoformat()), now)
            asked += 1
    return asked


def open_day(tx: Session, gateway: str, day: date, now: datetime) -> bool:
    """Whether the row was not there before."""
    done: Any = tx.execute(INSERT_DAY, {
        "id": new_id(), "created_at": now, "updated_at": now, "version": 1, "gateway": gateway, "day": day,
        "status": "waiting", "runs": 0, "bill_lines": 0, "local_lines": 0, "matched": 0, "differences": 0,
        "run_at": now,
    })  # fmt: skip
    changed(tx, TOPIC)
    return int(done.rowcount) == 1


def ask(tx: Session, actor: Actor, gateway: str, day: date, now: datetime) -> str:
    """Have the bill of a day fetched and compared, again if it was; return the day's id. Refused: before the day is
    over, and once it is settled."""
    if actor.role != "admin":
        raise Forbidden()
    if gateway not in METHOD_OF or not FIRST_DAY <= day < matching.day_in_china(now):
        raise DayNotOver(fields={"day": DayNotOver.title})
    open_day(tx, gateway, day, now)
    found = tx.execute(
        select(Reconciliation.id, Reconciliation.status).where(
            Reconciliation.gateway == gateway, Reconciliation.day == day
        )
    ).one()
    if found.status == "settled":
        raise DaySettled()
    emit(tx, BillDue(gateway=gateway, day=day.isoformat()), now)
    return str(found.id)


def ask_again(tx: Session, actor: Actor, id: str, now: datetime) -> str:
    found = tx.execute(select(Reconciliation.gateway, Reconciliation.day).where(Reconciliation.id == id)).first()
    if found is None:
        raise NoSuchReconciliation()
    return ask(tx, actor, found.gateway, found.day, now)
