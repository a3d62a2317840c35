"""Every kind of document store, empty."""

from collections.abc import Iterator

import pytest

from suwen.core.ports.documents import open_store
from suwen.core.ports.documents.mongo import MongoDocuments
from suwen.core.ports.documents.port import Documents
from tests.support.mongo_stub import Stub, mongo_stub
from tests.support.mongodb import own_mongodb
from tests.support.processes import Missing


@pytest.fixture(scope="session")
def mongodb() -> Iterator[str]:
    try:
        with own_mongodb() as url:
            yield url
    except Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture
def stub() -> Iterator[Stub]:
    with mongo_stub() as server:
        yield server


@pytest.fixture
def on_stub(stub) -> Iterator[MongoDocuments]:
    made = MongoDocuments(stub.url, rest=0.2)
    yield made
    made.close()


@pytest.fixture(params=["embedded", "mongodb", "stub"])
def store(request, house) -> Iterator[Documents]:
    url = ""
    if request.param == "stub":
        url = request.getfixturevalue("stub").url
    elif request.param == "mongodb":
        url = request.getfixturevalue("mongodb")
    made = open_store(url, house.db)
    if isinstance(made, MongoDocuments) and request.param == "mongodb":
        made.client.drop_database(made.database.name)
    yield made
    made.close()
