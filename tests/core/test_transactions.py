"""One connection per transaction, handed back clean; single rows appended outside of one."""

from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError, PendingRollbackError
from sqlalchemy.orm import Session

from suwen.core.db import new_id
from suwen.core.hot import Hot
from suwen.core.house import House
from suwen.payments.models import Price

PRICES = Price.__table__
INSERT = Hot(insert(PRICES))
ROLLBACKS = text("SHOW SESSION STATUS LIKE 'Com_rollback'")


def row(**more: Any) -> dict[str, Any]:
    return {"id": new_id(), "service_type": "other", "service_name": "x", "price": 5000, "is_active": False} | more


def there(house: House, *ids: str) -> set[str]:
    found = select(PRICES.c.id).where(PRICES.c.id.in_(ids))
    return set(house.db.read(lambda tx: tx.execute(found).scalars().all()))


def test_a_connection_comes_back_from_its_commit_without_a_rollback(house: House) -> None:
    if house.db.sqlite:
        pytest.skip("a rollback of nothing is no round trip there")

    def spent(tx: Session) -> tuple[int, int]:
        return tx.execute(text("SELECT connection_id()")).scalar_one(), int(tx.execute(ROLLBACKS).one()[1])

    one, other = row(), row()
    before = house.db.write(lambda tx: (INSERT.run(tx.connection(), one), spent(tx))[1])
    assert house.db.write(spent) == before
    with pytest.raises(ZeroDivisionError):
        house.db.write(lambda tx: INSERT.run(tx.connection(), other) / 0)
    assert house.db.write(spent) == (before[0], before[1] + 1)
    assert there(house, one["id"], other["id"]) == {one["id"]}


def test_what_somebody_left_behind_is_undone(house: House) -> None:
    left = row()
    connection = house.db.engine.connect()
    if house.db.sqlite:
        connection.begin()
    INSERT.run(connection, left)  # past SQLAlchemy: it does not know that a transaction has begun
    connection.close()
    assert there(house, left["id"]) == set()
    house.db.write(lambda tx: INSERT.run(tx.connection(), row()))
    assert there(house, left["id"]) == set()


@pytest.mark.parametrize("with_session", [True, False])
def test_a_commit_that_is_refused_leaves_no_transaction_open(house: House, with_session: bool) -> None:
    """What is refused no earlier: a reference to nothing, looked at last (SQLite); a double that waited (MySQL)."""
    kept, more = row(), row()

    def work(tx: Session) -> None:
        if with_session:
            tx.flush()
        INSERT.run(tx.connection(), kept)
        if house.db.sqlite:
            tx.connection().exec_driver_sql("PRAGMA defer_foreign_keys=ON")
            INSERT.run(tx.connection(), row(location_id=new_id()))
        else:
            INSERT.later(tx.connection(), kept)

    for _ in range(3):
        with pytest.raises(IntegrityError):
            house.db.write(work)
    house.db.write(lambda tx: INSERT.run(tx.connection(), more))
    assert there(house, kept["id"], more["id"]) == {more["id"]}


def test_a_savepoint_takes_back_what_went_past_the_session(house: House) -> None:
    kept, undone, after = row(), row(), row()

    def work(tx: Session) -> None:
        INSERT.run(tx.connection(), kept)
        savepoint = tx.begin_nested()
        INSERT.run(tx.connection(), undone)
        savepoint.rollback()
        INSERT.run(tx.connection(), after)

    house.db.write(work)
    assert there(house, kept["id"], undone["id"], after["id"]) == {kept["id"], after["id"]}


def test_after_a_failed_flush_nothing_goes_on(house: House) -> None:
    twice, more = row(), row()

    def work(tx: Session) -> None:
        INSERT.run(tx.connection(), twice)
        tx.add(Price(**twice))
        with pytest.raises(IntegrityError):
            tx.flush()
        with pytest.raises(PendingRollbackError):
            INSERT.run(tx.connection(), more)
        tx.rollback()
        INSERT.run(tx.connection(), more)

    house.db.write(work)
    assert there(house, twice["id"], more["id"]) == {more["id"]}


def test_rows_are_appended_all_or_none(house: House) -> None:
    one, other = row(), row()
    house.db.append(INSERT, [one])
    with pytest.raises(IntegrityError):
        house.db.append(INSERT, [one])
    with pytest.raises(IntegrityError):
        house.db.append(INSERT, [other, one])
    assert there(house, one["id"], other["id"]) == {one["id"]}
    house.db.append(INSERT, [other, row()])
    assert there(house, one["id"], other["id"]) == {one["id"], other["id"]}


def test_a_lost_connection_of_an_append_is_met_by_the_retry(house: House) -> None:
    if house.db.sqlite:
        pytest.skip("a file is not lost")
    one, other = row(), row()
    house.db.append(INSERT, [one])
    with house.db.append_engine.connect() as connection:
        mine = connection.exec_driver_sql("SELECT connection_id()").scalar()
    with house.db.engine.begin() as killer:
        killer.exec_driver_sql(f"KILL {mine}")
    house.db.append(INSERT, [other])
    assert there(house, one["id"], other["id"]) == {one["id"], other["id"]}
