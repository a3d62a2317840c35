"""Bring a database to the newest schema, and see whether it is there.

Alembic does the work. Added here: one process at a time, the column types by their own names
in the scripts, and comparisons that know what each database makes of a default or an enumeration.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata, renderers
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import ops
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from suwen.core import columns
from suwen.core.db import for_its_owner
from suwen.core.revision import scripts

LOCK = "suwen_migrate"
PATIENCE = 120  # seconds to wait for another process that migrates
NAMED = {"Id": columns.Id, "LongText": columns.LongText, "Json": columns.Json}
ENUM_VALUES = re.compile(r"\bIN\s*\((.*)\)", re.IGNORECASE | re.DOTALL)


class Busy(Exception):
    """Another process is migrating this database and did not finish."""


def config(connection: Connection | None = None) -> Config:
    made = Config()
    made.set_main_option("script_location", str(scripts()).replace("%", "%%"))
    made.attributes["connection"] = connection
    return made


def head() -> str:
    """The newest revision that this release knows."""
    return ScriptDirectory.from_config(config()).get_current_head() or ""


def current(url: str) -> str:
    """The revision the database is at; empty for an empty database."""
    with _opened(url) as connection:
        return MigrationContext.configure(connection).get_current_revision() or ""


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database to `revision`. Repeating it does nothing; a second process waits for the first."""
    with locked(url) as connection:
        command.upgrade(config(connection), revision)
        if connection.dialect.name == "sqlite":
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            if broken:  # the transaction is rolled back
                raise RuntimeError(f"The migration would leave rows without their parents: {broken[:5]}")


def check(url: str, metadata: sa.MetaData) -> list[str]:
    """What differs between the models and the database, in words; empty when nothing does."""
    with _opened(url) as connection:
        options = {"compare_type": compare_type, "compare_server_default": compare_default}
        context = MigrationContext.configure(connection, opts=options)
        found = [str(difference) for difference in compare_metadata(context, metadata)]
        return found + _checks_that_differ(connection, metadata)


@contextmanager
def locked(url: str) -> Iterator[Connection]:
    """A connection that migrates alone: one transaction on SQLite, a named lock on MySQL (whose DDL commits itself)."""
    with _opened(url, "BEGIN IMMEDIATE") as connection:
        if connection.dialect.name == "sqlite":
            with connection.begin():
                yield connection
            return
        if connection.scalar(sa.text("SELECT GET_LOCK(:name, :wait)"), {"name": LOCK, "wait": PATIENCE}) != 1:
            raise Busy(f"Another process has been migrating for {PATIENCE} s")
        connection.commit()
        try:
            yield connection
        finally:
            connection.rollback()
            connection.execute(sa.text("SELECT RELEASE_LOCK(:name)"), {"name": LOCK})


@contextmanager
def _opened(url: str, begin: str = "BEGIN") -> Iterator[Connection]:
    if url.startswith("sqlite"):
        for_its_owner(url)
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    _prepare(engine, begin)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _prepare(engine: sa.Engine, begin: str) -> None:
    sqlite = engine.dialect.name == "sqlite"

    @sa.event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        if sqlite:
            connection.isolation_level = None
            # Foreign keys rest, because a rebuilt table is dropped in between; they are checked at the end.
            statements = [f"PRAGMA busy_timeout={PATIENCE * 1000}", "PRAGMA foreign_keys=OFF"]
        else:
            statements = ["SET time_zone='+00:00', sql_mode='TRADITIONAL'"]
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        cursor.close()

    if sqlite:
        # The write lock is taken before the revision is looked at.
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))


def clear_leftovers(connection: Connection, *tables: str) -> None:
    """Begin a script over that was interrupted on MySQL, where each CREATE TABLE commits itself.

    Called by a script for the tables that it is about to make. A table with rows in it is not ours to drop.
    """
    there = set(sa.inspect(connection).get_table_names()) & set(tables) if connection.dialect.name != "sqlite" else ()
    for table in there:
        if connection.exec_driver_sql(f"SELECT 1 FROM {table} LIMIT 1").first():  # noqa: S608
            raise RuntimeError(f"The table {table} is already there, with rows, but its migration is not recorded")
    if there:
        connection.exec_driver_sql("SET foreign_key_checks=0")
        for table in there:
            connection.exec_driver_sql(f"DROP TABLE {table}")
        connection.exec_driver_sql("SET foreign_key_checks=1")


# --- views


@contextmanager
def views_aside(connection: Connection) -> Iterator[None]:
    """Take the views away while tables change, and put them back: SQLite renames no table under a view."""
    saved = {name: _definition(connection, name) for name in sa.inspect(connection).get_view_names()}
    drop_views(connection, saved)
    yield
    for definition in saved.values():
        connection.exec_driver_sql(definition.replace("%", "%%"))


def drop_views(connection: Connection, names: Any) -> None:
    for name in names:
        connection.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")


