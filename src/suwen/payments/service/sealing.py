"""Each finished day's journals and postings under a hash, with the hash of the day before: no past changes unseen.

Days are days in UTC. A day without journals has a seal too, so that a missing one is noticed.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from suwen.core.db import Database, new_id
from suwen.core.i18n import N_
from suwen.payments.models import Journal, JournalSeal, Posting

AFTER = timedelta(hours=1)  # a request that began before midnight has ended by then
AT_ONCE = 31
DAY = timedelta(days=1)
NAMES = ("id", "idempotency_key", "body_hash", "kind", "occurred_at", "ref_type", "ref_id", "meta")
LINE_NAMES = ("id", "account_id", "amount_minor", "currency")
seals = JournalSeal.__table__


@dataclass(frozen=True)
class Sealed:
    journals: int
    digest: str


@dataclass(frozen=True)
class Broken:
    """The first day that differs, in a sentence (a msgid) and what stands in its places."""

    text: str
    values: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text % self.values


def due(tx: Session, now: datetime) -> list[date]:
    """Finished days that have no seal yet, oldest first, some at once."""
    last = tx.scalar(select(func.max(seals.c.day)))
    first = tx.scalar(select(func.min(Journal.occurred_at)))
    if first is None:
        return []
    start = last + DAY if last else first.astimezone(UTC).date()
    until = (now - AFTER).astimezone(UTC).date()
    return [start + n * DAY for n in range(min((until - start).days, AT_ONCE))]


def digest(tx: Session, day: date, previous: str | None) -> Sealed:
    """Of a day: every journal with its postings, in the order of their ids, and the digest of the day before."""
    total, count = hashlib.sha256(f"{previous or ''}/{day.isoformat()}".encode()), 0
    for _, group in groupby(_lines(tx, day), key=lambda row: row[0]):
        rows = list(group)
        lines = [list(row[len(NAMES) :]) for row in rows if row[len(NAMES)] is not None]
        total.update(_text([*rows[0][: len(NAMES)], lines]))
        count += 1
    return Sealed(count, total.hexdigest())


def seal(tx: Session, day: date, sealed: Sealed, previous: str | None, now: datetime) -> bool:
    """Keep the seal of a day, once. False when another was quicker, or the chain has gone on."""
    last = tx.execute(_last()).first()
    if (last.digest if last else None) != previous or (last and last.day + DAY != day):
        return False
    tx.execute(insert(seals), {
        "id": new_id(), "created_at": now, "day": day, "journals": sealed.journals, "digest": sealed.digest,
        "previous": previous,
    })  # fmt: skip
    return True


def seal_day(db: Database, day: date, now: datetime) -> bool:
    """Read outside of a write transaction, then keep the seal; False when another worker has."""
    previous = db.read(last_digest)
    sealed = db.read(lambda tx: digest(tx, day, previous))
    try:
        return db.write(lambda tx: seal(tx, day, sealed, previous, now))
    except IntegrityError:
        return False


def seal_days(tx: Session, now: datetime) -> int:
    """Every finished day, in one transaction: for tests and the demonstration. The job does a day at a time."""
    days = due(tx, now)
    for day in days:
        before = last_digest(tx)
        seal(tx, day, digest(tx, day, before), before, now)
    return len(days)


def last_digest(tx: Session) -> str | None:
    last = tx.execute(_last()).first()
    return last.digest if last else None


def broken(tx: Session, *, newest: int | None = None) -> list[Broken]:
    """The first day that is not what was sealed; nothing when all are. `newest`: only so many of the last days."""
    asked = select(seals).order_by(seals.c.day.desc())
    found = tx.execute(asked.limit(newest + 1) if newest else asked).all()[::-1]
    if newest is None or len(found) <= newest:
        before = None
    else:
        before, found = found[0], found[1:]
    for one in found:
        if fault := _differs(tx, one, before):
            return [fault]
        before = one
    return []


def _differs(tx: Session, one: Any, before: Any) -> Broken | None:
    day = {"day": one.day.isoformat()}
    if before is None and one.previous is not None:
        return Broken(N_("the seals before %(day)s are missing"), day)
    if before is not None and before.day + DAY != one.day:
        return Broken(N_("the seal of %(day)s is missing"), {"day": (before.day + DAY).isoformat()})
    if before is not None and one.previous != before.digest:
        return Broken(N_("the seal of %(day)s does not follow from the day before"), day)
    there = digest(tx, one.day, one.previous)
    if there.journals != one.journals:
        values = day | {"sealed": one.journals, "there": there.journals}
        return Broken(N_("on %(day)s there were %(sealed)s journals, now there are %(there)s"), values)
    if there.digest != one.digest:
        return Broken(N_("a journal or posting of %(day)s was changed"), day)
    return None


def _lines(tx: Session, day: date) -> Iterator[Any]:
    start = datetime.combine(day, time(), UTC)
    asked = (
        select(*(getattr(Journal, name) for name in NAMES), *(getattr(Posting, name) for name in LINE_NAMES))
        .outerjoin(Posting, Posting.journal_id == Journal.id)
        .where(Journal.occurred_at >= start, Journal.occurred_at < start + DAY)
        .order_by(Journal.id, Posting.id)
    )
    yield from tx.execute(asked, execution_options={"yield_per": 2000})


def _text(values: list[Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_moment).encode()


def _moment(value: Any) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)


def _last() -> Any:
    return select(seals.c.day, seals.c.digest).order_by(seals.c.day.desc()).limit(1)
