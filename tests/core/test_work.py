"""What a transaction is given: hot statements, waiting rows and a Session of one transaction, whoever comes first."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from suwen.core import audit, idempotency, outbox
from suwen.core.db import new_id
from suwen.core.errors import CommitUnknown
from suwen.core.hot import Hot
from suwen.core.house import House
from suwen.core.outbox import MESSAGES, Event, emit, on

NOW = datetime(2030, 1, 1, tzinfo=UTC)
EVENTS = audit.EVENTS
COUNT = Hot(select(func.count().label("n")).select_from(EVENTS))


def row(**more: Any) -> dict[str, Any]:
    return {
        "id": new_id(), "created_at": NOW, "actor_id": "a", "actor_role": "x", "session_id": "", "action": "read",
        "kind": "seen", "object_id": "o", "person_id": None, "purpose": "", "result": "done", "ip": "",
    } | more  # fmt: skip


def run(tx: Session, **more: Any) -> None:
    audit.INSERT.run(tx.connection(), row(**more))


def later(tx: Session, **more: Any) -> None:
    audit.INSERT.later(tx.connection(), row(**more))


def count(house: House, kind: str = "seen") -> int:
    found = select(func.count()).select_from(EVENTS).where(EVENTS.c.kind == kind)
    return house.db.read(lambda tx: tx.execute(found).scalar_one())


def without_autoflush(tx: Session) -> None:
    with tx.no_autoflush:
        pass


def empty_savepoint(tx: Session) -> None:
    with tx.begin_nested():
        pass


@pytest.mark.parametrize(
    "touch", [Session.flush, Session.get_bind, without_autoflush, empty_savepoint], ids=lambda one: one.__name__
)
def test_a_session_that_said_nothing_commits_what_went_past_it(house: House, touch: Callable[..., Any]) -> None:
    def work(tx: Session) -> None:
        run(tx)
        getattr(tx, touch.__name__)() if touch in (Session.flush, Session.get_bind) else touch(tx)

    house.db.write(work)
    assert count(house) == 1


@pytest.mark.parametrize("session_first", [True, False])
@pytest.mark.parametrize("kind", ["run", "later", "connection"])
def test_a_savepoint_takes_back_every_kind_of_write(house: House, kind: str, session_first: bool) -> None:
    def inside(tx: Session) -> None:
        match kind:
            case "run":
                run(tx)
            case "later":
                later(tx)
            case _:
                tx.connection().execute(insert(EVENTS), row())
        raise ZeroDivisionError

    def work(tx: Session) -> None:
        if session_first:
            tx.scalar(select(func.count()).select_from(EVENTS))
        run(tx, kind="before")
        with pytest.raises(ZeroDivisionError), tx.begin_nested():
            inside(tx)
        run(tx, kind="after")

    house.db.write(work)
    assert [count(house, kind) for kind in ("before", "seen", "after")] == [1, 0, 1]


def test_savepoints_in_savepoints(house: House) -> None:
    def inner(tx: Session) -> None:
        with tx.begin_nested():
            later(tx, kind="gone")
            tx.execute(select(EVENTS.c.id)).all()
            later(tx, kind="gone")
            raise ZeroDivisionError

    def work(tx: Session) -> None:
        later(tx, kind="one")
        with tx.begin_nested():
            later(tx, kind="two")
            with pytest.raises(ZeroDivisionError):
                inner(tx)
            later(tx, kind="three")
        later(tx, kind="four")

    house.db.write(work)
    assert [count(house, kind) for kind in ("one", "two", "three", "four", "gone")] == [1, 1, 1, 1, 0]


@dataclass(frozen=True)
class Written(Event):
    name = "work.written"

    twice: bool


@on(Written)
def write_it(tx: Session, now: datetime, twice: bool) -> None:
    one = row(kind="job")
    audit.INSERT.later(tx.connection(), one)
    if not twice:
        raise ZeroDivisionError
    audit.INSERT.later(tx.connection(), one)


@pytest.mark.parametrize("twice", [True, False])
def test_a_job_that_failed_among_many_leaves_nothing_and_is_not_done(house: House, twice: bool) -> None:
    house.db.write(lambda tx: emit(tx, Written(twice), NOW))
    failed = set[str]()
    house.db.write(lambda tx: outbox._deliver_several(tx, NOW, failed))
    assert (count(house, "job"), len(failed)) == (0, 1)
    done = select(MESSAGES.c.done_at).where(MESSAGES.c.event == Written.name)
    assert house.db.read(lambda tx: tx.execute(done).scalar_one()) is None


def test_rows_of_all_kinds_are_of_one_transaction(house: House) -> None:
    def work(tx: Session) -> None:
        later(tx)
        tx.add(audit.AuditEvent(**row(kind="orm")))
        later(tx)
        tx.rollback()
        later(tx, kind="after")

    house.db.write(work)
    assert [count(house, kind) for kind in ("seen", "orm", "after")] == [0, 0, 1]


def test_a_refusal_that_somebody_else_caught_is_not_forgotten(house: House) -> None:
    """What waited is refused at a statement of another, who thinks it is about their own."""
    twice = row()
    house.db.write(lambda tx: audit.INSERT.run(tx.connection(), twice))

    def work(tx: Session) -> None:
        run(tx, kind="first")
        audit.INSERT.later(tx.connection(), twice)
        try:
            with tx.begin_nested():
                tx.execute(insert(EVENTS), row(kind="inner"))
        except IntegrityError:
            pass

    with pytest.raises(IntegrityError):
        house.db.write(work)
    assert [count(house, kind) for kind in ("first", "inner", "seen")] == [0, 0, 1]
    house.db.write(later)
    assert count(house) == 2


def test_what_cannot_be_sent_leaves_nothing(house: House) -> None:
    def work(tx: Session) -> None:
        run(tx)
        later(tx, purpose="\ud800")

    with pytest.raises((UnicodeEncodeError, DBAPIError)):
        house.db.write(work)
    house.db.write(later)
    assert count(house) == 1


def test_more_than_a_packet_holds_goes_in_several(house: House) -> None:
    def work(tx: Session) -> None:
        later(tx)
        for number in range(3):
            idempotency.store(tx, "owner", str(number), "digest", 200, "", bytes(3_000_000), NOW)

    house.db.write(work)
    house.db.write(later)
    assert count(house) == 2


def test_a_read_cannot_write_and_sees_one_moment(house: House) -> None:
    for write in (run, later):
        with pytest.raises(DBAPIError):
            house.db._read_once(write)

    def work(tx: Session) -> list[int]:
        before = COUNT.scalar(tx.connection(), {})
        house.db.write(run)
        return [before, COUNT.scalar(tx.connection(), {}), tx.execute(COUNT.statement).scalar_one()]

    assert house.db.read(work) == ([0, 0, 0] if house.db.sqlite else [0, 1, 1])  # MySQL: each statement its own
    assert count(house) == 1


def test_lost_on_the_way_it_is_repeated_and_at_the_end_it_is_not(house: House) -> None:
    if house.db.sqlite:
        pytest.skip("a file is not lost")
    tried = list[int]()

    def cut(tx: Session) -> None:
        tx.connection().connection.dbapi_connection._sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]

    def at_the_end(tx: Session) -> None:
        tried.append(1)
        run(tx)
        later(tx)
        cut(tx)

    def between(tx: Session) -> None:
        tried.append(1)
        run(tx)
        later(tx)
        if len(tried) == 2:
            cut(tx)
        tx.execute(select(EVENTS.c.id)).all()

    with pytest.raises(CommitUnknown):
        house.db.write(at_the_end)
    assert (len(tried), count(house)) == (1, 0)
    house.db.write(between)
    assert (len(tried), count(house)) == (3, 2)


def test_a_lock_that_is_waited_for_too_long_repeats_the_whole(house: House) -> None:
    if house.db.sqlite:
        pytest.skip("there is one lock for all")
    wanted, tried = row(), list[int]()

    def work(tx: Session) -> None:
        tried.append(1)
        tx.execute(text("SET innodb_lock_wait_timeout=1"))
        run(tx, kind="work")
        audit.INSERT.later(tx.connection(), wanted if len(tried) < 3 else row(kind="work"))

    with house.db.engine.connect() as other:
        other.begin()
        audit.INSERT.run(other, wanted)
        house.db.write(work)
        other.rollback()
    assert (len(tried), count(house, "work"), count(house)) == (3, 2, 0)
