"""Whom the desk may mean."""

from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from suwen.accounts.models import User

PEOPLE_SHOWN = 20


def named(text: str) -> tuple[Any, ...]:
    """Conditions under which an account is the one meant: part of the name, the account, the end of the phone."""
    return (
        User.name.contains(text, autoescape=True),
        User.account == text.lower(),
        User.phone.endswith(text, autoescape=True),
    )


def people(tx: Session, text: str) -> list[Any]:
    """Accounts that may be meant at the desk, a few of them."""
    names = (User.id, User.name, User.account, User.phone, User.role)
    alive = (User.is_deleted.is_(False), User.status == "active", User.role == "patient")
    return list(tx.execute(select(*names).where(*alive, or_(*named(text))).order_by(User.name).limit(PEOPLE_SHOWN)))


def person(tx: Session, user_id: str) -> Any:
    names = (User.id, User.name, User.account, User.phone, User.role)
    return tx.execute(select(*names).where(User.id == user_id, User.is_deleted.is_(False))).first()