def _definition(connection: Connection, name: str) -> str:
    if connection.dialect.name == "sqlite":
        return str(connection.scalar(sa.text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": name}))
    return str(connection.exec_driver_sql(f"SHOW CREATE VIEW {name}").one()[1])


# --- hooks for Alembic


def render_item(kind: str, item: Any, context: Any) -> Any:
    """Our types and defaults under their own names, so that a script says the same for every database."""
    shown = _shown_type(item) if kind == "type" else _shown_default(item) if kind == "server_default" else None
    if shown is None:
        return False
    context.imports.add("from suwen.core import columns")
    return f"columns.{shown}"


def _shown_type(item: Any) -> str | None:
    for name, known in NAMED.items():
        if item is known:
            return name
    if isinstance(item, columns.Instant | columns.Money):
        return f"{type(item).__name__}()"
    if isinstance(item, sa.Enum):
        values = ", ".join(f'"{value}"' for value in item.enums)
        return f'choice({values}, name="{item.name}")'
    variant = getattr(item, "_variant_mapping", {}).get("mysql")
    if isinstance(item, sa.String) and getattr(variant, "collation", None) == "utf8mb4_bin":
        return f"exact({item.length})"
    return None


def _shown_default(item: Any) -> str | None:
    made = getattr(item, "arg", None)
    if isinstance(made, columns.ServerNow | columns.ServerTouch | columns.ServerId):
        return f"{type(made).__name__}()"
    return None


def without_engines(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """Leave out of scripts what is added to every table (engine, character set), and add the clearing of leftovers."""
    for script in directives:
        made = [step for step in script.upgrade_ops.ops if isinstance(step, ops.CreateTableOp)]
        for step in made:
            step.kw = {key: value for key, value in step.kw.items() if not key.startswith(columns.MYSQL)}
        if made:
            names = ", ".join(f'"{step.table_name}"' for step in made)
            script.imports.add("from suwen.core import migrate")
            script.upgrade_ops.ops.insert(0, _Verbatim(f"migrate.clear_leftovers(op.get_bind(), {names})"))


class _Verbatim(ops.MigrateOperation):
    def __init__(self, line: str) -> None:
        self.line = line


@renderers.dispatch_for(_Verbatim)
def _line(_context: Any, step: _Verbatim) -> str:
    return step.line


def compare_type(_context: Any, _column: Any, _model: Any, there: Any, wanted: Any) -> bool | None:
    """True: they differ. None: Alembic shall look."""
    if isinstance(wanted, sa.JSON):
        return not isinstance(there, sa.JSON | sa.String)  # MariaDB calls it LONGTEXT
    if isinstance(wanted, sa.LargeBinary):
        return not isinstance(there, sa.types._Binary)
    if isinstance(wanted, sa.Enum) and isinstance(there, sa.Enum):
        return list(there.enums) != list(wanted.enums)
    return None


def compare_default(
    context: Any, _column: Any, _model: Any, there: str | None, _wanted: Any, shown: str | None
) -> bool:  # fmt: skip
    return _plain(there) != _plain(shown)


def _plain(default: str | None) -> str | None:
    """One spelling: databases add brackets, quotes, noughts and precision."""
    if default is None:
        return None
    text = default.strip().lower()
    while len(text) > 1 and (text[0], text[-1]) in (("(", ")"), ("'", "'")):
        text = text[1:-1].strip()
    text = re.sub(r"current_timestamp(\(\d*\))?", "current_timestamp", re.sub(r"\s+", " ", text))
    if text in ("null", ""):
        return text or "''"
    return re.sub(r"\.0+$", "", text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else text


def _checks_that_differ(connection: Connection, metadata: sa.MetaData) -> list[str]:
    """Alembic does not look at CHECKs, and on SQLite they are what an enumeration consists of."""
    inspector, found = sa.inspect(connection), []
    existing = set(inspector.get_table_names())
    for table in metadata.sorted_tables:
        if table.name not in existing:
            continue  # Alembic has said so
        wanted = dict(_wanted_checks(connection, table))
        there = {str(check["name"]): _values(check["sqltext"]) for check in inspector.get_check_constraints(table.name)}
        there = {name: values for name, values in there.items() if name.startswith("ck_")}
        if wanted != there:
            found.append(f"CHECKs of {table.name}: {there} in the database, {wanted} in the models")
    return found


def _wanted_checks(connection: Connection, table: sa.Table) -> Iterator[tuple[str, tuple[str, ...]]]:
    dialect = connection.dialect
    for constraint in table.constraints:
        of_an_enum = getattr(constraint, "_type_bound", False)
        if isinstance(constraint, sa.CheckConstraint) and not (of_an_enum and dialect.name in columns.MYSQL):
            name = dialect.identifier_preparer.format_constraint(constraint)
            text = constraint.sqltext.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
            yield str(name), _values(str(text))


def _values(sqltext: str) -> tuple[str, ...]:
    """The literals of `column IN (...)`; nothing for another kind of check, which only its name tells apart."""
    listed = ENUM_VALUES.search(sqltext)
    return tuple(sorted(re.findall(r"'([^']*)'", listed.group(1)))) if listed else ()
