"""Phrases: a doctor's own words, written once, for a diagnosis, for advice, for symptoms."""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.db import new_id, rows
from suwen.core.errors import Forbidden, Invalid
from suwen.core.paging import keyset
from suwen.core.schemas import Slice
from suwen.prescribing import queries
from suwen.prescribing.errors import NoSuchPhrase
from suwen.prescribing.models import CommonPhrase
from suwen.prescribing.schemas.shelf import PhraseInput, PhraseView

MOST_USED = [(CommonPhrase.usage_count, "desc"), (CommonPhrase.id, "desc")]


def phrases(
    tx: Session, actor: Actor, *, category: str | None = None, q: str | None = None, all: bool = False,
    after: str | None = None, limit: int | None = None,
) -> Slice[PhraseView]:  # fmt: skip
    """One's own, the most used first; `all` with those put away."""
    found = queries.phrases(actor.doctor_id or "", category, q, all)
    page, following = keyset(tx, found, MOST_USED, after, limit)
    return Slice([_view(row) for row in page], following)


def phrase(tx: Session, actor: Actor, id: str) -> PhraseView:
    """NoSuchPhrase for anybody else's."""
    return _view(_own(tx, actor, id))


def add_phrase(tx: Session, actor: Actor, data: PhraseInput, now: datetime) -> PhraseView:
    if not actor.doctor_id:
        raise Forbidden()
    made = CommonPhrase(
        id=new_id(), doctor_id=actor.doctor_id, usage_count=0, created_at=now, updated_at=now, **_values(data)
    )
    tx.add(made)
    tx.flush()
    return _view(made)


def change_phrase(tx: Session, actor: Actor, id: str, data: PhraseInput, now: datetime) -> PhraseView:
    found = _own(tx, actor, id)
    for name, value in (_values(data) | {"updated_at": now}).items():
        setattr(found, name, value)
    tx.flush()
    return _view(found)


def put_away_phrase(tx: Session, actor: Actor, id: str, now: datetime) -> None:
    """It is no longer offered; changing it can bring it back."""
    _write(tx, actor, id, {"is_active": False, "updated_at": now})


def use_phrase(tx: Session, actor: Actor, id: str) -> PhraseView:
    """For putting it into a text: counted. NoSuchPhrase where it was put away."""
    _write(tx, actor, id, {"usage_count": CommonPhrase.usage_count + 1}, CommonPhrase.is_active)
    return _view(_own(tx, actor, id))


def _write(tx: Session, actor: Actor, id: str, values: dict[str, Any], *more: Any) -> None:
    mine = (CommonPhrase.id == id, CommonPhrase.doctor_id == (actor.doctor_id or ""), *more)
    if not rows(tx, update(CommonPhrase).where(*mine).values({"updated_at": CommonPhrase.updated_at} | values)):
        raise NoSuchPhrase()


def _own(tx: Session, actor: Actor, id: str) -> CommonPhrase:
    found = tx.get(CommonPhrase, id, populate_existing=True)
    if found is None or not actor.doctor_id or found.doctor_id != actor.doctor_id:
        raise NoSuchPhrase()
    return found


def _values(data: PhraseInput) -> dict[str, Any]:
    words = data.content.strip()
    if not words:
        raise Invalid(fields={"content": "Please fill this in."})
    return {"category": data.category, "content": words, "is_active": data.is_active}


def _view(row: CommonPhrase) -> PhraseView:
    return PhraseView(**{name: getattr(row, name) for name in PhraseView.__struct_fields__})
