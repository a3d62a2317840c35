"""What a server need not have in memory before somebody asks for it."""

import json
import subprocess
import sys
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from suwen.app import create_app
from suwen.core.house import House
from suwen.core.web import system
from suwen.core.web.application import NOT_YET, Address

HEAVY = {
    "httpx", "rich", "weasyprint", "pymongo", "redis", "alembic", "cryptography", "babel.messages",
    "suwen.demo", "suwen.paysim", "suwen.payments.gateways.wechat",
}  # fmt: skip


def test_a_server_starts_without_what_it_may_never_need() -> None:
    """An HTTP client alone is half a second of processor time and 9 MB."""
    names = ", ".join(sorted(repr(name) for name in HEAVY))
    program = f"import sys, suwen.app; print(sorted({{{names}}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_mysql_brings_no_cryptography_either() -> None:
    """The driver imports it, 8 MB, for a way of signing in that hardly anybody uses (`tests/core/test_sign_in.py`)."""
    program = (
        "import sys; from suwen.core.db import Database; Database('mysql+pymysql://nobody@127.0.0.1:1/x', 1).close();"
        "print(sorted({'pymysql', 'cryptography'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "['pymysql']"


def test_what_a_handler_takes_is_looked_at_when_it_is_first_called(house: House) -> None:
    """It is a third of the time of a start, for handlers of which most are never called."""
    app = create_app(house=house)
    assert not [pair for pair in _handlers(app) if pair[1] is not NOT_YET]

    with TestClient(app) as client:
        assert client.get("/healthz").status_code == 200
        allowed = client.options("/api/v1/family")
        assert (allowed.status_code, allowed.headers["allow"]) == (204, "GET, OPTIONS, POST")
        assert client.delete("/api/v1/family").status_code == 405
    analysed = {(method, route.path) for route in _addresses(app) for method, pair in route.route_handler_map.items()
                if pair[1] is not NOT_YET}  # fmt: skip
    assert analysed == {("GET", "/healthz"), ("OPTIONS", "/api/v1/family")}


def test_every_handler_can_be_analysed_and_the_document_does_not_depend_on_it(house: House) -> None:
    """What Litestar would have refused at the start must not wait for a visitor."""
    app = create_app(house=house)
    before = json.dumps(app.openapi_schema.to_schema(), default=str)
    for route in _addresses(app):
        for method in route.route_handler_map:
            route.analyse(method, app)
    assert not [pair for pair in _handlers(app) if pair[1] is NOT_YET]

    again = create_app(house=house)
    for route in _addresses(again):
        for method in route.route_handler_map:
            route.analyse(method, again)
    assert json.dumps(again.openapi_schema.to_schema(), default=str) == before


def test_one_address_has_one_handler_for_a_method(house: House) -> None:
    app = create_app(house=house)
    with pytest.raises(ValueError, match="Two handlers for GET /healthz"):
        app.take([system.healthz, system.healthz])


def _addresses(app: Litestar) -> list[Address]:
    return [route for route in app.routes if isinstance(route, Address)]


def _handlers(app: Litestar) -> list[Any]:
    return [pair for route in _addresses(app) for pair in route.route_handler_map.values()]
