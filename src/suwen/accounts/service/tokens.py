"""Long-lived tokens for programs: named, seen in a list, revoked one by one. Only their ids are stored."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from suwen.accounts.errors import TooManyTokens
from suwen.accounts.models import ApiToken
from suwen.accounts.service import entry
from suwen.accounts.service.sessions import TOKEN_PREFIX
from suwen.core.actor import Actor
from suwen.core.db import changed, new_id, rows
from suwen.core.errors import Invalid, NotFound
from suwen.core.house import House
from suwen.core.sessions import ENDED

MOST = 20


@dataclass(frozen=True)
class Made:
    """`text` is shown once."""

    row: ApiToken
    text: str


def make(house: House, actor: Actor, name: str, days: int, password: str, now: datetime) -> Made:
    """As strong as the session it is made in. WrongPassword, TooManyTokens."""
    name = name.strip()
    if not name:
        raise Invalid(fields={"name": "Please fill this in."})
    entry.confirm_password(house, actor, password, now)

    def work(tx: Session) -> Made:
        alive = select(func.count()).select_from(ApiToken).where(*_alive(actor, now))
        if (tx.scalar(alive) or 0) >= MOST:
            raise TooManyTokens()
        expires = now + timedelta(days=days)
        row = ApiToken(id=new_id(), user_id=actor.id, name=name[:100], expires_at=expires, created_at=now)
        tx.add(row)
        tx.flush()
        named = replace(actor, session_id=TOKEN_PREFIX + row.id)
        return Made(row, house.signer.issue(named, expires))

    return house.db.write(work)


def listed(tx: Session, actor: Actor, now: datetime) -> list[ApiToken]:
    return list(tx.scalars(select(ApiToken).where(*_alive(actor, now)).order_by(ApiToken.id.desc())))


def revoke(tx: Session, actor: Actor, id: str, now: datetime) -> None:
    """NotFound where there is none of this id among the actor's."""
    mine = (ApiToken.id == id, ApiToken.user_id == actor.id, ApiToken.revoked_at.is_(None))
    if rows(tx, update(ApiToken).where(*mine).values(revoked_at=now)) != 1:
        raise NotFound()
    changed(tx, f"{ENDED}{TOKEN_PREFIX}{id}")


def _alive(actor: Actor, now: datetime) -> tuple[Any, ...]:
    unexpired = or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now)
    return ApiToken.user_id == actor.id, ApiToken.revoked_at.is_(None), unexpired
