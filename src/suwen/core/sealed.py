"""Encrypted columns of a row. The row needs its id first: the id is part of what is authenticated."""

import json
from typing import Any

from sqlalchemy import JSON, Text, cast, select
from sqlalchemy.orm import Session

from suwen.core.crypto import FieldKeys, Unreadable
from suwen.core.db import Record


def seal(tx: Session, row: Any, column: str, text: str | None) -> None:
    """Write `text` encrypted into `row.<column>`; None or '' empties it."""
    setattr(row, column, keys(tx).encrypt(text, _place(row, column)) if text else None)


def unseal(tx: Session, row: Any, column: str) -> str | None:
    """The clear text of `row.<column>`, None where there is none."""
    text = getattr(row, column)
    return keys(tx).decrypt(text, _place(row, column)) if text else None


def seal_json(tx: Session, row: Any, column: str, value: Any) -> None:
    """Write `value` encrypted into `row.<column>`, a column of JSON: what stands there is one text."""
    seal(tx, row, column, json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def unseal_json(tx: Session, row: Any, column: str) -> Any:
    """What was sealed; and what was written before the column was sealed, as it is."""
    value = getattr(row, column)
    return json.loads(unseal(tx, row, column) or "null") if isinstance(value, str) else value


def blind_index(tx: Session, text: str | None) -> str | None:
    return keys(tx).blind_index(text) if text else None


def index_fits(tx: Session, model: type[Record], column: str, index: str) -> bool:
    """Whether look-ups find what was stored: tried with the first row that has both. They no longer do when the last
    of the keys, from which the index comes, was dropped or another was listed after it."""
    sealed, stored = getattr(model, column), getattr(model, index)
    first = select(model).where(sealed.is_not(None), stored.is_not(None)).order_by(model.id).limit(1)
    if (row := tx.scalar(first)) is None:
        return True
    try:
        return blind_index(tx, unseal(tx, row, column)) == getattr(row, index)
    except Unreadable:
        return False


def key_is_here(tx: Session, model: type[Record], column: str) -> bool:
    """Whether the key of the oldest row that has one is among ours: ids grow, so it was written before the others and
    is the first to be lost. One look along the primary key. What stands there in the clear needs no key."""
    field = getattr(model, column)
    oldest = select(field).where(field.is_not(None)).order_by(model.id).limit(1)
    if (some := getattr(model, "is_encrypted", None)) is not None:
        oldest = oldest.where(some.is_(True))
    text = tx.scalar(oldest)
    return not isinstance(text, str) or text.partition(":")[0] in keys(tx)


def keys(tx: Session) -> FieldKeys:
    found: FieldKeys = tx.info["keys"]
    return found


def rotate(tx: Session, model: type[Record], column: str, limit: int = 500) -> int:
    """Write up to `limit` rows of `model` that carry an older key anew; return how many there were. A table that is not
    sealed as a whole says with `is_encrypted` which rows are; what is clear in a column of JSON is sealed. The rows are
    locked, so that nobody writes between our look and our writing: it would be undone."""
    field = getattr(model, column)
    structured = isinstance(field.type, JSON)
    text, begins = (cast(field, Text), f'"{keys(tx).newest}:') if structured else (field, f"{keys(tx).newest}:")
    old = select(model).where(field.is_not(None), ~text.startswith(begins)).limit(limit).with_for_update()
    if (some := getattr(model, "is_encrypted", None)) is not None:
        old = old.where(some.is_(True))
    found = tx.scalars(old).all()
    for row in found:
        if structured:
            seal_json(tx, row, column, unseal_json(tx, row, column))
        else:
            seal(tx, row, column, unseal(tx, row, column))
    return len(found)


def _place(row: Any, column: str) -> str:
    return f"{row.__tablename__}:{row.id}:{column}"
