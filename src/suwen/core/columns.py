"""Column types: ids, instants, money, enumerations, the same in Python on every database."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, Enum, Integer, Numeric, String, Text, TypeDecorator
from sqlalchemy.dialects import mysql

MYSQL = ("mysql", "mariadb")


def _mysql(kind: Any, other: Any) -> Any:
    return kind.with_variant(other, *MYSQL)


Id = _mysql(String(36), mysql.CHAR(36, charset="ascii", collation="ascii_bin"))
LongText = _mysql(Text(), mysql.MEDIUMTEXT())
Json = JSON(none_as_null=True)


def exact(length: int) -> Any:
    """Text that is unique or compared byte for byte."""
    return _mysql(String(length), mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin"))


def choice(*values: str, name: str) -> Enum:
    """One of the values: ENUM on MySQL, a checked VARCHAR on SQLite."""
    return Enum(*values, name=name, create_constraint=True, validate_strings=True)


class Instant(TypeDecorator[datetime]):
    """A moment: aware UTC in Python, UTC with microseconds in the database."""

    impl = _mysql(DateTime(), mysql.DATETIME(fsp=6))
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.astimezone(UTC).replace(tzinfo=None)

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], datetime | None]:
        """One call per value instead of three: a week of slots has eighty of them."""
        if dialect.name == "sqlite":
            return lambda text: text and datetime.fromisoformat(text).replace(tzinfo=UTC)
        return lambda moment: moment and moment.replace(tzinfo=UTC)


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


__all__ = ["MYSQL", "Id", "Instant", "Json", "LongText", "Money", "Numeric", "choice", "exact"]
