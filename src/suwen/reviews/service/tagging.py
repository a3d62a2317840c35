"""The tags of a review: chosen from the list or new, and counted."""

from collections.abc import Iterable

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from suwen.core.db import changed, new_id, rows
from suwen.core.errors import Invalid
from suwen.reviews import rules
from suwen.reviews.errors import TagNotUsed
from suwen.reviews.models import ReviewTag, ReviewTagMapping

TOPIC = "catalogue:review-tags"


def set_tags(tx: Session, review_id: str, given: Iterable[str]) -> None:
    """Replace the tags of a review. TagNotUsed for one that an admin has switched off."""
    names = rules.tag_names(given)
    if names is None:
        raise Invalid(fields={"tags": "At most 8 tags of up to 50 characters, please."})
    wanted = _ids(tx, names)
    mine = select(ReviewTagMapping.tag_id).where(ReviewTagMapping.review_id == review_id)
    before = set(tx.scalars(mine))
    gone, new = before - set(wanted), [id for id in wanted if id not in before]
    if gone:
        tx.execute(delete(ReviewTagMapping).where(
            ReviewTagMapping.review_id == review_id, ReviewTagMapping.tag_id.in_(gone)
        ))  # fmt: skip
    if new:
        tx.execute(insert(ReviewTagMapping), [{"id": new_id(), "review_id": review_id, "tag_id": id} for id in new])
    for id, step in sorted([*((id, -1) for id in gone), *((id, 1) for id in new)]):  # in one order: no deadlock
        rows(tx, update(ReviewTag).where(ReviewTag.id == id).values(usage_count=ReviewTag.usage_count + step))
    if gone or new:
        changed(tx, TOPIC)


def _ids(tx: Session, names: list[str]) -> list[str]:
    known = {tag.name: tag for tag in tx.scalars(select(ReviewTag).where(ReviewTag.name.in_(names)))}
    for name in names:
        if name not in known:
            known[name] = _made(tx, name)
        if not known[name].is_active:
            raise TagNotUsed(fields={"tags": TagNotUsed.title})
    return [known[name].id for name in names]


def _made(tx: Session, name: str) -> ReviewTag:
    """A new tag, or the one that somebody else has just made."""
    tag = ReviewTag(id=new_id(), name=name, usage_count=0, is_active=True)
    try:
        with tx.begin_nested():
            tx.add(tag)
            tx.flush()
        return tag
    except IntegrityError:
        return tx.scalars(select(ReviewTag).where(ReviewTag.name == name)).one()
