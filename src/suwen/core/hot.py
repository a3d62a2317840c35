"""Statements of the hottest paths: SQLAlchemy writes them, the driver carries them out.

What a Connection does around one execution takes longer than SQLite takes for a row. A `Hot` statement is compiled
once for each set of names that it is given; then values go through their types' processors to the driver's cursor, and
what comes back goes through the columns'. Errors are SQLAlchemy's, so that retries, refusals and the pool see no
difference, and whoever listens to `before_cursor_execute` (tests count statements) hears of these too.

For what runs at nearly every request. Everything else is `tx.execute(...)`.
"""

from collections import namedtuple
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, NoReturn

import msgspec
from sqlalchemy import Connection, Dialect, Select
from sqlalchemy.exc import DBAPIError

from suwen.core.columns import Instant, Money
from suwen.core.packed import packed

Values = dict[str, Any]
Processor = Callable[[Any], Any] | None


class Hot:
    """`statement` is a Core statement over tables, made at import; `values` are given to its bound parameters."""

    def __init__(self, statement: Any) -> None:
        self.statement = statement
        self._plans: dict[tuple[str, tuple[str, ...]], _Plan] = {}

    def all(self, connection: Connection, values: Values) -> list[Any]:
        """Named tuples."""
        plan = self._plan(connection.dialect, values)
        return [plan.row(found) for found in plan.carry_out(connection, values).fetchall()]

    def first(self, connection: Connection, values: Values) -> Any:
        """A named tuple, or None."""
        plan = self._plan(connection.dialect, values)
        found = plan.carry_out(connection, values).fetchone()
        return None if found is None else plan.row(found)

    def scalar(self, connection: Connection, values: Values) -> Any:
        """The first column of the first row as the driver gives it, or None."""
        found = self._plan(connection.dialect, values).carry_out(connection, values).fetchone()
        return None if found is None else found[0]

    def run(self, connection: Connection, values: Values) -> int:
        """Write; the number of rows it met."""
        return int(self._plan(connection.dialect, values).carry_out(connection, values).rowcount)

    def later(self, connection: Connection, *several: Values) -> None:
        """Write rows some time before the COMMIT, or before the next statement: such as meet no others.

        Whoever catches what a write is refused with, or asks how many rows it met, wants `run`.
        """
        later = getattr(connection.connection.dbapi_connection, "later", None)
        if later is None:
            self.run_many(connection, several)
        else:
            self._plan(connection.dialect, several[0]).leave(connection, several, later)

    def run_many(self, connection: Connection, several: Sequence[Values]) -> None:
        """Write several rows, all given the same names, with one statement."""
        if len(several) == 1:
            self.run(connection, several[0])
        elif several:
            self._plan(connection.dialect, several[0]).carry_out_many(connection, several)

    def _plan(self, dialect: Dialect, values: Values) -> "_Plan":
        key = (dialect.name, tuple(values))
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = _Plan(self.statement, dialect, list(values))
        return plan


class HotRow(Hot):
    """A row of many columns as one JSON object, decoded into a struct with the names and types of the columns.

    PyMySQL reads the description of each column of each answer in Python: twenty cost more than all the rest.
    """

    def __init__(self, statement: Select[Any]) -> None:
        columns = {str(column.key): column for column in statement.selected_columns}
        shape = msgspec.defstruct("Found", [(name, _kind(column) | None) for name, column in columns.items()])
        super().__init__(statement.with_only_columns(packed(columns).label("packed"), maintain_column_froms=True))
        self._read = msgspec.json.Decoder(shape, strict=False).decode
        self._read_list = msgspec.json.Decoder(list[shape], strict=False).decode  # type: ignore[valid-type]

    def all(self, connection: Connection, values: Values) -> list[Any]:
        plan = self._plan(connection.dialect, values)
        return [self._read(found[0]) for found in plan.carry_out(connection, values).fetchall()]

    def first(self, connection: Connection, values: Values) -> Any:
        found = self.scalar(connection, values)
        return None if found is None else self._read(found)

    def several(self, packed_list: str) -> list[Any]:
        """Rows of the same columns that another statement brought with it (`core.packed.packed_list`)."""
        return self._read_list(packed_list)


