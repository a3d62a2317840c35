"""From an empty database to the newest schema, on whichever engine the tests run."""

import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from suwen.app import build_house
from suwen.core import migrate, revision
from suwen.demo import day
from suwen.settings import Settings, new_field_key
from suwen.tables import metadata
from tests.support.database import drop, own_url

UPGRADE = "import sys; from suwen.core import migrate; migrate.upgrade(sys.argv[1])"


@pytest.fixture
def empty(tmp_path) -> Iterator[str]:
    url = own_url("empty", tmp_path)
    yield url
    drop(url)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory) -> Iterator[str]:
    url = own_url("migrated", tmp_path_factory.mktemp("migrated"))
    migrate.upgrade(url)
    yield url
    drop(url)


@pytest.fixture
def connection(migrated) -> Iterator[sa.Connection]:
    """What a test writes is rolled back."""
    engine = sa.create_engine(migrated, poolclass=sa.NullPool)
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        yield connection
        connection.rollback()


def test_an_empty_database_gets_the_newest_schema_and_repeating_it_changes_nothing(empty):
    assert migrate.current(empty) == ""
    migrate.upgrade(empty)
    assert migrate.current(empty) == migrate.head() == revision.newest()
    assert migrate.check(empty, metadata()) == []
    migrate.upgrade(empty)
    assert migrate.check(empty, metadata()) == []


def test_the_demonstration_needs_no_migration_before_it(empty, tmp_path):
    """It ended in a traceback: `no such table: users`."""
    house = build_house(Settings(data_dir=tmp_path, database_url=empty, secret="s" * 40, field_keys=new_field_key()))
    try:
        day.bring_up(house)
        assert house.db.read(revision.is_current)
        day.bring_up(house)
    finally:
        house.db.close()
    assert migrate.check(empty, metadata()) == []


def test_three_processes_that_start_at_once_migrate_once(empty):
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    started = [subprocess.Popen([sys.executable, "-W", "error", "-c", UPGRADE, empty], env=env) for _ in range(3)]
    assert [process.wait(timeout=120) for process in started] == [0, 0, 0]
    assert migrate.check(empty, metadata()) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("ALTER TABLE departments ADD COLUMN more VARCHAR(10)", "more"),
        ("DROP INDEX ix_doctors_listed{on}", "ix_doctors_listed"),
        ("DROP TABLE review_tag_mappings", "review_tag_mappings"),
    ],
)
def test_the_check_names_what_differs(empty, change, said):
    migrate.upgrade(empty)
    engine = sa.create_engine(empty, poolclass=sa.NullPool)
    with engine.begin() as connection:
        on = " ON doctors" if engine.dialect.name != "sqlite" else ""
        connection.exec_driver_sql(change.format(on=on))
    assert said in "".join(migrate.check(empty, metadata()))


def test_the_check_sees_another_value_of_an_enumeration(empty):
    migrate.upgrade(empty)
    engine = sa.create_engine(empty, poolclass=sa.NullPool)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA writable_schema=ON")
            connection.exec_driver_sql(
                "UPDATE sqlite_master SET sql = replace(sql, '''approved''', '''accepted''') WHERE name = 'doctors'"
            )
        else:
            connection.exec_driver_sql(
                "ALTER TABLE doctors MODIFY verification_status ENUM('pending', 'accepted', 'rejected') NOT NULL"
            )
    assert "verification_status" in "".join(migrate.check(empty, metadata()))


def test_a_script_that_was_killed_on_mysql_begins_over_but_drops_no_rows(empty):
    """There each CREATE TABLE commits itself, so half a script may stay behind. SQLite rolls all of it back."""
    if empty.startswith("sqlite"):
        pytest.skip("the whole migration is one transaction on SQLite")
    migrate.upgrade(empty, "2026_11_22_03_clinics")
    engine = sa.create_engine(empty, poolclass=sa.NullPool)
    killed = "UPDATE alembic_version SET version_num = '2026_11_22_02_accounts'"
    with engine.begin() as connection:
        connection.exec_driver_sql(killed)
        connection.exec_driver_sql("INSERT INTO departments (name, code) VALUES ('Internal medicine', 'NK001')")
    with pytest.raises(RuntimeError, match="departments is already there"):
        migrate.upgrade(empty)
    with engine.begin() as connection:
        assert connection.scalar(sa.text("SELECT COUNT(*) FROM departments")) == 1
        connection.exec_driver_sql("DELETE FROM departments")
    migrate.upgrade(empty)
    assert migrate.check(empty, metadata()) == []


