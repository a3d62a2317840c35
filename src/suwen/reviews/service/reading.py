"""Reviews as each of their readers may see them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from suwen.clinics import service as clinics
from suwen.core.actor import Actor
from suwen.core.errors import Invalid, NotFound
from suwen.core.paging import keyset
from suwen.core.schemas import Slice
from suwen.reviews import queries, rules
from suwen.reviews.models import ReviewTag
from suwen.reviews.schemas import AdminsReview, DoctorsReview, OfferedTag, OwnReview, PublicReview, Summary

r = queries.reviews
NEWEST = ((r.c.created_at, "desc"), (r.c.id, "desc"))
PLAIN = ("id", "rating", "attitude_rating", "professionalism_rating", "efficiency_rating", "comment", "is_anonymous",
         "doctor_reply", "doctor_reply_at", "created_at")  # fmt: skip
ESCAPED = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})


def public_reviews(
    tx: Session, doctor_id: str, now: datetime, *, stars: int | None = None, after: str | None = None,
    limit: int | None = None,
) -> Slice[PublicReview]:  # fmt: skip
    """Of a doctor who is listed, newest first."""
    clinics.listed_doctor(tx, doctor_id, now)
    statement = queries.shown_of(doctor_id)
    if stars is not None:
        statement = statement.where(r.c.rating == stars)
    found, following = keyset(tx, statement, NEWEST, after, limit)
    tags = tags_of(tx, found)
    return Slice([PublicReview(**_public(row, tags)) for row in found], following)


def summary(tx: Session, doctor_id: str, now: datetime) -> Summary:
    """Averages as they stand on the doctor, how the stars are spread, and the tags given most."""
    card = clinics.listed_doctor(tx, doctor_id, now)
    counts = {row[0]: row[1] for row in tx.execute(queries.BY_STARS, {"doctor": doctor_id})}
    return Summary(
        reviews=card.reviews, rating=card.rating, attitude=card.attitude, professionalism=card.professionalism,
        efficiency=card.efficiency, stars=[counts.get(stars, 0) for stars in (5, 4, 3, 2, 1)],
        tags=list(tx.scalars(queries.common_tags(doctor_id, 8))),
    )  # fmt: skip


def doctors_reviews(
    tx: Session, me: Actor, *, unanswered_only: bool = False, after: str | None = None, limit: int | None = None
) -> Slice[DoctorsReview]:
    statement = _of_doctor(tx, me)
    if unanswered_only:
        statement = statement.where(r.c.doctor_reply.is_(None))
    found, following = keyset(tx, statement, NEWEST, after, limit)
    tags = tags_of(tx, found)
    return Slice([_doctors(row, tags) for row in found], following)


def doctors_review(tx: Session, me: Actor, id: str) -> DoctorsReview:
    row = tx.execute(_of_doctor(tx, me).where(r.c.id == id)).first()
    if row is None:
        raise NotFound()
    return _doctors(row, tags_of(tx, [row]))


def unanswered(tx: Session, me: Actor) -> int:
    """How many reviews wait for an answer of this doctor."""
    own = clinics.doctor_of_user(tx, me.id)
    open_ = (r.c.doctor_id == (own.id if own else ""), r.c.is_visible.is_(True), r.c.doctor_reply.is_(None))
    return tx.scalar(select(func.count()).select_from(r).where(*open_)) or 0


def my_reviews(
    tx: Session, me: Actor, now: datetime, after: str | None = None, limit: int | None = None
) -> Slice[OwnReview]:
    found, following = keyset(tx, queries.WHOLE.where(r.c.patient_id == me.id), NEWEST, after, limit)
    tags = tags_of(tx, found)
    return Slice([OwnReview(**_own(row, tags, now)) for row in found], following)


def my_review(tx: Session, me: Actor, appointment_id: str, now: datetime) -> OwnReview | None:
    """What this account wrote about a visit, None where it has not."""
    mine = (r.c.appointment_id == appointment_id, r.c.patient_id == me.id)
    row = tx.execute(queries.WHOLE.where(*mine)).first()
    return OwnReview(**_own(row, tags_of(tx, [row]), now)) if row else None


def own(tx: Session, me: Actor, id: str, now: datetime) -> OwnReview:
    row = tx.execute(queries.WHOLE.where(r.c.id == id, r.c.patient_id == me.id)).first()
    if row is None:
        raise NotFound()
    return OwnReview(**_own(row, tags_of(tx, [row]), now))


def all_reviews(
    tx: Session, now: datetime, *, status: str | None = None, stars: int | None = None, q: str | None = None,
    after: str | None = None, limit: int | None = None,
) -> Slice[AdminsReview]:  # fmt: skip
    """For admins. `status` is visible or hidden; `q` part of a comment, an answer, or the doctor's name."""
    statement = queries.WHOLE
    if status not in (None, "visible", "hidden"):
        raise Invalid(fields={"status": "Choose visible or hidden."})
    if status:
        statement = statement.where(r.c.is_visible.is_(status == "visible"))
    if stars is not None:
        statement = statement.where(r.c.rating == stars)
    if q:
        like = f"%{q.strip().translate(ESCAPED)}%"
        places = (r.c.comment, r.c.doctor_reply, queries.doctors_account.c.name)
        statement = statement.where(or_(*(place.ilike(like, escape="\\") for place in places)))
    found, following = keyset(tx, statement, NEWEST, after, limit)
    tags = tags_of(tx, found)
    return Slice([_admins(row, tags, now) for row in found], following)


