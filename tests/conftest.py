"""The fixtures of every test: the house with its database, the frozen clock, the cast.

    def test_a_patient_sees_her_wallet(people):
        assert people["li"]("GET", "/api/v1/wallet").json()["balance"] == 0

The database is SQLite, or what SUWEN_TEST_DATABASE_URL names; each test begins with the same rows and empty memory.
Documents are embedded, or where SUWEN_TEST_DOCUMENTS_URL says: of a store that is not there nobody else may notice.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import hypothesis
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from suwen.app import build_house, create_app
from suwen.core import migrate
from suwen.core.house import House
from suwen.core.outbox import deliver_one, run_timed
from suwen.settings import Settings, new_field_key
from tests.support.cast import CAST, START, Ids, settle_in
from tests.support.database import Template, count_statements, drop, own_url
from tests.support.people import Person

# A busy machine is slow, and that is no finding.
hypothesis.settings.register_profile("suwen", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("suwen")

SECRET = "a secret of the tests, long enough to be one"


@dataclass
class Clock:
    """The time is what a test says, and it stands still."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def set(self, moment: datetime) -> None:
        self.now = moment

    def advance(self, **by: float) -> datetime:
        """`clock.advance(minutes=15)`"""
        self.now += timedelta(**by)
        return self.now


@pytest.fixture(scope="session")
def settings(request, tmp_path_factory) -> Iterator[Settings]:
    worker = getattr(request.config, "workerinput", {}).get("workerid", "one")
    folder = tmp_path_factory.mktemp("suwen")
    url = own_url(worker, folder)
    yield Settings(
        data_dir=folder, database_url=url, secret=SECRET, field_keys=new_field_key(), worker=False,
        documents_url=os.environ.get("SUWEN_TEST_DOCUMENTS_URL", ""),
    )  # fmt: skip
    drop(url)


@pytest.fixture(scope="session")
def template(settings) -> Iterator[tuple[Template, Ids]]:
    """The migrated database with the cast in it, and what it takes to bring it back there."""
    house = build_house(settings)
    made = Template(house.db)
    migrate.upgrade(settings.database_url)
    ids = house.db.write(settle_in)
    made.remember()
    yield made, ids
    made.close()
    _close(house)


@pytest.fixture(scope="session")
def app(settings, template) -> Litestar:
    """Building it takes longer than most tests; it keeps nothing but its `state.house`, which each test brings."""
    return create_app(settings)


@pytest.fixture(scope="session")
def _everybodys_client(app) -> Iterator[TestClient[Any]]:
    with TestClient(app, raise_server_exceptions=False, base_url="http://testserver.local") as client:
        client.follow_redirects = False
        yield client


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(app, settings, template, clock) -> Iterator[House]:
    """A house of this test's own: nothing kept, no limit used up, nobody's session known. Its clock stands still."""
    made = build_house(settings)
    template[0].lend(made.db)
    made.clock = clock
    app.state.house = made
    yield made
    template[0].put_back()
    _close(made)


@pytest.fixture
def client(house, _everybodys_client) -> TestClient[Any]:
    """Bare HTTP, as nobody. Mostly `people` says it better."""
    _everybodys_client.cookies.clear()
    return _everybodys_client


@pytest.fixture
def ids(template) -> Ids:
    """`ids.doctors["zhang"]`, `ids.profiles["li"]["mother"]`, `ids.location`, `ids.department` ..."""
    return template[1]


@pytest.fixture
def people(house, client, ids) -> dict[str, Person]:
    """The cast by login, and a `guest`."""
    cast = {
        login: Person(
            client, house, login, ids.users[login], one.role, ids.doctors.get(login), ids.profiles.get(login, {})
        )
        for login, one in CAST.items()
    }
    return cast | {"guest": Person(client, house)}


@pytest.fixture
def settle(house) -> Callable[..., None]:
    """Deliver every event that is due; `settle(timed=True)` does the timed work too. Takes the house for old habit."""

    def deliver(_house: House | None = None, *, timed: bool = False) -> None:
        if timed:
            run_timed(house.db, house.clock())
        for _ in range(1000):
            if not deliver_one(house.db, house.clock()):
                return
        raise AssertionError("the outbox never empties")

    return deliver


@pytest.fixture
def statements(house) -> Callable[[Callable[[], Any]], list[str]]:
    """`len(statements(lambda: people["li"]("GET", ...)))`: the SQL of a request, counted the second time it is made."""

    def count(work: Callable[[], Any]) -> list[str]:
        work()
        return count_statements(house.db, work)

    return count


def _close(house: House) -> None:
    house.threads.shutdown()
    house.slow.shutdown()
    house.press.close()
    house.db.close()
