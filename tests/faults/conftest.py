"""Real servers on the engine that is under test, and a real MariaDB that may be taken away."""

import itertools
from collections.abc import Iterator

import pytest
from sqlalchemy import make_url

from tests.support.database import drop, own_url

COUNT = itertools.count()


@pytest.fixture
def database(tmp_path) -> Iterator[dict[str, str]]:
    """The setting that gives a server a database of its own: SQLite, or one on SUWEN_TEST_DATABASE_URL's server."""
    url = own_url(f"faults{next(COUNT)}", tmp_path)
    yield {"SUWEN_DATABASE_URL": make_url(url).render_as_string(hide_password=False)}
    drop(url)
