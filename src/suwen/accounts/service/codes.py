"""One-time codes: to set a new password. Sent by mail, bound to the browser that asked; or given in person.

Six digits, ten minutes, five tries, once. A code for an invitation is longer and lives for days. Only a keyed
hash of a code is stored.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from suwen.accounts import queries
from suwen.accounts.errors import WrongCode
from suwen.accounts.models import OneTimeCode, User
from suwen.accounts.rules import names
from suwen.accounts.rules import passwords as rules
from suwen.accounts.service import passwords, sessions
from suwen.core import audit
from suwen.core.actor import Actor
from suwen.core.db import new_id, rows
from suwen.core.errors import DomainError, NotFound, TooManyRequests
from suwen.core.house import House
from suwen.core.i18n import LOCALES
from suwen.notifications import service as notifications

RESET, DESK, INVITATION = "reset", "desk", "invitation"
MINUTES, TRIES = 10, 5
INVITATION_LIVES = timedelta(days=3)
PER_TARGET = ((timedelta(minutes=1), 1), (timedelta(hours=1), 5), (timedelta(days=1), 10))
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


@dataclass(frozen=True)
class Given:
    """A code to be shown once."""

    code: str
    expires: datetime


def ask(house: House, me: Actor, login: str, locale: str, now: datetime) -> str:
    """Send a code to the e-mail address of the account, if there is such an account and address.

    Return the ticket that binds the code to whoever asked; it is the same to see in every case.
    """
    house.limiter.hit(f"codes for {me.ip}", 30, 3600)
    column, value = names.login(login)
    target, ticket = f"{column}:{value}"[:255], secrets.token_urlsafe(24)
    house.db.write(lambda tx: _ask(house, tx, me, (column, value, target), ticket, locale, now))
    return ticket


def give(house: House, tx: Session, actor: Actor, user: User, now: datetime, *, invitation: bool = False) -> Given:
    """At the desk, to somebody whose identity was seen: the code is shown to the staff once."""
    if not queries.is_open(user):
        raise NotFound()
    purpose = INVITATION if invitation else DESK
    code = "".join(secrets.choice(ALPHABET) for _ in range(12)) if invitation else _six_digits()
    expires = now + (INVITATION_LIVES if invitation else timedelta(minutes=MINUTES))
    _store(house, tx, purpose, user.id, f"user:{user.id}", code, None, actor.ip, now, expires)
    audit.seen(tx, actor, "write", "user", user.id, purpose=f"{purpose} code", now=now)
    return Given(code, expires)


def reset_password(
    house: House, me: Actor, login: str, code: str, ticket: str | None, password: str, now: datetime
) -> None:
    """Set a new password and end every session. WrongCode, WeakPassword (the code stays good)."""
    house.limiter.hit(f"reset from {me.ip}", 60, 3600)
    column, value = names.login(login)
    found = house.db.write(lambda tx: _tried(house, tx, column, value, code, ticket, now))
    if found is None:
        raise WrongCode(fields={"code": WrongCode.title})
    code_id, user_id = found
    user = house.db.read(lambda tx: tx.get_one(User, user_id))
    rules.checked(password, (user.account, user.phone, user.email, user.name))
    fresh = passwords.hashed(password)
    outcome = house.db.write(lambda tx: _spend(tx, code_id, user_id, fresh, now))
    if outcome is not None:
        raise outcome


def set_password(tx: Session, user_id: str, password_hash: str, now: datetime, *, but: str = "") -> None:
    """Whoever was signed in with the old one is out, except the session `but`."""
    values = {"password_hash": password_hash, "password_changed_at": now, "failed_logins": 0, "locked_until": None}
    rows(tx, update(User).where(User.id == user_id).values(**values))
    sessions.end_all(tx, user_id, now, but=but)


def forget_old(tx: Session, now: datetime) -> int:
    """What is older than the longest limit counts no more."""
    return rows(tx, delete(OneTimeCode).where(OneTimeCode.expires_at < now - timedelta(days=2)))


def _ask(
    house: House, tx: Session, me: Actor, whom: tuple[str, str, str], ticket: str, locale: str, now: datetime
) -> None:
    column, value, target = whom
    user = queries.by_login(tx, column, value)
    known = None
    if user is not None and queries.is_open(user):  # locked: of many who ask at once, each counts those before it
        known = tx.scalar(select(User).where(User.id == user.id).with_for_update())
    wait = _too_often(tx, OneTimeCode.target == target, now)
    if wait:
        raise TooManyRequests(retry_after=wait)
    # Not more to one mailbox by asking for its account by three names; and nobody is told that it exists.
    if known is not None and _too_often(tx, OneTimeCode.user_id == known.id, now):
        known = None
    code, bound = _six_digits(), house.signer.digest("browser of a code", ticket)
    expires = now + timedelta(minutes=MINUTES)
    _store(house, tx, RESET, known.id if known else None, target, code, bound, me.ip, now, expires)
    if known is not None and known.email:
        spoken = known.locale if known.locale in LOCALES else locale
        notifications.mail_code(tx, known.id, known.email, code, MINUTES, now, spoken)


def _store(
    house: House, tx: Session, purpose: str, user_id: str | None, target: str, code: str, bound: str | None, ip: str,
    now: datetime, expires: datetime,
) -> None:  # fmt: skip
    """The newest code is the only one: those before it end."""
    if user_id is not None:
        before = (OneTimeCode.user_id == user_id, OneTimeCode.purpose == purpose, OneTimeCode.used_at.is_(None))
        rows(tx, update(OneTimeCode).where(*before, OneTimeCode.expires_at > now).values(expires_at=now))
    id = new_id()
    row = OneTimeCode(
        id=id, purpose=purpose, user_id=user_id, target=target, code_hash=_hash(house, id, purpose, code),
        bound_to=bound, ip=ip or None, expires_at=expires, created_at=now,
    )  # fmt: skip
    tx.add(row)
    tx.flush()


def _too_often(tx: Session, whose: object, now: datetime) -> int:
    """Seconds to wait, 0 when one more may be sent."""
    for span, most in PER_TARGET:
        recent = and_(whose, OneTimeCode.purpose == RESET, OneTimeCode.created_at > now - span)  # type: ignore[arg-type]
        if (tx.scalar(select(func.count()).select_from(OneTimeCode).where(recent)) or 0) >= most:
            return int(span.total_seconds())
    return 0


def _tried(
    house: House, tx: Session, column: str, value: str, code: str, ticket: str | None, now: datetime
) -> tuple[str, str] | None:
    """Count the try first, then compare: of many tries at once no more than five are compared."""
    user = queries.by_login(tx, column, value)
    if user is None or not queries.is_open(user):
        return None
    bound = house.signer.digest("browser of a code", ticket or "")
    mine = or_(OneTimeCode.bound_to == bound, OneTimeCode.purpose.in_((DESK, INVITATION)))
    alive = (OneTimeCode.used_at.is_(None), OneTimeCode.expires_at > now, OneTimeCode.tries < TRIES)
    plain = "".join(c for c in names.plain(code).lower() if c.isalnum())
    open_codes = select(OneTimeCode).where(OneTimeCode.user_id == user.id, mine, *alive)
    for one in tx.scalars(open_codes.order_by(OneTimeCode.created_at.desc()).limit(3)).all():
        counted = update(OneTimeCode).where(OneTimeCode.id == one.id, *alive).values(tries=OneTimeCode.tries + 1)
        if rows(tx, counted) == 1 and hmac.compare_digest(one.code_hash, _hash(house, one.id, one.purpose, plain)):
            return one.id, user.id
    return None


def _spend(tx: Session, code_id: str, user_id: str, fresh: str, now: datetime) -> DomainError | None:
    unused = (OneTimeCode.id == code_id, OneTimeCode.used_at.is_(None), OneTimeCode.expires_at > now)
    if rows(tx, update(OneTimeCode).where(*unused).values(used_at=now)) != 1:
        return WrongCode(fields={"code": WrongCode.title})
    set_password(tx, user_id, fresh, now)
    return None


def _six_digits() -> str:
    return f"{secrets.randbelow(1_000_000):06d}"


def _hash(house: House, id: str, purpose: str, code: str) -> str:
    """Bound to its row and purpose: a hash moved elsewhere fits nothing."""
    return house.signer.digest("one-time code", f"{id}:{purpose}:{code}")
