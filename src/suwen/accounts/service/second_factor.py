"""The second sign-in step: six digits from an app that shares a secret with us (TOTP), or one of ten recovery codes."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from suwen.accounts import queries
from suwen.accounts.errors import (
    SecondFactorInUse,
    SecondFactorMissing,
    SecondFactorRequired,
    WrongSecondFactor,
)
from suwen.accounts.models import RecoveryCode, SecondFactor, User
from suwen.core.actor import STAFF, Actor
from suwen.core.db import new_id, rows
from suwen.core.errors import DomainError
from suwen.core.sealed import keys, seal, unseal

ISSUER = "Suwen 素问"
RECOVERY_CODES = 10
WAITS = timedelta(minutes=15)
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


@dataclass(frozen=True)
class Enrolment:
    """Shown once. `uri` is what the QR code says."""

    secret: str
    uri: str


def begin(tx: Session, me: Actor, now: datetime) -> Enrolment:
    """A new secret, in use once it is confirmed. SecondFactorInUse."""
    factor = queries.second_factor_of(tx, me.id)
    if factor is not None and factor.confirmed_at is not None:
        raise SecondFactorInUse()
    if factor is None:
        factor = SecondFactor(id=new_id(), user_id=me.id)
        tx.add(factor)
    factor.created_at = now
    secret = pyotp.random_base32()
    seal(tx, factor, "secret", secret)
    factor.last_used_step = None
    tx.flush()
    return _enrolment(tx, me.id, secret)


def pending(tx: Session, me: Actor, now: datetime) -> Enrolment | None:
    """The enrolment that waits for its first code. Not for long: whoever finds it later has given no password."""
    factor = queries.second_factor_of(tx, me.id)
    if factor is None or factor.confirmed_at is not None or factor.created_at <= now - WAITS:
        return None
    return _enrolment(tx, me.id, unseal(tx, factor, "secret") or "")


def confirm(tx: Session, me: Actor, code: str, now: datetime) -> list[str]:
    """The app shows the right digits: from now on they are asked for. Return the recovery codes, shown this once."""
    factor = queries.second_factor_of(tx, me.id)
    if factor is not None and factor.confirmed_at is not None:
        raise SecondFactorInUse()
    if factor is None or factor.created_at <= now - WAITS:
        raise SecondFactorMissing()
    step = _step(unseal(tx, factor, "secret") or "", code, now)
    waiting = (SecondFactor.id == factor.id, SecondFactor.confirmed_at.is_(None), SecondFactor.secret == factor.secret)
    if step is None:
        raise WrongSecondFactor(fields={"code": WrongSecondFactor.title})
    if rows(tx, update(SecondFactor).where(*waiting).values(confirmed_at=now, last_used_step=step)) != 1:
        raise SecondFactorInUse()
    return new_recovery_codes(tx, me.id, now)


def use(tx: Session, user_id: str, code: str, now: datetime) -> DomainError | None:
    """Spend a code of the app or a recovery code. Return the refusal: the caller counts it and commits the count."""
    wrong = WrongSecondFactor(fields={"code": WrongSecondFactor.title})
    factor = queries.second_factor_of(tx, user_id)
    if factor is None or factor.confirmed_at is None:
        return SecondFactorMissing()
    plain = "".join(c for c in code.lower() if c.isalnum())
    if len(plain) > 6:
        unused = (RecoveryCode.user_id == user_id, RecoveryCode.code_hash == _hash(tx, user_id, plain))
        spent = update(RecoveryCode).where(*unused, RecoveryCode.used_at.is_(None)).values(used_at=now)
        return None if rows(tx, spent) == 1 else wrong
    step = _step(unseal(tx, factor, "secret") or "", plain, now)
    if step is None:
        return wrong
    newer = or_(SecondFactor.last_used_step.is_(None), SecondFactor.last_used_step < step)
    once = update(SecondFactor).where(SecondFactor.id == factor.id, newer).values(last_used_step=step)
    return None if rows(tx, once) == 1 else wrong


def new_recovery_codes(tx: Session, user_id: str, now: datetime) -> list[str]:
    """Ten new ones; the old ones are worth nothing any more."""
    rows(tx, delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(10)) for _ in range(RECOVERY_CODES)]
    tx.add_all(RecoveryCode(user_id=user_id, code_hash=_hash(tx, user_id, code), created_at=now) for code in codes)
    tx.flush()
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def recovery_codes_left(tx: Session, user_id: str) -> int:
    unused = (RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return tx.scalar(select(func.count()).select_from(RecoveryCode).where(*unused)) or 0


def replace_recovery_codes(tx: Session, user_id: str, now: datetime) -> list[str]:
    """SecondFactorMissing where there is nothing to recover."""
    if not queries.has_second_factor(tx, user_id):
        raise SecondFactorMissing()
    return new_recovery_codes(tx, user_id, now)


def refuse_if_required(me: Actor, required: bool) -> None:
    """SecondFactorRequired for staff where the clinic asks for it."""
    if required and me.role in STAFF:
        raise SecondFactorRequired()


def remove(tx: Session, user_id: str) -> None:
    """Also for an admin, when somebody has lost the phone and the recovery codes."""
    rows(tx, delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    rows(tx, delete(SecondFactor).where(SecondFactor.user_id == user_id))


def _enrolment(tx: Session, user_id: str, secret: str) -> Enrolment:
    account = tx.scalar(select(User.account).where(User.id == user_id)) or ""
    return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=ISSUER))


def _step(secret: str, code: str, now: datetime) -> int | None:
    """The 30-second step that this code belongs to: the present one or the one before or after, for clocks differ."""
    totp, plain = pyotp.TOTP(secret), "".join(c for c in code if c.isalnum())
    present = totp.timecode(now)
    for step in (present, present - 1, present + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), plain.encode()):
            return step
    return None


def _hash(tx: Session, user_id: str, code: str) -> str:
    """Keyed, and different for each person."""
    return keys(tx).blind_index(f"recovery:{user_id}:{code}")
