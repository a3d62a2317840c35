"""Answers that everybody may share: kept as bytes, made once for many who ask at the same time."""

import zlib
from dataclasses import replace
from typing import Any

import msgspec
from litestar import Request
from litestar.response.base import ASGIResponse
from markupsafe import Markup
from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.web.answers import Page, encode, from_kept
from suwen.core.web.pages import block_wanted, blocks
from suwen.core.web.perform import call_route, read
from suwen.core.web.plan import Call, Plan
from suwen.core.web.reader import reader_of


async def kept(
    plan: Plan, house: House, request: Request[Any, Any, Any], me: Actor, arguments: dict[str, Any]
) -> ASGIResponse:
    assert plan.kept is not None
    topic, key = plan.kept(**arguments)
    if plan.html:
        reader = reader_of(request.scope, me, house.settings.zone)
        # a whole page has its own address in it, for the way back from another language
        part = block_wanted(request.scope) or "?" + request.scope["query_string"].decode("latin-1")
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
            made = await house.threads.run(read, call)
            media_type = "text/html; charset=utf-8" if plan.html else "application/json"
            answer = house.kept.put(topic, key, made.body, media_type, ticket)
    return from_kept(answer, request)


async def framed(
    plan: Plan, house: House, request: Request[Any, Any, Any], me: Actor, arguments: dict[str, Any]
) -> ASGIResponse:
    """A patient's page whose inside is kept for everybody: only the frame around it is made for this reader."""
    assert plan.kept is not None
    topic, key = plan.kept(**arguments)
    reader = reader_of(request.scope, me, house.settings.zone)
    key = f"inside {plan.path} {key} {reader.locale} {reader.zone.key}"
    async with house.kept_lock(topic, key):
        inside = house.kept.get(topic, key)
        if inside is None:
            ticket = house.kept.ticket()
            anybody = replace(me, role="guest", name="")
            call = Call(plan, house, request, anybody, arguments, {}, None, b"", house.clock())
            made = await house.threads.run(_inside, call)
            inside = house.kept.put(topic, key, made, "application/json", ticket)
    call = Call(plan, house, request, me, arguments, {}, None, b"", house.clock())
    return await house.threads.run(_in_frame, call, inside.body)


def _inside(call: Call) -> bytes:
    """The blocks of the page, as anybody may see them; small, for there is one for each doctor, week and language."""

    def work(tx: Session) -> bytes:
        shown = call_route(call.plan.function, call.plan.names, call, tx)
        made = blocks(call.request, shown.template, me=call.me, **shown.context)
        return zlib.compress(msgspec.json.encode(made), 1)

    return call.house.db.read(work)


def _in_frame(call: Call, inside: bytes) -> ASGIResponse:
    house, me = call.house, call.me
    if house.sessions.due(me):
        house.db.read(lambda tx: house.sessions.check(tx, me, call.now))
        house.db.write(lambda tx: house.sessions.touch(tx, me, call.now))
    kept_blocks = {name: Markup(text) for name, text in msgspec.json.decode(zlib.decompress(inside)).items()}  # noqa: S704  our own page
    return encode(Page("kept.html", {"inside": kept_blocks}), call.plan.status, call.request, me)
