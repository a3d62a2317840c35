"""Who saw or changed whose clinical record, for ever.

`seen` adds one row: in the transaction of a write; for a read it is kept aside and committed by the route
before the answer leaves. A job seals rows in batches into a hash chain, so that the hot path takes no lock;
`verify` walks the chain and tells the first place where it does not fit. No clinical content is stored.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Index, String, func, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from suwen.core.actor import Actor
from suwen.core.db import Changing, Id, Record, choice, new_id
from suwen.core.hot import Hot
from suwen.core.outbox import every

ACTIONS = ("read", "write", "export", "print", "sign")
SETTLED = timedelta(seconds=10)  # a row younger than this may still be joined by one with a smaller id
BATCH = 2000


class AuditEvent(Record):
    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_seal_id", "seal", "id"),
        Index("ix_audit_events_person_id_created_at", "person_id", "created_at"),
        Index("ix_audit_events_actor_id_created_at", "actor_id", "created_at"),
    )

    actor_id: Mapped[str] = mapped_column(String(36))
    actor_role: Mapped[str] = mapped_column(String(20))
    session_id: Mapped[str] = mapped_column(String(40), default="")
    action: Mapped[str] = mapped_column(choice(*ACTIONS, name="action"))
    kind: Mapped[str] = mapped_column(String(40))
    object_id: Mapped[str] = mapped_column(String(36))
    person_id: Mapped[str | None] = mapped_column(Id)
    purpose: Mapped[str] = mapped_column(String(80), default="")
    result: Mapped[str] = mapped_column(choice("done", "denied", name="result"), default="done")
    ip: Mapped[str] = mapped_column(String(45), default="")
    seal: Mapped[int | None] = mapped_column(BigInteger)


class AuditSeal(Changing):
    """A batch of rows: its number, how many they are, and a hash over them and the seal before."""

    __tablename__ = "audit_seals"

    number: Mapped[int] = mapped_column(BigInteger, unique=True)
    count: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))


EVENTS = AuditEvent.__table__
INSERT = Hot(insert(EVENTS))
SEALED_COLUMNS = ("id", "created_at", "actor_id", "actor_role", "session_id", "action", "kind", "object_id",
                  "person_id", "purpose", "result", "ip")  # fmt: skip
OF_SEAL = select(*(EVENTS.c[name] for name in SEALED_COLUMNS)).order_by(EVENTS.c.id)


def seen(
    tx: Session, actor: Actor, action: str, kind: str, object_id: str, person_id: str | None = None,
    purpose: str = "", *, now: datetime, result: str = "done",
) -> None:  # fmt: skip
    """Note that `actor` did `action` to a record of `person_id` (a patient profile)."""
    row = {
        "id": new_id(), "created_at": now, "actor_id": actor.id, "actor_role": actor.role,
        "session_id": actor.session_id, "action": action, "kind": kind, "object_id": object_id[:36],
        "person_id": person_id, "purpose": purpose, "result": result, "ip": actor.ip,
    }  # fmt: skip
    if tx.info.get("reads"):
        kept = tx.info.setdefault("seen", {})  # a page that shows one record in two places was one look at it
        kept.setdefault((action, kind, object_id), row)
    else:
        INSERT.later(tx.connection(), row)


def looks(tx: Session) -> list[dict[str, Any]]:
    """What a read has seen, to be written when it is over."""
    return list(tx.info.get("seen", {}).values())


@every(seconds=20)
def seal_audit(tx: Session, now: datetime) -> int:
    """Seal what has settled; return how many rows. Two sealers at once: the unique number lets one pass."""
    ready = OF_SEAL.where(EVENTS.c.seal.is_(None), EVENTS.c.created_at <= now - SETTLED).limit(BATCH)
    rows = tx.execute(ready).all()
    if not rows:
        return 0
    last = tx.execute(select(AuditSeal.number, AuditSeal.digest).order_by(AuditSeal.number.desc()).limit(1)).first()
    number, before = (last.number + 1, last.digest) if last else (1, "")
    tx.add(AuditSeal(number=number, count=len(rows), digest=_digest(before, rows)))
    tx.flush()
    for chunk in _chunks([row.id for row in rows], 500):
        tx.execute(update(EVENTS).where(EVENTS.c.id.in_(chunk)).values(seal=number))
    return len(rows)


def verify(tx: Session) -> str | None:
    """None when every seal fits its rows and the seal before; else a sentence about the first that does not."""
    # First: the sealer goes on meanwhile, and under READ COMMITTED a later answer would name seals not read here.
    highest = tx.scalar(select(func.max(EVENTS.c.seal)))
    before, expected = "", 1
    for seal in tx.scalars(select(AuditSeal).order_by(AuditSeal.number)):
        rows = tx.execute(OF_SEAL.where(EVENTS.c.seal == seal.number)).all()
        if seal.number != expected:
            return f"seal {expected} is missing"
        if len(rows) != seal.count:
            return f"seal {seal.number} was made over {seal.count} rows, {len(rows)} are there"
        if _digest(before, rows) != seal.digest:
            return f"a row of seal {seal.number} was changed"
        before, expected = seal.digest, expected + 1
    return f"seal {expected} is missing" if highest and highest >= expected else None


def _digest(before: str, rows: Sequence[Any]) -> str:
    total = hashlib.sha256(before.encode())
    for row in rows:
        values = [value.isoformat() if isinstance(value, datetime) else value for value in row]
        total.update(json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode())
    return total.hexdigest()


def _chunks(items: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
