"""One side of a call as a test speaks it: ticket, socket, hello, frames."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from litestar.exceptions import WebSocketDisconnect

from tests.support.people import Person

AT = "/api/v1/consultations"
SDP = {"type": "offer", "sdp": "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n"}
CANDIDATE = {"candidate": "candidate:1 1 udp 1 127.0.0.1 9 typ host", "sdpMid": "0", "sdpMLineIndex": 0}


@dataclass
class Line:
    """An open socket of one person, after hello."""

    socket: Any
    tab: str
    welcome: dict[str, Any] = field(default_factory=dict)
    waiting: list[dict[str, Any]] = field(default_factory=list)

    def say(self, **message: Any) -> None:
        self.socket.send_json(message)

    def next(self, *kinds: str) -> dict[str, Any]:
        """The next frame of one of these kinds (a log is taken apart); others are passed over."""
        while True:
            while self.waiting:
                one = self.waiting.pop(0)
                if one["t"] in kinds:
                    return one
            frame = json.loads(self.socket.receive_text(timeout=10))
            self.waiting += frame["items"] if frame.get("t") == "log" else [frame | {"t": frame.get("t", "error")}]

    def closed(self) -> int:
        """The code it was closed with."""
        with contextlib.suppress(AssertionError):
            while True:
                self.socket.receive_text(timeout=10)
        return 0


def ticket_of(person: Person, consultation: str) -> str:
    answer = person("POST", f"{AT}/{consultation}/ticket")
    assert answer.status_code == 201, answer.text
    return str(answer.json()["ticket"])


@contextlib.contextmanager
def joined(person: Person, visit: tuple[str, str], tab: str, since: int = 0, ticket: str = "") -> Iterator[Line]:
    """`with joined(people["li"], begun(), "tab-of-li") as li:`"""
    appointment, consultation = visit
    ticket = ticket or ticket_of(person, consultation)
    headers = {"authorization": f"Bearer {person.token}"}
    with person.client.websocket_connect(f"/live/call/{appointment}", headers=headers) as socket:
        line = Line(socket, tab)
        line.say(t="hello", tab=tab, since=since, ticket=ticket)
        line.welcome = line.next("welcome")
        yield line


def refused(person: Person, appointment: str, first: Any, headers: dict[str, str] | None = None) -> tuple[str, int]:
    """(code of the problem that was told, close code) for somebody who is not let in."""
    given = {"authorization": f"Bearer {person.token}"} if person.id else {}
    told = ""
    try:
        with person.client.websocket_connect(f"/live/call/{appointment}", headers=headers or given) as socket:
            socket.send_text(first if isinstance(first, str) else json.dumps(first))
            while True:
                frame = json.loads(socket.receive_text(timeout=10))
                told = frame["problem"]["code"]
    except WebSocketDisconnect as closed:
        return told, closed.code
