"""Every kind of document store, empty."""

from collections.abc import Iterator

import pytest

from suwen.core.ports.documents import open_store
from suwen.core.ports.documents.mongo import MongoDocuments
from suwen.core.ports.documents.port import Documents
from tests.support.ferretdb import private_ferretdb
from tests.support.mongo_stub import Stub, mongo_stub
from tests.support.processes import Missing


@pytest.fixture(scope="session")
def ferretdb() -> Iterator[str]:
    try:
        with private_ferretdb() as url:
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


@pytest.fixture(params=["embedded", "ferretdb", "stub"])
def store(request, house) -> Iterator[Documents]:
    url = ""
    if request.param == "stub":
        url = request.getfixturevalue("stub").url
    elif request.param == "ferretdb":
        url = request.getfixturevalue("ferretdb")
    made = open_store(url, house.db)
    if isinstance(made, MongoDocuments) and request.param == "ferretdb":
        made.client.drop_database(made.database.name)
    yield made
    made.close()
