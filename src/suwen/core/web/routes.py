"""Routes. A route function is synchronous, takes `tx`, `me`, `now` by name, and calls one service function.

    @get("/api/v1/appointments/{id:str}", who=SIGNED_IN, audited="appointment")
    def show(tx: Session, me: Actor, now: datetime, id: str) -> AppointmentView:
        return service.appointment(tx, me, id, now)

One hop to a worker thread does everything: open the transaction, call the function, encode what it returns, commit.
Only then does the answer leave, so a commit that fails is never answered with success. GET runs on a connection
that cannot write; audit rows of a read are committed by a short write before the answer leaves.

`who` says which roles may come in; what of it they may see is the service's to decide.
`before=f`: slow work (a password's hash) done before the transaction; the function takes its result as `prepared`.
`own=True`: the function takes `house`, runs in the second pool and opens its transactions itself (passwords, reports).
`raw=True`: another machine speaks; the function takes `house` and the `letter` as it came, and returns `Told`.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from litestar import HttpMethod, MediaType, Request
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIType, Operation, Parameter, Schema
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response.base import ASGIResponse
from litestar.utils.signature import ParsedSignature

from suwen.core.schemas import Problem
from suwen.core.web.answers import Download
from suwen.core.web.plan import Plan
from suwen.core.web.respond import gate, respond

Route = Callable[..., Any]
R = TypeVar("R", bound=Route)
Decorator = Callable[[Route], HTTPRouteHandler]

ANYONE = frozenset({"guest", "patient", "doctor", "pharmacist", "admin"})
SIGNED_IN = frozenset({"patient", "doctor", "pharmacist", "admin"})
STAFF = frozenset({"doctor", "pharmacist", "admin"})
BODY: Any = JSONBody
PATH: Any = FromPath
QUERY: Any = FromQuery
PROVIDED = {"tx", "me", "now", "house", "prepared", "letter"}
LITESTARS = {"request"}
REFUSALS = {
    400: "The request could not be read", 401: "Not signed in, or the session has ended", 403: "Not allowed",
    404: "Not there, or not yours", 409: "The state forbids it, or somebody was quicker", 413: "Too large",
    415: "Of a kind this address does not read", 422: "Well formed, but cannot be accepted",
    429: "Too often", 503: "The database is away; Retry-After says when to come again",
}  # fmt: skip
FILE = ResponseSpec(data_container=str, description="A file", media_type="text/csv", generate_examples=False)


ONCE = Parameter(
    name="Idempotency-Key", param_in="header", required=False, example="3f0c6a52-booking-1",
    description="Of your own making. The same request under the same key is carried out once, for 48 hours: "
    "whoever repeats it gets the first answer, with `Idempotent-Replay: true`.",
    schema=Schema(type=OpenAPIType.STRING, min_length=1, max_length=128),
)  # fmt: skip


@dataclass
class Repeatable(Operation):
    """Documented as a POST that may be sent again."""

    def __post_init__(self) -> None:
        self.parameters = [*(self.parameters or []), ONCE]


class Action(HTTPRouteHandler):
    """A handler whose answer was already encoded, in the worker thread."""

    async def authorize_connection(self, connection: Any) -> None:
        """The one guard. Litestar would copy the whole handler for it, at every request."""
        await gate(connection, self)

    @property
    def parsed_fn_signature(self) -> ParsedSignature:
        """Declared when it is looked at: with the first request, or for the document."""
        if not hasattr(self.fn, "__signature__"):
            _declare(self.fn, self.opt["plan"])
        return super().parsed_fn_signature

    def resolve_signature_namespace(self) -> dict[str, Any]:
        """Types are given as such. Litestar's own does not answer twice, and the document may ask before a request."""
        return {}

    async def to_response(self, app: Any, data: Any, request: Request[Any, Any, Any]) -> ASGIResponse:
        return data


def get(path: str, *, who: Any, **options: Any) -> Decorator:
    """JSON. `kept(**arguments)` names the topic and the key under which the answer may be kept for everybody."""
    return _route("GET", path, 200, who, options)


def post(path: str, *, who: Any, status: int = 201, **options: Any) -> Decorator:
    return _route("POST", path, status, who, options)


def put(path: str, *, who: Any, status: int = 200, **options: Any) -> Decorator:
    return _route("PUT", path, status, who, options)


def patch(path: str, *, who: Any, status: int = 200, **options: Any) -> Decorator:
    return _route("PATCH", path, status, who, options)


