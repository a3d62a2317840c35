"""The people an account looks after. Who they are, and what is sealed, is here; their visits are not."""

from datetime import date, datetime

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from suwen.accounts.errors import OneselfOnce, OneselfStays, ProfileExists, TooManyProfiles
from suwen.accounts.models import PatientProfile, User
from suwen.accounts.rules import names, resident_id
from suwen.accounts.schemas import Clinical, PersonInput
from suwen.accounts.service.care import refuse_unseen
from suwen.core import audit
from suwen.core.actor import Actor
from suwen.core.db import new_id, rows, take
from suwen.core.errors import Invalid, NotFound
from suwen.core.sealed import blind_index, seal, unseal

MOST = 20
SEALED = ("id_number", "medical_history", "allergies")


def profiles(tx: Session, actor: Actor) -> list[PatientProfile]:
    """The people of this account, whoever is booked for by default first. Nothing clinical is opened."""
    return profiles_of(tx, actor.id)


def profiles_of(tx: Session, user_id: str) -> list[PatientProfile]:
    mine = select(PatientProfile).where(PatientProfile.user_id == user_id, PatientProfile.is_deleted.is_(False))
    return list(tx.scalars(mine.order_by(PatientProfile.is_default.desc(), PatientProfile.id)))


def profile(tx: Session, actor: Actor, id: str, now: datetime) -> PatientProfile:
    """A person whom `actor` looks after or treats; NotFound for everybody else."""
    refuse_unseen(tx, actor, id, now)
    found = tx.get(PatientProfile, id)
    if found is None or (found.is_deleted and found.user_id == actor.id):
        raise NotFound()
    return found


def own_profile(tx: Session, actor: Actor, id: str) -> PatientProfile:
    """A person of this account, to book for or to edit; NotFound also for those who treat the person."""
    found = tx.get(PatientProfile, id)
    if found is None or found.is_deleted or found.user_id != actor.id:
        raise NotFound()
    return found


def desk_profile(tx: Session, actor: Actor, id: str, now: datetime) -> PatientProfile:
    """At the desk: who the person is, for any admin. Nothing clinical may be shown from this."""
    if actor.role not in ("admin", "system"):
        return profile(tx, actor, id, now)
    found = tx.get(PatientProfile, id)
    if found is None:
        raise NotFound()
    return found


def clinical(tx: Session, actor: Actor, person: PatientProfile, now: datetime, purpose: str = "") -> Clinical:
    """Open what is sealed of a person that was loaded with `profile`; the look is noted."""
    audit.seen(tx, actor, "read", "profile", person.id, person.id, purpose, now=now)
    return Clinical(
        medical_history=unseal(tx, person, "medical_history"), allergies=unseal(tx, person, "allergies")
    )  # fmt: skip


def masked_id(tx: Session, person: PatientProfile) -> str | None:
    return resident_id.masked(unseal(tx, person, "id_number")) or None


def probably_same(tx: Session, person: PatientProfile) -> list[PatientProfile]:
    """For staff: people of other accounts with the same resident ID."""
    return probably_same_as(tx, [person])[person.id]


def probably_same_as(tx: Session, people: list[PatientProfile]) -> dict[str, list[PatientProfile]]:
    """The same for several, in one question."""
    wanted = {person.id_number_index for person in people if person.id_number_index}
    found = (
        tx.scalars(
            select(PatientProfile).where(PatientProfile.id_number_index.in_(wanted)).order_by(PatientProfile.id)
        ).all()
        if wanted
        else ()
    )
    return {
        person.id: [one for one in found if one.id_number_index == person.id_number_index and one.id != person.id][:10]
        for person in people
    }


def ensure_self_profile(tx: Session, user_id: str, now: datetime) -> PatientProfile:
    """Every patient is also a person who may be treated."""
    mine = (PatientProfile.user_id == user_id, PatientProfile.is_deleted.is_(False))
    found = tx.scalar(select(PatientProfile).where(*mine, PatientProfile.relationship == "self"))
    if found is not None:
        return found
    user = tx.get_one(User, user_id)
    made = PatientProfile(
        id=new_id(), user_id=user_id, name=user.name, first_name=user.first_name, last_name=user.last_name,
        gender=user.gender, birthday=user.birthday, phone=user.phone, relationship="self", created_at=now,
        updated_at=now,
    )  # fmt: skip
    tx.add(made)
    tx.flush()
    make_default(tx, made)
    return made


def add_person(tx: Session, actor: Actor, data: PersonInput, now: datetime) -> PatientProfile:
    """Invalid resident ID, ProfileExists, OneselfOnce, TooManyProfiles are refused."""
    return add_person_to(tx, actor, actor.id, data, now)


def add_person_to(tx: Session, actor: Actor, user_id: str, data: PersonInput, now: datetime) -> PatientProfile:
    """Staff at the desk may add a person to a patient's account."""
    _lock(tx, user_id)
    others = profiles_of(tx, user_id)
    if len(others) >= MOST:
        raise TooManyProfiles()
    if data.relationship == "self" and any(other.relationship == "self" for other in others):
        raise OneselfOnce(fields={"relationship": OneselfOnce.title})
    person = PatientProfile(id=new_id(), user_id=user_id, relationship=data.relationship, created_at=now)
    _fill(tx, person, data, now)
    _save(tx, person)
    if data.is_default or data.relationship == "self" or not others:
        make_default(tx, person)
    audit.seen(tx, actor, "write", "profile", person.id, person.id, "added", now=now)
    return person


