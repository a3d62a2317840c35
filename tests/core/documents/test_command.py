"""`suwen documents` and the line of `suwen check`, as an operator meets them."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from suwen.app import DOCUMENTS
from suwen.cli import main
from suwen.core.checkup import findings
from suwen.core.outbox import OutboxMessage, deliver_one
from suwen.settings import Settings
from tests.support.prescriptions import sign_one, void_one


@pytest.fixture
def settings_of(house, stub, monkeypatch):
    """The house's own, with the stub as the document store; also for whoever reads the environment."""
    names = {
        "SUWEN_DATA_DIR": str(house.settings.data_dir), "SUWEN_DATABASE_URL": house.settings.database_url,
        "SUWEN_SECRET": house.settings.secret, "SUWEN_FIELD_KEYS": house.settings.field_keys,
        "SUWEN_DOCUMENTS_URL": stub.url,
    }  # fmt: skip
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    return Settings.from_environment()


@pytest.fixture
def say(settings_of, capsys):
    """`say("verify")` -> exit status and words."""

    def run(*arguments):
        status = 0
        try:
            main(["documents", *arguments])
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        return status, capsys.readouterr().out

    return run


def line(settings):
    [found] = [finding for finding in findings(settings) if finding.name == "documents"]
    return found


def test_it_says_what_differs_and_mends_it(house, ids, stub, say):
    one, other, void = (house.db.write(lambda tx: sign_one(tx, ids, house.clock())) for _ in range(3))
    house.db.write(lambda tx: void_one(tx, void, house.clock()))
    assert say("verify") == (0, "prescriptions: no differences in MongoDB 0.0.0-stub; 3 on their way.\n"
                                "feedback: no differences in MongoDB 0.0.0-stub.\n")  # fmt: skip
    assert say("rebuild")[0] == 0
    assert sorted(stub.data["prescriptions"]) == [one, other]
    everything_is_delivered(house)  # else it would be on its way, and no difference
    stub.data["prescriptions"][one]["refill_allowed"] = 12
    del stub.data["prescriptions"][other]
    stub.data["prescriptions"]["by hand"] = {"_id": "by hand"}
    status, said = say("verify")
    assert status == 1
    assert f"prescriptions: {one} is different\n" in said
    assert f"prescriptions: {other} is missing\n" in said
    assert "prescriptions: by hand is extra\n" in said
    assert "prescriptions: 3 differences in MongoDB 0.0.0-stub.\n" in said
    assert "feedback: no differences in MongoDB" in said
    assert say("verify", "--collection", "feedback")[0] == 0
    status, said = say("rebuild", "--collection", "prescriptions")
    assert (status, said) == (0, "prescriptions: 2\nprescriptions: 2 made anew in MongoDB 0.0.0-stub.\n")
    assert say("verify")[0] == 0


def everything_is_delivered(house):
    house.db.write(lambda tx: tx.execute(update(OutboxMessage).values(done_at=house.clock())))


def test_an_unknown_collection_is_named(say):
    status, said = say("verify", "--collection", "nothing")
    assert status == 2
    assert ", ".join(one.name for one in DOCUMENTS) in said


def test_a_store_that_is_away(house, ids, stub, say, settings_of, clock):
    assert line(settings_of).words == "MongoDB 0.0.0-stub answers."
    stub.stop()
    assert say("verify") == (2, "The document store cannot be reached: ServerSelectionTimeoutError\n")
    assert say("rebuild")[0] == 2
    house.db.write(lambda tx: sign_one(tx, ids, house.clock()))
    found = line(settings_of)
    assert (found.state, "Nothing is lost" in found.fix) == ("bad", True)
    assert "(ServerSelectionTimeoutError); 0 changes wait" in found.words


def test_changes_that_wait_are_counted(house, ids, stub, settings_of, on_stub, clock):
    house.db.beside("documents", lambda: on_stub)
    house.db.write(lambda tx: sign_one(tx, ids, house.clock()))
    stub.fail("createIndexes", cut=True, times=100)
    while deliver_one(house.db, clock()):
        pass
    found = line(settings_of)
    assert (found.state, found.words) == ("note", "MongoDB 0.0.0-stub answers; 1 changes are still to come.")


def test_the_embedded_store_needs_nothing(house):
    found = line(replace(house.settings, documents_url=""))
    assert (found.state, found.words) == ("ok", "A table of the same database answers.")


@pytest.mark.parametrize("url", ["mongodb://u:canary@host:port/x", "mongodb://u:can@ary@host/x", "mongodb+srv://"])
def test_an_address_that_is_none(url, settings_of, monkeypatch, say):
    monkeypatch.setenv("SUWEN_DOCUMENTS_URL", url)
    found = line(Settings.from_environment())
    assert (found.state, "its address cannot be used" in found.words) == ("bad", True)
    status, said = say("verify")
    assert (status, "its address cannot be used" in said) == (2, True)
    assert "can" not in said.replace("cannot", "")


def test_another_kind_of_address_is_refused_at_once(settings_of, monkeypatch):
    monkeypatch.setenv("SUWEN_DOCUMENTS_URL", "mysql://host/documents")
    with pytest.raises(SystemExit, match="must begin with mongodb://"):
        Settings.from_environment()
