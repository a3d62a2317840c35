"""The payment simulator as a process of its own, on free ports: `with simulator(folder) as sim: ...`.

sim.pay("ORD1...", "paid"); sim.fault(gateway="wechat", what="bad_signature"); sim.deliver()
"""

import contextlib
import socket
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from tests.support.processes import running

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Paysim:
    """The levers of a running simulator. Reports go when `deliver` says so, or by themselves after `automatic`."""

    url: str
    backup: str
    folder: Path
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=120, trust_env=False))

    def lever(self, verb: str, body: Any = None) -> Any:
        answer = self.http.post(f"{self.url}/_sim/{verb}", json=body if body is not None else {})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def look(self, what: str) -> Any:
        return self.http.get(f"{self.url}/_sim/{what}").json()

    def reset(self, now: datetime | None = None) -> None:
        """Forget everything; stand still at `now` (None: run with the machine's clock)."""
        self.lever("reset")
        self.lever("settings", {"deliver": "manual"})
        if now is not None:
            self.clock(now)

    def clock(self, now: datetime) -> None:
        self.lever("clock", {"at": now.isoformat()})

    def pay(self, out_no: str, outcome: str = "paid", gateway: str | None = None) -> Any:
        return self.lever(
            "pay", {"out_trade_no": out_no, "outcome": outcome} | ({"gateway": gateway} if gateway else {})
        )

    def fault(self, **fault: Any) -> Any:
        return self.lever("faults", fault)

    def settings(self, **values: Any) -> None:
        self.lever("settings", values)

    def deliver(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.lever("deliver")
        return found

    def automatic(self) -> None:
        self.settings(deliver="auto")

    def calls(self, part: str = "") -> list[dict[str, Any]]:
        """What the gateways were asked, oldest first."""
        return [one for one in self.look("log") if part in one["path"] or part == one["about"]]

    @property
    def environment(self) -> dict[str, str]:
        lines = (self.folder / "paysim.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)


def pair_of_ports() -> int:
    """A free port whose next one is free too."""
    while True:
        with socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            with contextlib.suppress(OSError):
                other.bind(("127.0.0.1", port + 1))
                return port


@contextlib.contextmanager
def simulator(folder: Path, *arguments: str) -> Iterator[Paysim]:
    port = pair_of_ports()
    sim = Paysim(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}", folder)
    command = [sys.executable, "-m", "suwen.cli", "paysim", "--folder", str(folder), "--port", str(port), *arguments]
    with (
        contextlib.closing(sim.http),
        running(command, folder / "paysim.log", lambda: _answers(sim), 60),
    ):
        yield sim


def _answers(sim: Paysim) -> bool:
    try:
        return sim.http.get(f"{sim.url}/_sim/clock").status_code == 200 and (sim.folder / "paysim.env").exists()
    except httpx.TransportError:
        return False


class Merchant:
    """Where reports arrive: keeps (headers, body) and answers what it is told to."""

    def __init__(self) -> None:
        self.received: list[tuple[list[tuple[str, str]], bytes]] = []
        self.answer: Any = lambda headers, body: (200, b"")
        self.url = ""

    @property
    def last(self) -> tuple[list[tuple[str, str]], bytes]:
        return self.received[-1]


@contextlib.contextmanager
def merchant() -> Iterator[Merchant]:
    kept = Merchant()

    class Handler(BaseHTTPRequestHandler):
        wbufsize = -1

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.received.append((list(self.headers.items()), body))
            status, answer = kept.answer(*kept.received[-1])
            with contextlib.suppress(OSError):
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        def log_message(self, format: str, *arguments: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    kept.url = f"http://127.0.0.1:{server.server_address[1]}/notify"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