def test_each_script_can_be_repeated_when_mysql_has_kept_its_steps_but_not_its_name(empty):
    """Killed between its last step and the note that it is done: the worst case of those half-way."""
    if empty.startswith("sqlite"):
        pytest.skip("the whole migration is one transaction on SQLite")
    scripts = [each.revision for each in ScriptDirectory.from_config(migrate.config()).walk_revisions()][::-1]
    engine = sa.create_engine(empty, poolclass=sa.NullPool)
    migrate.upgrade(empty, scripts[0])
    for before, script in pairwise(scripts):
        migrate.upgrade(empty, script)
        with engine.begin() as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = :before"), {"before": before})
        migrate.upgrade(empty, script)
    assert migrate.check(empty, metadata()) == []


def test_a_failing_migration_leaves_sqlite_as_it_was(empty):
    if not empty.startswith("sqlite"):
        pytest.skip("MySQL commits each step")
    engine = sa.create_engine(empty, poolclass=sa.NullPool)
    with engine.begin() as connection:  # in the way of the last script
        connection.exec_driver_sql("CREATE TABLE notifications (id INTEGER)")
    with pytest.raises(OperationalError, match="already exists"):
        migrate.upgrade(empty)
    assert migrate.current(empty) == ""
    with engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() == ["notifications"]


def test_a_row_written_past_the_platform_gets_its_id_and_moments(connection):
    connection.exec_driver_sql("INSERT INTO departments (name, code) VALUES ('针灸科', 'ZJ001')")
    row = connection.execute(metadata().tables["departments"].select()).one()
    assert len(row.id) == 36
    assert row.id.count("-") == 4
    assert row.status == "active"
    assert row.version == 1
    assert row.created_at.utcoffset().total_seconds() == 0
    assert row.name == "针灸科"


def test_unique_text_is_compared_byte_for_byte(connection):
    tags = "INSERT INTO review_tags (name) VALUES ('{}')"
    for name in ("kind", "Kind", "kînd", "😀", "😁"):
        connection.exec_driver_sql(tags.format(name))
    with pytest.raises(IntegrityError):
        connection.exec_driver_sql(tags.format("kind"))


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO departments (name, code, status) VALUES ('x', 'X', 'gone')",  # not one of the values
        "INSERT INTO recovery_codes (user_id, code_hash) VALUES ('nobody', 'x')",
        "INSERT INTO user_balances (user_id, balance) VALUES ('{user}', -1)",
    ],
)
def test_the_database_itself_refuses(connection, statement):
    connection.exec_driver_sql("INSERT INTO users (id, account, name, password_hash) VALUES ('u', 'u', 'u', '!')")
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql("SET sql_mode='TRADITIONAL'")
    with pytest.raises(DBAPIError):
        connection.exec_driver_sql(statement.format(user="u"))


def test_views_stand_aside_while_a_table_is_rebuilt(empty):
    migrate.upgrade(empty)
    with migrate.locked(empty) as connection:
        views = set(sa.inspect(connection).get_view_names())
        assert len(views) == 9
        with migrate.views_aside(connection):
            assert sa.inspect(connection).get_view_names() == []
            connection.exec_driver_sql("ALTER TABLE specialties RENAME TO was_specialties")
            connection.exec_driver_sql("ALTER TABLE was_specialties RENAME TO specialties")
        assert set(sa.inspect(connection).get_view_names()) == views
        assert connection.exec_driver_sql("SELECT * FROM smart_specialties").all() == []
