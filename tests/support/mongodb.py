"""A real server of MongoDB's protocol, where somebody has one: `SUWEN_TEST_MONGODB_URL=mongodb://127.0.0.1:27017`.

None can be had from the package registries, so nothing starts one here: without the variable the tests say so and are
skipped. They take and drop a database of their own.
"""

import contextlib
import os
import uuid
from collections.abc import Iterator

from tests.support.processes import Missing

VARIABLE = "SUWEN_TEST_MONGODB_URL"


@contextlib.contextmanager
def own_mongodb() -> Iterator[str]:
    """Yields the URL of a fresh database there, which is gone afterwards."""
    server = os.environ.get(VARIABLE, "").rstrip("/")
    if not server:
        raise Missing(f"no MongoDB is at hand (name one in {VARIABLE}; its tests use a database of their own)")
    from pymongo import MongoClient

    name = f"suwen_test_{uuid.uuid4().hex[:12]}"
    try:
        yield f"{server}/{name}"
    finally:
        with MongoClient(server) as client:
            client.drop_database(name)
