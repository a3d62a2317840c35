"""Sessions: started at sign-in, ended by sign-out, by time, or by whoever sees them in the list."""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, exists, select, update
from sqlalchemy.orm import Session

from suwen.accounts.models import ApiToken, SignIn, User
from suwen.core.actor import STAFF, Actor
from suwen.core.db import changed, new_id, rows
from suwen.core.errors import NotFound
from suwen.core.hot import Hot
from suwen.core.sessions import ENDED

ABSOLUTE = timedelta(hours=12)
IDLE_STAFF, IDLE_PATIENT = timedelta(minutes=15), timedelta(minutes=30)
FRESH, KEPT = timedelta(minutes=5), timedelta(days=183)
TOKEN_PREFIX = "t-"  # a session id that names a long-lived token
sessions, users, tokens = SignIn.__table__, User.__table__, ApiToken.__table__

ALIVE = Hot(
    select(sessions.c.last_seen_at, sessions.c.expires_at)
    .join(users, users.c.id == sessions.c.user_id)
    .where(
        sessions.c.id == bindparam("session"),
        sessions.c.revoked_at.is_(None),
        users.c.status == "active",
        users.c.is_deleted.is_(False),
        users.c.role == bindparam("role"),
    )
)
TOKEN_ALIVE = (
    select(tokens.c.expires_at)
    .join(users, users.c.id == tokens.c.user_id)
    .where(
        tokens.c.id == bindparam("token"),
        tokens.c.revoked_at.is_(None),
        users.c.status == "active",
        users.c.is_deleted.is_(False),
        users.c.role == bindparam("role"),
    )
)
TOUCH = Hot(update(sessions).where(sessions.c.id == bindparam("session")).values(last_seen_at=bindparam("now")))
RENEW = Hot(
    update(sessions)
    .where(
        sessions.c.id == bindparam("session"),
        sessions.c.revoked_at.is_(None),
        sessions.c.expires_at > bindparam("now"),
        sessions.c.last_seen_at > bindparam("idle"),
        exists().where(
            users.c.id == sessions.c.user_id,
            users.c.status == "active",
            users.c.is_deleted.is_(False),
            users.c.role == bindparam("role"),
        ),
    )
    .values(last_seen_at=bindparam("now"))
)


def alive(tx: Session, actor: Actor, now: datetime) -> bool:
    """Whether the session may go on: not ended, not idle for too long, its account active and still of this role."""
    if actor.session_id.startswith(TOKEN_PREFIX):
        token = actor.session_id.removeprefix(TOKEN_PREFIX)
        row = tx.execute(TOKEN_ALIVE, {"token": token, "role": actor.role}).first()
        return row is not None and (row.expires_at is None or row.expires_at > now)
    row = ALIVE.first(tx.connection(), {"session": actor.session_id, "role": actor.role})
    idle = IDLE_STAFF if actor.role in STAFF else IDLE_PATIENT
    return row is not None and row.expires_at > now and row.last_seen_at + idle > now


def touch(tx: Session, actor: Actor, now: datetime) -> None:
    """The session is in use."""
    if actor.session_id.startswith(TOKEN_PREFIX):
        token = actor.session_id.removeprefix(TOKEN_PREFIX)
        rows(tx, update(ApiToken).where(ApiToken.id == token).values(last_used_at=now))
    else:
        TOUCH.later(tx.connection(), {"session": actor.session_id, "now": now})


def renew(tx: Session, actor: Actor, now: datetime) -> bool:
    """`alive` and `touch` in one guarded statement, for writes."""
    if actor.session_id.startswith(TOKEN_PREFIX):
        if not alive(tx, actor, now):
            return False
        touch(tx, actor, now)
        return True
    idle = IDLE_STAFF if actor.role in STAFF else IDLE_PATIENT
    values = {"session": actor.session_id, "now": now, "idle": now - idle, "role": actor.role}
    return RENEW.run(tx.connection(), values) == 1


