"""How accounts and people are shown."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.accounts import queries
from suwen.accounts.models import ApiToken, CareRelation, PatientProfile, SignIn, User
from suwen.accounts.schemas import (
    Account,
    AccountDetail,
    AccountRow,
    CareView,
    NewToken,
    Person,
    PersonDetail,
    SessionView,
    TokenView,
)
from suwen.accounts.service import family, sessions, tokens
from suwen.core.actor import Actor


def account(user: User) -> Account:
    return Account(
        id=user.id, account=user.account, name=user.name, role=user.role, status=user.status, phone=user.phone,
        email=user.email, locale=user.locale, zone=user.zone, created_at=user.created_at,
    )  # fmt: skip


def account_row(user: User) -> AccountRow:
    return AccountRow(
        id=user.id, account=user.account, name=user.name, role=user.role, status=user.status,
        is_deleted=user.is_deleted, gender=user.gender, phone=user.phone, email=user.email,
        created_at=user.created_at, last_login_at=user.last_login_at,
    )  # fmt: skip


def account_detail(tx: Session, user: User, now: datetime) -> AccountDetail:
    row = account_row(user)
    return AccountDetail(
        **{name: getattr(row, name) for name in row.__struct_fields__}, birthday=user.birthday, locale=user.locale,
        zone=user.zone, version=user.version, deleted_at=user.deleted_at,
        locked_until=user.locked_until if queries.is_paused(user, now) else None,
        second_factor=queries.has_second_factor(tx, user.id),
        sessions=len(sessions.running(tx, user.id, user.role, now)),
    )  # fmt: skip


def person(tx: Session, one: PatientProfile) -> Person:
    return Person(
        id=one.id, name=one.name, first_name=one.first_name, last_name=one.last_name, relationship=one.relationship,
        gender=one.gender, birthday=one.birthday, phone=one.phone, id_number=family.masked_id(tx, one),
        is_default=one.is_default, version=one.version,
    )  # fmt: skip


def person_detail(tx: Session, actor: Actor, one: PatientProfile, now: datetime) -> PersonDetail:
    """With what is sealed; the look is noted."""
    known = family.clinical(tx, actor, one, now)
    plain = person(tx, one)
    return PersonDetail(
        **{name: getattr(plain, name) for name in plain.__struct_fields__},
        medical_history=known.medical_history, allergies=known.allergies,
    )  # fmt: skip


def session(one: SignIn, actor: Actor) -> SessionView:
    return SessionView(
        id=one.id, kind=one.kind, current=one.id == actor.session_id, strong=one.strong, ip=one.ip,
        user_agent=one.user_agent, created_at=one.created_at, last_seen_at=one.last_seen_at,
        expires_at=one.expires_at,
    )  # fmt: skip


def token(one: ApiToken) -> TokenView:
    return TokenView(
        id=one.id, name=one.name, created_at=one.created_at, last_used_at=one.last_used_at, expires_at=one.expires_at
    )


def new_token(made: tokens.Made) -> NewToken:
    shown = token(made.row)
    return NewToken(**{name: getattr(shown, name) for name in shown.__struct_fields__}, token=made.text)


def relation(one: CareRelation, staff: User) -> CareView:
    return CareView(
        id=one.id, profile_id=one.profile_id, staff_user_id=staff.id, staff_name=staff.name, staff_role=staff.role,
        appointment_id=one.appointment_id, reason=one.reason, since=one.since, until=one.until,
    )  # fmt: skip