class _Plan:
    """The SQL of a statement for one database and one set of names."""

    def __init__(self, statement: Any, dialect: Dialect, names: Sequence[str]) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=sorted(names))
        if compiled.post_compile_params or compiled.literal_execute_params:
            raise TypeError("a list whose length is not known is not for here; of a known one give literals")
        self.dialect, self.sql, self._order = dialect, compiled.string, compiled.positiontup
        binds = {name: bind for bind, name in compiled.bind_names.items() if name in compiled.params}
        defaults = {column.key: _default(column, compiled.isupdate) for column in compiled.prefetch}
        missing = {name for name, bind in binds.items() if bind.required} - set(names) - set(defaults)
        if missing:
            raise TypeError(f"no value for {', '.join(sorted(missing))}")
        self._given = {name: bind.value for name, bind in binds.items() if name not in defaults}
        self._defaults = list(defaults.items())
        processors = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in binds.items()}
        self._processors = [(name, processor) for name, processor in processors.items() if processor]
        self._names, self._readers = _columns(statement, dialect)

    def carry_out(self, connection: Connection, values: Values) -> Any:
        """The driver's cursor after it has done it."""
        return self._sent(connection, self._given_to_the_driver(values), many=False)

    def carry_out_many(self, connection: Connection, several: Sequence[Values]) -> Any:
        return self._sent(connection, [self._given_to_the_driver(values) for values in several], many=True)

    def leave(self, connection: Connection, several: Sequence[Values], later: Callable[[str], None]) -> None:
        """To the driver, which may keep them for a while (`core/driver.py`)."""
        given, many = [self._given_to_the_driver(values) for values in several], len(several) > 1
        self._sent(connection, given if many else given[0], many, later)

    def _given_to_the_driver(self, values: Values) -> Any:
        given: Any = {**self._given, **values}
        for name, default in self._defaults:
            given[name] = default()
        for name, processor in self._processors:
            given[name] = processor(given[name])
        return given if self._order is None else tuple([given[name] for name in self._order])

    def _sent(self, connection: Connection, given: Any, many: bool, later: Callable[[str], None] | None = None) -> Any:
        cursor = connection.connection.cursor()
        for listener in connection.dispatch.before_cursor_execute:
            listener(connection, cursor, self.sql, given, None, many)
        try:
            if later is not None:
                for one in given if many else (given,):
                    later(cursor.mogrify(self.sql, one))
            else:
                (cursor.executemany if many else cursor.execute)(self.sql, given)
        except self.dialect.loaded_dbapi.Error as error:
            self._refuse(connection, cursor, error)
        return cursor

    def row(self, found: Sequence[Any]) -> Any:
        values = list(found)
        for place, reader in self._readers:
            values[place] = reader(values[place])
        return self._names._make(values)

    def _refuse(self, connection: Connection, cursor: Any, error: Any) -> NoReturn:
        """As SQLAlchemy says it; and a lost connection is not given to anybody again."""
        lost = self.dialect.is_disconnect(error, connection.connection, cursor)
        if lost:
            connection.invalidate(error)
        refusal = DBAPIError.instance(
            self.sql, None, error, self.dialect.loaded_dbapi.Error, hide_parameters=True, connection_invalidated=lost,
            dialect=self.dialect,
        )  # fmt: skip
        raise refusal from error


def _kind(column: Any) -> Any:
    kind = datetime if isinstance(column.type, Instant) else int if isinstance(column.type, Money) else None
    kind = kind or column.type.python_type
    if kind not in (str, int, bool, date, datetime):
        raise TypeError(f"{column.key} does not pass through JSON unchanged")
    return kind


def _default(column: Any, changing: bool) -> Callable[[], Any]:
    default = column.onupdate if changing else column.default
    if default.is_callable:
        return lambda: default.arg(None)
    return lambda: default.arg


def _columns(statement: Any, dialect: Dialect) -> tuple[Any, list[tuple[int, Callable[[Any], Any]]]]:
    """The names of what comes back, and how the columns that need it are read."""
    columns = list(getattr(statement, "selected_columns", ()))
    readers = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
    names = [column.key for column in columns]
    return namedtuple("Found", names), [(n, reader) for n, reader in enumerate(readers) if reader]
