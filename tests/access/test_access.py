"""Every route is knocked at by everybody. See table.py, which says what must come of it."""

import json
import re
from typing import Any
from urllib.parse import quote

import pytest
from litestar.exceptions import WebSocketDisconnect
from sqlalchemy import func, select

from suwen.core.audit import AuditEvent
from suwen.core.web.headers import ALWAYS
from suwen.core.web.plan import Plan
from tests.access.bodies import ANSWERS, BODIES, QUERIES
from tests.access.scene import CANARIES, CLINICAL, OF_LI, OF_WANG, WORK, Scene, Side
from tests.access.table import ACTORS, LOGINS, Row, rows
from tests.support.database import Template
from tests.support.people import Person

ROWS = rows()
ROLES = {"anonymous": "guest", "treating": "doctor", "other": "doctor", "pharmacist": "pharmacist", "admin": "admin"}
OUTSIDE = {"/static", "/api", "/api/{path}"}  # files, and addresses of the documentation that show nothing of anybody
QUIET = {"/book/{slot_id:str}"}  # the time is free here, so there is no appointment to look at
ADDRESS = re.compile(r'\b(?:href|src|action|hx-\w+)="([^"]*)"')
SOCKETS_CLOSED = (4000, 4001, 4003, 4401, 4403, 4404)


@pytest.fixture(scope="module")
def handlers(app) -> dict[str, Any]:
    """What there is to knock at, by "METHOD path"."""
    found = {}
    for route in app.routes:
        path = re.sub(r":\w+}", "}", route.path)
        if path in OUTSIDE:
            continue
        for handler in getattr(route, "route_handlers", None) or [route.route_handler]:
            for method in getattr(handler, "http_methods", {"WS"}) - {"OPTIONS", "HEAD"}:
                found[f"{method} {path}"] = handler
    return found


@pytest.fixture
def scene(people, ids, clock, settle, house) -> Scene:
    return Scene(people, ids, clock).build(settle)


def test_every_route_has_a_row_and_every_row_a_route(handlers):
    assert sorted(set(handlers) - set(ROWS)) == []
    assert sorted(set(ROWS) - set(handlers)) == []


def test_bodies_are_those_of_rows():
    named = {name.split(" of ")[0] for name in (*BODIES, *QUERIES, *ANSWERS)}
    assert sorted(named - set(ROWS)) == []


@pytest.mark.slow
@pytest.mark.parametrize("actor", ACTORS)
def test_the_table(actor, scene, house, handlers):
    knocker = Knocker(actor, scene, house)
    wrong = [line for name, row in ROWS.items() if name in handlers for line in knocker.try_row(row, handlers[name])]
    assert not wrong, "\n".join(wrong)


def ill_mannered(answer: Any, signed_in: bool) -> Any:
    """What must hold of every answer there is: headers, cookies, and addresses that tell nothing."""
    headers = answer.headers
    yield from (f"has no {name.decode()}" for name, _ in ALWAYS if name.decode() not in headers)
    html = headers.get("content-type", "").startswith("text/html")
    clinical = any(word in answer.text for side in CLINICAL.values() for word in side)
    if ((html and signed_in) or clinical) and "no-store" not in headers.get("cache-control", ""):
        yield f"may be kept by the browser: cache-control {headers.get('cache-control')!r}"
    for cookie in headers.get_list("set-cookie"):
        if "samesite" not in cookie.lower() or ("httponly" not in cookie.lower() and cookie.startswith("session=")):
            yield f"sets a loose cookie: {cookie.split('=')[0]} {cookie.partition(';')[2]}"
    addresses = " ".join([*ADDRESS.findall(answer.text if html else ""), headers.get("location", "")])
    private = [word for words in (*CLINICAL.values(), OF_LI, OF_WANG) for word in words]
    yield from (f"has {word!r} in an address" for word in private if quote(word) in addresses or word in addresses)


