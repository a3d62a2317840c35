"""Accounts, sessions, the second step and the family as JSON."""

from datetime import datetime
from typing import Any

from litestar import Request
from sqlalchemy.orm import Session

from suwen.accounts import schemas as s
from suwen.accounts import service
from suwen.accounts.service import account, care, codes, confirming, people, sessions, showing, tokens
from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.schemas import Slice
from suwen.core.web.reader import reader_of
from suwen.core.web.routes import ANYONE, SIGNED_IN, STAFF, delete, get, post, put, routes_of

Asked = Request[Any, Any, Any]
ACCOUNT: dict[str, Any] = {"tags": ["Account"]}
SESSIONS: dict[str, Any] = {"tags": ["Sessions"]}
FAMILY: dict[str, Any] = {"tags": ["Family"]}
PEOPLE: dict[str, Any] = {"tags": ["People"]}
PATIENT, ADMIN = ("patient",), ("admin",)


def hash_new_password(house: House, me: Actor, data: s.Registration) -> str:
    house.limiter.hit(f"register from {me.ip}", 20, 3600)
    return service.password_for(data)


@post("/api/v1/users", who=ANYONE, before=hash_new_password, **ACCOUNT)
def register(
    tx: Session, house: House, request: Asked, me: Actor, now: datetime, data: s.Registration, prepared: str
) -> s.Account:
    """Register as a patient."""
    reader = reader_of(request.scope, me, house.settings.zone)
    return showing.account(service.register(tx, data, prepared, now, reader.locale, reader.zone.key))


@get("/api/v1/me", who=SIGNED_IN, weak=True, **ACCOUNT)
def show_me(tx: Session, house: House, me: Actor) -> s.Me:
    return account.me(tx, me, house.settings.second_factor_required)


@put("/api/v1/me", who=SIGNED_IN, **ACCOUNT)
def change_me(tx: Session, house: House, me: Actor, now: datetime, data: s.AboutMe) -> s.Me:
    account.change_about(tx, me, data, now)
    return account.me(tx, me, house.settings.second_factor_required)


@put("/api/v1/me/ways-in", who=SIGNED_IN, own=True, **ACCOUNT)
def change_ways_in(house: House, me: Actor, now: datetime, data: s.WaysIn) -> s.Account:
    """Account name, phone and e-mail; with the password."""
    return showing.account(account.change_ways_in(house, me, data, now))


@put("/api/v1/me/password", who=SIGNED_IN, weak=True, own=True, status=204, **ACCOUNT)
def change_password(house: House, me: Actor, now: datetime, data: s.PasswordChange) -> None:
    """Every other session and every token ends."""
    account.change_password(house, me, data.password, data.new_password, now)


@post("/api/v1/password-resets", who=ANYONE, own=True, status=202, **ACCOUNT)
def ask_for_code(house: House, request: Asked, me: Actor, now: datetime, data: s.ResetRequest) -> s.ResetTicket:
    """A code goes to the account's e-mail address, if there are such an account and address; the answer is the same."""
    locale = reader_of(request.scope, me, house.settings.zone).locale
    return s.ResetTicket(ticket=codes.ask(house, me, data.login, locale, now), minutes=codes.MINUTES)


@put("/api/v1/password-resets", who=ANYONE, own=True, status=204, **ACCOUNT)
def reset_password(house: House, me: Actor, now: datetime, data: s.Reset) -> None:
    """With the code that was sent, or given at the desk. Every session ends."""
    codes.reset_password(house, me, data.login, data.code, data.ticket, data.password, now)


@post("/api/v1/me/second-factor", who=SIGNED_IN, weak=True, own=True, **ACCOUNT)
def begin_second_factor(house: House, me: Actor, now: datetime, data: s.PasswordProof) -> s.EnrolmentView:
    begun = account.begin_second_factor(house, me, data.password, now)
    return s.EnrolmentView(secret=begun.secret, uri=begun.uri)


@put("/api/v1/me/second-factor", who=SIGNED_IN, weak=True, **ACCOUNT)
def confirm_second_factor(tx: Session, house: House, me: Actor, now: datetime, data: s.CodeInput) -> s.Confirmed:
    """With the first six digits of the app. This session ends; the answer has the token of a strong one."""
    shown, entered = account.confirm_second_factor(house, tx, me, data.code, now, "api")
    return s.Confirmed(recovery_codes=shown, token=entered.token, expires_at=entered.expires)


@post("/api/v1/me/recovery-codes", who=SIGNED_IN, own=True, **ACCOUNT)
def new_recovery_codes(house: House, me: Actor, now: datetime, data: s.PasswordProof) -> s.Confirmed:
    """Ten new ones instead of the old."""
    return s.Confirmed(recovery_codes=account.new_recovery_codes(house, me, data.password, now))


