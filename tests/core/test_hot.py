"""Statements that go past SQLAlchemy's connection, and rows that the database packs: the same answers and errors."""

from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import bindparam, insert, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError

from suwen.core.db import new_id
from suwen.core.hot import Hot, HotRow
from suwen.core.house import House
from suwen.core.packed import packed_rows
from suwen.notifications.models import Notification
from suwen.payments.models import Order, Price
from tests.support.database import count_statements

PRICES, NOTES = Price.__table__, Notification.__table__
INSERT = Hot(insert(PRICES))
# Every kind of column that may be packed: text, a choice, an amount, a truth, a day, a moment; some of them empty.
COLUMNS = [PRICES.c[name] for name in ("id", "service_type", "service_name", "price", "discount_price", "is_active",
                                       "effective_date", "expiry_date", "created_at")]  # fmt: skip
ONE = select(*COLUMNS).where(PRICES.c.id == bindparam("id"))
NAME = text("SELECT id FROM price_configs WHERE service_name = :name")


def priced(house: House, **more: Any) -> str:
    row = {"id": new_id(), "service_type": "appointment_online", "service_name": "x", "price": 5000, "is_active": True}
    house.db.write(lambda tx: INSERT.run(tx.connection(), row | more))
    return str(row["id"])


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=40)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS, st.integers(0, 10**9), st.none() | st.integers(0, 10**9), st.booleans(),
       st.none() | st.dates(date(1970, 1, 2), date(2100, 1, 1)),
       st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1)))  # fmt: skip
@example("\"quoted\" \\back\\ 'single' %s %(x)s ? :x\n\r\t\x01\x1f\x7f", 1, None, False, None, datetime(2030, 1, 1))
@example("针灸 🌿 \u2028\ufeff é", 999_999_999, 0, True, date(2030, 2, 28), datetime(2030, 1, 1, 0, 0, 0, 1))
def test_a_packed_row_is_the_row(
    house: House, name: str, price: int, discount: int | None, active: bool, day: date | None, made: datetime
) -> None:
    id = priced(house, service_name=name, price=price, discount_price=discount, is_active=active, expiry_date=day,
                effective_date=date(2030, 1, 1), created_at=made.replace(tzinfo=UTC))  # fmt: skip
    plain = house.db.read(lambda tx: tx.execute(ONE, {"id": id}).one())
    for way in (Hot(ONE), HotRow(ONE)):
        found = house.db.read(lambda tx, way=way: way.first(tx.connection(), {"id": id}))  # type: ignore[misc]
        assert [getattr(found, column.key) for column in COLUMNS] == list(plain)
        assert type(found.is_active) is bool
    assert (plain.service_name, plain.price, plain.created_at) == (name, price, made.replace(tzinfo=UTC))
    assert house.db.read(lambda tx: HotRow(ONE).first(tx.connection(), {"id": "nobody"})) is None
    assert [row.id for row in house.db.read(lambda tx: HotRow(ONE).all(tx.connection(), {"id": id}))] == [id]


def test_a_long_list_comes_whole(house: House, people: Any) -> None:
    """By itself MySQL would cut it after 1024 letters."""
    row = {"user_id": people["li"].id, "type": "system_announcement", "title": "长" * 100, "content": "“x”\n" * 50}
    ids = {new_id() for _ in range(300)}
    house.db.write(lambda tx: tx.execute(insert(NOTES), [row | {"id": id} for id in ids]))
    mine = select(NOTES.c.id, NOTES.c.title).where(NOTES.c.user_id == bindparam("me"), NOTES.c.title == row["title"])
    packed = Hot(packed_rows(mine.subquery(), id="id", called="title"))
    found = house.db.read(lambda tx: packed.scalar(tx.connection(), {"me": people["li"].id}))
    assert {one["id"] for one in msgspec.json.decode(found)} == ids
    assert {one["called"] for one in msgspec.json.decode(found)} == {row["title"]}
    assert house.db.read(lambda tx: packed.scalar(tx.connection(), {"me": "nobody"})) == "[]"


