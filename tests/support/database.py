"""One migrated database per test process, put back to its first state after each test."""

import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event, insert, make_url, text
from sqlalchemy.orm import Session

from suwen.core.db import Database
from suwen.tables import metadata

# The ledger and what was signed refuse to lose rows; between two tests they must.
UNDELETABLE = ("postings", "journals", "balance_transactions", "safety_evaluations", "prescription_signatures",
               "prescription_reviews", "dispensings", "journal_seals", "ledger_checks")  # fmt: skip


def own_url(worker: str, folder: Path) -> str:
    """SQLite, or a database of this process's own on the server of SUWEN_TEST_DATABASE_URL; never the one it names."""
    given = os.environ.get("SUWEN_TEST_DATABASE_URL")
    if not given or given.startswith("sqlite"):
        return f"sqlite:///{folder}/test.db"
    url = make_url(given)
    name = f"{url.database}_test_{worker}_{os.getpid()}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4"))
    engine.dispose()
    return url.set(database=name).render_as_string(hide_password=False)


def drop(url: str) -> None:
    """Take back what `own_url` made."""
    if url.startswith("sqlite"):
        return
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE `{make_url(url).database}`"))
    engine.dispose()


@dataclass
class Template:
    """The rows that every test begins with: those of the migrations, and the cast."""

    db: Database
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _open: Any = None

    def __post_init__(self) -> None:
        """Nobody waits for a disk, and SQLite does not write all back whenever the last connection is closed."""
        if self.db.sqlite:
            for engine in (self.db.engine, self.db.read_engine):
                event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
            self._open = sqlite3.connect(str(self.db.engine.url.database), check_same_thread=False)
            self._open.execute("SELECT count(*) FROM sqlite_master").fetchone()

    def close(self) -> None:
        if self._open:
            self._open.close()

    def remember(self) -> None:
        def read(tx: Session) -> None:
            for table in metadata().sorted_tables:
                columns = [column for column in table.columns if column.computed is None]
                found = tx.execute(table.select().with_only_columns(*columns)).mappings()
                self.rows[table.name] = [dict(row) for row in found]

        self.db.read(read)
        for table in UNDELETABLE:
            self.db.write(lambda tx, table=table: tx.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_delete")))

    def lend(self, db: Database) -> None:
        """Its engines to another database over the same rows: what SQLAlchemy has compiled once it knows in every test.

        Connections are not handed on: whoever closes the other one closes them.
        """
        for engine in (db.engine, db.read_engine, db.append_engine):
            engine.dispose()
        db.engine, db.read_engine, db.append_engine = self.db.engine, self.db.read_engine, self.db.append_engine
        db._writes.configure(bind=db.engine)
        db._reads.configure(bind=db.read_engine)

    def put_back(self) -> None:
        """DELETE, not TRUNCATE, which costs MariaDB a tenth of a second a table."""
        self.db.write(self._put_back)

    def _put_back(self, tx: Session) -> None:
        sqlite = self.db.sqlite
        tx.execute(text("PRAGMA defer_foreign_keys=ON" if sqlite else "SET FOREIGN_KEY_CHECKS=0"))
        for table in metadata().sorted_tables:
            tx.execute(table.delete())
            if self.rows.get(table.name):
                tx.execute(insert(table), self.rows[table.name])
        if not sqlite:
            tx.execute(text("SET FOREIGN_KEY_CHECKS=1"))


def count_statements(db: Database, work: Callable[[], Any]) -> list[str]:
    """The SQL that `work` issues on any engine. Call `work` once before: the first time also checks the session."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    engines = {db.engine, db.read_engine, db.append_engine}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
    return seen
