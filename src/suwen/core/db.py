"""Two engines over one database, and one transaction per request or job.

Writes hold the write lock from the start (SQLite) or run under READ COMMITTED (MySQL).
Reads go through connections on which the database itself refuses to write.
"""

import json
import logging
import random
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from sqlalchemy import MetaData, Table, Text, create_engine, event, make_url, text, update
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from suwen.core import driver
from suwen.core.columns import (
    MYSQL,
    Id,
    Instant,
    Json,
    LongText,
    Money,
    ServerId,
    ServerNow,
    ServerTouch,
    choice,
    exact,
    moment_of,
)
from suwen.core.errors import CommitUnknown, Conflict
from suwen.core.hot import Hot
from suwen.core.ids import new_id
from suwen.core.packed import LONGEST
from suwen.core.work import OneSession, Work

__all__ = ["Base", "Changing", "Database", "Id", "Instant", "Json", "LongText", "Money", "Record", "Versioned",
           "changed", "choice", "exact", "lost", "new_id", "rows", "take"]  # fmt: skip

log = logging.getLogger(__name__)
T = TypeVar("T")
TRIES = 6
LOST_RACE = {1213, 1205}  # deadlock (also Galera certification), lock wait timeout: rolled back, safe to repeat
LOST_CONNECTION = {2003, 2006, 2013, 1047}  # safe to repeat unless it happened at COMMIT


class Base(DeclarativeBase):
    if TYPE_CHECKING:
        __table__: ClassVar[Table]

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: Instant, dict[str, Any]: Json, list[Any]: Json, Text: Text}


@event.listens_for(Table, "after_parent_attach")
def _for_mysql(table: Table, _metadata: Any) -> None:
    """InnoDB, every character, and one collation on MySQL and MariaDB alike, whatever the server's defaults are."""
    for dialect in MYSQL:
        table.kwargs[f"{dialect}_engine"] = "InnoDB"
        table.kwargs[f"{dialect}_charset"] = "utf8mb4"
        table.kwargs[f"{dialect}_collate"] = "utf8mb4_unicode_520_ci"


def utc_now() -> datetime:
    return datetime.now(UTC)


class Record(Base):
    """A row with an opaque id and the moment it was made."""

    __abstract__ = True

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id, server_default=ServerId(), sort_order=-10)
    created_at: Mapped[datetime] = mapped_column(Instant, default=utc_now, server_default=ServerNow(), sort_order=90)


class Changing(Record):
    """A row that is changed in place, and says when."""

    __abstract__ = True

    updated_at: Mapped[datetime] = mapped_column(
        Instant, default=utc_now, onupdate=utc_now, server_default=ServerTouch(), sort_order=91
    )


class Versioned(Changing):
    """A row that several people may edit: a guarded write compares `version` and raises it by one."""

    __abstract__ = True

    version: Mapped[int] = mapped_column(default=1, server_default=text("1"), sort_order=92)


V = TypeVar("V", bound=Versioned)


class Database:
    """`keys`, `settings` and the database itself (`db`, for what is opened beside it) travel in `tx.info` to whoever
    needs them; `listeners` hear each topic after its commit.
    """

    def __init__(self, url: str, connections: int = 16, keys: Any = None, settings: Any = None) -> None:
        self.keys, self.settings = keys, settings
        self.sqlite = url.startswith("sqlite")
        make = _sqlite if self.sqlite else _mysql
        self.engine = make(url, connections, reads=False)
        self.read_engine = make(url, connections, reads=True)
        # For single statements outside a transaction. On SQLite every connection takes those, on MySQL only these.
        self.append_engine = self.engine if self.sqlite else _mysql(url, connections, reads=False, autocommit=True)
        info = {"keys": keys, "settings": settings, "db": self}
        self._writes = sessionmaker(self.engine, class_=OneSession, expire_on_commit=False, info=info)
        self._reads = sessionmaker(self.read_engine, class_=OneSession, autoflush=False, info=info | {"reads": True})
        # Threads queue here for SQLite's one write lock; its own way of waiting is to sleep and look again.
        self._turn: AbstractContextManager[Any] = threading.Lock() if self.sqlite else nullcontext()
        self.listeners: list[Callable[[str], None]] = []
        self._beside: dict[str, Any] = {}
        self._opening = threading.Lock()

    def write(self, work: Callable[[Session], T]) -> T:
        """Run `work` and commit. A lost race runs it again from the start, so it must not reach outside."""
        return _with_retries(lambda: self._write_once(work))

    def read(self, work: Callable[[Session], T]) -> T:
        """Run `work` on a connection that cannot write."""
        return _with_retries(lambda: self._read_once(work))

    def append(self, statement: Hot, values: Sequence[dict[str, Any]]) -> None:
        """Insert rows in a transaction of their own, without the cost of a Session: for the audit rows of a read."""
        _with_retries(lambda: self._append_once(statement, values))

    def _append_once(self, statement: Hot, values: Sequence[dict[str, Any]]) -> None:
        if len(values) == 1:  # one statement is a transaction by itself: nothing to begin, nothing to commit
            with self._turn, self.append_engine.connect() as connection:
                statement.run(connection, values[0])
        else:
            with self._turn, self.engine.begin() as connection:
                statement.run_many(connection, values)

    def _write_once(self, work: Callable[[Session], T]) -> T:
        with self._turn, closing(Work(self._writes)) as tx:
            answer = work(cast(Session, tx))
            try:
                tx.commit()
            except DBAPIError as error:
                if _number(error) in LOST_CONNECTION:
                    raise CommitUnknown() from error
                raise
            topics = tx.info.get("changed", ())
        self.tell(topics)
        return answer

    def _read_once(self, work: Callable[[Session], T]) -> T:
        with closing(Work(self._reads, begun=self.sqlite)) as tx:
            return work(cast(Session, tx))

    def tell(self, topics: Iterable[str]) -> None:
        for topic in dict.fromkeys(topics):
            for listener in self.listeners:
                try:
                    listener(topic)
                except Exception:  # the change is committed: nothing here may turn the answer into a failure
                    log.exception("listener, topic %s", topic)

    def beside(self, name: str, opened: Callable[[], Any]) -> Any:
        """What is opened once beside this database, and closed with it: for jobs, which are given nothing else."""
        with self._opening:
            if name not in self._beside:
                self._beside[name] = opened()
            return self._beside[name]

    def close(self) -> None:
        for other in self._beside.values():
            other.close()
        for engine in (self.engine, self.read_engine, self.append_engine):
            engine.dispose()


