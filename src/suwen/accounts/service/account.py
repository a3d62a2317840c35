"""One's own account: who one is, how one signs in, the password, the second step."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from suwen.accounts import queries
from suwen.accounts.errors import AccountTaken, WrongPassword
from suwen.accounts.models import User
from suwen.accounts.rules import names
from suwen.accounts.rules import passwords as rules
from suwen.accounts.schemas import AboutMe, Me, WaysIn
from suwen.accounts.service import codes, entry, family, passwords, second_factor, sessions
from suwen.accounts.service.registration import named, refuse_taken, tell_contact
from suwen.core.actor import STAFF, Actor
from suwen.core.db import rows, take
from suwen.core.errors import Invalid, UnknownZone
from suwen.core.house import House
from suwen.core.times import known_zone


def me(tx: Session, actor: Actor, second_factor_required: bool) -> Me:
    user = tx.get_one(User, actor.id)
    return Me(
        id=user.id, account=user.account, name=user.name, first_name=user.first_name, last_name=user.last_name,
        role=user.role, phone=user.phone, email=user.email, gender=user.gender, birthday=user.birthday,
        locale=user.locale, zone=user.zone, doctor_id=actor.doctor_id, session_id=actor.session_id,
        strong=actor.strong, second_factor=queries.has_second_factor(tx, user.id),
        second_factor_required=second_factor_required and user.role in STAFF,
    )  # fmt: skip


def change_about(tx: Session, actor: Actor, data: AboutMe, now: datetime) -> User:
    """Name, sex, birthday, language, zone. A patient's own entry says the same, and must agree with its resident ID."""
    if known_zone(data.zone) is None:
        raise UnknownZone(fields={"zone": UnknownZone.title})
    user = take(tx, tx.get_one(User, actor.id), None)
    user.locale, user.zone = data.locale, data.zone
    if user.role == "patient":
        family.change_self(tx, actor, actor.id, data.name, data.gender, data.birthday, now)
    else:
        user.name = named(data.name)
        user.first_name, user.last_name = names.split(user.name)
        user.gender, user.birthday = data.gender, data.birthday
    tx.flush()
    tell_contact(tx, user)
    return user


def change_ways_in(house: House, actor: Actor, data: WaysIn, now: datetime) -> User:
    """Account name, phone, e-mail, with the password. AccountTaken, WrongPassword."""
    entry.confirm_password(house, actor, data.password, now)
    return house.db.write(lambda tx: write_ways_in(tx, take(tx, tx.get_one(User, actor.id), None), data))


def write_ways_in(tx: Session, user: User, data: Any) -> User:
    """Of an account that was taken for the change."""
    account, phone, email = (
        user.account if data.account == user.account else names.account(data.account),
        names.phone(data.phone) if data.phone else None,
        names.email(data.email) if data.email else None,
    )
    refuse_taken(tx, user.id, account, phone, email)
    user.account, user.phone, user.email = account, phone, email
    try:
        tx.flush()
    except IntegrityError:  # somebody was quicker since we looked
        raise AccountTaken() from None
    tell_contact(tx, user)
    return user


def change_password(house: House, actor: Actor, password: str, new: str, now: datetime) -> None:
    """End every other session. WrongPassword, WeakPassword."""
    verified = entry.confirm_password(house, actor, password, now)
    user = house.db.read(lambda tx: tx.get_one(User, actor.id))
    rules.checked(new, (user.account, user.phone, user.email, user.name), field="new_password")
    if new == password:
        raise Invalid(fields={"new_password": "This is the password you have now."})
    fresh = passwords.hashed(new)

    def work(tx: Session) -> bool:
        same = (User.id == actor.id, User.password_hash == verified)
        if rows(tx, update(User).where(*same).values(password_hash=fresh)) != 1:
            return False
        codes.set_password(tx, actor.id, fresh, now, but=actor.session_id)
        return True

    if not house.db.write(work):
        raise WrongPassword(fields={"password": WrongPassword.title})


def prove(house: House, actor: Actor, password: str | None, now: datetime) -> None:
    """Before something grave. Whoever signed in within the last minutes need not repeat the password."""
    if password:
        entry.confirm_password(house, actor, password, now)
    elif not house.db.read(lambda tx: sessions.is_fresh(tx, actor, now)):
        raise WrongPassword(fields={"password": "Please enter your password once more."})


def begin_second_factor(
    house: House, actor: Actor, password: str | None, now: datetime
) -> second_factor.Enrolment:  # fmt: skip
    prove(house, actor, password, now)
    return house.db.write(lambda tx: second_factor.begin(tx, actor, now))


def confirm_second_factor(
    house: House, tx: Session, actor: Actor, code: str, now: datetime, kind: str
) -> tuple[list[str], entry.Entered]:
    """The recovery codes, and a session under a new id that counts as strong."""
    house.limiter.hit(f"second step of {actor.id}", 10, 300)
    fresh_codes = second_factor.confirm(tx, actor, code, now)
    return fresh_codes, entry.restart(house, tx, actor, now, strong=True, kind=kind)


def new_recovery_codes(house: House, actor: Actor, password: str | None, now: datetime) -> list[str]:
    prove(house, actor, password, now)
    return house.db.write(lambda tx: second_factor.replace_recovery_codes(tx, actor.id, now))


def switch_off_second_factor(house: House, actor: Actor, password: str, code: str, now: datetime) -> None:
    """With the password and a code. WrongPassword, WrongSecondFactor, SecondFactorRequired."""
    entry.confirm_password(house, actor, password, now)
    required = house.settings.second_factor_required
    refusal = house.db.write(lambda tx: _switched_off(tx, actor, code, required, now))
    if refusal is not None:
        raise refusal


def renewed(house: House, tx: Session, actor: Actor) -> str:
    """A token for the same session that says the new name, language and zone."""
    user, until = tx.get_one(User, actor.id), sessions.end_of(tx, actor)
    return house.signer.issue(replace(actor, name=user.name, locale=user.locale, zone=user.zone), until)


def _switched_off(tx: Session, actor: Actor, code: str, required: bool, now: datetime) -> Any:
    second_factor.refuse_if_required(actor, required)
    refusal = second_factor.use(tx, actor.id, code, now)
    if refusal is not None:
        entry.count_failure(tx, actor.id, now)
        return refusal
    second_factor.remove(tx, actor.id)
    return None
