"""Documents in a table of the same database."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from suwen.core.columns import ServerTouch, exact
from suwen.core.db import Base, Database, Json, rows
from suwen.core.ports.documents.port import Body, digest


class Document(Base):
    """A projection. `revision` is that of the row it was made from; without a body the document was removed."""

    __tablename__ = "documents"

    collection: Mapped[str] = mapped_column(exact(40), primary_key=True)
    id: Mapped[str] = mapped_column(exact(36), primary_key=True)
    body: Mapped[dict[str, Any] | None] = mapped_column(Json)
    revision: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(server_default=ServerTouch())


DOCUMENTS = Document.__table__


class EmbeddedDocuments:
    """Every write is a transaction of its own: it may stand beside others, never inside one."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def put(self, collection: str, id: str, body: Body, revision: int, *, force: bool = False) -> bool:
        return self.db.write(lambda tx: _write(tx, collection, id, body, revision, force))

    def remove(self, collection: str, id: str, revision: int, *, force: bool = False) -> bool:
        return self.db.write(lambda tx: _write(tx, collection, id, None, revision, force))

    def get(self, collection: str, id: str) -> Body | None:
        one = select(DOCUMENTS.c.body).where(DOCUMENTS.c.collection == collection, DOCUMENTS.c.id == id)
        return self.db.read(lambda tx: tx.scalar(one))

    def find(self, collection: str, field: str, value: str | int, limit: int = 100) -> dict[str, Body]:
        place = DOCUMENTS.c.body[tuple(field.split("."))]
        same = place.as_string() == value if isinstance(value, str) else place.as_integer() == value
        found = select(DOCUMENTS.c.id, DOCUMENTS.c.body).where(*_of(collection), same).order_by(DOCUMENTS.c.id)

        def read(tx: Session) -> dict[str, Body]:
            # databases take 5 for "5", and some A for a
            exact = ((row.id, row.body) for row in tx.execute(found) if _reached(row.body, field) == value)
            return dict(islice(exact, limit))

        return self.db.read(read)

    def ensure_index(self, collection: str, field: str) -> None:
        """Nothing: MariaDB cannot index an expression, and whoever is inside asks the tables, which have theirs."""

    def digests(self, collection: str, ids: Sequence[str]) -> dict[str, str]:
        found = select(DOCUMENTS.c.id, DOCUMENTS.c.body).where(*_of(collection), DOCUMENTS.c.id.in_(ids))
        return self.db.read(lambda tx: {row.id: digest(row.body) for row in tx.execute(found)})

    def ids(self, collection: str, batch: int = 500) -> Iterator[list[Any]]:
        last = ""
        while True:
            part = select(DOCUMENTS.c.id).where(*_of(collection), DOCUMENTS.c.id > last).order_by(DOCUMENTS.c.id)
            found = self.db.read(partial(_scalars, part.limit(batch)))
            if not found:
                return
            yield found
            last = found[-1]

    def about(self) -> str:
        return "a table of the same database"

    def close(self) -> None:
        """The database is closed by whoever has opened it."""


def _of(collection: str) -> tuple[Any, Any]:
    return DOCUMENTS.c.collection == collection, DOCUMENTS.c.body.is_not(None)


def _scalars(statement: Any, tx: Session) -> list[Any]:
    return list(tx.scalars(statement))


def _reached(body: Any, field: str) -> Any:
    for name in field.split("."):
        body = body.get(name) if isinstance(body, dict) else None
    return body


def _write(tx: Session, collection: str, id: str, body: Body | None, revision: int, force: bool) -> bool:
    values = {"body": body, "revision": revision, "updated_at": datetime.now(UTC)}
    mine = (DOCUMENTS.c.collection == collection, DOCUMENTS.c.id == id)
    change = update(DOCUMENTS).where(*mine).values(**values)
    change = change if force else change.where(DOCUMENTS.c.revision <= revision)
    if rows(tx, change):
        return True
    if tx.scalar(select(DOCUMENTS.c.revision).where(*mine)) is None:
        try:
            with tx.begin_nested():
                tx.execute(insert(DOCUMENTS).values(collection=collection, id=id, **values))
            return True
        except IntegrityError:
            pass
    # Somebody else has put one there, maybe only since we looked: now there is one to compare with.
    return bool(rows(tx, change))
