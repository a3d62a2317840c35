"""New accounts: by the patient, by staff, by the operator."""

import secrets
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from suwen.accounts.errors import AccountTaken, WayInMissing
from suwen.accounts.models import User
from suwen.accounts.rules import names
from suwen.accounts.rules import passwords as rules
from suwen.accounts.schemas import Registration
from suwen.accounts.service.family import ensure_self_profile
from suwen.accounts.service.passwords import UNUSABLE, hashed
from suwen.core.db import new_id
from suwen.core.errors import Invalid, UnknownZone
from suwen.core.house import House
from suwen.core.times import known_zone
from suwen.notifications import service as notifications

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that is misread


def password_for(data: Registration) -> str:
    """Check what was given and hash the password: slow, so before the transaction."""
    account, phone, email = _ways_in(data.account, data.phone, data.email)
    rules.checked(data.password, (account, phone, email, data.name))
    return hashed(data.password)


def register(
    tx: Session, data: Registration, password_hash: str, now: datetime, locale: str = "zh-CN",
    zone: str = "Asia/Shanghai",
) -> User:  # fmt: skip
    """A patient signs up; AccountTaken where one of the ways in belongs to somebody."""
    return create_user(
        tx, role="patient", name=data.name, account=data.account, phone=data.phone, email=data.email,
        password_hash=password_hash, locale=locale, zone=zone, now=now,
    )  # fmt: skip


def create_user(
    tx: Session, *, role: str, name: str, now: datetime, account: str | None = None, phone: str | None = None,
    email: str | None = None, password_hash: str = UNUSABLE, gender: str | None = None, birthday: date | None = None,
    locale: str = "zh-CN", zone: str = "Asia/Shanghai", id: str | None = None,
) -> User:  # fmt: skip
    """An account of any role; nobody can sign in to it until it has a password. AccountTaken, WayInMissing."""
    account, phone, email = _ways_in(account, phone, email)
    name = named(name)
    if known_zone(zone) is None:
        raise UnknownZone(fields={"zone": UnknownZone.title})
    first, last = names.split(name)
    user = User(
        id=id or new_id(), account=account or f"user-{''.join(secrets.choice(ALPHABET) for _ in range(10))}",
        name=name, first_name=first, last_name=last, password_hash=password_hash, phone=phone, email=email, role=role,
        gender=gender, birthday=birthday, locale=locale, zone=zone, created_at=now, updated_at=now,
        password_changed_at=None if password_hash == UNUSABLE else now,
    )  # fmt: skip
    refuse_taken(tx, user.id, account, phone, email)
    try:
        with tx.begin_nested():
            tx.add(user)
    except IntegrityError:  # somebody was quicker since we looked
        raise AccountTaken() from None
    tell_contact(tx, user)
    if role == "patient":
        ensure_self_profile(tx, user.id, now)
    return user


def create_admin(house: House, account: str, name: str, password: str) -> str:
    """For `suwen admin create`: made by whoever runs the server. Return the id; AccountTaken, PasswordTooShort ..."""
    password_hash = hashed(rules.checked(password, (account, name)))

    def work(tx: Session) -> str:
        now = house.clock()
        return create_user(tx, role="admin", name=name, account=account, password_hash=password_hash, now=now).id

    return house.db.write(work)


def refuse_taken(tx: Session, user_id: str, account: str | None, phone: str | None, email: str | None) -> None:
    """AccountTaken at the first field whose value is another account's."""
    wanted = {"account": account, "phone": phone, "email": email}
    given = {name: value for name, value in wanted.items() if value}
    if not given:
        return
    matches = or_(*(getattr(User, name) == value for name, value in given.items()))
    others = tx.execute(select(User.account, User.phone, User.email).where(matches, User.id != user_id)).all()
    for name, value in given.items():
        if any(getattr(other, name) == value for other in others):
            raise AccountTaken(fields={name: AccountTaken.title})


def tell_contact(tx: Session, user: User) -> None:
    """Keep up how this account is reached."""
    notifications.remember_contact(
        tx, user.id, name=user.name, email=user.email, phone=user.phone, locale=user.locale, zone=user.zone
    )


def named(name: str) -> str:
    name = names.plain(name)
    if not name:
        raise Invalid(fields={"name": "Please fill this in."})
    return name[:100]


def _ways_in(account: str | None, phone: str | None, email: str | None) -> tuple[str | None, str | None, str | None]:
    found = (
        names.account(account) if account else None,
        names.phone(phone) if phone else None,
        names.email(email) if email else None,
    )
    if not any(found):
        raise WayInMissing(fields={"phone": WayInMissing.title})
    return found