@post("/api/v1/me/confirmation", who=SIGNED_IN, own=True, status=200, **ACCOUNT)
def reauthenticate(house: House, me: Actor, now: datetime, data: s.Proof) -> s.Proven:
    """Prove once more that it is you, for what binds: signing. Holds for this session, for five minutes. A long-lived
    token is refused: it is a program's."""
    return s.Proven(confirmed_until=confirming.reauthenticate(house, me, data.password, data.code, now))


@post("/api/v1/me/second-factor/removal", who=SIGNED_IN, own=True, status=204, **ACCOUNT)
def switch_off(house: House, me: Actor, now: datetime, data: s.SwitchOff) -> None:
    account.switch_off_second_factor(house, me, data.password, data.code, now)


@post("/api/v1/sessions", who=ANYONE, own=True, **SESSIONS)
def sign_in(house: House, me: Actor, now: datetime, data: s.Credentials) -> s.SignedIn:
    """Sign in. The token is good for twelve hours, less when it is not used."""
    entered = service.sign_in(house, me, data.login, data.password, data.code, now)
    return s.SignedIn(
        id=entered.actor.session_id, token=entered.token, expires_at=entered.expires, user_id=entered.actor.id,
        role=entered.actor.role, second_factor_needed=entered.second_factor_needed,
    )  # fmt: skip


@get("/api/v1/sessions", who=SIGNED_IN, **SESSIONS)
def list_sessions(tx: Session, me: Actor, now: datetime) -> list[s.SessionView]:
    return [showing.session(one, me) for one in sessions.running(tx, me.id, me.role, now)]


@delete("/api/v1/sessions/{id:str}", who=SIGNED_IN, weak=True, **SESSIONS)
def end_session(tx: Session, me: Actor, now: datetime, id: str) -> None:
    """End a session of one's own; `current` is this one."""
    sessions.end_own(tx, me, id, now)


@delete("/api/v1/sessions", who=SIGNED_IN, **SESSIONS)
def end_others(tx: Session, me: Actor, now: datetime) -> None:
    """Sign out everywhere else."""
    sessions.end_others(tx, me, now)


@get("/api/v1/tokens", who=SIGNED_IN, **SESSIONS)
def list_tokens(tx: Session, me: Actor, now: datetime) -> list[s.TokenView]:
    return [showing.token(one) for one in tokens.listed(tx, me, now)]


@post("/api/v1/tokens", who=SIGNED_IN, own=True, **SESSIONS)
def make_token(house: House, me: Actor, now: datetime, data: s.TokenInput) -> s.NewToken:
    """A long-lived token for a program."""
    return showing.new_token(tokens.make(house, me, data.name, data.days, data.password, now))


@delete("/api/v1/tokens/{id:str}", who=SIGNED_IN, **SESSIONS)
def revoke_token(tx: Session, me: Actor, now: datetime, id: str) -> None:
    tokens.revoke(tx, me, id, now)


@get("/api/v1/family", who=PATIENT, **FAMILY)
def family(tx: Session, me: Actor) -> list[s.Person]:
    return [showing.person(tx, one) for one in service.profiles(tx, me)]


@post("/api/v1/family", who=PATIENT, **FAMILY)
def add_person(tx: Session, me: Actor, now: datetime, data: s.PersonInput) -> s.Person:
    return showing.person(tx, service.add_person(tx, me, data, now))


@get("/api/v1/family/{id:str}", who=PATIENT, audited="profile", **FAMILY)
def show_person(tx: Session, me: Actor, now: datetime, id: str) -> s.PersonDetail:
    return showing.person_detail(tx, me, service.own_profile(tx, me, id), now)


@put("/api/v1/family/{id:str}", who=PATIENT, audited="profile", **FAMILY)
def change_person(tx: Session, me: Actor, now: datetime, id: str, data: s.PersonInput) -> s.Person:
    return showing.person(tx, service.change_person(tx, me, id, data, now))


@delete("/api/v1/family/{id:str}", who=PATIENT, audited="profile", **FAMILY)
def remove_person(tx: Session, me: Actor, now: datetime, id: str) -> None:
    """Off the list; records stay."""
    service.remove_person(tx, me, id, now)


@get("/api/v1/people/{id:str}/care-relations", who=SIGNED_IN, audited="profile", **FAMILY)
def list_relations(tx: Session, me: Actor, now: datetime, id: str) -> list[s.CareView]:
    """Who may open this person's record, and why. `id` is the person's."""
    return [showing.relation(one, staff) for one, staff in care.relations(tx, me, id, now)]


