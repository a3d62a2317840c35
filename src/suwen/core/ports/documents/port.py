"""What a document store can do, and what every implementation has in common."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from suwen.core.errors import Unavailable

Body = dict[str, Any]  # plain JSON; the id is not in it


class StoreUnavailable(Unavailable):
    code, title = "document_store_unavailable", "The document store cannot be reached at the moment."


class Documents(Protocol):
    """Every write carries the revision of the row it was made from; what is older than what is there changes nothing.

    A removal is remembered, so that an older document that comes late does not bring back what is gone.
    `force` writes whatever is there: for whoever knows that the store is ahead of the truth (a database that was
    restored from a copy). All raise StoreUnavailable, and never with a word of a document in it.
    """

    def put(self, collection: str, id: str, body: Body, revision: int, *, force: bool = False) -> bool:
        """Write the document. False: a newer one is there, or it was removed by a newer revision."""
        ...

    def remove(self, collection: str, id: str, revision: int, *, force: bool = False) -> bool:
        """Take the document out. False: a newer one is there."""
        ...

    def get(self, collection: str, id: str) -> Body | None: ...

    def find(self, collection: str, field: str, value: str | int, limit: int = 100) -> dict[str, Body]:
        """Those whose `field` ("appointment_id", "patient_snapshot.id") is `value`, by id. No field within a list."""
        ...

    def ensure_index(self, collection: str, field: str) -> None:
        """Make `find` by this field quick, where the store can."""
        ...

    def digests(self, collection: str, ids: Sequence[str]) -> dict[str, str]:
        """`digest` of what is there, of those that are there."""
        ...

    def ids(self, collection: str, batch: int = 500) -> Iterator[list[Any]]:
        """The ids of all documents, also of those that somebody else has put there."""
        ...

    def about(self) -> str:
        """What kind of store answers, in a few words."""
        ...

    def close(self) -> None: ...


def digest(body: Body) -> str:
    """The same for the same content, in whatever order a store gives it back."""
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=repr)
    return hashlib.sha256(text.encode()).hexdigest()
