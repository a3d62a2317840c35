"""Encrypted columns of a row. The row needs its id first: the id is part of what is authenticated."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.core.crypto import FieldKeys
from suwen.core.db import Record


def seal(tx: Session, row: Any, column: str, text: str | None) -> None:
    """Write `text` encrypted into `row.<column>`; None or '' empties it."""
    setattr(row, column, keys(tx).encrypt(text, _place(row, column)) if text else None)


def unseal(tx: Session, row: Any, column: str) -> str | None:
    """The clear text of `row.<column>`, None where there is none."""
    text = getattr(row, column)
    return keys(tx).decrypt(text, _place(row, column)) if text else None


def blind_index(tx: Session, text: str | None) -> str | None:
    return keys(tx).blind_index(text) if text else None


def keys(tx: Session) -> FieldKeys:
    found: FieldKeys = tx.info["keys"]
    return found


def rotate(tx: Session, model: type[Record], column: str, limit: int = 500) -> int:
    """Write up to `limit` rows of `model` that carry an older key anew; return how many there were. A table that is not
    sealed as a whole says with `is_encrypted` which rows are."""
    field = getattr(model, column)
    old = select(model).where(field.is_not(None), ~field.startswith(f"{keys(tx).newest}:")).limit(limit)
    if (some := getattr(model, "is_encrypted", None)) is not None:
        old = old.where(some.is_(True))
    found = tx.scalars(old).all()
    for row in found:
        seal(tx, row, column, unseal(tx, row, column))
    return len(found)


def _place(row: Any, column: str) -> str:
    return f"{row.__tablename__}:{row.id}:{column}"
