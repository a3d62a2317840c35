"""Accounts as the clinic's administration sees them: find, make, edit, suspend, delete, bring back."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select, update
from sqlalchemy.orm import Session

from suwen.accounts import queries
from suwen.accounts.errors import NotYourself
from suwen.accounts.events import AccountClosed, AccountOpened
from suwen.accounts.models import PatientProfile, User
from suwen.accounts.rules import names
from suwen.accounts.schemas import AccountEdit, PeopleFilter, PersonInput, StaffMade
from suwen.accounts.service import account, codes, family, second_factor, sessions
from suwen.accounts.service.registration import create_user, named, tell_contact
from suwen.core import audit
from suwen.core.actor import Actor
from suwen.core.db import changed, rows, take
from suwen.core.errors import NotFound
from suwen.core.house import House
from suwen.core.outbox import emit
from suwen.core.paging import keyset

HEADER = ("Account", "Name", "Gender", "Phone", "Email", "Role", "Status", "Created At")
CHUNK = 500


def people(
    tx: Session, wanted: PeopleFilter, after: str | None = None, limit: int | None = None
) -> tuple[list[User], str | None]:
    """The newest accounts first."""
    return keyset(tx, _found(wanted), ((User.id, "desc"),), after, limit)


def one(tx: Session, id: str) -> User:
    """Deleted ones too."""
    user = tx.get(User, id)
    if user is None:
        raise NotFound()
    return user


def make(
    house: House, tx: Session, actor: Actor, data: StaffMade, now: datetime
) -> tuple[User, codes.Given]:  # fmt: skip
    """An account of any role, and the code with which its owner sets the first password."""
    user = create_user(
        tx, role=data.role, name=data.name, account=data.account, phone=data.phone, email=data.email,
        gender=data.gender, birthday=data.birthday, locale=data.locale, now=now,
    )  # fmt: skip
    audit.seen(tx, actor, "write", "user", user.id, purpose="made", now=now)
    return user, codes.give(house, tx, actor, user, now, invitation=True)


def edit(tx: Session, actor: Actor, id: str, data: AccountEdit, now: datetime) -> User:
    """Conflict where somebody changed it since `data.version` was read; AccountTaken. The role never changes."""
    user = take(tx, one(tx, id), data.version)
    if user.role == "patient":
        family.change_self(tx, actor, id, data.name, data.gender, data.birthday, now)
    else:
        user.name = named(data.name)
        user.first_name, user.last_name = names.split(user.name)
        user.gender, user.birthday = data.gender, data.birthday
    user.locale = data.locale
    account.write_ways_in(tx, user, data)
    tell_contact(tx, user)
    audit.seen(tx, actor, "write", "user", id, purpose="edited", now=now)
    if user.role == "doctor":
        changed(tx, "directory")
    return user


def change_status(tx: Session, actor: Actor, id: str, status: str, now: datetime) -> User:
    """active, inactive, suspended. Anything but active ends the sessions at once. NotYourself."""
    user = _another(tx, actor, id)
    was_open = queries.is_open(user)
    values = {"status": status, "failed_logins": 0, "locked_until": None, "version": User.version + 1}
    there = (User.id == id, User.is_deleted.is_(False), User.status != status)
    if rows(tx, update(User).where(*there).values(**values)) == 1:
        tx.refresh(user)
        _tell(tx, actor, user, now, f"status {status}", was_open)
    return user


def delete(tx: Session, actor: Actor, id: str, now: datetime) -> None:
    """Nobody can sign in to it; visits, payments and records stay as they are. NotYourself."""
    user = _another(tx, actor, id)
    was_open = queries.is_open(user)
    values = {"is_deleted": True, "deleted_at": now, "deleted_by": actor.id, "version": User.version + 1}
    if rows(tx, update(User).where(User.id == id, User.is_deleted.is_(False)).values(**values)) == 1:
        tx.refresh(user)
        _tell(tx, actor, user, now, "deleted", was_open)


def restore(tx: Session, actor: Actor, id: str, now: datetime) -> User:
    user = one(tx, id)
    values = {"is_deleted": False, "deleted_at": None, "deleted_by": None, "version": User.version + 1}
    if rows(tx, update(User).where(User.id == id, User.is_deleted.is_(True)).values(**values)) == 1:
        tx.refresh(user)
        _tell(tx, actor, user, now, "restored", False)
    return user


def give_code(house: House, tx: Session, actor: Actor, id: str, now: datetime) -> codes.Given:
    """For somebody at the desk who has forgotten the password. NotYourself: one's own is changed with the old one."""
    return codes.give(house, tx, actor, _another(tx, actor, id), now)


