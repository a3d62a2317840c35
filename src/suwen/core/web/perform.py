"""How one request is carried out: who may, what is kept, one hop, one transaction, one answer."""

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar

import msgspec
from litestar import Request
from litestar.response.base import ASGIResponse
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from suwen.core import audit, idempotency
from suwen.core.actor import GUEST, STAFF, Actor
from suwen.core.errors import DomainError, Forbidden, Invalid, NotFound, StrongSignInNeeded, Unauthorized
from suwen.core.house import House
from suwen.core.sessions import SessionEnded
from suwen.core.web.answers import Download, encode, from_kept, streamed
from suwen.core.web.forms import read_form, struct_from
from suwen.core.web.identity import bearer, identify, placed
from suwen.core.web.problems import as_refusal
from suwen.core.web.reader import reader_of

Route = Callable[..., Any]
WRITING = {"POST", "PUT", "PATCH", "DELETE"}


class BadText(Invalid):
    code, title = "bad_text", "This text has a character that cannot be stored."


@dataclass(eq=False)
class Plan:
    """What is known of a route when the program starts.

    kept: (topic, key) of an answer that everybody may share. audited: what is read here, so that a refused look is
    noted too. slow: the second pool. own: the function opens its transactions itself. weak: staff may come before
    their second factor. once: whether a repeated key replays the answer. before: slow work, done in the second pool
    before the transaction begins; what it returns is the function's argument `prepared`.
    """

    function: Route
    method: str
    path: str
    status: int
    who: frozenset[str]
    html: bool = False
    again: Route | None = None
    kept: Callable[..., tuple[str, str]] | None = None
    audited: str | None = None
    slow: bool = False
    own: bool = False
    weak: bool = False
    once: bool = True
    before: Route | None = None

    names: frozenset[str] = field(init=False)
    data: Any = field(init=False)
    again_names: frozenset[str] = field(init=False)
    before_names: frozenset[str] = field(init=False)

    OPTIONS: ClassVar[tuple[str, ...]] = ("kept", "audited", "slow", "own", "weak", "once", "before")

    def __post_init__(self) -> None:
        parameters = inspect.signature(self.function, eval_str=True).parameters
        self.names = frozenset(parameters)
        self.data = parameters["data"].annotation if "data" in parameters else None
        self.again_names = frozenset(inspect.signature(self.again).parameters) if self.again else frozenset()
        self.before_names = frozenset(inspect.signature(self.before).parameters) if self.before else frozenset()


@dataclass(frozen=True)
class Call:
    """One request on its way through a plan."""

    plan: Plan
    house: House
    request: Request[Any, Any, Any]
    me: Actor
    arguments: dict[str, Any]
    typed: dict[str, Any]
    key: str | None
    body: bytes
    now: datetime


async def gate(connection: Any, handler: Any) -> None:
    """A Litestar guard: who may not come in is told so before anything that was sent is read."""
    plan, house = handler.opt["plan"], connection.app.state.house
    me = connection.state.me = _who(plan, house, connection)
    _let_in(plan, house, me)


async def respond(plan: Plan, request: Request[Any, Any, Any], arguments: dict[str, Any]) -> ASGIResponse:
    house: House = request.app.state.house
    me: Actor = request.state.me
    scope = request.scope
    if b"%00" in scope.get("raw_path", b"") or b"%00" in scope.get("query_string", b""):
        raise BadText()
    if plan.kept and (not plan.html or me is GUEST):
        return await _kept(plan, house, request, me, arguments)
    typed, key, body = await _sent(plan, request)
    if plan.data is not None and not plan.html:
        # Litestar reads a body like a query string and would take "50.00" for fifty; amounts must be what they are.
        arguments["data"] = msgspec.json.decode(body, type=plan.data)
    call = Call(plan, house, request, placed(me, house, scope), arguments, typed, key, body, house.clock())
    work = _own if plan.own else _write if plan.method in WRITING else _read
    pool = house.slow if plan.slow or plan.own or plan.before else house.threads
    run = asyncio.get_running_loop().run_in_executor
    try:
        answer = await run(pool, work, call)
    except SessionEnded:
        if not _guests_too(plan, request):
            raise
        request.state.me = GUEST
        answer = await run(pool, work, replace(call, me=placed(GUEST, house, scope)))
    if isinstance(answer, Download):
        return streamed(answer, _pieces(house, answer))
    return answer


