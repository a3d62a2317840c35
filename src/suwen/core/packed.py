"""Rows that the database packs into one JSON text.

A driver gives rows one by one: on SQLite the interpreter's lock changes hands at each of them, and PyMySQL takes each
column of each row apart in Python. One text is fetched once and decoded in C, a hundred times a row's price otherwise.

    WEEK = packed_rows(slots_of_the_week, id="id", starts_at="slot_start")      # select() of one column, a JSON list
    WHOLE = HotRow(select(...))                                                 # core/hot.py: one JSON object per row
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, String, func, literal_column, select, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import FromClause

from suwen.core.columns import MYSQL, Instant, Money

# What MySQL lets a list grow to; by itself, 1024 letters. A text cut short is no JSON: nobody would see half a list.
LONGEST = 8_000_000


class _listed(FunctionElement[str]):
    """A JSON list of one value per row, in no order that could be relied on."""

    inherit_cache = True
    type = String()


@compiles(_listed, "sqlite")
def _listed_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return f"json_group_array({compiler.process(element.clauses, **kw)})"


@compiles(_listed, *MYSQL)
def _listed_mysql(element: Any, compiler: Any, **kw: Any) -> str:
    # not JSON_ARRAYAGG: MariaDB cuts that one at the same limit, and its JSON is text anyway
    return f"concat('[', coalesce(group_concat({compiler.process(element.clauses, **kw)} separator ','), ''), ']')"


class _minor(FunctionElement[int]):
    """Minor units, which is what SQLite stores."""

    inherit_cache = True
    type = Integer()


@compiles(_minor, "sqlite")
def _minor_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return str(compiler.process(element.clauses, **kw))


@compiles(_minor, *MYSQL)
def _minor_mysql(element: Any, compiler: Any, **kw: Any) -> str:
    return f"cast({compiler.process(element.clauses, **kw)} * 100 as signed)"


def packed(columns: Mapping[str, ColumnElement[Any]]) -> ColumnElement[str]:
    """One JSON object of text, whole numbers, amounts, days, moments, and truths (0 or 1: decode with strict=False)."""
    pairs: list[Any] = []
    for name, column in columns.items():
        pairs += [_text(name), _plain(column)]
    return func.json_object(*pairs, type_=String)


def packed_rows(found: FromClause, **names: str) -> Select[Any]:
    """All rows of `found` as one list; `names` says what each column is called there."""
    return select(_listed(packed({name: found.c[column] for name, column in names.items()})).label("packed"))


def packed_list(columns: Mapping[str, ColumnElement[Any]]) -> Select[Any]:
    """All rows of the columns' tables as one list, to be narrowed by `where`; text also inside another row."""
    return select(_listed(packed(columns)) + literal_column("''", String))  # SQLite would put a list there


def written(value: int | str) -> ColumnElement[Any]:
    """A whole number or a plain word, written into the SQL: what is bound travels and is escaped each time."""
    return literal_column(str(value), Integer) if isinstance(value, int) else _text(value)


def _text(word: str) -> ColumnElement[str]:
    if not word.isascii() or not word.replace("_", "").isalnum():
        raise TypeError(f"{word!r} is not a plain word")
    return literal_column(f"'{word}'", String)


def _plain(column: ColumnElement[Any]) -> ColumnElement[Any]:
    if isinstance(column.type, Instant):
        return type_coerce(column, String) + _text("Z")
    return _minor(column) if isinstance(column.type, Money) else column
