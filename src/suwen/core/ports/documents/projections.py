"""Collections that are made from rows: kept up one by one as things happen, made anew, and compared.

A row's document depends on the row alone, and its revision on nothing but the row's version. So it does not matter how
often, how late or in which order documents are written: the store keeps the newest.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.core.db import Database
from suwen.core.outbox import OutboxMessage
from suwen.core.ports.documents.port import Body, Documents, digest

BATCH = 200
ROUNDS = 5  # looks at a row that changes again and again while it is compared


@dataclass(frozen=True)
class Fresh:
    """What the row says now. Without a body it has no document: a draft, something that was taken back."""

    revision: int
    body: Body | None


@dataclass(frozen=True)
class Collection:
    """`fresh` answers for the rows that are there; `rows` names those that have a document, by id, after one of them.

    `job` is the outbox job that keeps the collection up, `subject` the field of its events that names the row;
    `fields` are those that other systems ask by.
    """

    name: str
    job: str
    subject: str
    fields: tuple[str, ...]
    fresh: Callable[[Session, Sequence[str]], Mapping[str, Fresh]]
    rows: Callable[[Session, str, int], Sequence[str]]


@dataclass(frozen=True)
class Difference:
    """`what` is missing, extra or different."""

    collection: str
    id: str
    what: str


def keep(db: Database, store: Documents, collection: Collection, id: str) -> None:
    """Write the row's document as it is now, or take it out. For jobs that hear of a change; as often as they like.

    The row is looked at again afterwards: so the last to write has written the newest, even into a store that compares
    revisions and writes in two steps (some that speak MongoDB's protocol do).
    """
    for field in collection.fields:
        store.ensure_index(collection.name, field)
    fresh = _fresh(db, collection, [id]).get(id)
    for _ in range(ROUNDS):
        if fresh is None:
            return
        _store(store, collection, id, fresh, force=False)
        written, fresh = fresh, _fresh(db, collection, [id]).get(id)
        if fresh == written:
            return


def rebuild(db: Database, store: Documents, collection: Collection) -> Iterator[int]:
    """Make every document anew and take out what no row speaks for; yields how many rows have been seen.

    Also where the store is ahead of the rows, as it is after a database was restored from a copy.
    """
    for field in collection.fields:
        store.ensure_index(collection.name, field)
    seen = 0
    for ids in _rows(db, collection):
        fresh = _fresh(db, collection, ids)
        for id in fresh:
            if not _store(store, collection, id, fresh[id], force=False):
                _enforce(db, store, collection, id)
        after = _fresh(db, collection, ids)
        for id in fresh:
            if after.get(id) != fresh[id]:
                keep(db, store, collection, id)
        seen += len(ids)
        yield seen
    for ids in store.ids(collection.name):
        known = _fresh(db, collection, _own(ids))
        for id in ids:
            if id not in known:  # a row is there before its document: this is nobody's
                store.remove(collection.name, id, 0, force=True)
            elif known[id].body is None and not _store(store, collection, id, known[id], force=False):
                _enforce(db, store, collection, id)


def verify(db: Database, store: Documents, collection: Collection) -> Iterator[Difference]:
    """Everything that is not as the rows say, and not on its way. Rows may change meanwhile."""
    for ids in _rows(db, collection):
        fresh = _fresh(db, collection, ids)
        yield from _certain(db, store, collection, _suspects(store, collection, ids, fresh))
    for ids in store.ids(collection.name):
        fresh = _fresh(db, collection, _own(ids))
        nobodys = [id for id in ids if id not in fresh or fresh[id].body is None]
        yield from _certain(db, store, collection, [id for id in nobodys if id in fresh])
        yield from (Difference(collection.name, str(id), "extra") for id in nobodys if id not in fresh)


def on_their_way(db: Database, collection: Collection) -> int:
    """How many rows have changed and wait for their documents: what `verify` leaves out."""
    return len(db.read(lambda tx: _waiting(tx, collection)))


def _store(store: Documents, collection: Collection, id: str, fresh: Fresh, *, force: bool) -> bool:
    if fresh.body is None:
        return store.remove(collection.name, id, fresh.revision, force=force)
    return store.put(collection.name, id, fresh.body, fresh.revision, force=force)


def _enforce(db: Database, store: Documents, collection: Collection, id: str) -> None:
    """The store has something newer: from a change of just now, or from a future that a restored copy has undone."""
    for _ in range(ROUNDS):
        fresh = _fresh(db, collection, [id])[id]
        if _store(store, collection, id, fresh, force=False):
            return
        _store(store, collection, id, fresh, force=True)
        if _fresh(db, collection, [id])[id] == fresh:
            return


def _suspects(store: Documents, collection: Collection, ids: Sequence[str], fresh: Mapping[str, Fresh]) -> list[str]:
    there = store.digests(collection.name, ids)
    return [id for id in ids if there.get(id) != _wanted(fresh.get(id))]


def _certain(db: Database, store: Documents, collection: Collection, ids: Iterable[str]) -> Iterator[Difference]:
    """Those that still differ although their row rests and no event about it waits.

    The order of the looks is what makes it certain: row, events, document, and the row again. A job is done when the
    document is there, so an event that no longer waits has had its effect.
    """
    for id in ids:
        for _ in range(ROUNDS):
            before = _fresh(db, collection, [id]).get(id)
            waits = id in db.read(lambda tx: _waiting(tx, collection))
            there = store.digests(collection.name, [id]).get(id)
            if waits or there == _wanted(before):
                break
            if _fresh(db, collection, [id]).get(id) == before:
                what = "missing" if there is None else "different" if _wanted(before) else "extra"
                yield Difference(collection.name, id, what)
                break


def _wanted(fresh: Fresh | None) -> str | None:
    return digest(fresh.body) if fresh is not None and fresh.body is not None else None


def _waiting(tx: Session, collection: Collection) -> set[Any]:
    open_ = (OutboxMessage.done_at.is_(None), OutboxMessage.job == collection.job)
    return {payload[collection.subject] for payload in tx.scalars(select(OutboxMessage.payload).where(*open_))}


def _fresh(db: Database, collection: Collection, ids: Sequence[str]) -> Mapping[str, Fresh]:
    return db.read(lambda tx: collection.fresh(tx, ids)) if ids else {}


def _rows(db: Database, collection: Collection) -> Iterator[Sequence[str]]:
    last = ""
    while ids := db.read(partial(_next_rows, collection, last)):
        yield ids
        last = ids[-1]


def _next_rows(collection: Collection, after: str, tx: Session) -> Sequence[str]:
    return collection.rows(tx, after, BATCH)


def _own(ids: Iterable[Any]) -> list[str]:
    return [id for id in ids if isinstance(id, str)]