@post("/api/v1/care-relations", who=STAFF, **FAMILY)
def entrust(tx: Session, me: Actor, now: datetime, data: s.CareInput) -> s.CareView:
    return showing.relation(*care.entrust(tx, me, data, now))


@delete("/api/v1/care-relations/{id:str}", who=("patient", "admin"), **FAMILY)
def end_relation(tx: Session, me: Actor, now: datetime, id: str) -> None:
    care.end_relation(tx, me, id, now)


@get("/api/v1/users", who=ADMIN, **PEOPLE)
def list_users(
    tx: Session, q: str | None = None, role: s.RoleName | None = None, status: s.Status | None = None,
    deleted: bool = False, after: str | None = None, limit: int = 20,
) -> Slice[s.AccountRow]:  # fmt: skip
    """The newest first; `q` is part of a name, account, e-mail or phone."""
    wanted = s.PeopleFilter(q=q, role=role, status=status, deleted=deleted)
    found, following = people.people(tx, wanted, after, limit)
    return Slice([showing.account_row(user) for user in found], following)


@post("/api/v1/users/invitations", who=ADMIN, once=False, **PEOPLE)
def make_user(tx: Session, house: House, me: Actor, now: datetime, data: s.StaffMade) -> s.Invited:
    """An account of any role; with the code its owner sets the first password."""
    user, given = people.make(house, tx, me, data, now)
    return s.Invited(user=showing.account(user), code=given.code, expires_at=given.expires)


@get("/api/v1/users/{id:str}", who=ADMIN, **PEOPLE)
def show_user(tx: Session, now: datetime, id: str) -> s.AccountDetail:
    return showing.account_detail(tx, people.one(tx, id), now)


@put("/api/v1/users/{id:str}", who=ADMIN, **PEOPLE)
def edit_user(tx: Session, me: Actor, now: datetime, id: str, data: s.AccountEdit) -> s.AccountDetail:
    return showing.account_detail(tx, people.edit(tx, me, id, data, now), now)


@put("/api/v1/users/{id:str}/status", who=ADMIN, **PEOPLE)
def change_status(tx: Session, me: Actor, now: datetime, id: str, data: s.StatusChange) -> s.AccountDetail:
    """Anything but active ends the sessions at once."""
    return showing.account_detail(tx, people.change_status(tx, me, id, data.status, now), now)


@delete("/api/v1/users/{id:str}", who=ADMIN, **PEOPLE)
def delete_user(tx: Session, me: Actor, now: datetime, id: str) -> None:
    """Nobody can sign in to it; what it took part in stays."""
    people.delete(tx, me, id, now)


@post("/api/v1/users/{id:str}/restoration", who=ADMIN, status=200, **PEOPLE)
def restore_user(tx: Session, me: Actor, now: datetime, id: str) -> s.AccountDetail:
    return showing.account_detail(tx, people.restore(tx, me, id, now), now)


@post("/api/v1/users/{id:str}/codes", who=ADMIN, once=False, **PEOPLE)
def give_code(tx: Session, house: House, me: Actor, now: datetime, id: str) -> s.GivenCode:
    """For somebody at the desk: with it a new password is set, within ten minutes."""
    given = people.give_code(house, tx, me, id, now)
    return s.GivenCode(code=given.code, expires_at=given.expires)


@delete("/api/v1/users/{id:str}/second-factor", who=ADMIN, **PEOPLE)
def forget_second_factor(tx: Session, me: Actor, now: datetime, id: str) -> None:
    people.forget_second_factor(tx, me, id, now)


@get("/api/v1/users/{id:str}/family", who=ADMIN, **PEOPLE)
def family_of(tx: Session, id: str) -> list[s.Person]:
    """Who belongs to this account, without anything clinical."""
    return [showing.person(tx, one) for one in service.profiles_of(tx, people.one(tx, id).id)]


@post("/api/v1/users/{id:str}/family", who=ADMIN, **PEOPLE)
def add_person_to(tx: Session, me: Actor, now: datetime, id: str, data: s.PersonInput) -> s.Person:
    """At the desk, for a patient's account."""
    return showing.person(tx, people.add_person(tx, me, id, data, now))


ROUTES = routes_of(
    register, show_me, change_me, change_ways_in, change_password, ask_for_code, reset_password, begin_second_factor,
    confirm_second_factor, new_recovery_codes, reauthenticate, switch_off, sign_in, list_sessions, end_session,
    end_others, list_tokens, make_token, revoke_token, family, add_person, show_person, change_person, remove_person,
    list_relations, entrust, end_relation, list_users, make_user, show_user, edit_user, change_status, delete_user,
    restore_user, give_code, forget_second_factor, family_of, add_person_to,
)  # fmt: skip
