"""The real application with three more routes: what the framework costs, what one hop costs, a week nobody kept."""

from typing import Any

from litestar import Litestar, Request
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse
from sqlalchemy.orm import Session

from suwen.app import create_app
from suwen.core.web.identity import identify
from suwen.core.web.routes import SIGNED_IN, Action, get


async def _bare(request: Request[Any, Any, Any]) -> ASGIResponse:
    """A constant answer behind the same login: the framework's floor."""
    identify(request.app.state.house, request)
    return ASGIResponse(body=b'{"hello":"world"}')


def bare() -> HTTPRouteHandler:
    return Action("/api/v1/bench/bare", http_method="GET", opt={"who": SIGNED_IN}, include_in_schema=False)(_bare)


@get("/api/v1/bench/hello", who=SIGNED_IN, include_in_schema=False)
def hello(tx: Session) -> dict[str, str]:
    return {"hello": "world"}


def bench_app() -> Litestar:
    app = create_app()
    for route in (bare(), hello):
        app.register(route)
    return app
