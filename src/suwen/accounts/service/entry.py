"""Signing in and out. Slow work on passwords happens between transactions, so this use case takes the house."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from suwen.accounts import queries
from suwen.accounts.errors import AccountClosed, SecondFactorCodeNeeded, WrongCredentials, WrongPassword
from suwen.accounts.models import User
from suwen.accounts.rules import names
from suwen.accounts.service import passwords, second_factor, sessions
from suwen.core.actor import STAFF, Actor
from suwen.core.db import rows
from suwen.core.errors import DomainError
from suwen.core.house import House

FREE_TRIES = 5
LONGEST_PAUSE = timedelta(hours=1)
TICKET_LIVES = timedelta(minutes=5)


@dataclass(frozen=True)
class Entered:
    """A session has begun; `token` names it."""

    actor: Actor
    token: str
    expires: datetime
    second_factor_needed: bool


@dataclass(frozen=True)
class Halfway:
    """The password was right, the second step is still to come; `ticket` proves the first for a few minutes."""

    ticket: str
    expires: datetime


def sign_in(
    house: House, me: Actor, login: str, password: str, code: str | None, now: datetime, kind: str = "api"
) -> Entered:
    """For programs: both steps at once. WrongCredentials, SecondFactorCodeNeeded, WrongSecondFactor, AccountClosed."""
    user = _proven(house, me, login, password, now)
    if code is None and house.db.read(lambda tx: queries.has_second_factor(tx, user.id)):
        raise SecondFactorCodeNeeded()
    return _begin(house, me, user.id, code, now, kind, user.password_hash)


def sign_in_page(house: House, me: Actor, login: str, password: str, now: datetime) -> Entered | Halfway:
    """For people: the second step is asked for on a page of its own."""
    user = _proven(house, me, login, password, now)
    if house.db.read(lambda tx: queries.has_second_factor(tx, user.id)):
        until = now + TICKET_LIVES
        body = f"{user.id}~{int(until.timestamp())}"
        return Halfway(f"{body}~{house.signer.digest('second step', body + user.password_hash)}", until)
    return _begin(house, me, user.id, None, now, "web", user.password_hash)


def second_step(house: House, me: Actor, ticket: str, code: str, now: datetime) -> Entered:
    """WrongCredentials where the first step is too long ago; WrongSecondFactor."""
    user_id, _, rest = ticket.partition("~")
    until, _, proof = rest.partition("~")
    found = house.db.read(lambda tx: tx.get(User, user_id)) if user_id else None
    wanted = house.signer.digest("second step", f"{user_id}~{until}{found.password_hash}") if found else ""
    ours = hmac.compare_digest(wanted.encode(), proof.encode())
    if found is None or not ours or int(until) < now.timestamp():
        raise WrongCredentials("That took too long. Please sign in again.")
    return _begin(house, me, user_id, code, now, "web", found.password_hash)


def restart(house: House, tx: Session, me: Actor, now: datetime, *, strong: bool, kind: str = "web") -> Entered:
    """The same person under a new session id: what may be done has just changed."""
    sessions.end(tx, me.id, me.session_id, now)
    user = tx.get_one(User, me.id)
    return _entered(house, tx, user, now, kind, strong, me)


def enter_new(house: House, tx: Session, me: Actor, user: User, now: datetime) -> Entered:
    """Whoever has just registered is signed in."""
    return _entered(house, tx, user, now, "web", False, me)


def sign_out(tx: Session, me: Actor, now: datetime) -> None:
    if me.session_id:
        sessions.end(tx, me.id, me.session_id, now)


def confirm_password(house: House, me: Actor, password: str, now: datetime) -> str:
    """Ask for the password again before something grave. Return the hash that was verified. WrongPassword."""
    house.limiter.hit(f"password:{me.id}", 10, 300)
    user = house.db.read(lambda tx: tx.get_one(User, me.id))
    if not passwords.fits(user.password_hash, password) or queries.is_paused(user, now):
        house.db.write(lambda tx: count_failure(tx, me.id, now))
        raise WrongPassword(fields={"password": WrongPassword.title})
    return user.password_hash


def count_failure(tx: Session, user_id: str, now: datetime) -> None:
    """From the fifth wrong try on each costs a pause, twice as long as the one before."""
    rows(tx, update(User).where(User.id == user_id).values(failed_logins=User.failed_logins + 1))
    failed = tx.scalar(select(User.failed_logins).where(User.id == user_id)) or 0
    if failed >= FREE_TRIES:
        pause = min(timedelta(minutes=1) * 2 ** min(failed - FREE_TRIES, 10), LONGEST_PAUSE)
        rows(tx, update(User).where(User.id == user_id).values(locked_until=now + pause))


def _proven(house: House, me: Actor, login: str, password: str, now: datetime) -> Any:
    column, value = names.login(login)
    house.limiter.hit(f"sign-in from {me.ip}", 100, 300)
    house.limiter.hit(f"sign-in to {value or login[:100]}", 20, 300)
    user = house.db.read(lambda tx: queries.by_login(tx, column, value))
    right = passwords.fits(user.password_hash if user else None, password)
    if user is None or user.is_deleted:
        raise WrongCredentials()
    if not right or queries.is_paused(user, now):
        house.db.write(lambda tx: count_failure(tx, user.id, now))
        raise WrongCredentials()
    if not queries.is_open(user):
        raise AccountClosed()
    if passwords.outdated(user.password_hash):
        return _rehashed(house, user, password)
    return user


def _rehashed(house: House, user: Any, password: str) -> Any:
    """Parameters have grown since the password was set; this is the moment when it is known."""
    fresh = passwords.hashed(password)
    same = (User.id == user.id, User.password_hash == user.password_hash)
    house.db.write(lambda tx: rows(tx, update(User).where(*same).values(password_hash=fresh)))
    return house.db.read(
        lambda tx: tx.execute(select(User.id, User.password_hash, User.role).where(User.id == user.id)).one()
    )


def _begin(
    house: House, me: Actor, user_id: str, code: str | None, now: datetime, kind: str, password_hash: str
) -> Entered:  # fmt: skip
    """One transaction. A refusal is returned from it and raised after, for the count of failures must stay."""

    if code is not None:
        house.limiter.hit(f"second step of {user_id}", 10, 300)

    def work(tx: Session) -> Entered | DomainError:
        factor = queries.has_second_factor(tx, user_id)
        if factor and queries.is_paused(tx.get_one(User, user_id), now):
            return WrongCredentials()  # before a code is looked at: guessing goes no faster here
        if factor:
            refusal = second_factor.use(tx, user_id, code or "", now)
            if refusal is not None:
                count_failure(tx, user_id, now)
                return refusal
        # Guarded: of many guesses at once, one that is right after the pause began does not count.
        unpaused = or_(User.locked_until.is_(None), User.locked_until <= now)
        same = (User.id == user_id, User.password_hash == password_hash, User.status == "active", unpaused)
        values = {"failed_logins": 0, "locked_until": None, "last_login_at": now}
        if rows(tx, update(User).where(*same, User.is_deleted.is_(False)).values(**values)) != 1:
            return WrongCredentials()
        if me.session_id:  # whoever signed in here before goes; the new session has an id nobody knew before
            sessions.end(tx, me.id, me.session_id, now)
        return _entered(house, tx, tx.get_one(User, user_id), now, kind, factor, me)

    outcome = house.db.write(work)
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


def _entered(
    house: House, tx: Session, user: User, now: datetime, kind: str, strong: bool, me: Actor
) -> Entered:  # fmt: skip
    doctor = queries.doctor_of(tx, user.id) if user.role == "doctor" else None
    actor, expires = sessions.start(tx, user, now, kind=kind, strong=strong, doctor_id=doctor, ip=me.ip, agent=me.agent)
    needed = house.settings.second_factor_required and user.role in STAFF and not strong
    return Entered(actor, house.signer.issue(actor, expires), expires, needed)