def change_person(tx: Session, actor: Actor, id: str, data: PersonInput, now: datetime) -> PatientProfile:
    """As on adding; Conflict where somebody changed the entry since `data.version` was read."""
    _lock(tx, actor.id)
    person = take(tx, own_profile(tx, actor, id), data.version)
    if (data.relationship == "self") != (person.relationship == "self"):
        raise OneselfStays("Your own entry stays your own, and another person's stays theirs.")
    person.relationship = data.relationship
    _fill(tx, person, data, now)
    _save(tx, person)
    if data.is_default:
        make_default(tx, person)
    if person.relationship == "self":
        _mirror(tx, person)
    audit.seen(tx, actor, "write", "profile", person.id, person.id, "changed", now=now)
    return person


def complete_person(
    tx: Session, actor: Actor, id: str, gender: str | None, birthday: date | None, now: datetime
) -> None:  # fmt: skip
    """What the first booking asks for. Whoever calls has looked whose person it is and locked it; the resident ID must
    agree."""
    person = tx.get_one(PatientProfile, id)
    person.version += 1
    _say_who(tx, person, person.name, gender, birthday, None, now)
    _save(tx, person)
    if person.relationship == "self":
        _mirror(tx, person)
    audit.seen(tx, actor, "write", "profile", person.id, person.id, "changed", now=now)


def change_self(
    tx: Session, actor: Actor, user_id: str, name: str, gender: str | None, birthday: date | None, now: datetime
) -> None:  # fmt: skip
    """The own entry of an account, from the account's page; what is sealed stays. The resident ID must agree."""
    _lock(tx, user_id)
    person = ensure_self_profile(tx, user_id, now)
    person.version += 1
    _say_who(tx, person, name, gender, birthday, None, now)
    _save(tx, person)
    _mirror(tx, person)
    audit.seen(tx, actor, "write", "profile", person.id, person.id, "changed", now=now)


def remove_person(tx: Session, actor: Actor, id: str, now: datetime) -> None:
    """Take a person off the list. Their records stay, for those who may see them. OneselfStays."""
    _lock(tx, actor.id)
    person = own_profile(tx, actor, id)
    if person.relationship == "self":
        raise OneselfStays()
    was_default = person.is_default
    person.is_deleted, person.deleted_at, person.is_default, person.id_number_index = True, now, False, None
    person.version += 1
    tx.flush()
    left = profiles_of(tx, actor.id)
    if was_default and left:
        make_default(tx, left[0])
    audit.seen(tx, actor, "write", "profile", person.id, person.id, "removed", now=now)


def choose_default(tx: Session, actor: Actor, id: str) -> None:
    """Whoever is booked for unless somebody else is chosen."""
    _lock(tx, actor.id)
    make_default(tx, own_profile(tx, actor, id))


def make_default(tx: Session, person: PatientProfile) -> None:
    others = (PatientProfile.user_id == person.user_id, PatientProfile.id != person.id)
    rows(tx, update(PatientProfile).where(*others, PatientProfile.is_default.is_(True)).values(is_default=False))
    person.is_default = True
    tx.flush()


def count_of(tx: Session, user_id: str) -> int:
    mine = (PatientProfile.user_id == user_id, PatientProfile.is_deleted.is_(False))
    return tx.scalar(select(func.count()).select_from(PatientProfile).where(*mine)) or 0


def _lock(tx: Session, user_id: str) -> None:
    """One change at a time to the list of an account: its rules look at several rows."""
    if tx.scalar(select(User.id).where(User.id == user_id).with_for_update()) is None:
        raise NotFound()


def _fill(tx: Session, person: PatientProfile, data: PersonInput, now: datetime) -> None:
    _say_who(tx, person, data.name, data.gender, data.birthday, data.id_number, now)
    person.phone = names.phone(data.phone) if data.phone else None
    seal(tx, person, "medical_history", (data.medical_history or "").strip())
    seal(tx, person, "allergies", (data.allergies or "").strip())


def _say_who(
    tx: Session, person: PatientProfile, name: str, gender: str | None, birthday: date | None, id_number: str | None,
    now: datetime,
) -> None:  # fmt: skip
    """Without a new resident ID the one that is kept must still agree."""
    person.name = names.plain(name)[:100]
    if not person.name:
        raise Invalid(fields={"name": "Please fill this in."})
    person.first_name, person.last_name = names.split(person.name)
    person.gender, person.birthday = gender, _born(birthday, now)
    number = id_number or unseal(tx, person, "id_number")
    if number:
        number = resident_id.checked(number, birthday, gender, now.date())
        person.gender = gender or resident_id.sex(number)
        person.birthday = resident_id.birth_date(number)
    if id_number:
        seal(tx, person, "id_number", number)
        person.id_number_index = blind_index(tx, number)


def _born(birthday: date | None, now: datetime) -> date | None:
    if birthday is not None and not date(1850, 1, 1) <= birthday <= now.date():
        raise Invalid(fields={"birthday": "Nobody we treat was born on this day."})
    return birthday


def _save(tx: Session, person: PatientProfile) -> None:
    """The constraint speaks for whoever was quicker; asked first, it names the field."""
    if person.id_number_index:
        same = select(PatientProfile.id).where(
            PatientProfile.user_id == person.user_id, PatientProfile.id_number_index == person.id_number_index,
            PatientProfile.id != person.id,
        )  # fmt: skip
        with tx.no_autoflush:
            taken = tx.scalar(same)
        if taken is not None:
            raise ProfileExists(fields={"id_number": ProfileExists.title})
    tx.add(person)
    try:
        tx.flush()
    except IntegrityError:
        raise ProfileExists(fields={"id_number": ProfileExists.title}) from None


def _mirror(tx: Session, person: PatientProfile) -> None:
    """Who one is, is the same in the account."""
    user = tx.get_one(User, person.user_id)
    user.name, user.first_name, user.last_name = person.name, person.first_name, person.last_name
    user.gender, user.birthday = person.gender, person.birthday