def delete(path: str, *, who: Any, status: int = 204, **options: Any) -> Decorator:
    return _route("DELETE", path, status, who, options)


def page(path: str, *, who: Any, **options: Any) -> Callable[[R], R]:
    """An HTML page. Returns the function itself, so that forms can name it in `again`; see `routes_of`."""

    def decorate(function: R) -> R:
        function.route = _route("GET", path, 200, who, options, html=True)(function)  # type: ignore[attr-defined]
        return function

    return decorate


def form(path: str, *, again: Route, who: Any, **options: Any) -> Decorator:
    """A posted HTML form. When the service refuses, the page function `again` is shown with the message.

    `again` sees `refusal` and `typed` in its template, and is given those arguments of the form's that it names.
    """
    return _route("POST", path, 200, who, options, html=True, again=again)


def routes_of(*edges: Any) -> list[Any]:
    """For ROUTES: page functions and handlers alike."""
    return [getattr(edge, "route", edge) for edge in edges]


def _route(
    method: str, path: str, status: int, who: Any, options: dict[str, Any], html: bool = False,
    again: Route | None = None,
) -> Decorator:  # fmt: skip
    allowed = frozenset((who,)) if isinstance(who, str) else frozenset(who)
    own = {name: options.pop(name) for name in Plan.OPTIONS if name in options}

    def decorate(function: Route) -> HTTPRouteHandler:
        plan = Plan(function, method, path, status, allowed, html, again, **own)

        async def endpoint(request: Request[Any, Any, Any], **arguments: Any) -> ASGIResponse:
            return await respond(plan, request, arguments)

        for name in ("__name__", "__module__", "__doc__"):
            setattr(endpoint, name, getattr(function, name))
        opt = {"who": allowed, "audited": plan.audited, "html": html, "plan": plan} | options.pop("opt", {})
        if plan.raw:  # no program of our users' speaks here: it is in nobody's API
            settings: dict[str, Any] = {"include_in_schema": False}
            opt |= {"exclude_from_csrf": True}
        elif html:
            settings = {"include_in_schema": False, "media_type": "text/html"}
        else:
            answers = _documented(allowed, method)
            if function.__annotations__.get("return") in (Download, Download.__name__):
                answers = answers | {200: FILE}
            settings = {"responses": answers, "security": _security(allowed), "media_type": MediaType.JSON}
            if method == "POST" and plan.once and not plan.own:
                settings["operation_class"] = Repeatable
        return Action(
            path, http_method=HttpMethod(method), status_code=status, opt=opt, guards=[gate], **(settings | options)
        )(endpoint)

    return decorate


@cache
def _documented(allowed: frozenset[str], method: str) -> dict[int, ResponseSpec]:
    codes = set(REFUSALS) - (set() if method != "GET" else {413, 415})
    if "guest" in allowed:
        codes -= {403} if method == "GET" else set()
    return {
        code: ResponseSpec(
            data_container=Problem, description=REFUSALS[code], media_type="application/problem+json",
            generate_examples=False,
        )
        for code in sorted(codes)
    }  # fmt: skip


def _security(allowed: frozenset[str]) -> list[dict[str, list[str]]]:
    return [{}, {"bearer": []}] if "guest" in allowed else [{"bearer": []}]


def _declare(endpoint: Any, plan: Plan) -> None:
    """Give the endpoint the signature Litestar shall parse and document: the function's own, less what we provide.

    A form is read by ourselves: what was typed must come back when it is refused.
    """
    signature = inspect.signature(plan.function, eval_str=True)
    own = [p for p in signature.parameters.values() if p.name not in PROVIDED | LITESTARS]
    if plan.html:
        own = [p for p in own if p.name != "data"]
    keywords = [_keyword("request", Request), *(_keyword(p.name, _marked(p, plan.path), p.default) for p in own)]
    returns = signature.return_annotation
    endpoint.__annotations__ = {p.name: p.annotation for p in keywords} | {"return": returns}
    endpoint.__signature__ = inspect.Signature(keywords, return_annotation=returns)


def _marked(parameter: inspect.Parameter, path: str) -> Any:
    """Say where a parameter comes from: the body, the path, or else the query."""
    kind = parameter.annotation
    if parameter.name == "data":
        return BODY[kind]
    if f"{{{parameter.name}:" in path:
        return PATH[kind]
    return QUERY[kind]


def _keyword(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
