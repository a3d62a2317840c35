"""Column types: ids, instants, money, enumerations, the same in Python on every database."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, Enum, ForeignKey, Integer, Numeric, String, Text, TypeDecorator, text
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import MappedColumn, mapped_column
from sqlalchemy.sql.expression import ColumnElement

MYSQL = ("mysql", "mariadb")


def _mysql(kind: Any, other: Any) -> Any:
    return kind.with_variant(other, *MYSQL)


class AsciiChar(mysql.CHAR):
    """MySQL refuses to compare an ASCII column with other letters; what holds some is nobody's id."""

    def bind_processor(self, dialect: Dialect) -> Callable[[str | None], str | None]:
        return lambda value: value if value is None or value.isascii() else "?"


Id = _mysql(String(36), AsciiChar(36, charset="ascii", collation="ascii_bin"))
LongText = _mysql(Text(), mysql.MEDIUMTEXT())
Json = JSON(none_as_null=True)


def exact(length: int) -> Any:
    """Text that is unique or compared byte for byte."""
    return _mysql(String(length), mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin"))


def choice(*values: str, name: str) -> Enum:
    """One of the values: ENUM on MySQL, a checked VARCHAR on SQLite.

    The database refuses others. A comparison with one that does not exist, say out of a page's address, finds nothing.
    """
    return Enum(*values, name=name, create_constraint=True)


class Instant(TypeDecorator[datetime]):
    """A moment: aware UTC in Python, UTC with microseconds in the database."""

    impl = _mysql(DateTime(), mysql.DATETIME(fsp=6))
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.astimezone(UTC).replace(tzinfo=None)

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], str | None]:
        """As text, for every driver: theirs would take it apart and put it together more slowly."""

        def text(value: datetime | None) -> str | None:
            if value is None:
                return None
            return _utc_text(value) if value.tzinfo is UTC else _text(value.astimezone(UTC))

        return text

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], datetime | None]:
        """`replace(tzinfo=UTC)` costs six times as much as reading it anew, and a week of slots has two hundred."""
        if dialect.name == "sqlite":
            return lambda text: text and datetime.fromisoformat(text + "+00:00")
        # ours (`moment_of`) knows that it is UTC already; a driver that was not told so does not
        return lambda moment: moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


def _text(moment: datetime) -> str:
    return moment.isoformat(" ", "microseconds")[:26]


# One request says the same moment some twenty times. Only of UTC: elsewhere two hours of one autumn night are equal.
_utc_text = lru_cache(maxsize=64)(_text)


def moment_of(text: str) -> datetime:
    """For the drivers of MySQL, which read every DATETIME alike: it is UTC, except in a WallTime."""
    return datetime.fromisoformat(text + "+00:00")


class WallTime(TypeDecorator[datetime]):
    """What a clock on some wall shows, without a zone."""

    impl = DateTime
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.replace(tzinfo=None)


class Money(TypeDecorator[int]):
    """Minor units in Python. DECIMAL(10,2) on MySQL; SQLite has no exact decimal and stores the integer."""

    impl = _mysql(Integer(), mysql.DECIMAL(10, 2))
    cache_ok = True

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        return self

    def process_bind_param(self, value: int | None, dialect: Dialect) -> Any:
        if value is None or dialect.name == "sqlite":
            return value
        return Decimal(value).scaleb(-2)

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        if value is None or dialect.name == "sqlite":
            return value
        return int(Decimal(value).scaleb(2))


class ServerNow(ColumnElement[Any]):
    """Default of a moment. MySQL wants its precision repeated."""

    inherit_cache = True


class ServerTouch(ColumnElement[Any]):
    """Default of the moment of the last change; MySQL also keeps it up for those who write past the platform."""

    inherit_cache = True


class ServerId(ColumnElement[Any]):
    """Default of an id, for rows that are written past the platform (ours come with a UUIDv7)."""

    inherit_cache = True


@compiles(ServerNow)
@compiles(ServerTouch)
def _now(_element: Any, _compiler: Any, **_: Any) -> str:
    return "CURRENT_TIMESTAMP"


@compiles(ServerNow, *MYSQL)
def _now_mysql(_element: Any, _compiler: Any, **_: Any) -> str:
    return "CURRENT_TIMESTAMP(6)"


@compiles(ServerTouch, *MYSQL)
def _touch_mysql(_element: Any, _compiler: Any, **_: Any) -> str:
    return "CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)"


@compiles(ServerId)
def _id_sqlite(_element: Any, _compiler: Any, **_: Any) -> str:
    rest = "'-' || lower(hex(randomblob(2)))"
    return f"(lower(hex(randomblob(4))) || {rest} || {rest} || {rest} || '-' || lower(hex(randomblob(6))))"


@compiles(ServerId, *MYSQL)
def _id_mysql(_element: Any, _compiler: Any, **_: Any) -> str:
    return "(UUID())"


# Columns that come up in every package. A default stands in Python and in the table, for rows written by others.


def ref(target: str, **options: Any) -> MappedColumn[Any]:
    """A foreign key: `ref("users.id")`. `Mapped[str | None]` makes it optional."""
    return mapped_column(Id, ForeignKey(target), **options)


def flag(default: bool = False) -> MappedColumn[bool]:
    return mapped_column(default=default, server_default=text("1" if default else "0"))


def whole(default: int = 0) -> MappedColumn[int]:
    return mapped_column(default=default, server_default=text(str(default)))


def money(default: int | None = None) -> MappedColumn[Any]:
    """Money in minor units."""
    given: dict[str, Any] = {} if default is None else {"default": default, "server_default": text(str(default))}
    return mapped_column(Money, **given)


def currency_code() -> MappedColumn[str]:
    """The ISO-4217 code that stands beside every amount."""
    return mapped_column(String(10), default="CNY", server_default="CNY")


__all__ = ["MYSQL", "Id", "Instant", "Json", "LongText", "Money", "Numeric", "ServerId", "ServerNow", "ServerTouch",
           "WallTime", "choice", "currency_code", "exact", "flag", "moment_of", "money", "ref", "whole"]  # fmt: skip