def _who(plan: Plan, house: House, request: Request[Any, Any, Any]) -> Actor:
    """Where guests may come too, an old cookie makes a guest: or the sign-in page would ask to sign in."""
    try:
        return identify(house, request)
    except Unauthorized:
        if _guests_too(plan, request):
            return GUEST
        raise


def _guests_too(plan: Plan, request: Request[Any, Any, Any]) -> bool:
    return "guest" in plan.who and bearer(request.scope) is None


def _let_in(plan: Plan, house: House, me: Actor) -> None:
    if me.role not in plan.who:
        raise Unauthorized() if me is GUEST else Forbidden()
    open_to_weak = plan.weak or "guest" in plan.who or not house.settings.second_factor_required
    if me.role in STAFF and not me.strong and not open_to_weak:
        raise StrongSignInNeeded()


async def _kept(
    plan: Plan, house: House, request: Request[Any, Any, Any], me: Actor, arguments: dict[str, Any]
) -> ASGIResponse:
    assert plan.kept is not None
    topic, key = plan.kept(**arguments)
    if plan.html:
        reader = reader_of(request.scope, me, house.settings.zone)
        part = dict(request.scope["headers"]).get(b"hx-target", b"").decode("latin-1")
        key = f"{plan.path} {key} {reader.locale} {reader.zone.key} {reader.theme} {part}"
    else:
        key = f"{plan.path} {key}"
    answer = house.kept.get(topic, key)  # found here, the answer costs no thread and no database
    if answer is not None:
        return from_kept(answer, request)
    async with house.kept_lock(topic, key):  # many who miss at once: one works, the others wait for it
        answer = house.kept.get(topic, key)
        if answer is None:
            ticket = house.kept.ticket()
            call = Call(plan, house, request, me, arguments, {}, None, b"", house.clock())
            made = await asyncio.get_running_loop().run_in_executor(house.threads, _read, call)
            media_type = "text/html; charset=utf-8" if plan.html else "application/json"
            answer = house.kept.put(topic, key, made.body, media_type, ticket)
    return from_kept(answer, request)


async def _sent(plan: Plan, request: Request[Any, Any, Any]) -> tuple[dict[str, Any], str | None, bytes]:
    """What was typed into a form, the key against doubles, the body."""
    if plan.method not in WRITING:
        return {}, None, b""
    key = request.headers.get("idempotency-key")
    if key is not None and not 1 <= len(key) <= 128:
        raise Invalid("An Idempotency-Key has 1 to 128 characters.")
    if plan.html:
        typed, once = await read_form(request)
        return typed, once, json.dumps(typed, default=str, sort_keys=True).encode()
    body = await request.body()
    if b"\\u0000" in body:
        raise BadText()
    return {}, key if plan.method == "POST" else None, body


def _read(call: Call) -> Any:
    plan, house, me = call.plan, call.house, call.me
    stale = me.session_id != "" and house.sessions.due(me)

    def work(tx: Session) -> tuple[Any, list[dict[str, Any]]]:
        if stale:
            house.sessions.check(tx, me, call.now)
        value = _call(plan.function, plan.names, call, tx)
        return _encoded(value, plan.status, call, kept=bool(plan.kept)), tx.info.get("seen", [])

    try:
        answer, seen = house.db.read(work)
    except (NotFound, Forbidden):
        _note_denied(call)
        raise
    if seen or stale:
        house.db.write(lambda tx: _after_read(tx, call, seen, stale))
    return answer


def _after_read(tx: Session, call: Call, seen: list[dict[str, Any]], stale: bool) -> None:
    if seen:
        audit.commit_seen(tx, seen)
    if stale:
        call.house.sessions.touch(tx, call.me, call.now)


def _write(call: Call) -> Any:
    try:
        return _write_again_if_doubled(_prepared(call))
    except (DomainError, IntegrityError) as error:
        if isinstance(error, (NotFound, Forbidden)):
            _note_denied(call)
        if call.plan.again is None or isinstance(error, SessionEnded):
            raise  # whose session has ended is shown no page of theirs
        return _form_again(call, as_refusal(error))


def _prepared(call: Call) -> Call:
    """Slow work comes before the transaction: SQLite has one writer at a time, and connections are few."""
    if call.plan.before is None:
        return call
    value = _call(call.plan.before, call.plan.before_names, call, None, with_data=True)
    return replace(call, arguments=call.arguments | {"prepared": value})


