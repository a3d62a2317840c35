"""Connections of one driver: what they share, what waits in them, and how they sign in."""

import threading
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from suwen.core.db import Database, new_id
from suwen.core.errors import CommitUnknown
from suwen.core.hot import Hot
from suwen.core.house import House
from suwen.payments.models import Price

PRICES = Price.__table__
LATER = Hot(insert(PRICES))
FIRST = Hot(select(PRICES.c.id).limit(1))


def test_connections_share_one_tls_context(house):
    if house.db.sqlite:
        pytest.skip("a file has no connections to secure")
    found, together = list[object](), threading.Barrier(3)

    def look(tx):
        found.append(tx.connection().connection.dbapi_connection.ctx)
        together.wait(20)

    threads = [threading.Thread(target=work, args=(look,)) for work in (house.db.read, house.db.read, house.db.write)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    assert len({id(one) for one in found}) == 1


def test_what_an_address_says_of_tls_still_counts(house):
    """This server has no certificate to show."""
    if house.db.sqlite:
        pytest.skip("a file has no connections to secure")
    db = Database(f"{house.settings.database_url}&ssl_verify_cert=true", 1)
    with pytest.raises(OperationalError, match="SSL"):
        db._read_once(lambda tx: tx.connection())
    db.close()


def row(**more: Any) -> dict[str, Any]:
    return {"id": new_id(), "service_type": "other", "service_name": "x", "price": 5000, "is_active": False} | more


def there(house: House, *rows: dict[str, Any]) -> list[str | None]:
    """The name of each that is there."""

    def look(tx: Session) -> list[str | None]:
        names = {id: name for id, name in tx.execute(select(PRICES.c.id, PRICES.c.service_name))}  # noqa: C416
        return [names.get(one["id"]) for one in rows]

    return house.db.read(look)


def begin(tx: Session) -> None:
    """What comes first does not wait."""
    tx.execute(select(PRICES.c.id).limit(1)).all()


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=80)


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TEXT | st.sampled_from(["'; COMMIT; END", "\\", "%s %(id)s", "😀", "' OR ''='", "a\\'b"]), max_size=4))
def test_what_waits_is_written_as_it_is(house, names):
    rows = [row(service_name=name) for name in names]
    house.db.write(lambda tx: (begin(tx), [LATER.later(tx.connection(), one) for one in rows]))
    assert there(house, *rows) == names


def test_whoever_asks_in_between_sees_what_waits(house):
    first, second = row(), row()

    def work(tx):
        begin(tx)
        LATER.later(tx.connection(), first)
        LATER.later(tx.connection(), second)
        found = tx.scalar(select(func.count()).where(PRICES.c.id.in_([first["id"], second["id"]])))
        LATER.later(tx.connection(), row())
        return found

    assert house.db.write(work) == 2


@pytest.mark.parametrize("with_session", [True, False])
def test_if_one_fails_nothing_is_committed_and_the_connection_is_clean(house, with_session):
    before, twice, after = row(), row(), row()

    def work(tx):
        if with_session:
            tx.flush()
        FIRST.first(tx.connection(), {})
        for one in (before, twice, twice, after):
            LATER.later(tx.connection(), one)

    with pytest.raises(IntegrityError):
        house.db.write(work)
    assert there(house, before, twice, after) == [None, None, None]
    house.db.write(lambda tx: LATER.later(tx.connection(), after))
    assert there(house, before, twice, after) == [None, None, "x"]


def test_work_that_fails_leaves_nothing_waiting(house):
    lost, next_one = row(), row()

    def work(tx):
        begin(tx)
        LATER.later(tx.connection(), lost)
        raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            house.db.write(work)
    house.db.write(lambda tx: LATER.later(tx.connection(), next_one))
    assert there(house, lost, next_one) == [None, "x"]


