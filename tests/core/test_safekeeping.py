"""Audit chain, sealed columns, tokens, money, paging, times."""

import base64
import json
import os
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select, text, update

from suwen.accounts.models import PatientProfile, User
from suwen.clinics.models import Department
from suwen.core import audit, migrate, money, times
from suwen.core.actor import Actor
from suwen.core.audit import AuditEvent
from suwen.core.crypto import FieldKeys, Unreadable
from suwen.core.db import Database, new_id
from suwen.core.errors import Unauthorized
from suwen.core.paging import BadCursor, keyset
from suwen.core.sealed import blind_index, rotate, seal, unseal
from suwen.core.tokens import Signer
from suwen.settings import Settings, new_field_key

ACTOR = Actor("u1", "doctor", "s1")


def look(house, clock, times_=1):
    def work(tx):
        for n in range(times_):
            audit.seen(tx, ACTOR, "read", "record", f"r{n}", now=clock())

    house.db.write(work)


def sealed(house, clock):
    clock.advance(seconds=60)
    return house.db.write(lambda tx: audit.seal_audit(tx, now=clock()))


def test_the_chain_holds_and_shows_each_kind_of_meddling(house, clock):
    for _ in range(3):
        look(house, clock, 4)
        assert sealed(house, clock) == 4
    assert house.db.read(audit.verify) is None
    some = house.db.read(lambda tx: tx.scalars(select(AuditEvent.id).where(AuditEvent.seal == 2)).first())
    house.db.write(lambda tx: tx.execute(update(AuditEvent).where(AuditEvent.id == some).values(actor_id="other")))
    assert house.db.read(audit.verify) == "a row of seal 2 was changed"
    house.db.write(lambda tx: tx.execute(delete(AuditEvent).where(AuditEvent.id == some)))
    assert "4 rows, 3" in house.db.read(audit.verify)
    house.db.write(lambda tx: tx.execute(delete(audit.AuditSeal).where(audit.AuditSeal.number == 2)))
    assert house.db.read(audit.verify) == "seal 2 is missing"


def test_fresh_rows_are_not_sealed_yet(house, clock):
    look(house, clock)
    assert house.db.write(lambda tx: audit.seal_audit(tx, now=clock())) == 0


def profile(tx, text):
    user = User(id=new_id(), account=new_id(), name="Li", password_hash="-", role="patient")
    row = PatientProfile(id=new_id(), user_id=user.id, name="Li", relationship="self")
    tx.add(user)
    tx.flush()
    seal(tx, row, "id_number", text)
    row.id_number_index = blind_index(tx, text)
    tx.add(row)
    return row


def test_a_sealed_column_is_unreadable_elsewhere(house):
    def work(tx):
        one, two = profile(tx, "11010519491231002X"), profile(tx, "other")
        tx.flush()
        assert "11010519491231002X" not in one.id_number
        assert unseal(tx, one, "id_number") == "11010519491231002X"
        assert one.id_number_index == blind_index(tx, " 11010519491231002x ")
        two.id_number = one.id_number
        with pytest.raises(Unreadable):
            unseal(tx, two, "id_number")
        one.allergies = one.id_number
        with pytest.raises(Unreadable):
            unseal(tx, one, "allergies")

    house.db.write(work)


def test_keys_rotate_and_the_index_stays(house, settings):
    id, index = house.db.write(lambda tx: (row := profile(tx, "secret")) and (row.id, row.id_number_index))
    newer = FieldKeys(f"{new_field_key()},{settings.field_keys}")

    def work(tx):
        tx.info["keys"] = newer
        assert rotate(tx, PatientProfile, "id_number") >= 1
        assert rotate(tx, PatientProfile, "id_number") == 0
        row = tx.get(PatientProfile, id)
        assert row.id_number.startswith(newer.newest)
        assert (unseal(tx, row, "id_number"), blind_index(tx, "secret")) == ("secret", index)

    house.db.write(work)


