"""Seals: each finished day under a hash; whatever is changed behind the program's back is found, and the day named."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from suwen import cli
from suwen.payments import service
from suwen.payments.models import JournalSeal, LedgerCheck
from suwen.payments.service import sealing


@pytest.fixture
def days(desk, clock, settle, monkeypatch, house):
    """Three days with movements and one without, sealed by the job on the fifth."""
    for amount in (100, 200, 0, 300):
        if amount:
            desk.top_up("li", amount)
            desk.paid("li", amount)
        clock.advance(hours=24)
    clock.advance(hours=2)
    settle(timed=True)
    monkeypatch.setenv("SUWEN_DATABASE_URL", house.settings.database_url)
    return desk


def seals(desk):
    asked = select(JournalSeal.day, JournalSeal.journals, JournalSeal.digest).order_by(JournalSeal.day)
    return desk.house.db.read(lambda tx: tx.execute(asked).all())


def spoil(desk, statement):
    """As whoever has the database's own account could: past the triggers."""

    def work(tx):
        for trigger in ("postings_no_update", "journals_no_update", "journal_seals_no_update"):
            tx.execute(text(f"DROP TRIGGER IF EXISTS {trigger}"))
        tx.execute(text(statement))

    kept = {}
    if desk.house.db.sqlite:
        kept = desk.house.db.read(
            lambda tx: dict(tx.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all())
        )
    else:
        pytest.skip("a MariaDB keeps its triggers for the tests that follow")
    desk.house.db.write(work)
    return kept


@pytest.fixture
def spoiled(days):
    made = []

    def do(statement):
        made.append(spoil(days, statement))
        return [str(one) for one in days.house.db.read(service.broken_seals)]

    yield do
    days.house.db.write(lambda tx: tx.execute(text("DELETE FROM journal_seals")))
    for kept in made:
        for name, sql in kept.items():
            days.house.db.write(lambda tx, name=name, sql=sql: _again(tx, name, sql))


def _again(tx, name, sql):
    tx.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
    tx.execute(text(sql))


def test_finished_days_are_sealed_once(days, clock, settle):
    found = seals(days)
    assert [one.journals for one in found] == [3, 3, 0, 3]
    assert [one.day.isoformat() for one in found] == ["2030-01-01", "2030-01-02", "2030-01-03", "2030-01-04"]
    assert len({one.digest for one in found}) == 4
    settle(timed=True)
    assert seals(days) == found
    assert days.house.db.read(service.broken_seals) == []
    clock.advance(hours=24)
    settle(timed=True)
    assert len(seals(days)) == 5


def test_a_day_is_not_sealed_while_its_last_requests_may_run(desk, clock, settle):
    desk.top_up("li", 100)
    clock.advance(hours=24, minutes=30)
    settle(timed=True)
    assert seals(desk) == []
    clock.advance(minutes=31)
    settle(timed=True)
    assert len(seals(desk)) == 1


def test_a_changed_posting_is_found_and_its_day_named(days, spoiled):
    one = "SELECT min(id) FROM postings WHERE created_at LIKE '2030-01-02%'"
    assert spoiled(f"UPDATE postings SET currency = 'USD' WHERE id = ({one})") == [
        "a journal or posting of 2030-01-02 was changed"
    ]
    with pytest.raises(SystemExit, match="2030-01-02"):
        cli.main(["ledger", "verify"])
    with pytest.raises(SystemExit, match="add up"):
        cli.main(["ledger", "check"])
    spoil(days, f"UPDATE postings SET currency = 'CNY' WHERE id = ({one})")
    assert days.house.db.read(service.broken_seals) == []


def test_what_a_journal_notes_is_sealed_too(days, spoiled):
    found = spoiled("UPDATE journals SET meta = '{\"cashier_id\": \"somebody else\"}' WHERE kind = 'top_up'")
    assert found == ["a journal or posting of 2030-01-01 was changed"]


def test_a_seal_made_anew_does_not_fit_the_next_day(days, spoiled):
    found = spoiled("UPDATE journal_seals SET digest = 'made anew' WHERE day = '2030-01-03'")
    assert found == ["a journal or posting of 2030-01-03 was changed"]


def test_a_journal_added_to_a_sealed_day_is_found(days, clock):
    late = clock() - timedelta(days=4, hours=1)
    admin = days.people["admin"].actor
    days.house.db.write(lambda tx: service.top_up(tx, admin, days.ids.users["li"], 100, late))
    expected = "on 2030-01-01 there were 3 journals, now there are 4"
    assert [str(one) for one in days.house.db.read(service.broken_seals)] == [expected]
    days.house.db.write(lambda tx: tx.execute(text("DELETE FROM journal_seals")))


def test_a_missing_seal_is_found(days):
    days.house.db.write(lambda tx: tx.execute(text("DELETE FROM journal_seals WHERE day = '2030-01-02'")))
    assert [str(one) for one in days.house.db.read(service.broken_seals)] == ["the seal of 2030-01-02 is missing"]
    days.house.db.write(lambda tx: tx.execute(text("DELETE FROM journal_seals WHERE day = '2030-01-01'")))
    assert str(days.house.db.read(service.broken_seals)[0]) == "the seals before 2030-01-03 are missing"
    days.house.db.write(lambda tx: tx.execute(text("DELETE FROM journal_seals")))


def test_two_sealers_at_once_keep_one_seal(days, clock):
    clock.advance(hours=24)
    day = days.house.db.read(lambda tx: sealing.due(tx, clock()))[0]
    from tests.payments.test_races import at_once

    brought = at_once(lambda n: str(service.seal_day(days.house.db, day, clock())), 6)
    assert sorted(brought) == ["False"] * 5 + ["True"]
    assert len(seals(days)) == 5


def test_the_commands_say_that_all_is_well(days, capsys):
    cli.main(["ledger", "verify"])
    cli.main(["ledger", "check"])
    said = capsys.readouterr().out
    assert "as it was sealed" in said
    assert "The money adds up: 9 journals, 18 postings" in said


def test_the_night_is_looked_at_once(days, settle):
    count = select(func.count()).select_from(LedgerCheck)
    assert days.house.db.read(lambda tx: tx.scalar(count)) == 1
    settle(timed=True)
    assert days.house.db.read(lambda tx: tx.scalar(count)) == 1