def _write_again_if_doubled(call: Call) -> Any:
    """Two requests with one key at once: the second meets the unique key, and on a second try finds the answer."""
    try:
        return call.house.db.write(lambda tx: _write_once(tx, call))
    except IntegrityError:
        if call.key is None:
            raise
        return call.house.db.write(lambda tx: _write_once(tx, call))


def _write_once(tx: Session, call: Call) -> Any:
    plan, house, me = call.plan, call.house, call.me
    if me.session_id:
        house.sessions.check(tx, me, call.now)
        if house.sessions.due(me):
            house.sessions.touch(tx, me, call.now)
    owner, key = me.id or "guest", call.key if plan.once else None
    request_digest = ""
    if key is not None:
        request_digest = idempotency.digest(plan.method, call.request.url.path, call.body)
        found = idempotency.earlier(tx, owner, key, request_digest)
        if found is not None:
            return _replayed(*found)
    answer = _encoded(_call(plan.function, plan.names, call, tx, with_data=True), plan.status, call)
    if key is not None and isinstance(answer, ASGIResponse) and answer.status_code < 400:
        headers = json.dumps([pair for pair in answer.headers.items() if pair[0] in ("location", "hx-redirect")])
        idempotency.store(tx, owner, key, request_digest, answer.status_code, headers, bytes(answer.body), call.now)
    return answer


def _own(call: Call) -> Any:
    plan, house, me = call.plan, call.house, call.me
    if me.session_id:
        house.db.read(lambda tx: house.sessions.check(tx, me, call.now))
    try:
        return _encoded(_call(plan.function, plan.names, call, None, with_data=True), plan.status, call)
    except (DomainError, IntegrityError) as error:
        if plan.again is None:
            raise
        return _form_again(call, as_refusal(error))


def _form_again(call: Call, refusal: DomainError) -> Any:
    """The page of the form once more, with the message and all that was typed."""
    plan = call.plan
    assert plan.again is not None
    function, names = plan.again, plan.again_names

    def work(tx: Session) -> Any:
        value = _call(function, names, call, tx)
        return _encoded(value, refusal.status, call, refusal=refusal, typed=call.typed)

    return call.house.db.read(work)


def _call(function: Route, names: frozenset[str], call: Call, tx: Any, with_data: bool = False) -> Any:
    values = {name: call.arguments[name] for name in names if name in call.arguments}
    if with_data and call.plan.html and call.plan.data is not None:
        values["data"] = struct_from(call.typed, call.plan.data)
    for name, value in (("tx", tx), ("me", call.me), ("now", call.now), ("house", call.house),
                        ("request", call.request)):  # fmt: skip
        if name in names:
            values[name] = value
    return function(**values)


def _encoded(value: Any, status: int, call: Call, **extra: Any) -> Any:
    if isinstance(value, Download) and not isinstance(value.body, bytes):
        return value
    return encode(value, status, call.request, call.me, **extra)


def _replayed(status: int, headers: str, body: bytes) -> ASGIResponse:
    named = [tuple(pair) for pair in json.loads(headers or "[]")]
    media_type = "text/html" if named else "application/json"
    return ASGIResponse(
        body=body, status_code=status, headers=[*named, ("idempotent-replay", "true")], media_type=media_type
    )


def _note_denied(call: Call) -> None:
    """A refused look at a clinical record is part of its history too."""
    if call.plan.audited and call.me.id:
        object_id = str(call.arguments.get("id") or next(iter(call.arguments.values()), ""))
        action = "write" if call.plan.method in WRITING else "read"
        call.house.db.write(
            lambda tx: audit.seen(
                tx, call.me, action, call.plan.audited or "", object_id, now=call.now, result="denied"
            )
        )


async def _pieces(house: House, value: Download) -> AsyncIterator[bytes]:
    """Rows on their way out: a thread reads, the loop sends, and a slow reader makes the thread wait."""
    loop, queue = asyncio.get_running_loop(), asyncio.Queue[bytes | None](maxsize=8)

    def pump() -> None:
        def work(tx: Session) -> None:
            assert callable(value.body)
            for text in value.body(tx):
                asyncio.run_coroutine_threadsafe(queue.put(text.encode()), loop).result(60)

        try:
            house.db.read(work)
        finally:
            asyncio.run_coroutine_threadsafe(queue.put(None), loop)

    running = loop.run_in_executor(house.slow, pump)
    while (piece := await queue.get()) is not None:
        yield piece
    await running
