"""Accounts, sessions and the family as JSON."""

from datetime import datetime
from typing import Any

from litestar import Request
from sqlalchemy.orm import Session

from suwen.accounts import service
from suwen.accounts.schemas import Account, Credentials, Me, Person, PersonDetail, PersonInput, Registration, SignedIn
from suwen.accounts.service import account, sessions
from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.web.reader import reader_of
from suwen.core.web.routes import ANYONE, SIGNED_IN, delete, get, post, put, routes_of

ACCOUNTS, FAMILY = ["Accounts"], ["Family"]


def hash_new_password(house: House, me: Actor, data: Registration) -> str:
    house.limiter.hit(f"register from {me.ip}", 20, 3600)
    return service.password_for(data)


@post("/api/v1/users", who=ANYONE, before=hash_new_password, tags=ACCOUNTS)
def register(
    tx: Session, house: House, request: Request[Any, Any, Any], me: Actor, now: datetime, data: Registration,
    prepared: str,
) -> Account:  # fmt: skip
    """Register as a patient."""
    reader = reader_of(request.scope, me, house.settings.zone)
    return account.shown(service.register(tx, data, prepared, now, reader.locale, reader.zone.key))


@post("/api/v1/sessions", who=ANYONE, own=True, tags=["Sessions"])
def sign_in(house: House, me: Actor, now: datetime, data: Credentials) -> SignedIn:
    """Sign in. The token is good for twelve hours, less when it is not used."""
    entered = service.sign_in(house, me, data.login, data.password, data.code, now)
    return SignedIn(
        id=entered.actor.session_id, token=entered.token, expires_at=entered.expires, user_id=entered.actor.id,
        role=entered.actor.role, second_factor_needed=entered.second_factor_needed,
    )  # fmt: skip


@delete("/api/v1/sessions/{id:str}", who=SIGNED_IN, weak=True, tags=["Sessions"])
def end_session(tx: Session, me: Actor, now: datetime, id: str) -> None:
    """End a session of one's own; `current` is this one."""
    sessions.end_own(tx, me, id, now)


@get("/api/v1/me", who=SIGNED_IN, weak=True, tags=ACCOUNTS)
def show_me(tx: Session, house: House, me: Actor) -> Me:
    return account.me(tx, me, house.settings.second_factor_required)


@get("/api/v1/family", who=("patient",), tags=FAMILY)
def family(tx: Session, me: Actor) -> list[Person]:
    return [account.person(tx, one) for one in service.profiles(tx, me)]


@post("/api/v1/family", who=("patient",), audited="profile", tags=FAMILY)
def add(tx: Session, me: Actor, now: datetime, data: PersonInput) -> Person:
    return account.person(tx, service.add_person(tx, me, data, now))


@get("/api/v1/family/{id:str}", who=("patient",), audited="profile", tags=FAMILY)
def show(tx: Session, me: Actor, now: datetime, id: str) -> PersonDetail:
    return account.person_detail(tx, me, service.own_profile(tx, me, id), now)


@put("/api/v1/family/{id:str}", who=("patient",), audited="profile", tags=FAMILY)
def change(tx: Session, me: Actor, now: datetime, id: str, data: PersonInput) -> Person:
    return account.person(tx, service.change_person(tx, me, id, data, now))


@delete("/api/v1/family/{id:str}", who=("patient",), audited="profile", tags=FAMILY)
def remove(tx: Session, me: Actor, now: datetime, id: str) -> None:
    service.remove_person(tx, me, id, now)


ROUTES = routes_of(register, sign_in, end_session, show_me, family, add, show, change, remove)