def test_a_savepoint_takes_back_what_waited_since_and_nothing_else(house):
    before, since, after = row(), row(), row()

    def work(tx):
        begin(tx)
        LATER.later(tx.connection(), before)
        savepoint = tx.begin_nested()
        LATER.later(tx.connection(), since)
        savepoint.rollback()
        LATER.later(tx.connection(), after)

    house.db.write(work)
    assert there(house, before, since, after) == ["x", None, "x"]


def test_a_savepoint_that_is_kept_refuses_what_waits_in_it(house):
    """Whoever catches what a savepoint is refused with meets it there, and not at the COMMIT."""
    kept, twice = row(), row()

    def work(tx):
        begin(tx)
        LATER.later(tx.connection(), twice)
        with pytest.raises(IntegrityError), tx.begin_nested():
            LATER.later(tx.connection(), twice)
        LATER.later(tx.connection(), kept)

    house.db.write(work)
    assert there(house, kept, twice) == ["x", "x"]


def test_a_transaction_costs_one_question_for_all_that_waits(house):
    if house.db.sqlite:
        pytest.skip("nobody is asked over a wire")
    rows = [row() for _ in range(5)]
    asked = text("SHOW SESSION STATUS LIKE 'Com_insert'"), text("SHOW SESSION STATUS LIKE 'Questions'")

    def ask(tx):
        return [int(tx.execute(one).one()[1]) for one in asked]

    before = house.db.write(ask)
    house.db.write(lambda tx: (begin(tx), [LATER.later(tx.connection(), one) for one in rows]))
    after = house.db.write(ask)
    assert after[0] - before[0] == 5
    assert after[1] - before[1] - 2 <= 3 + 5  # two looks, one more, a COMMIT; the server counts the parts of a text too
    assert there(house, *rows) == ["x"] * 5


def test_a_connection_lost_on_the_way_to_the_commit_may_have_committed(house):
    if house.db.sqlite:
        pytest.skip("a file is not lost")
    one = row()

    def work(tx):
        number = tx.connection().connection.dbapi_connection.thread_id()
        LATER.later(tx.connection(), one)
        with house.db.append_engine.connect() as other:
            other.exec_driver_sql(f"KILL {number}")

    with pytest.raises(CommitUnknown):
        house.db.write(work)
    assert there(house, one) == [None]
    house.db.write(lambda tx: LATER.later(tx.connection(), one))
    assert there(house, one) == ["x"]


def test_where_each_statement_is_a_transaction_nothing_waits(house):
    one = row()
    with house.db.append_engine.connect() as connection:
        LATER.later(connection, one)
        assert there(house, one) == ["x"]


def test_a_connection_that_was_lost_before_is_noticed_in_time(house):
    """After the database was started anew: what is tried again must not be the COMMIT."""
    if house.db.sqlite:
        pytest.skip("a file is not lost")
    house.db.write(begin)
    one, other = row(), row()

    def number(tx):
        return tx.connection().connection.dbapi_connection.thread_id()

    with house.db.append_engine.connect() as beside:
        beside.exec_driver_sql(f"KILL {house.db.write(number)}")
    house.db.write(lambda tx: [LATER.later(tx.connection(), each) for each in (one, other)])
    assert there(house, one, other) == ["x", "x"]


def test_whoever_listens_hears_of_what_waits_as_of_all_else(house):
    """The bench sends again what it heard."""
    one, heard = row(), list[tuple[str, Any, bool]]()

    def note(_connection, _cursor, sql, values, _context, many):
        heard.append((sql, values, many))

    event.listen(house.db.engine, "before_cursor_execute", note)
    try:
        house.db.write(lambda tx: (begin(tx), LATER.later(tx.connection(), one)))
        house.db.write(lambda tx: (begin(tx), LATER.later(tx.connection(), row(), row())))
    finally:
        event.remove(house.db.engine, "before_cursor_execute", note)
    (_, _, _), (sql, values, many), (_, _, _), (same, several, more) = heard
    assert (sql, many, same, more, len(several)) == (same, False, sql, True, 2)
    assert one["id"] in (values.values() if isinstance(values, dict) else values)
