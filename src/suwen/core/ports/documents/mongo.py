"""Documents in MongoDB, or in whatever speaks its protocol.

One document of ours is one document there: `_id` is our id, and beside the schema's fields there is `_revision`,
which guards each write. Removals are remembered in a collection of their own, so that readers never meet them.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from pymongo import MongoClient
from pymongo.errors import ConnectionFailure, DuplicateKeyError, ExecutionTimeout, PyMongoError
from pymongo.uri_parser import parse_uri

from suwen.core.ports.documents.port import Body, StoreUnavailable, digest

REMOVED = "suwen_removed"
OURS = ("_id", "_revision")
REST = 5.0  # seconds: who waits for a store that is away keeps others waiting
OPTIONS: dict[str, Any] = {
    "serverSelectionTimeoutMS": 2000, "connectTimeoutMS": 2000, "socketTimeoutMS": 5000, "maxPoolSize": 8,
    "w": "majority", "appname": "suwen",
}  # fmt: skip
P = ParamSpec("P")
T = TypeVar("T")
Method = Callable[Concatenate["MongoDocuments", P], T]


def _asking(method: "Method[P, T]") -> "Method[P, T]":
    """Errors of the driver become ours, without what they quote; after a lost connection nobody asks for a while."""

    @wraps(method)
    def asked(self: "MongoDocuments", *args: P.args, **kwargs: P.kwargs) -> T:
        if time.monotonic() < self.rests_until:
            raise StoreUnavailable()
        try:
            return method(self, *args, **kwargs)
        except PyMongoError as error:
            if isinstance(error, ConnectionFailure | ExecutionTimeout):
                self.rests_until = time.monotonic() + self.rest
            number = getattr(error, "code", None)
            trouble = f"{type(error).__name__}{f' {number}' if number else ''}"
        raise StoreUnavailable(trouble)  # outside of `except`: the driver's error quotes, and would be logged with it

    return asked


class MongoDocuments:
    """`url` may name the database, else it is `suwen`; what it says of timeouts and write concern is kept."""

    def __init__(self, url: str, rest: float = REST) -> None:
        self.client = _client(url)
        self.database = self.client.get_default_database("suwen")
        self.rest, self.rests_until = rest, 0.0
        self._indexed: set[tuple[str, str]] = set()

    @_asking
    def put(self, collection: str, id: str, body: Body, revision: int, *, force: bool = False) -> bool:
        """The removal is looked for again after the write: whichever of the two came last has seen the other."""
        if force:
            self.database[REMOVED].delete_one({"_id": f"{collection}/{id}"})
        elif self._removed_by(collection, id) > revision:
            return False
        if not self._replace(collection, {"_id": id, **body, "_revision": revision}, force):
            return False
        removed = self._removed_by(collection, id)
        if removed > revision and not force:
            self.database[collection].delete_one({"_id": id, "_revision": {"$lte": removed}})
            return False
        return True

    @_asking
    def remove(self, collection: str, id: str, revision: int, *, force: bool = False) -> bool:
        """It is remembered before it is done."""
        place = {"_id": f"{collection}/{id}"}
        if force:
            self.database[REMOVED].replace_one(place, {"revision": revision}, upsert=True)
            self.database[collection].delete_one({"_id": id})
            return True
        self._remember(place, revision)
        self.database[collection].delete_one({"_id": id, "_revision": {"$not": {"$gt": revision}}})
        return self.database[collection].find_one({"_id": id}, {"_id": 1}) is None

    @_asking
    def get(self, collection: str, id: str) -> Body | None:
        found = self.database[collection].find_one({"_id": id})
        return None if found is None else _body(found)

    @_asking
    def find(self, collection: str, field: str, value: str | int, limit: int = 100) -> dict[str, Body]:
        found = self.database[collection].find({field: value}).sort("_id", 1).limit(limit)
        return {one["_id"]: _body(one) for one in found}

    @_asking
    def ensure_index(self, collection: str, field: str) -> None:
        if (collection, field) not in self._indexed:
            self.database[collection].create_index(field)
            self._indexed.add((collection, field))

    @_asking
    def digests(self, collection: str, ids: Sequence[str]) -> dict[str, str]:
        found = self.database[collection].find({"_id": {"$in": list(ids)}})
        return {one["_id"]: digest(_body(one)) for one in found}

    def ids(self, collection: str, batch: int = 500) -> Iterator[list[Any]]:
        cursor = self._cursor(collection, batch)
        try:
            while part := self._part(cursor, batch):
                yield part
        finally:
            cursor.close()

    @_asking
    def about(self) -> str:
        return f"MongoDB {self.client.server_info()['version']}"

    def close(self) -> None:
        self.client.close()

    def _replace(self, collection: str, document: dict[str, Any], force: bool) -> bool:
        """Where what is there is older or not ours. A newer one does not fit the filter, and its id is taken."""
        older = {} if force else {"_revision": {"$not": {"$gt": document["_revision"]}}}
        for _ in range(3):
            try:
                self.database[collection].replace_one({"_id": document["_id"], **older}, document, upsert=True)
            except DuplicateKeyError:
                # or two have put the first one at the same moment: then the next look finds it
                there = self.database[collection].find_one({"_id": document["_id"]}, {"_revision": 1})
                if there is not None and there.get("_revision", 0) > document["_revision"] and not force:
                    return False
            else:
                return True
        return False

    def _remember(self, place: dict[str, str], revision: int) -> None:
        highest = {"$max": {"revision": revision}}
        try:
            self.database[REMOVED].update_one(place, highest, upsert=True)
        except DuplicateKeyError:  # another one was first with the same id: it is there now
            self.database[REMOVED].update_one(place, highest, upsert=True)

    def _removed_by(self, collection: str, id: str) -> int:
        found = self.database[REMOVED].find_one({"_id": f"{collection}/{id}"})
        return int(found["revision"]) if found else -1

    @_asking
    def _cursor(self, collection: str, batch: int) -> Any:
        return self.database[collection].find({}, {"_id": 1}, batch_size=batch)

    @_asking
    def _part(self, cursor: Any, batch: int) -> list[Any]:
        return [one["_id"] for _, one in zip(range(batch), cursor, strict=False)]


def _client(url: str) -> MongoClient[dict[str, Any]]:
    """Without connecting. What is wrong with an address is not quoted: a password may stand in it."""
    try:
        given = {name.lower() for name in parse_uri(url)["options"]}
        options = {name: value for name, value in OPTIONS.items() if name.lower() not in given}
        return MongoClient(url, connect=False, **options)
    except (PyMongoError, ValueError) as error:
        trouble = type(error).__name__
    raise StoreUnavailable(f"its address cannot be used, {trouble}")


def _body(found: dict[str, Any]) -> Body:
    return {name: value for name, value in found.items() if name not in OURS}
