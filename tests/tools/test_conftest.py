"""The fixtures keep their promises: a test leaves nothing behind, and the cast is who it says."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from suwen.accounts.models import PatientProfile, SignIn, User
from suwen.core.outbox import JOBS, Event, emit, on
from suwen.core.sealed import unseal
from tests.support.cast import CAST, MOTHER_RESIDENT_ID, START
from tests.support.racing import race


@pytest.mark.parametrize("time", ["first", "second"])
def test_what_a_test_writes_is_gone_in_the_next(house, ids, time):
    def work(tx):
        assert tx.scalar(select(func.count()).select_from(User)) == len(CAST)
        assert tx.get_one(User, ids.users["wang"]).name == CAST["wang"].name
        tx.get_one(User, ids.users["wang"]).name = time
        tx.add(User(account=f"new-{time}", name="New", password_hash=""))
        house.kept.put("topic", "key", b"old", "text/plain", house.kept.ticket())

    assert house.kept.get("topic", "key") is None
    house.db.write(work)


def test_the_cast_is_whole(house, ids):
    def work(tx):
        mother = tx.get_one(PatientProfile, ids.profiles["li"]["mother"])
        assert mother.user_id == ids.users["li"]
        assert unseal(tx, mother, "id_number") == MOTHER_RESIDENT_ID
        assert MOTHER_RESIDENT_ID not in mother.id_number

    house.db.read(work)
    assert set(ids.doctors) == {"zhang", "chen"}


def test_people_stay_signed_in_when_the_clock_moves(house, people, clock):
    li = people["li"]
    first = li.token
    assert house.signer.verify(first, clock().timestamp()).id == li.id
    assert li.token == first
    clock.advance(days=3)
    actor = house.signer.verify(li.token, clock().timestamp())
    assert actor.session_id != house.signer.verify(first, START.timestamp()).session_id
    alive = house.db.read(lambda tx: house.sessions.check(tx, actor, clock()))
    assert alive is None


def test_staff_carry_their_second_factor_and_their_doctor(people):
    assert people["zhang"].actor.strong
    assert people["zhang"].actor.doctor_id == people["zhang"].doctor_id != None  # noqa: E711
    assert not people["li"].actor.strong
    assert people["guest"].actor.id == ""


def test_the_server_answers_and_the_clock_is_ours(people, house):
    assert people["guest"]("GET", "/healthz").json() == {"status": "ok"}
    assert people["guest"]("GET", "/readyz").status_code == 200
    assert house.clock() == START


def test_settle_delivers_what_is_due_by_the_clock(house, settle, clock):
    heard = []

    class Rang(Event):
        name = "tests.rang"

    on(Rang)(lambda tx, now: heard.append(now))
    try:
        house.db.write(lambda tx: emit(tx, Rang(), START))
        house.db.write(lambda tx: emit(tx, Rang(), START, due=START + timedelta(hours=1)))
        settle(house)
        assert heard == [START]
        clock.advance(hours=1)
        settle()
        assert heard == [START, START + timedelta(hours=1)]
    finally:
        JOBS.pop("tests.rang")


def test_statements_are_counted(house, statements):
    def work():
        house.db.read(lambda tx: tx.execute(text("SELECT 1")))
        house.db.write(lambda tx: tx.execute(text("SELECT 2")))

    assert statements(work) == ["SELECT 1", "SELECT 2"]


def test_a_race_runs_at_once_and_keeps_the_order():
    def fails():
        raise ValueError

    first, second = race(lambda: 1, fails)
    assert first == 1
    assert isinstance(second, ValueError)


def test_sessions_are_not_part_of_the_template(house):
    assert house.db.read(lambda tx: tx.scalar(select(func.count()).select_from(SignIn))) == 0