@given(st.text())
def test_whatever_is_encrypted_comes_back(text):
    keys = FieldKeys("k1:" + "A" * 43 + "=")
    assert keys.decrypt(keys.encrypt(text, "t:1:c"), "t:1:c") == text


def test_a_token_cannot_be_changed_or_outlived():
    signer, until = Signer("s" * 40), datetime(2030, 1, 1, tzinfo=UTC)
    actor = Actor("u1", "patient", "s1", None, False, "en", "Europe/London", "李 ~ 明")
    token = signer.issue(actor, until)
    assert signer.verify(token, until.timestamp() - 1) == actor
    with pytest.raises(Unauthorized):
        signer.verify(token, until.timestamp() + 1)
    with pytest.raises(Unauthorized):
        signer.verify(token.replace("patient", "admin"), 0)


@given(st.integers(0, 99_999_999_99))
def test_money_survives_being_written_and_read(minor):
    assert money.parse(money.plain(minor)) == minor


@pytest.mark.parametrize("text", ["", "-1", "1.234", "1e3", "abc", "999999999", "١"])
def test_odd_amounts_are_refused(text):
    with pytest.raises(money.BadAmount):
        money.parse(text)


@pytest.mark.parametrize("code", ["JPY", "KWD", "", "usd1"])
def test_only_currencies_with_hundredths(code):
    with pytest.raises(money.BadCurrency):
        money.ensure_currency(code)
    assert money.ensure_currency("cny") == "CNY"


def test_pages_neither_skip_nor_repeat(house):
    def fill(tx):
        for n in range(23):
            tx.add(Department(id=f"d{n:02}", code=f"c{n:02}", name="same" if n % 3 else "other"))

    house.db.write(fill)
    by = [(Department.name, "desc"), (Department.id, "asc")]
    order = [Department.name.desc(), Department.id]

    def walk(tx):
        cursor, found = None, []
        while True:
            items, cursor = keyset(tx, select(Department), by, cursor, 5)
            found += [item.id for item in items]
            if cursor is None:
                return found

    whole = house.db.read(lambda tx: list(tx.scalars(select(Department.id).order_by(*order))))
    assert house.db.read(walk) == whole
    for bad in ("x", "W10", "eyJhIjoxfQ", "bnVsbA"):
        with pytest.raises(BadCursor):
            house.db.read(lambda tx, bad=bad: keyset(tx, select(Department), by, bad))


LATE, NOON = {"t": "9999-12-31T23:59:59-14:00"}, {"t": "2030-01-01T12:00:00+00:00"}


@pytest.mark.parametrize("forged", [
    ["x", 1, "y"], [5, 1, "y"], [True, 1, "y"], [None, 1, "y"], [{"t": 5}, 1, "y"], [{"at": "x"}, 1, "y"],
    [{"t": "2030-01-01T12:00:00"}, 1, "y"], [LATE, 1, "y"], [{"t": "0001-01-01T00:00:00+14:00"}, 1, "y"],
    [NOON, "1", "y"], [NOON, 2**63, "y"], [NOON, -(2**64), "y"], [NOON, True, "y"], [NOON, 1.5, "y"], [NOON, NOON, "y"],
    [NOON, 1, 5], [NOON, 1, NOON], [NOON, 1, ["y"]], [NOON, 1], [NOON, 1, "y", "z"], {"t": 1},
])  # fmt: skip
def test_a_forged_cursor_is_refused_before_the_database_sees_it(house, forged):
    cursor = base64.urlsafe_b64encode(json.dumps(forged).encode()).decode().rstrip("=")
    by = [(Department.created_at, "desc"), (Department.version, "asc"), (Department.id, "asc")]
    with pytest.raises(BadCursor):
        house.db.read(lambda tx: keyset(tx, select(Department), by, cursor))


