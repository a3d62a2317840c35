"""MongoDB that fails, hangs and goes away, as the stub does on demand: what is raised, repeated and kept."""

import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import select

from suwen.core.db import new_id
from suwen.core.outbox import TRIES, OutboxMessage, deliver_one, emit
from suwen.core.ports import documents
from suwen.core.ports.documents import StoreUnavailable
from suwen.core.ports.documents.mongo import MongoDocuments
from suwen.reviews.models import ReviewTag
from tests.core.documents.test_projections import COLLECTION, TAGS, TagChanged
from tests.support.mongo_stub import NOT_PRIMARY, REFUSED, TIME_OUT

BODY = {"name": "canary-of-a-patient"}


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"answer": NOT_PRIMARY}, "NotPrimaryError"),
        ({"answer": TIME_OUT}, "ExecutionTimeout 50"),
        ({"answer": REFUSED}, "OperationFailure 13"),
        ({"cut": True}, "AutoReconnect"),
    ],
)
@pytest.mark.parametrize("command", ["update", "find"])
def test_every_failure_is_ours_and_quotes_nothing(on_stub, stub, how, words, command):
    stub.fail(command, **how, times=2)  # a look-up is tried again by the driver itself
    with pytest.raises(StoreUnavailable) as raised:
        on_stub.put("prescriptions", "1", BODY, 1)
    assert words in str(raised.value)
    assert "canary" not in repr(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
    stub.faults.clear()
    time.sleep(on_stub.rest)
    assert on_stub.put("prescriptions", "1", BODY, 1) is True
    assert on_stub.get("prescriptions", "1") == BODY


def test_an_answer_that_was_lost_is_no_double(on_stub, stub):
    """It was written, and the line was cut before we heard: the repeat finds its own."""
    stub.fail("update", cut=True, after=True)
    with pytest.raises(StoreUnavailable):
        on_stub.put("prescriptions", "1", BODY, 1)
    assert list(stub.data["prescriptions"]) == ["1"]
    time.sleep(on_stub.rest)
    assert on_stub.put("prescriptions", "1", BODY, 1) is True
    assert len(stub.data["prescriptions"]) == 1


def test_two_first_ones_at_once(on_stub, stub):
    """A duplicate key although nothing newer is there: another has just put the same one. It is looked at again."""
    duplicate = {"index": 0, "code": 11000, "errmsg": "E11000 duplicate key"}
    fault = stub.fail("update", answer={"ok": 1.0, "n": 0, "nModified": 0, "writeErrors": [duplicate]})
    assert on_stub.put("prescriptions", "1", BODY, 1) is True
    assert fault.met.is_set()
    assert on_stub.get("prescriptions", "1") == BODY
    stub.fail("update", answer={"ok": 1.0, "n": 0, "nModified": 0, "writeErrors": [duplicate]})
    assert on_stub.remove("prescriptions", "1", 2) is True
    assert on_stub.put("prescriptions", "1", BODY, 1) is False


def test_a_removal_in_the_middle_of_a_late_write_wins(on_stub, stub):
    """The late write has looked for removals and found none; now it is held, and the document is taken out."""
    other = MongoDocuments(stub.url)
    on_stub.put("prescriptions", "1", BODY, 1)
    held = stub.fail("update", hang=threading.Event())
    brought = []
    late = threading.Thread(target=lambda: brought.append(on_stub.put("prescriptions", "1", BODY, 1)))
    late.start()
    assert held.met.wait(10)
    assert other.remove("prescriptions", "1", 2) is True
    held.hang.set()
    late.join(10)
    other.close()
    assert brought == [False]
    assert on_stub.get("prescriptions", "1") is None
    assert stub.data["prescriptions"] == {}


def test_who_found_it_away_is_not_asked_again_at_once(on_stub, stub):
    on_stub.rest = 60.0
    on_stub.get("prescriptions", "1")
    stub.stop()
    with pytest.raises(StoreUnavailable):
        on_stub.get("prescriptions", "1")
    began = time.monotonic()
    for _ in range(100):
        with pytest.raises(StoreUnavailable):
            on_stub.get("prescriptions", "1")
    assert time.monotonic() - began < 0.5
    stub.start()
    with pytest.raises(StoreUnavailable):
        on_stub.get("prescriptions", "1")
    on_stub.rests_until = 0.0  # as if the time were over
    assert on_stub.get("prescriptions", "1") is None


def test_one_that_never_answers_is_given_up_after_seconds(stub):
    store = MongoDocuments(f"{stub.url}?socketTimeoutMS=300")
    fault = stub.fail("find", hang=threading.Event(), times=5)
    began = time.monotonic()
    with pytest.raises(StoreUnavailable):
        store.get("prescriptions", "1")
    assert time.monotonic() - began < 5
    fault.hang.set()
    store.close()


def message(house):
    return house.db.read(lambda tx: tx.scalars(select(OutboxMessage)).one())


def test_while_it_is_away_events_wait_ever_longer_and_are_never_given_up(house, clock, stub, on_stub):
    house.db.beside("documents", lambda: on_stub)
    on_stub.rest = 0.0
    row = ReviewTag(id=new_id(), name="Clear", usage_count=1, is_active=True)
    house.db.write(lambda tx: (tx.add(row), emit(tx, TagChanged(row.id), clock())))
    stub.fail("createIndexes", answer=TIME_OUT, times=10**6)
    pauses = []
    for attempt in range(60):
        before = clock()
        assert deliver_one(house.db, clock()) is True
        one = message(house)
        assert (one.done_at, one.failed_at, one.attempts) == (None, None, attempt + 1)
        assert "StoreUnavailable" in one.error
        pauses.append(one.due_at - before)
        assert deliver_one(house.db, clock()) is False
        clock.set(one.due_at)
    assert pauses[:4] == [timedelta(seconds=n) for n in (2, 4, 8, 16)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == timedelta(minutes=5)
    assert len(pauses) > TRIES
    stub.faults.clear()
    assert deliver_one(house.db, clock()) is True
    assert message(house).done_at is not None
    assert on_stub.get(TAGS, row.id) == {"name": "Clear"}
    assert list(documents.verify(house.db, on_stub, COLLECTION)) == []


def test_what_the_address_says_is_kept(stub):
    store = MongoDocuments(f"{stub.url[:-6]}/clinic?w=1&socketTimeoutMS=700")
    assert store.database.name == "clinic"
    assert store.client.write_concern.document == {"w": 1}
    assert store.client.options.pool_options.socket_timeout == 0.7
    store.close()
    plain = MongoDocuments(stub.url[:-6])
    assert (plain.database.name, plain.client.write_concern.document) == ("suwen", {"w": "majority"})
    plain.close()