def test_what_nobody_gave_gets_its_default(house: House) -> None:
    id = priced(house)
    change = Hot(update(PRICES).where(PRICES.c.id == bindparam("one")).values(service_name=bindparam("called")))
    before = house.db.read(lambda tx: tx.execute(select(PRICES).where(PRICES.c.id == id)).one())
    assert (before.currency, before.discount_price) == ("CNY", None)
    assert house.db.write(lambda tx: change.run(tx.connection(), {"one": id, "called": "y"})) == 1
    assert house.db.write(lambda tx: change.run(tx.connection(), {"one": "nobody", "called": "y"})) == 0
    after = house.db.read(lambda tx: tx.execute(select(PRICES).where(PRICES.c.id == id)).one())
    assert after.service_name == "y"
    assert after.updated_at > before.updated_at
    with pytest.raises(TypeError, match="no value for called"):
        house.db.write(lambda tx: change.run(tx.connection(), {"one": id}))


def test_errors_are_sqlalchemys_and_tell_nothing(house: House) -> None:
    id = priced(house)
    with pytest.raises(IntegrityError) as refusal:
        priced(house, id=id, service_name="what ails me")
    assert "what ails me" not in str(refusal.value)
    assert house.db.read(lambda tx: tx.execute(NAME, {"name": "what ails me"}).all()) == []
    with pytest.raises(OperationalError):  # a read cannot write
        house.db.read(lambda tx: INSERT.run(tx.connection(), {"id": new_id(), "service_type": "other"}))


def test_a_lost_connection_is_met_by_the_retry(house: House) -> None:
    if house.db.sqlite:
        pytest.skip("a file is not lost")
    id, seen = priced(house), []

    def work(tx: Any) -> Any:
        connection = tx.connection()
        seen.append(connection.exec_driver_sql("SELECT connection_id()").scalar())
        if len(seen) == 1:
            with house.db.engine.begin() as other:
                other.exec_driver_sql(f"KILL {seen[0]}")
        return HotRow(ONE).first(connection, {"id": id})

    assert house.db.read(work).id == id
    assert len(set(seen)) == 2
    assert house.db.read(lambda tx: HotRow(ONE).first(tx.connection(), {"id": id})).id == id


def test_who_counts_statements_counts_these(house: House) -> None:
    id = priced(house)
    seen = count_statements(house.db, lambda: house.db.read(lambda tx: Hot(ONE).first(tx.connection(), {"id": id})))
    assert len(seen) == 1


def test_many_rows_are_one_statement(house: House) -> None:
    several = [
        {"id": new_id(), "service_type": "other", "service_name": f"针 {n}", "price": n, "is_active": n % 2 == 0}
        for n in range(5)
    ]
    seen = count_statements(house.db, lambda: house.db.write(lambda tx: INSERT.run_many(tx.connection(), several)))
    assert len(seen) == 1
    house.db.write(lambda tx: INSERT.run_many(tx.connection(), []))
    for row in several:
        found = house.db.read(lambda tx, row=row: HotRow(ONE).first(tx.connection(), {"id": row["id"]}))  # type: ignore[misc]
        assert [getattr(found, name) for name in row] == list(row.values())
    with pytest.raises(IntegrityError):
        house.db.write(lambda tx: INSERT.run_many(tx.connection(), several))


def test_what_does_not_fit_is_refused_when_it_is_made(house: House) -> None:
    with pytest.raises(TypeError, match="does not pass through JSON"):
        HotRow(select(Order.__table__.c.metadata))
    unknown = Hot(select(PRICES.c.id).where(PRICES.c.id.in_(bindparam("ids", expanding=True))))
    with pytest.raises(TypeError, match="length is not known"):
        house.db.read(lambda tx: unknown.all(tx.connection(), {"ids": ["a"]}))
