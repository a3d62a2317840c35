"""The inbox of an account. Everybody sees only their own; what was deleted stays deleted."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.db import changed, rows
from suwen.core.errors import Invalid, NotFound
from suwen.core.paging import keyset
from suwen.core.schemas import Slice
from suwen.notifications import rules
from suwen.notifications.errors import UnknownType
from suwen.notifications.models import Notification
from suwen.notifications.schemas import InboxState, Message
from suwen.notifications.service.telling import topic

N = Notification.__table__
SHOWN = ("unread", "read")
COLUMNS = (
    N.c.id,
    N.c.type,
    N.c.title,
    N.c.content,
    N.c.related_id,
    N.c.status,
    N.c.metadata,
    N.c.created_at,
    N.c.read_at,
)


def inbox(
    tx: Session, me: Actor, *, status: str | None = None, type: str | None = None, after: str | None = None,
    limit: int | None = None,
) -> Slice[Message]:  # fmt: skip
    """Newest first. `status`: unread or read; both if not given."""
    if status is not None and status not in SHOWN:
        raise Invalid(fields={"status": "Choose unread or read."})
    if type is not None and type not in rules.TYPES:
        raise UnknownType(fields={"type": UnknownType.title})
    wanted = N.c.status == status if status else N.c.status.in_(SHOWN)
    statement: Select[Any] = select(*COLUMNS).where(N.c.user_id == me.id, wanted)
    if type:
        statement = statement.where(N.c.type == type)
    found, following = keyset(tx, statement, ((N.c.created_at, "desc"), (N.c.id, "desc")), after, limit)
    return Slice([_message(row) for row in found], following)


def unread(tx: Session, me: Actor) -> InboxState:
    """How many are unread, and the newest of them."""
    mine = (N.c.user_id == me.id, N.c.status == "unread")
    count = tx.scalar(select(func.count()).select_from(N).where(*mine)) or 0
    newest = None
    if count:
        newest = tx.execute(select(N.c.id, N.c.title).where(*mine).order_by(N.c.created_at.desc()).limit(1)).first()
    return InboxState(unread=count, newest_id=newest.id if newest else None, title=newest.title if newest else "")


def read(tx: Session, me: Actor, id: str, now: datetime) -> Message:
    """Mark as read; reading twice is no mistake."""
    if rows(tx, update(Notification).where(*_mine(me, id), N.c.status == "unread").values(status="read", read_at=now)):
        changed(tx, topic(me.id))
    return _found(tx, me, id)


def read_all(tx: Session, me: Actor, now: datetime) -> int:
    """Mark all as read; returns how many there were."""
    mine = (N.c.user_id == me.id, N.c.status == "unread")
    done = rows(tx, update(Notification).where(*mine).values(status="read", read_at=now))
    if done:
        changed(tx, topic(me.id))
    return done


def delete(tx: Session, me: Actor, id: str) -> None:
    if not rows(tx, update(Notification).where(*_mine(me, id), N.c.status.in_(SHOWN)).values(status="deleted")):
        raise NotFound()
    changed(tx, topic(me.id))


def _mine(me: Actor, id: str) -> tuple[Any, ...]:
    return N.c.id == id, N.c.user_id == me.id


def _found(tx: Session, me: Actor, id: str) -> Message:
    row = tx.execute(select(*COLUMNS).where(*_mine(me, id), N.c.status.in_(SHOWN))).first()
    if row is None:
        raise NotFound()
    return _message(row)


def _message(row: Any) -> Message:
    return Message(
        id=row.id, type=row.type, title=row.title, content=row.content, related_id=row.related_id, status=row.status,
        created_at=row.created_at, read_at=row.read_at, path=rules.place_of(row.type, row.related_id, row.metadata),
    )  # fmt: skip