class Knocker:
    """One of the eight, who tries every row. What a write that is let in changes is put back before the next."""

    def __init__(self, actor: str, scene: Scene, house: Any) -> None:
        self.actor, self.scene, self.house = actor, scene, house
        self.person: Person = scene.people[LOGINS[actor]]
        self.side: Side = scene.sides["own" if actor == "patient" else "mother"]
        self.role = ROLES.get(actor, "patient")
        self.scenery = Template(house.db)
        self.scenery.remember()

    def try_row(self, row: Row, handler: Any) -> Any:
        allowed = self.actor in row.through
        self.house.limiter = type(self.house.limiter)()
        if row.method == "WS":
            yield from self._socket(row, allowed)
            return
        before = self._newest()
        answer = self._ask(row, handler.opt.get("html", False))
        events = self._since(before)
        told = f"{row.name} for {self.actor}: {answer.status_code}"
        fault = self._judge(row, handler, answer, allowed)
        if fault:
            yield f"{told}, {fault}: {answer.text[:160] if answer.status_code != 200 else ''}"
        yield from (f"{told} shows {word!r}" for word in self._canaries(row) if word in answer.text)
        yield from (f"{told}: {line}" for line in self._audit(handler, answer, allowed, events))
        yield from (f"{told}: {line}" for line in ill_mannered(answer, bool(self.person.id)))
        if row.method != "GET" and allowed:
            self._put_back()

    def _canaries(self, row: Row) -> tuple[str, ...]:
        return WORK.get(row.name, ()) if self.actor == "pharmacist" and row.name in WORK else CANARIES[self.actor]

    def _ask(self, row: Row, html: bool) -> Any:
        url = re.sub(r"{(\w+)}", lambda place: getattr(self.side, row.places[place[1]]), row.path)
        options: dict[str, Any] = {"params": self._filled(QUERIES[row.name])} if row.name in QUERIES else {}
        body = self._filled(BODIES.get(f"{row.name} of {self.actor}") or BODIES.get(row.name, {}))
        if row.path.startswith("/api/v1"):
            return self.person(
                row.method, url, **options, **({} if row.method in ("GET", "DELETE") else {"json": body})
            )
        if row.method == "GET":
            return self.person.page(url, **options)
        return self.person.form(url, body, **options)

    def _filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._filled(one) for name, one in value.items()}
        place = re.fullmatch(r"{(\w+)}", value) if isinstance(value, str) else None
        return getattr(self.side, place[1]) if place else value

    def _judge(self, row: Row, handler: Any, answer: Any, allowed: bool) -> str:
        """What is wrong with this answer; "" when nothing is."""
        status, target = answer.status_code, answer.headers.get("location", "")
        to_sign_in = status == 303 and target.startswith("/sign-in?next=")
        if status >= 500:
            return "an accident"
        if allowed:
            out = status in (401, 403, 404) or to_sign_in or (row.method == "GET" and "second-factor" in target)
            return "turned away" if out and status not in ANSWERS.get(row.name, ()) else ""
        if self.actor == "anonymous":
            return "" if status == 401 or (to_sign_in and row.method == "GET") else "should be asked to sign in"
        wanted = 404 if self.role in handler.opt["who"] else 403
        wanted = 409 if self.actor in row.conflict else wanted
        return "" if status == wanted else f"should be {wanted}"

    def _audit(self, handler: Any, answer: Any, allowed: bool, events: list[Any]) -> Any:
        """A look at a record leaves one trace, a refused one as well; clinical words come with a trace only."""
        plan: Plan | None = handler.opt.get("plan")
        words = [word for side in CLINICAL.values() for word in side if word in answer.text]
        done = [(one.action, one.kind, one.object_id) for one in events if one.result == "done"]
        if words and not done:
            yield f"shows {words} and leaves no trace"
        if plan is None or not plan.audited or self.actor == "anonymous":
            return
        if len(done) != len(set(done)):
            yield f"leaves a trace twice: {done}"
        if not allowed and [one.result for one in events] != ["denied"]:
            yield f"a refused look leaves {[(one.action, one.kind, one.result) for one in events]}"
        if allowed and answer.status_code < 400 and "{" in plan.path and plan.path not in QUIET and not done:
            yield "leaves no trace"

    def _newest(self) -> str:
        return self.house.db.read(lambda tx: tx.scalar(select(func.max(AuditEvent.id)))) or ""

    def _since(self, newest: str) -> list[Any]:
        later = select(AuditEvent).where(AuditEvent.id > newest).order_by(AuditEvent.id)
        return self.house.db.read(lambda tx: list(tx.scalars(later)))

    def _socket(self, row: Row, allowed: bool) -> Any:
        url = re.sub(r"{(\w+)}", lambda place: getattr(self.side, row.places[place[1]]), row.path)
        headers = {"authorization": f"Bearer {self.person.token}"} if self.person.id else {}
        self.person.client.cookies.clear()
        hello = {"t": "hello", "tab": f"tab-of-{self.actor}", "ticket": "x" * 32, "since": 0}
        if "call" in row.path and allowed:
            room = getattr(self.side, "live")  # noqa: B009
            hello["ticket"] = self.person("POST", f"/api/v1/consultations/{room}/ticket").json()["ticket"]
        with self.person.client.websocket_connect(url, headers=headers) as socket:
            if "call" in row.path:
                socket.send_text(json.dumps(hello))
            first = json.loads(socket.receive_text(timeout=10))
            if allowed == (first.get("type") == "error"):
                yield f"{row.name} for {self.actor}: {first}"
            if not allowed:
                with pytest.raises(WebSocketDisconnect) as closed:
                    socket.receive_text(timeout=10)
                if closed.value.code not in SOCKETS_CLOSED:
                    yield f"{row.name} for {self.actor}: closed with {closed.value.code}"

    def _put_back(self) -> None:
        """A session that was ended is ended in this process's memory too, so everybody signs in again."""
        self.scenery.put_back()
        for person in self.scene.people.values():
            person._signed_in = None
            person.cookies.clear()


def test_the_scene_has_traces_of_its_own(scene, house):
    """Or the test above would compare nothing with nothing."""
    assert house.db.read(lambda tx: tx.scalar(select(func.count(AuditEvent.id)))) > 5
