"""Who treats whom: the reason why a doctor or pharmacist may open a person's record, and until when."""

from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from suwen.accounts.models import CareRelation, PatientProfile, User
from suwen.accounts.schemas import CareInput
from suwen.core import audit
from suwen.core.actor import Actor
from suwen.core.db import new_id, rows
from suwen.core.errors import Invalid, NotFound

USUAL, LONGEST = timedelta(days=30), timedelta(days=366)


def relate_care(
    tx: Session, profile_id: str, staff_user_id: str, appointment_id: str | None, reason: str, now: datetime,
    until: datetime | None = None, *, since: datetime | None = None,
) -> str:  # fmt: skip
    """Let this member of staff see the person's record, from `now` on unless `since` is given; the same appointment
    again moves the end, and the beginning only if it is given."""
    reason = reason.strip()[:255]
    if not reason:
        raise Invalid(fields={"reason": "Please fill this in."})
    if appointment_id is not None:
        known = select(CareRelation.id).where(
            CareRelation.profile_id == profile_id, CareRelation.staff_user_id == staff_user_id,
            CareRelation.appointment_id == appointment_id,
        )  # fmt: skip
        found = tx.scalar(known)
        if found is not None:
            begins = {} if since is None else {"since": since}
            rows(tx, update(CareRelation).where(CareRelation.id == found).values(until=until, reason=reason, **begins))
            return str(found)
    made = CareRelation(
        id=new_id(), profile_id=profile_id, staff_user_id=staff_user_id, appointment_id=appointment_id, reason=reason,
        since=since or now, until=until, created_at=now,
    )  # fmt: skip
    tx.add(made)
    tx.flush()
    return made.id


def end_care(tx: Session, appointment_id: str, now: datetime) -> int:
    """The visit will not be: its relations end now. Return how many."""
    running = or_(CareRelation.until.is_(None), CareRelation.until > now)
    mine = CareRelation.appointment_id == appointment_id
    return rows(tx, update(CareRelation).where(mine, running).values(until=now))


def treats(tx: Session, staff_user_id: str, profile_id: str, now: datetime, *, unless: str = "") -> bool:
    """Whether a relation holds now; one whose reason is `unless` does not count."""
    current = and_(CareRelation.since <= now, or_(CareRelation.until.is_(None), CareRelation.until > now))
    found = select(CareRelation.id).where(
        CareRelation.profile_id == profile_id, CareRelation.staff_user_id == staff_user_id, current,
        CareRelation.reason != unless,
    )  # fmt: skip
    return tx.scalar(found.limit(1)) is not None


def may_see(tx: Session, actor: Actor, profile_id: str, now: datetime) -> bool:
    """Whether `actor` may open this person's record: the account that looks after the person, or who treats them."""
    if actor.role == "system":
        return True
    if actor.role in ("doctor", "pharmacist") and treats(tx, actor.id, profile_id, now):
        return True
    owned = select(PatientProfile.id).where(PatientProfile.id == profile_id, PatientProfile.user_id == actor.id)
    return bool(actor.id) and tx.scalar(owned) is not None


def refuse_unseen(tx: Session, actor: Actor, profile_id: str, now: datetime) -> None:
    """NotFound unless `may_see`."""
    if not may_see(tx, actor, profile_id, now):
        raise NotFound()


def relations(tx: Session, actor: Actor, profile_id: str, now: datetime) -> list[tuple[CareRelation, User]]:
    """Who may open this person's record now, and who could. For the account, for who treats, for admins."""
    if actor.role != "admin":
        refuse_unseen(tx, actor, profile_id, now)
    audit.seen(tx, actor, "read", "care", profile_id, profile_id, now=now)
    return relations_of(tx, [profile_id])[profile_id]


def relations_of(tx: Session, profile_ids: list[str]) -> dict[str, list[tuple[CareRelation, User]]]:
    """Of several people, the newest first; whoever calls has asked for permission."""
    found = (
        select(CareRelation, User).join(User, User.id == CareRelation.staff_user_id)
        .where(CareRelation.profile_id.in_(profile_ids)).order_by(CareRelation.since.desc(), CareRelation.id.desc())
    )  # fmt: skip
    shown: dict[str, list[tuple[CareRelation, User]]] = {id: [] for id in profile_ids}
    for relation, staff in tx.execute(found.limit(1000)).all():
        if len(shown[relation.profile_id]) < 100:
            shown[relation.profile_id].append((relation, staff))
    return shown


def entrust(tx: Session, actor: Actor, data: CareInput, now: datetime) -> tuple[CareRelation, User]:
    """Staff name a colleague, never themselves, who shall see the record, and say why.

    Who is no admin must treat the person already.
    """
    if actor.role != "admin":
        refuse_unseen(tx, actor, data.profile_id, now)
    if data.staff_user_id == actor.id:
        raise Invalid(fields={"staff_user_id": "Choose a colleague: nobody opens a record to themselves."})
    if tx.get(PatientProfile, data.profile_id) is None:
        raise NotFound()
    staff = tx.get(User, data.staff_user_id)
    able = staff is not None and staff.role in ("doctor", "pharmacist") and staff.status == "active"
    if staff is None or not able or staff.is_deleted:
        raise Invalid(fields={"staff_user_id": "Choose a doctor or pharmacist of the clinic."})
    until = data.until or now + USUAL
    if not now < until <= now + LONGEST:
        raise Invalid(fields={"until": "Choose an end within a year from now."})
    made = relate_care(tx, data.profile_id, staff.id, None, data.reason, now, until)
    audit.seen(tx, actor, "write", "care", made, data.profile_id, "entrusted", now=now)
    return tx.get_one(CareRelation, made), staff


def end_relation(tx: Session, actor: Actor, id: str, now: datetime) -> str:
    """By an admin, or by the account that looks after the person. Return whose record it is.

    All reasons of the same member of staff end with it: who takes a doctor's access away means the doctor, and one
    visit of several left open would let them in as before.
    """
    found = tx.get(CareRelation, id)
    person = tx.get(PatientProfile, found.profile_id) if found else None
    if found is None or person is None or (actor.role != "admin" and person.user_id != actor.id):
        raise NotFound()
    running = or_(CareRelation.until.is_(None), CareRelation.until > now)
    theirs = (CareRelation.profile_id == found.profile_id, CareRelation.staff_user_id == found.staff_user_id)
    rows(tx, update(CareRelation).where(*theirs, running).values(until=now))
    audit.seen(tx, actor, "write", "care", id, person.id, "ended", now=now)
    return person.id


def who_may_treat(tx: Session) -> list[User]:
    """Doctors and pharmacists who can be asked to look at a record."""
    open_ = (User.is_deleted.is_(False), User.status == "active")
    able = select(User).where(User.role.in_(("doctor", "pharmacist")), *open_)
    return list(tx.scalars(able.order_by(User.name, User.id).limit(500)))
