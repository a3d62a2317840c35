"""The routes that only the bench has: what the framework costs, what one hop costs, a week nobody kept."""

from datetime import date, datetime
from typing import Any

from litestar import HttpMethod, Request
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse
from sqlalchemy.orm import Session

from suwen.core.web.plan import Plan
from suwen.core.web.respond import gate
from suwen.core.web.routes import SIGNED_IN, Action, get
from suwen.scheduling.schemas import FreeWeek
from suwen.scheduling.service import slots


async def _bare(request: Request[Any, Any, Any]) -> ASGIResponse:
    """A constant answer behind the same login: the framework's floor."""
    return ASGIResponse(body=b'{"hello":"world"}')


def bare() -> HTTPRouteHandler:
    plan = Plan(_bare, "GET", "/api/v1/bench/bare", 200, SIGNED_IN)
    handler = Action(plan.path, http_method=HttpMethod.GET, opt={"plan": plan}, guards=[gate], include_in_schema=False)
    return handler(_bare)


@get("/api/v1/bench/hello", who=SIGNED_IN, include_in_schema=False)
def hello(tx: Session) -> dict[str, str]:
    return {"hello": "world"}


@get("/api/v1/bench/weeks/{id:str}/free-slots", who=SIGNED_IN, include_in_schema=False)
def week(tx: Session, now: datetime, id: str, day: date) -> FreeWeek:
    """The doctor's week as the API answers it, from the database each time."""
    return slots.free_week(tx, id, day, "Asia/Shanghai", now)


ROUTES = (bare(), hello, week)
