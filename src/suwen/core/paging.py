"""Keyset paging: the cursor is where the last row stood, so pages neither skip nor repeat rows, however deep."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Select, TypeDecorator, and_, false, or_
from sqlalchemy.orm import Session

from suwen.core.errors import Invalid

DEFAULT, MOST = 20, 100
Cursor = list[str | int | dict[str, str]]  # flat: one that is nested deep would be a bug's answer, not a refusal
LARGEST = 2**63  # no database counts that far


class BadCursor(Invalid):
    code, title = "bad_cursor", "This page link is no longer valid. Start again from the first page."


def keyset(
    tx: Session, statement: Select[Any], by: Sequence[tuple[Any, str]], cursor: str | None, limit: int | None = None
) -> tuple[list[Any], str | None]:
    """Rows of one page and the cursor of the next.

    `by` is a sequence of (column, "asc"|"desc"), the last one unique; each column must be in the statement
    and never NULL, and be a text, a whole number or a moment. A single entity is unpacked; other rows keep their names.
    """
    size = max(1, min(limit or DEFAULT, MOST))
    if cursor:
        statement = statement.where(_after(by, _decode(cursor, by)))
    ordered = statement.order_by(*(column.desc() if way == "desc" else column.asc() for column, way in by))
    marked = ordered.add_columns(*(column for column, _ in by)).limit(size + 1)
    found = tx.execute(marked).all()
    page, width = found[:size], len(by)
    following = _encode(page[-1][-width:]) if len(found) > size else None
    items = [row[0] if len(row) == width + 1 else row for row in page]
    return items, following


def _after(by: Sequence[tuple[Any, str]], values: Sequence[Any]) -> Any:
    """(a, b) after (x, y): a > x or (a = x and b > y)."""
    parts = []
    for place, (column, way) in enumerate(by):
        same = [earlier == value for (earlier, _), value in zip(by[:place], values, strict=False)]
        beyond = column < values[place] if way == "desc" else column > values[place]
        parts.append(and_(*same, beyond))
    return or_(false(), *parts)


def _encode(values: Sequence[Any]) -> str:
    plain = [{"t": value.astimezone(UTC).isoformat()} if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(msgspec.json.encode(plain)).decode().rstrip("=")


def _decode(cursor: str, by: Sequence[tuple[Any, str]]) -> list[Any]:
    """Anybody may write a cursor: what a column could not be compared with is refused before the database sees it."""
    try:
        raw = msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=Cursor)
        values = [_moment(value["t"]) if isinstance(value, dict) else value for value in raw]
    except (ValueError, KeyError, TypeError, OverflowError, msgspec.DecodeError):
        raise BadCursor() from None
    if len(values) != len(by) or not all(_fits(value, column) for value, (column, _) in zip(values, by, strict=True)):
        raise BadCursor()
    return values


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment.astimezone(UTC)


def _fits(value: Any, column: Any) -> bool:
    kind = column.type.impl if isinstance(column.type, TypeDecorator) else column.type
    return type(value) is kind.python_type and (not isinstance(value, int) or abs(value) < LARGEST)