@pytest.mark.parametrize("begun", ["[", '{"t":', '[{"t":'])
def test_a_cursor_that_is_nested_too_deep_to_read_is_refused(people, ids, begun):
    after = base64.urlsafe_b64encode(begun.encode() * 1200).decode()
    answer = people["guest"]("GET", f"/api/v1/doctors/{ids.doctors['zhang']}/reviews", params={"after": after})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")


def test_a_cursor_of_the_right_kinds_finds_its_place(house):
    by = [(Department.created_at, "asc"), (Department.version, "asc"), (Department.id, "asc")]
    for year, found in ((2000, True), (9999, False)):
        cursor = base64.urlsafe_b64encode(json.dumps([{"t": f"{year}-01-01T00:00:00Z"}, 1, "y"]).encode()).decode()
        items, _ = house.db.read(lambda tx, cursor=cursor: keyset(tx, select(Department), by, cursor))
        assert bool(items) is found


def test_moments_are_said_as_people_say_them():
    now, zone = datetime(2030, 1, 1, 6, 0, tzinfo=UTC), ZoneInfo("Asia/Shanghai")
    assert times.when(now + timedelta(minutes=25), now, zone, "en") == "today 14:25, in 25 min"
    assert times.when(now + timedelta(days=1), now, zone, "zh-CN") == "明天 14:00"
    assert times.known_zone("Mars/Olympus") is None
    assert times.known_zone("../../etc/passwd") is None


@pytest.mark.parametrize("name", ["Asia/Shangai", "Asia", "../../etc/passwd", "x" * 300, "Asia/上海"])
def test_a_zone_that_is_not_there_is_refused_at_the_start(tmp_path, name):
    with pytest.raises(SystemExit, match="SUWEN_ZONE"):
        Settings.from_environment({"SUWEN_ZONE": name, "SUWEN_DATA_DIR": str(tmp_path)})
    assert Settings.from_environment({"SUWEN_ZONE": "Europe/Berlin", "SUWEN_DATA_DIR": str(tmp_path)}).zone


def test_production_refuses_what_is_unsafe(tmp_path):
    unsafe = {"SUWEN_PRODUCTION": "1", "SUWEN_DATA_DIR": str(tmp_path)}
    with pytest.raises(SystemExit, match="SUWEN_FIELD_KEYS"):
        Settings.from_environment(unsafe)
    safe = unsafe | {"SUWEN_SECRET": "x" * 40, "SUWEN_FIELD_KEYS": new_field_key(), "SUWEN_BASE_URL": "https://c.test"}
    assert Settings.from_environment(safe).second_factor_required
    with pytest.raises(SystemExit, match="SUWEN_THREADS"):
        Settings.from_environment({"SUWEN_THREADS": "many"})


def test_secrets_of_an_installation_are_kept(tmp_path):
    first, second = (Settings.from_environment({"SUWEN_DATA_DIR": str(tmp_path)}) for _ in range(2))
    assert (first.secret, first.field_keys) == (second.secret, second.field_keys)
    assert (tmp_path / "secrets.env").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("opened", [migrate.current, lambda url: Database(url).read(lambda tx: None)])
def test_the_embedded_database_is_for_its_owner_alone(tmp_path, opened):
    """Also while it is open: what SQLite puts beside it has the rights of the file."""
    before = os.umask(0o022)
    try:
        opened(f"sqlite:///{tmp_path}/clinic/suwen.db")
        db = Database(f"sqlite:///{tmp_path}/clinic/suwen.db")
        db.write(lambda tx: tx.execute(text("CREATE TABLE things (id INTEGER)")))
        rights = {each.name: each.stat().st_mode & 0o077 for each in (tmp_path / "clinic").iterdir()}
        db.close()
    finally:
        os.umask(before)
    assert rights == {"suwen.db": 0, "suwen.db-wal": 0, "suwen.db-shm": 0}
    assert (tmp_path / "clinic").stat().st_mode & 0o077 == 0
