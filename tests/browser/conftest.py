"""A real server, a real Chromium. Everything here is marked `browser` by its folder."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.support.browser import chromium, visitor
from tests.support.processes import Missing
from tests.support.server import Server, serving


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    try:
        with chromium() as made:
            yield made
    except Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """`suwen serve` over an empty, migrated SQLite."""
    with serving() as made:
        yield made


@pytest.fixture
def arrive(browser, server) -> Iterator[Callable[..., BrowserContext]]:
    """`arrive(size=PHONE, locale="zh-CN")`: another person's fresh browser, looking at the server."""
    contexts: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        contexts.append(visitor(browser, server.url, **options))
        return contexts[-1]

    yield make
    for context in contexts:
        context.close()
