"""What every store does: in the database's own table, in a real server of MongoDB's protocol, in the stub of one."""

import random
import threading

import pytest

from suwen.core.ports.documents import digest

ONE = {
    "appointment_id": "a-1", "patient_snapshot": {"id": "p-1", "first_name": "小", "last_name": "𠮷"},
    "medications": [{"name": "䗪虫", "dosage": "6 g", "duration_days": 7, "notes": None}], "rating": 4, "tags": [],
}  # fmt: skip
OTHER = ONE | {"appointment_id": "a-2", "rating": 5}


def everything(store, name="prescriptions"):
    return sorted(id for part in store.ids(name, batch=3) for id in part)


def test_what_was_put_is_there_as_it_was(store):
    assert store.get("prescriptions", "1") is None
    assert store.put("prescriptions", "1", ONE, 1) is True
    assert store.get("prescriptions", "1") == ONE
    assert store.get("feedback", "1") is None
    assert store.about()


def test_putting_it_again_changes_nothing(store):
    for _ in range(3):
        assert store.put("prescriptions", "1", ONE, 1) is True
    assert everything(store) == ["1"]
    assert store.get("prescriptions", "1") == ONE


def test_an_older_document_never_takes_the_place_of_a_newer_one(store):
    assert store.put("prescriptions", "1", OTHER, 2) is True
    assert store.put("prescriptions", "1", ONE, 1) is False
    assert store.get("prescriptions", "1") == OTHER
    assert store.put("prescriptions", "1", ONE, 3) is True
    assert store.get("prescriptions", "1") == ONE


def test_what_was_removed_does_not_come_back_late(store):
    store.put("prescriptions", "1", ONE, 1)
    assert store.remove("prescriptions", "1", 2) is True
    assert store.get("prescriptions", "1") is None
    assert everything(store) == []
    assert store.put("prescriptions", "1", ONE, 1) is False
    assert (store.get("prescriptions", "1"), everything(store)) == (None, [])
    assert store.put("prescriptions", "1", OTHER, 3) is True  # signed anew
    assert store.get("prescriptions", "1") == OTHER


def test_a_removal_that_comes_first_is_remembered(store):
    assert store.remove("prescriptions", "1", 2) is True
    assert store.put("prescriptions", "1", ONE, 1) is False
    assert everything(store) == []
    assert store.remove("prescriptions", "1", 2) is True


def test_a_late_removal_takes_nothing_newer_away(store):
    store.put("prescriptions", "1", OTHER, 3)
    assert store.remove("prescriptions", "1", 2) is False
    assert store.get("prescriptions", "1") == OTHER
    assert store.put("prescriptions", "1", ONE, 4) is True


def test_force_writes_whatever_is_there(store):
    store.put("prescriptions", "1", OTHER, 9)
    assert store.put("prescriptions", "1", ONE, 2, force=True) is True
    assert store.get("prescriptions", "1") == ONE
    assert store.put("prescriptions", "1", OTHER, 3) is True  # and it goes on from there
    store.remove("prescriptions", "1", 9)
    assert store.put("prescriptions", "1", ONE, 2, force=True) is True
    assert store.get("prescriptions", "1") == ONE
    assert store.put("prescriptions", "1", OTHER, 9) is True
    assert store.remove("prescriptions", "1", 2, force=True) is True
    assert store.get("prescriptions", "1") is None
    assert store.put("prescriptions", "1", ONE, 3) is True


def test_collections_do_not_meet(store):
    store.put("prescriptions", "1", ONE, 1)
    store.remove("feedback", "1", 5)
    assert store.get("prescriptions", "1") == ONE
    store.put("feedback", "1", OTHER, 6)
    assert (store.get("prescriptions", "1"), store.get("feedback", "1")) == (ONE, OTHER)


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [("appointment_id", "a-1", ["1", "3"]), ("appointment_id", "A-1", []),
     ("patient_snapshot.id", "p-1", ["1", "2", "3"]), ("rating", 5, ["2"]), ("rating", "5", []),
     ("nothing.like.this", "x", [])],
)  # fmt: skip
def test_finding_by_a_field(store, field, value, found):
    for id, body in (("3", ONE), ("2", OTHER), ("1", ONE)):
        store.ensure_index("prescriptions", field)
        store.put("prescriptions", id, body, 1)
    store.put("prescriptions", "4", ONE, 1)
    store.remove("prescriptions", "4", 2)
    there = store.find("prescriptions", field, value)
    assert list(there) == found
    assert all(body in (ONE, OTHER) for body in there.values())
    assert list(store.find("prescriptions", field, value, limit=1)) == found[:1]


def test_digests_tell_what_differs_and_nothing_else(store):
    store.put("prescriptions", "1", ONE, 1)
    store.put("prescriptions", "2", OTHER, 1)
    store.put("prescriptions", "3", ONE, 1)
    store.remove("prescriptions", "3", 2)
    backwards = dict(reversed(ONE.items()))
    assert store.digests("prescriptions", ["1", "2", "3", "4"]) == {"1": digest(backwards), "2": digest(OTHER)}
    assert store.digests("prescriptions", []) == {}
    assert digest(ONE) != digest(OTHER)


def test_ids_come_in_parts_and_all_of_them(store):
    ids = [f"id-{n:02}" for n in range(10)]
    for id in random.sample(ids, len(ids)):
        store.put("prescriptions", id, ONE, 1)
    parts = list(store.ids("prescriptions", batch=4))
    assert sorted(id for part in parts for id in part) == ids
    assert all(len(part) <= 4 for part in parts)


def test_many_writers_leave_the_newest(store):
    """Each revision in a random order by eight at once: the highest is what stays, whether document or removal."""
    for round in range(3):
        id = f"race-{round}"
        works = [(n, n % 5 == 4) for n in range(1, 17)]  # 14 is the last removal, 16 the last document
        random.shuffle(works)
        lock = threading.Lock()

        def work(works=works, id=id, lock=lock):
            while True:
                with lock:
                    if not works:
                        return
                    revision, gone = works.pop()
                if gone:
                    store.remove("prescriptions", id, revision)
                else:
                    store.put("prescriptions", id, ONE | {"rating": revision}, revision)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert store.get("prescriptions", id) == ONE | {"rating": 16}


def test_many_writers_and_a_removal_that_is_the_newest(store):
    for round in range(5):
        id = f"gone-{round}"
        start = threading.Barrier(4)

        def put(revision, id=id, start=start):
            start.wait()
            store.put("prescriptions", id, ONE, revision)

        def remove(id=id, start=start):
            start.wait()
            store.remove("prescriptions", id, 7)

        threads = [threading.Thread(target=put, args=(n,)) for n in (1, 2, 3)] + [threading.Thread(target=remove)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert store.get("prescriptions", id) is None, round
