"""Statements of accounts."""

from datetime import datetime
from typing import Any

from sqlalchemy import column, select, table
from sqlalchemy.orm import Session

from suwen.accounts.models import SecondFactor, User

# Clinics stands above accounts; all that a session must know of it is which doctor an account is.
DOCTORS = table("doctors", column("id"), column("user_id"), column("is_deleted"))


def doctor_of(tx: Session, user_id: str) -> str | None:
    found = select(DOCTORS.c.id).where(DOCTORS.c.user_id == user_id, DOCTORS.c.is_deleted == 0)
    return tx.scalar(found)


def by_login(tx: Session, column_name: str, value: str) -> Any:
    """What sign-in needs of an account, or None."""
    if not value:
        return None
    wanted = {"account": User.account, "email": User.email, "phone": User.phone}[column_name]
    return tx.execute(
        select(User.id, User.password_hash, User.status, User.is_deleted, User.locked_until, User.role)
        .where(wanted == value)
    ).first()  # fmt: skip


def second_factor_of(tx: Session, user_id: str) -> SecondFactor | None:
    return tx.scalar(select(SecondFactor).where(SecondFactor.user_id == user_id))


def has_second_factor(tx: Session, user_id: str) -> bool:
    confirmed = select(SecondFactor.id).where(SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_not(None))
    return tx.scalar(confirmed) is not None


def is_open(user: Any) -> bool:
    return user.status == "active" and not user.is_deleted


def is_paused(user: Any, now: datetime) -> bool:
    return user.locked_until is not None and user.locked_until > now
