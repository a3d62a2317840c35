"""Who treats whom: the reason why a doctor or pharmacist may open a person's record, and until when."""

from datetime import datetime

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from suwen.accounts.models import CareRelation, PatientProfile
from suwen.core.actor import Actor
from suwen.core.db import new_id, rows
from suwen.core.errors import Invalid, NotFound


def relate_care(
    tx: Session, profile_id: str, staff_user_id: str, appointment_id: str | None, reason: str, now: datetime,
    until: datetime | None = None,
) -> str:  # fmt: skip
    """Let this member of staff see the person's record from `now` on; the same appointment again only moves `until`."""
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
            rows(tx, update(CareRelation).where(CareRelation.id == found).values(until=until, reason=reason))
            return str(found)
    made = CareRelation(
        id=new_id(), profile_id=profile_id, staff_user_id=staff_user_id, appointment_id=appointment_id, reason=reason,
        since=now, until=until, created_at=now,
    )  # fmt: skip
    tx.add(made)
    tx.flush()
    return made.id


def end_care(tx: Session, appointment_id: str, now: datetime) -> int:
    """The visit will not be: its relations end now. Return how many."""
    running = or_(CareRelation.until.is_(None), CareRelation.until > now)
    mine = CareRelation.appointment_id == appointment_id
    return rows(tx, update(CareRelation).where(mine, running).values(until=now))


def treats(tx: Session, staff_user_id: str, profile_id: str, now: datetime) -> bool:
    current = and_(CareRelation.since <= now, or_(CareRelation.until.is_(None), CareRelation.until > now))
    found = select(CareRelation.id).where(
        CareRelation.profile_id == profile_id, CareRelation.staff_user_id == staff_user_id, current
    )
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
