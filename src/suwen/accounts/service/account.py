"""One's own account, and how accounts and people are shown."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.accounts import queries
from suwen.accounts.models import PatientProfile, User
from suwen.accounts.schemas import Account, Me, Person, PersonDetail
from suwen.accounts.service import family
from suwen.core.actor import STAFF, Actor


def me(tx: Session, actor: Actor, second_factor_required: bool) -> Me:
    user = tx.get_one(User, actor.id)
    return Me(
        id=user.id, account=user.account, name=user.name, first_name=user.first_name, last_name=user.last_name,
        role=user.role, phone=user.phone, email=user.email, gender=user.gender, birthday=user.birthday,
        locale=user.locale, zone=user.zone, doctor_id=actor.doctor_id, session_id=actor.session_id,
        strong=actor.strong, second_factor=queries.has_second_factor(tx, user.id),
        second_factor_required=second_factor_required and user.role in STAFF,
    )  # fmt: skip


def shown(user: User) -> Account:
    return Account(
        id=user.id, account=user.account, name=user.name, role=user.role, status=user.status, phone=user.phone,
        email=user.email, locale=user.locale, zone=user.zone, created_at=user.created_at,
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
