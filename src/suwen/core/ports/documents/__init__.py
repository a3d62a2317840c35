"""The document store: JSON documents by collection and id, in a table of the same database or in MongoDB.

What lies in it are projections (`projections.py`): made anew from the tables at any time, and never read to decide.
"""

from suwen.core.db import Database
from suwen.core.ports.documents.embedded import EmbeddedDocuments
from suwen.core.ports.documents.port import Body, Documents, StoreUnavailable, digest
from suwen.core.ports.documents.projections import (
    Collection,
    Difference,
    Fresh,
    keep,
    on_their_way,
    rebuild,
    verify,
)

__all__ = ["Body", "Collection", "Difference", "Documents", "Fresh", "StoreUnavailable", "digest", "keep",
           "on_their_way", "open_store", "rebuild", "store_of", "verify"]  # fmt: skip


def open_store(url: str, db: Database) -> Documents:
    """MongoDB where `url` names one, else the table. The driver is loaded only by whom it serves."""
    if not url:
        return EmbeddedDocuments(db)
    from suwen.core.ports.documents.mongo import MongoDocuments

    return MongoDocuments(url)


def store_of(db: Database) -> Documents:
    """The store beside this database, as the settings say; opened once, closed with it."""
    made: Documents = db.beside("documents", lambda: open_store(getattr(db.settings, "documents_url", ""), db))
    return made