def start(
    tx: Session, user: User, now: datetime, *, kind: str, strong: bool, doctor_id: str | None, ip: str, agent: str
) -> tuple[Actor, datetime]:
    """A new session under a new id; return whom its token shall name, and until when."""
    made = SignIn(
        id=new_id(), user_id=user.id, kind=kind, last_seen_at=now, expires_at=now + ABSOLUTE, ip=ip or None,
        user_agent=agent[:255] or None, strong=strong, created_at=now,
    )  # fmt: skip
    tx.add(made)
    actor = Actor(user.id, user.role, made.id, doctor_id, strong, user.locale, user.zone, user.name)
    return actor, made.expires_at


def end(tx: Session, user_id: str, session_id: str, now: datetime) -> bool:
    """End one session of this account; False when it was not running."""
    running = (SignIn.id == session_id, SignIn.user_id == user_id, SignIn.revoked_at.is_(None))
    ended = rows(tx, update(SignIn).where(*running).values(revoked_at=now)) == 1
    if ended:
        changed(tx, ENDED + session_id)
    return ended


def end_all(tx: Session, user_id: str, now: datetime, *, but: str = "") -> int:
    """End every session and long-lived token of this account, except `but`: password changed, suspended, deleted."""
    running = (SignIn.user_id == user_id, SignIn.revoked_at.is_(None), SignIn.id != but)
    ids = list(tx.scalars(select(SignIn.id).where(*running)))
    rows(tx, update(SignIn).where(*running).values(revoked_at=now))
    alive_tokens = (ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
    token_ids = list(tx.scalars(select(ApiToken.id).where(*alive_tokens)))
    rows(tx, update(ApiToken).where(*alive_tokens).values(revoked_at=now))
    changed(tx, *(ENDED + id for id in ids), *(f"{ENDED}{TOKEN_PREFIX}{id}" for id in token_ids))
    return len(ids) + len(token_ids)


def end_own(tx: Session, actor: Actor, session_id: str, now: datetime) -> None:
    """`current` is this session. NotFound where there is none of this id among the actor's."""
    wanted = actor.session_id if session_id == "current" else session_id
    if not end(tx, actor.id, wanted, now):
        raise NotFound()


def end_others(tx: Session, actor: Actor, now: datetime) -> int:
    """Sign out everywhere else. Long-lived tokens stay: they have a page of their own."""
    others = (SignIn.user_id == actor.id, SignIn.revoked_at.is_(None), SignIn.id != actor.session_id)
    ids = list(tx.scalars(select(SignIn.id).where(*others)))
    rows(tx, update(SignIn).where(*others).values(revoked_at=now))
    changed(tx, *(ENDED + id for id in ids))
    return len(ids)


def running(tx: Session, user_id: str, role: str, now: datetime) -> list[SignIn]:
    """The sessions that are alive, the last used first."""
    idle = IDLE_STAFF if role in STAFF else IDLE_PATIENT
    alive_now = (SignIn.revoked_at.is_(None), SignIn.expires_at > now, SignIn.last_seen_at > now - idle)
    mine = select(SignIn).where(SignIn.user_id == user_id, *alive_now)
    return list(tx.scalars(mine.order_by(SignIn.last_seen_at.desc(), SignIn.id.desc()).limit(100)))


def is_fresh(tx: Session, actor: Actor, now: datetime) -> bool:
    """Signed in within the last minutes: who it is need not be proved again."""
    began = tx.scalar(select(SignIn.created_at).where(SignIn.id == actor.session_id, SignIn.revoked_at.is_(None)))
    return began is not None and began > now - FRESH


def forget_old(tx: Session, now: datetime) -> int:
    """Sessions that ended half a year ago: logs of access are kept that long."""
    return rows(tx, delete(SignIn).where(SignIn.expires_at < now - KEPT))


def end_of(tx: Session, actor: Actor) -> datetime:
    """The absolute end of this session."""
    ends = tx.scalar(select(SignIn.expires_at).where(SignIn.id == actor.session_id))
    if ends is None:
        raise NotFound()
    return ends
