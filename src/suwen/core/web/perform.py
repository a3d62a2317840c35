"""How one request is carried out: one hop, one transaction, one answer."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from litestar.response.base import ASGIResponse
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from suwen.core import audit, idempotency
from suwen.core.actor import Actor
from suwen.core.errors import DomainError, Forbidden, NotFound
from suwen.core.house import House
from suwen.core.sessions import SessionEnded
from suwen.core.web.answers import Download, encode
from suwen.core.web.forms import struct_from
from suwen.core.web.plan import WRITING, Call, Plan, Route
from suwen.core.web.problems import as_refusal


def read(call: Call) -> Any:
    plan, house, me = call.plan, call.house, call.me
    stale = me.session_id != "" and house.sessions.due(me)

    def work(tx: Session) -> tuple[Any, list[dict[str, Any]]]:
        if stale:
            house.sessions.check(tx, me, call.now)
        value = call_route(plan.function, plan.names, call, tx)
        return _encoded(value, plan.status, call, kept=bool(plan.kept)), audit.looks(tx)

    try:
        answer, seen = house.db.read(work)
    except (NotFound, Forbidden):
        note_denied(call.plan, call.house, call.me, call.arguments, call.now)
        raise
    if seen:
        house.db.append(audit.INSERT, seen)
    if stale and not call.by_itself:
        house.db.write(lambda tx: house.sessions.touch(tx, me, call.now))
    return answer


def write(call: Call) -> Any:
    try:
        return _write_or_replay(_prepared(call))
    except (DomainError, IntegrityError) as error:
        if isinstance(error, (NotFound, Forbidden)):
            note_denied(call.plan, call.house, call.me, call.arguments, call.now)
        elif getattr(error, "traced", False) and call.plan.again is None:  # the page again notes its look itself
            note_look(call)
        if call.plan.again is None or isinstance(error, SessionEnded):
            raise  # whose session has ended is shown no page of theirs
        return _form_again(call, as_refusal(error))


def _prepared(call: Call) -> Call:
    """Slow work comes before the transaction: SQLite has one writer at a time, and connections are few."""
    if call.plan.before is None:
        return call
    value = call_route(call.plan.before, call.plan.before_names, call, None, with_data=True)
    return replace(call, arguments=call.arguments | {"prepared": value})


def _write_or_replay(call: Call) -> Any:
    """A key that comes again is rare, so nobody asks for it first: the second request is refused by the unique key of
    the stored answer, or already by what the first one changed. Then, rolled back, it looks for that answer.
    """
    try:
        return call.house.db.write(lambda tx: _write_once(tx, call))
    except (DomainError, IntegrityError) as error:
        key = call.key if call.plan.once else None
        if key is None or isinstance(error, SessionEnded):
            raise
        digest = idempotency.digest(call.plan.method, call.request.url.path, call.body)
        found = call.house.db.read(lambda tx: idempotency.earlier(tx, _owner(call.me), key, digest))
        if found is None:
            raise
        return _replayed(*found)


def _write_once(tx: Session, call: Call) -> Any:
    plan, house, me = call.plan, call.house, call.me
    if me.session_id:
        (house.sessions.check if call.by_itself else house.sessions.enter)(tx, me, call.now)
    answer = _encoded(call_route(plan.function, plan.names, call, tx, with_data=True), plan.status, call)
    if plan.once and call.key is not None and isinstance(answer, ASGIResponse) and answer.status_code < 400:
        named = [pair for pair in answer.headers.items() if pair[0] in ("location", "hx-redirect")]
        headers = json.dumps(named) if named else "[]"
        digest = idempotency.digest(plan.method, call.request.url.path, call.body)
        idempotency.store(tx, _owner(me), call.key, digest, answer.status_code, headers, bytes(answer.body), call.now)
    return answer


def _owner(me: Actor) -> str:
    return me.id or "guest"


def own(call: Call) -> Any:
    plan, house, me = call.plan, call.house, call.me
    if me.session_id:
        house.db.read(lambda tx: house.sessions.check(tx, me, call.now))
    try:
        return _encoded(call_route(plan.function, plan.names, call, None, with_data=True), plan.status, call)
    except (DomainError, IntegrityError) as error:
        if plan.again is None:
            raise
        return _form_again(call, as_refusal(error))


def _form_again(call: Call, refusal: DomainError) -> Any:
    """The page of the form once more, with the message and all that was typed."""
    plan = call.plan
    assert plan.again is not None
    function, names = plan.again, plan.again_names

    def work(tx: Session) -> tuple[Any, list[dict[str, Any]]]:
        value = call_route(function, names, call, tx)
        return _encoded(value, refusal.status, call, refusal=refusal, typed=call.typed), audit.looks(tx)

    answer, seen = call.house.db.read(work)
    if seen:
        call.house.db.append(audit.INSERT, seen)
    return answer


def call_route(function: Route, names: frozenset[str], call: Call, tx: Any, with_data: bool = False) -> Any:
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


def note_look(call: Call) -> None:
    """What was refused is undone, its audit row with it; but the refusal tells of the record."""
    object_id, kind = str(call.arguments.get("id") or next(iter(call.arguments.values()), "")), call.plan.audited or ""
    call.house.db.write(lambda tx: audit.seen(tx, call.me, "read", kind, object_id, purpose="refused", now=call.now))


def note_denied(plan: Plan, house: House, me: Actor, places: Mapping[str, Any], now: datetime) -> None:
    """A refused look at a clinical record is part of its history too."""
    if not plan.audited or not me.id:
        return
    object_id = str(places.get("id") or next(iter(places.values()), ""))
    action, kind = "write" if plan.method in WRITING else "read", plan.audited
    house.db.write(lambda tx: audit.seen(tx, me, action, kind, object_id, now=now, result="denied"))
