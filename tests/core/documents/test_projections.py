"""Keeping documents up while everything goes wrong: by tags of reviews, which are rows as good as any."""

import threading
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from sqlalchemy import select, update

from suwen.core.db import new_id
from suwen.core.outbox import Event, deliver_one, emit, reach
from suwen.core.ports import documents
from suwen.core.ports.documents import Collection, Difference, Fresh
from suwen.reviews.models import ReviewTag

TAGS = "tags"


def fresh(tx, ids):
    """The number of uses is the revision; a tag that is switched off has no document."""
    rows = tx.scalars(select(ReviewTag).where(ReviewTag.id.in_(ids)))
    return {row.id: Fresh(row.usage_count, {"name": row.name} if row.is_active else None) for row in rows}


def rows(tx, after, limit):
    found = select(ReviewTag.id).where(ReviewTag.is_active.is_(True), ReviewTag.id > after)
    return tx.scalars(found.order_by(ReviewTag.id).limit(limit)).all()


COLLECTION = Collection(TAGS, f"{__name__}.keep_document", "tag_id", ("name",), fresh, rows)


@dataclass(frozen=True)
class TagChanged(Event):
    name = "lab.tag_changed"
    tag_id: str


@reach(TagChanged, gives_up=False)
def keep_document(db, now, message_id, tag_id):
    documents.keep(db, documents.store_of(db), COLLECTION, tag_id)


@pytest.fixture
def tag(house):
    """`tag("Clear", 3)` -> its id, at that revision; `tag.change(id, name=...)` raises it by one."""

    def make(name, revision=1):
        row = ReviewTag(id=new_id(), name=name, usage_count=revision, is_active=True)
        house.db.write(lambda tx: tx.add(row))
        return row.id

    def change(id, **values):
        values["usage_count"] = values.get("usage_count", ReviewTag.usage_count + 1)
        house.db.write(lambda tx: tx.execute(update(ReviewTag).where(ReviewTag.id == id).values(**values)))

    return SimpleNamespace(make=make, change=change)


def found(house, store):
    return list(documents.verify(house.db, store, COLLECTION))


def test_a_database_restored_from_a_copy_has_the_last_word(house, store, tag):
    """The store has seen revisions that are undone: nothing but `rebuild` writes below them."""
    back, gone, void = tag.make("back", 2), tag.make("gone", 2), tag.make("void", 2)
    store.put(TAGS, back, {"name": "of the future"}, 9)
    store.remove(TAGS, gone, 9)
    store.put(TAGS, void, {"name": "void"}, 9)
    store.put(TAGS, "unborn", {"name": "unborn"}, 1)
    tag.change(void, is_active=False)
    for id in (back, gone, void):
        documents.keep(house.db, store, COLLECTION, id)
    assert {one.id: one.what for one in found(house, store)} == {
        back: "different", gone: "missing", void: "extra", "unborn": "extra"
    }  # fmt: skip
    list(documents.rebuild(house.db, store, COLLECTION))
    assert found(house, store) == []
    assert (store.get(TAGS, back), store.get(TAGS, gone)) == ({"name": "back"}, {"name": "gone"})
    tag.change(back, name="forth")
    documents.keep(house.db, store, COLLECTION, back)
    assert store.get(TAGS, back) == {"name": "forth"}


def test_eight_jobs_about_one_row_that_changes_leave_the_newest(house, store, tag):
    """Also in a store that looks and writes in two steps."""
    for round in range(3):
        id = tag.make(f"start {round}")
        threads = []
        for n in range(8):
            tag.change(id, name=f"name {round} {n}", is_active=n % 3 != 1)
            threads.append(threading.Thread(target=documents.keep, args=(house.db, store, COLLECTION, id)))
            threads[-1].start()
        for thread in threads:
            thread.join(60)
        assert store.get(TAGS, id) is None
        assert found(house, store) == []


def test_verify_and_rebuild_beside_changes_see_no_ghosts(house, store, tag, clock):
    """What is on its way is not a difference: neither while a worker writes it, nor before."""
    ids, stop = [tag.make(f"tag {n}") for n in range(6)], threading.Event()
    house.db.beside("documents", lambda: store)

    def change():
        n = 0
        while not stop.wait(0.02):
            n += 1
            values = {"name": f"{n}", "is_active": n % 5 != 0, "usage_count": ReviewTag.usage_count + 1}
            change = update(ReviewTag).where(ReviewTag.id == ids[n % 6]).values(**values)
            house.db.write(lambda tx, c=change, id=ids[n % 6]: (tx.execute(c), emit(tx, TagChanged(id), clock())))

    def work():
        while not stop.is_set():
            deliver_one(house.db, clock())

    threads = [threading.Thread(target=change), *(threading.Thread(target=work) for _ in range(2))]
    for id in ids:
        house.db.write(lambda tx, id=id: emit(tx, TagChanged(id), clock()))
    for thread in threads:
        thread.start()
    try:
        for round in range(8):
            if round % 2:
                list(documents.rebuild(house.db, store, COLLECTION))
            assert found(house, store) == []
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
    while deliver_one(house.db, clock()):
        pass
    assert found(house, store) == []
    kept = house.db.read(lambda tx: fresh(tx, ids))
    assert {id: store.get(TAGS, id) for id in ids} == {id: kept[id].body for id in ids}


def test_what_somebody_else_put_there_is_found_and_taken_out(house, mongodb):
    store = documents.open_store(mongodb, house.db)
    try:
        store.client.drop_database(store.database.name)
        store.database[TAGS].insert_one({"name": "by hand"})  # with an ObjectId
        store.database[TAGS].insert_one({"_id": "by-hand", "name": "by hand"})
        assert [(one.what, len(one.id)) for one in found(house, store)] == [("extra", 24), ("extra", 7)]
        list(documents.rebuild(house.db, store, COLLECTION))
        assert found(house, store) == []
    finally:
        store.close()


def test_an_unknown_row_has_no_document_and_makes_no_noise(house, store):
    documents.keep(house.db, store, COLLECTION, "nobody")
    assert [id for part in store.ids(TAGS) for id in part] == []
    assert found(house, store) == []
    assert Difference(TAGS, "x", "extra") == Difference(TAGS, "x", "extra")