def one_review(tx: Session, id: str, now: datetime) -> AdminsReview:
    tx.flush()
    row = tx.execute(queries.WHOLE.where(r.c.id == id)).first()
    if row is None:
        raise NotFound()
    return _admins(row, tags_of(tx, [row]), now)


def tag_choices(tx: Session) -> list[OfferedTag]:
    """The tags offered to patients, those used most first; what people made up only once others use it too."""
    offered = (ReviewTag.is_active.is_(True), or_(ReviewTag.category.is_not(None), ReviewTag.usage_count >= 3))
    statement = select(ReviewTag.id, ReviewTag.name, ReviewTag.category).where(*offered)
    found = tx.execute(statement.order_by(ReviewTag.usage_count.desc(), ReviewTag.name).limit(24))
    return [OfferedTag(id=row.id, name=row.name, category=row.category) for row in found]


def tags_of(tx: Session, found: Sequence[Any]) -> dict[str, list[str]]:
    tags: dict[str, list[str]] = {row.id: [] for row in found}
    if tags:
        for review_id, name in tx.execute(queries.TAGS_OF, {"ids": list(tags)}):
            tags[review_id].append(name)
    return tags


def doctor_name(snapshot: Mapping[str, Any] | None) -> str:
    return rules.full_name(snapshot)


def _of_doctor(tx: Session, me: Actor) -> Select[Any]:
    """Those of the doctor whose account this is; none for anybody else."""
    own = clinics.doctor_of_user(tx, me.id)
    more = (r.c.appointment_id, r.c.version)
    return queries.shown_of(own.id if own else "").add_columns(*more)


def _public(row: Any, tags: Mapping[str, list[str]]) -> dict[str, Any]:
    author = None if row.is_anonymous else rules.public_name(row.patient_snapshot)
    return {name: getattr(row, name) for name in PLAIN} | {"author": author, "tags": tags[row.id]}


def _doctors(row: Any, tags: Mapping[str, list[str]]) -> DoctorsReview:
    """The visit of somebody who stays unnamed is not told either: it would name the author."""
    named = not row.is_anonymous
    values = _public(row, tags) | {"author": rules.full_name(row.patient_snapshot) if named else None}
    return DoctorsReview(**values, appointment_id=row.appointment_id if named else None, version=row.version)


def _own(row: Any, tags: Mapping[str, list[str]], now: datetime) -> dict[str, Any]:
    return _public(row, tags) | {
        "author": rules.full_name(row.patient_snapshot), "appointment_id": row.appointment_id,
        "doctor_id": row.doctor_id, "doctor": rules.full_name(row.doctor_snapshot) or row.doctor,
        "is_visible": bool(row.is_visible), "hidden_reason": row.hidden_reason,
        "editable_until": row.created_at + rules.EDITABLE, "editable": rules.editable(row.created_at, now),
    }  # fmt: skip


def _admins(row: Any, tags: Mapping[str, list[str]], now: datetime) -> AdminsReview:
    return AdminsReview(**_own(row, tags, now), patient_id=row.patient_id, patient=row.patient)
