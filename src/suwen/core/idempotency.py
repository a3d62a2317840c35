"""A POST that comes twice is carried out once: the answer is stored in the transaction that made it.

The key is the client's (`Idempotency-Key`, or `_once` of a form) and belongs to the account that sent it.
"""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import LargeBinary, SmallInteger, String, UniqueConstraint, bindparam, delete, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from suwen.core.db import Record, exact, new_id, rows
from suwen.core.errors import KeyReused
from suwen.core.hot import Hot
from suwen.core.outbox import every

KEPT_FOR = timedelta(hours=48)


class IdempotencyKey(Record):
    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("owner", "key"),)

    owner: Mapped[str] = mapped_column(exact(60))
    key: Mapped[str] = mapped_column(exact(128))
    request_digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[int] = mapped_column(SmallInteger)
    headers: Mapped[str] = mapped_column(String(500), default="")
    body: Mapped[bytes] = mapped_column(LargeBinary(16_000_000))


KEYS = IdempotencyKey.__table__
FIND = select(KEYS.c.request_digest, KEYS.c.status, KEYS.c.headers, KEYS.c.body).where(
    KEYS.c.owner == bindparam("owner"), KEYS.c.key == bindparam("key")
)
INSERT = Hot(insert(KEYS))


def digest(method: str, path: str, body: bytes) -> str:
    return hashlib.sha256(b"\n".join((method.encode(), path.encode(), body))).hexdigest()


def earlier(tx: Session, owner: str, key: str, request_digest: str) -> tuple[int, str, bytes] | None:
    """The stored answer (status, headers, body) to this very request; KeyReused if the request was another one."""
    row = tx.execute(FIND, {"owner": owner, "key": key}).first()
    if row is None:
        return None
    if row.request_digest != request_digest:
        raise KeyReused()
    return row.status, row.headers, row.body


def store(
    tx: Session, owner: str, key: str, request_digest: str, status: int, headers: str, body: bytes, now: datetime
) -> None:
    row = {"id": new_id(), "created_at": now, "owner": owner, "key": key, "request_digest": request_digest}
    INSERT.later(tx.connection(), row | {"status": status, "headers": headers, "body": body})


@every(seconds=3600)
def forget_old_keys(tx: Session, now: datetime) -> int:
    return rows(tx, delete(KEYS).where(KEYS.c.created_at < now - KEPT_FOR))