def forget_second_factor(tx: Session, actor: Actor, id: str, now: datetime) -> None:
    """Phone and recovery codes are lost: the person enrols anew at the next sign-in, and is signed out now."""
    user = _another(tx, actor, id)
    second_factor.remove(tx, user.id)
    sessions.end_all(tx, user.id, now)
    audit.seen(tx, actor, "write", "user", id, purpose="second step removed", now=now)


def add_person(tx: Session, actor: Actor, user_id: str, data: PersonInput, now: datetime) -> PatientProfile:
    """At the desk, to a patient's account. NotFound for other accounts."""
    if one(tx, user_id).role != "patient":
        raise NotFound()
    return family.add_person_to(tx, actor, user_id, data, now)


def note_export(tx: Session, actor: Actor, now: datetime) -> None:
    audit.seen(tx, actor, "export", "user", "all", purpose="people list", now=now)


def as_csv(tx: Session, wanted: PeopleFilter) -> Iterator[str]:
    """In pieces, so that a long list needs little memory. Cells that a spreadsheet would run as formulas are quoted."""
    yield "\ufeff" + _lines([HEADER])
    after = None
    while True:
        ordered = _found(wanted).order_by(User.id.desc()).limit(CHUNK)
        users = list(tx.scalars(ordered.where(User.id < after) if after else ordered))
        if not users:
            return
        yield _lines([_row(user) for user in users])
        after = users[-1].id
        tx.expunge_all()


def _row(user: User) -> Sequence[str]:
    made = user.created_at.isoformat(timespec="seconds")
    cells = (user.account, user.name, user.gender, user.phone, user.email, user.role, user.status, made)
    return [_safe(cell or "") for cell in cells]


def _safe(cell: str) -> str:
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") else cell


def _lines(rows_: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows_)
    return out.getvalue()


def _found(wanted: PeopleFilter) -> Select[Any]:
    found = select(User).where(User.is_deleted.is_(wanted.deleted))
    if wanted.role:
        found = found.where(User.role == wanted.role)
    if wanted.status:
        found = found.where(User.status == wanted.status)
    words = names.plain(wanted.q or "")
    if words:
        column, value = names.login(words)
        ways = [User.name.contains(words, autoescape=True), User.account.contains(words.casefold(), autoescape=True),
                User.email.contains(words.casefold(), autoescape=True)]  # fmt: skip
        digits = "".join(c for c in words if c.isdigit())
        if column == "phone" and value:
            ways.append(User.phone == value)
        if len(digits) >= 4 and digits == words.removeprefix("+").replace(" ", "").replace("-", ""):
            ways.append(User.phone.contains(digits))
        found = found.where(or_(*ways))
    return found


def _another(tx: Session, actor: Actor, id: str) -> User:
    if id == actor.id:
        raise NotYourself()
    return one(tx, id)


def _tell(tx: Session, actor: Actor, user: User, now: datetime, what: str, was_open: bool) -> None:
    """One event for each door that was opened or closed: what was shut already is not closed again."""
    audit.seen(tx, actor, "write", "user", user.id, purpose=what, now=now)
    open_now = queries.is_open(user)
    if not open_now:
        sessions.end_all(tx, user.id, now)
    if open_now and not was_open:
        emit(tx, AccountOpened(user.id, user.role), now)
    elif was_open and not open_now:
        emit(tx, AccountClosed(user.id, user.role), now)
    if user.role == "doctor":
        changed(tx, "directory")