def changed(tx: Session, *topics: str) -> None:
    """Name what changed. After the commit the listeners drop kept answers, wake the worker, push to sockets.

    This lane may lose news in a crash; what must not be lost is emitted through the outbox.
    """
    tx.info.setdefault("changed", []).extend(topics)


def rows(tx: Session, statement: Any) -> int:
    """Carry out a guarded UPDATE or DELETE and say how many rows it met."""
    done: Any = tx.execute(statement, execution_options={"synchronize_session": False})
    return int(done.rowcount)


def take(tx: Session, row: V, version: int | None) -> V:
    """Claim the row for a change: Conflict for whoever read an older version, and for one of two at once.

    A version that is only compared in Python is no guard: both have read the same one, and the later write wins.
    """
    model, wanted = type(row), row.version if version is None else version
    if not rows(tx, update(model).where(model.id == row.id, model.version == wanted).values(version=wanted + 1)):
        raise Conflict()
    tx.refresh(row)
    return row


def _with_retries(work: Callable[[], T]) -> T:
    for attempt in range(1, TRIES):
        try:
            return work()
        except DBAPIError as error:
            if not lost(error):
                raise
        time.sleep(random.uniform(0, 0.005 * 2**attempt))  # noqa: S311
    return work()


def lost(error: DBAPIError) -> bool:
    """Whether the transaction is gone, through no fault of its own, and may be begun anew."""
    return _number(error) in LOST_RACE | LOST_CONNECTION


def _number(error: DBAPIError) -> Any:
    return error.orig.args[0] if error.orig and error.orig.args else None


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)  # MariaDB cannot search what is escaped


def _conversions(url: str) -> dict[Any, Any]:
    """The driver's own, but moments parsed in C: theirs take half of the time of a read of forty rows."""
    name = make_url(url).get_dialect().import_dbapi().__name__
    known = import_module(f"{name}.converters").conversions
    return known | {import_module(f"{name}.constants").FIELD_TYPE.DATETIME: moment_of}


def _mysql(url: str, connections: int, *, reads: bool, autocommit: bool = False) -> Engine:
    """No pre-ping: a lost connection is met by the retry, and a ping would double the round trips of a read."""
    autocommit = autocommit or reads
    driver.load(url)
    engine = create_engine(
        url,
        # A read under AUTOCOMMIT sees what READ COMMITTED sees and saves the ROLLBACK.
        isolation_level="AUTOCOMMIT" if autocommit else "READ COMMITTED",
        skip_autocommit_rollback=autocommit,
        pool_reset_on_return="rollback" if autocommit else None,  # else `reset` below
        hide_parameters=True,  # what ails people is in them; an error's text ends in logs
        pool_size=connections,
        max_overflow=0,
        pool_timeout=10,
        pool_recycle=1800,
        json_serializer=_json,
        connect_args={"conv": _conversions(url), "charset": "utf8mb4", "connect_timeout": 5},
    )
    driver.prepare(engine)

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET time_zone='+00:00', sql_mode='TRADITIONAL', group_concat_max_len={LONGEST}")
            if reads:
                cursor.execute("SET SESSION TRANSACTION READ ONLY")

    if not autocommit:

        @event.listens_for(engine, "reset")
        def reset(connection: Any, _record: Any, state: Any) -> None:
            """A connection that comes back after its COMMIT has nothing to roll back: one round trip less."""
            if not state.transaction_was_reset and driver.in_transaction(connection):
                connection.rollback()

    return engine


def for_its_owner(url: str) -> None:
    """A new SQLite file, and its folder, are nobody else's to read: SQLite itself would go by the umask. What lies
    beside it while it is open takes over its rights. Those of a file that is there already are its owner's choice.
    """
    file = make_url(url).database
    if file and file != ":memory:":
        Path(file).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        Path(file).touch(mode=0o600)


def _sqlite(url: str, connections: int, *, reads: bool) -> Engine:
    """Writers take the lock at BEGIN and wait their turn; readers take a snapshot and wait for nobody."""
    for_its_owner(url)
    engine = create_engine(
        url, pool_size=connections, max_overflow=0, pool_timeout=10, json_serializer=_json, hide_parameters=True
    )
    start = "BEGIN" if reads else "BEGIN IMMEDIATE"

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "busy_timeout=10000",
            "foreign_keys=ON",
            "cache_size=-1000",
        ):  # KB; what is left out, the system has
            connection.execute(f"PRAGMA {pragma}")
        # The pages that bookings touch are the same again and again: the longer they wait, the fewer have to be moved.
        for pragma in ("query_only=ON",) if reads else ("wal_autocheckpoint=5000",):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.connection.dbapi_connection.execute(start)  # past SQLAlchemy: half the price of a read

    return engine
