"""From a request to its answer: who may come in, what is kept, then one hop to a thread."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any

import msgspec
from litestar import Request
from litestar.response.base import ASGIResponse
from sqlalchemy.orm import Session

from suwen.core.actor import GUEST, STAFF, Actor
from suwen.core.errors import Forbidden, Invalid, StrongSignInNeeded, Unauthorized
from suwen.core.house import House
from suwen.core.sessions import SessionEnded
from suwen.core.web import sharing
from suwen.core.web.answers import Download, Told, streamed
from suwen.core.web.forms import read_form
from suwen.core.web.identity import bearer, client_ip, identify, placed
from suwen.core.web.pages import block_wanted
from suwen.core.web.perform import note_denied, own, read, write
from suwen.core.web.plan import LARGEST_LETTER, WRITING, Call, Letter, Plan

AT_ONCE = 16_000


class BadText(Invalid):
    code, title = "bad_text", "This text has a character that cannot be stored."


async def gate(connection: Any, handler: Any) -> None:
    """A Litestar guard: who may not come in is told so before anything that was sent is read."""
    plan, house = handler.opt["plan"], connection.app.state.house
    if plan.raw:
        connection.state.me = GUEST
        return
    me = connection.state.me = _who(plan, house, connection)
    try:
        _let_in(plan, house, me)
    except Forbidden:
        if plan.audited:
            me = placed(me, house, connection.scope)
            note = partial(note_denied, plan, house, me, connection.path_params, house.clock())
            await house.threads.run(note)
        raise


async def respond(plan: Plan, request: Request[Any, Any, Any], arguments: dict[str, Any]) -> ASGIResponse:
    house: House = request.app.state.house
    me: Actor = request.state.me
    scope = request.scope
    if plan.raw:
        return await _answered(plan, house, request, arguments)
    if b"%00" in scope.get("raw_path", b"") or b"%00" in scope.get("query_string", b""):
        raise BadText()
    if plan.kept and (not plan.html or me is GUEST):
        return await sharing.kept(plan, house, request, me, arguments)
    if plan.shared and me.role == "patient" and not block_wanted(scope):
        try:
            return await sharing.framed(plan, house, request, placed(me, house, scope), arguments)
        except SessionEnded:
            request.state.me = GUEST
            return await sharing.kept(plan, house, request, GUEST, arguments)
    typed, key, body = await _sent(plan, request)
    if plan.data is not None and not plan.html:
        # Litestar reads a body like a query string and would take "50.00" for fifty; amounts must be what they are.
        arguments["data"] = msgspec.json.decode(body, type=plan.data)
    call = Call(plan, house, request, placed(me, house, scope), arguments, typed, key, body, house.clock())
    work = own if plan.own else write if plan.method in WRITING else read
    try:
        answer = await _hop(house, plan, work, call)
    except SessionEnded:
        if not _guests_too(plan, request):
            raise
        request.state.me = GUEST
        answer = await _hop(house, plan, work, replace(call, me=placed(GUEST, house, scope)))
    if isinstance(answer, Download):
        return streamed(answer, await _begun(_pieces(house, answer)))
    return answer


def _hop(house: House, plan: Plan, work: Callable[[Call], Any], call: Call) -> Awaitable[Any]:
    if plan.slow or plan.own or plan.before:
        return asyncio.get_running_loop().run_in_executor(house.slow, work, call)
    return house.threads.run(work, call)


async def _answered(
    plan: Plan, house: House, request: Request[Any, Any, Any], arguments: dict[str, Any]
) -> ASGIResponse:
    """The route opens its own transactions, and says its answer in bytes."""
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.scope["headers"]]
    letter = Letter(headers, await _bounded(request), client_ip(house, request.scope))
    values = arguments | {"house": house, "now": house.clock(), "letter": letter}
    work = partial(plan.function, **{name: value for name, value in values.items() if name in plan.names})
    told: Told = await house.threads.run(work)
    return ASGIResponse(body=told.body, status_code=told.status, media_type=told.media_type)


async def _bounded(request: Request[Any, Any, Any]) -> bytes | None:
    """None for what is too large, of which the rest is not waited for."""
    parts, size = list[bytes](), 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST_LETTER:
            return None
        parts.append(part)
    return b"".join(parts)


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


async def _pieces(house: House, value: Download) -> AsyncIterator[bytes]:
    """Rows on their way out, many at once: a thread reads, the loop sends, and a slow reader makes the thread wait."""
    loop, queue = asyncio.get_running_loop(), asyncio.Queue[bytes | None](maxsize=8)

    def put(piece: bytes) -> None:
        asyncio.run_coroutine_threadsafe(queue.put(piece), loop).result(60)

    def pump() -> None:
        def work(tx: Session) -> None:
            assert callable(value.body)
            gathered, size = list[str](), 0
            for text in value.body(tx):
                gathered.append(text)
                size += len(text)
                if size > AT_ONCE:
                    put("".join(gathered).encode())
                    gathered, size = [], 0
            put("".join(gathered).encode())

        try:
            house.db.read(work)
        finally:
            asyncio.run_coroutine_threadsafe(queue.put(None), loop)

    running = loop.run_in_executor(house.slow, pump)
    while (piece := await queue.get()) is not None:
        yield piece
    await running


async def _begun(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same, with the first piece at hand: a refusal must come before the answer has begun."""
    first = await anext(pieces, b"")

    async def whole() -> AsyncIterator[bytes]:
        yield first
        async for piece in pieces:
            yield piece

    return whole()
