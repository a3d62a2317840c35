"""It is really you, now: the password or a code once more, before something that binds, such as a signature.

A session remembers it for a few minutes. Signing in does not count: whoever signs means this one thing. Long-lived
tokens are made for programs, have no session to remember it in, and can never confirm.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from suwen.accounts import queries
from suwen.accounts.errors import AutomationRefused, ConfirmationNeeded, ProofMissing, WrongPassword
from suwen.accounts.models import SignIn, User
from suwen.accounts.service import entry, second_factor
from suwen.accounts.service.sessions import TOKEN_PREFIX
from suwen.core.actor import Actor
from suwen.core.db import rows
from suwen.core.errors import DomainError
from suwen.core.house import House

CONFIRMED_FOR = timedelta(minutes=5)
WITNESS_TRIES = 20  # by one person in five minutes: nobody locks a colleague's account by guessing


@dataclass(frozen=True)
class Witness:
    """Somebody else who has just said, with credentials of their own, that they are here. Only `witness` makes one."""

    id: str
    name: str
    how: Literal["password", "code"]


def reauthenticate(house: House, me: Actor, password: str | None, code: str | None, now: datetime) -> datetime:
    """Prove who one is by the password or a code of the second step; return until when that holds.

    Refused: programs (AutomationRefused), WrongPassword, WrongSecondFactor, too many tries (429, and a pause).
    """
    refuse_automation(me)
    if password:
        entry.confirm_password(house, me, password, now)
    elif code:
        _spend(house, me, code, now)
    else:
        raise ProofMissing(fields={"password": ProofMissing.title})
    return house.db.write(lambda tx: confirm(tx, me, now))


def witness(
    house: House, me: Actor, user_id: str, role: str, password: str | None, code: str | None, now: datetime
) -> Witness | None:
    """A second person at somebody else's session proves who they are; nothing about their own sessions changes.

    None where there is nobody else of that id and role whose account is open. Refused: programs, WrongPassword,
    WrongSecondFactor, too many tries. Wrong tries count against the second person's account, as at sign-in.
    """
    refuse_automation(me)
    user = house.db.read(lambda tx: tx.get(User, user_id))
    if user is None or user.id == me.id or user.role != role or not queries.is_open(user):
        return None
    if not (password or code):
        raise ProofMissing(fields={"password": ProofMissing.title})
    house.limiter.hit(f"witness beside {me.id}", WITNESS_TRIES, 300)
    other = Actor(id=user.id, role=role, name=user.name)
    if password:
        entry.confirm_password(house, other, password, now)
        return Witness(user.id, user.name, "password")
    _spend(house, other, code or "", now)
    return Witness(user.id, user.name, "code")


def confirm(tx: Session, me: Actor, now: datetime) -> datetime:
    """Write down that this session's person has just been seen; whoever calls has seen them."""
    refuse_automation(me)
    running = (SignIn.id == me.session_id, SignIn.user_id == me.id, SignIn.revoked_at.is_(None))
    if not rows(tx, update(SignIn).where(*running).values(confirmed_at=now)):
        raise AutomationRefused()
    return now + CONFIRMED_FOR


def confirmed_until(tx: Session, me: Actor, now: datetime) -> datetime | None:
    """Until when the session's last confirmation holds; None where there is none that does."""
    if not me.session_id or me.session_id.startswith(TOKEN_PREFIX):
        return None
    running = (SignIn.id == me.session_id, SignIn.user_id == me.id, SignIn.revoked_at.is_(None))
    seen = tx.scalar(select(SignIn.confirmed_at).where(*running))
    return seen + CONFIRMED_FOR if seen is not None and now < seen + CONFIRMED_FOR else None


def refuse_unconfirmed(tx: Session, me: Actor, now: datetime) -> None:
    """AutomationRefused for programs; ConfirmationNeeded where the last proof is too old, or missing."""
    refuse_automation(me)
    if confirmed_until(tx, me, now) is None:
        raise ConfirmationNeeded()


def refuse_automation(me: Actor) -> None:
    """Long-lived tokens, jobs and whoever has no session: only a person does this."""
    if not me.id or not me.session_id or me.session_id.startswith(TOKEN_PREFIX):
        raise AutomationRefused()


def _spend(house: House, me: Actor, code: str, now: datetime) -> None:
    """A refusal is returned from the transaction and raised after it, for the count of failures must stay."""
    house.limiter.hit(f"second step of {me.id}", 10, 300)

    def work(tx: Session) -> DomainError | None:
        if queries.is_paused(tx.get_one(User, me.id), now):
            return WrongPassword(fields={"code": WrongPassword.title})
        refusal = second_factor.use(tx, me.id, code, now)
        if refusal is not None:
            entry.count_failure(tx, me.id, now)
        return refusal

    refusal = house.db.write(work)
    if refusal is not None:
        raise refusal
