"""The simulator as a server: one port for all three gateways and the cashier, one more as WeChat Pay's backup host."""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from suwen.paysim import faults
from suwen.paysim.alipay import Alipay
from suwen.paysim.card import Card
from suwen.paysim.cashier import Cashier
from suwen.paysim.control import Control
from suwen.paysim.faults import Faults
from suwen.paysim.http import Request, Response, json_response
from suwen.paysim.keys import Keys
from suwen.paysim.market import Market
from suwen.paysim.reports import Reports
from suwen.paysim.store import Store
from suwen.paysim.wechat import WeChat

LARGEST = 1_000_000
KEPT = 1000
PAUSE = 0.1  # seconds between two looks for reports that are due


class Simulator:
    """All of it, without a port: `answer(request)`."""

    def __init__(self, folder: Path, base: str) -> None:
        self.keys, self.store = Keys.made(folder), Store(folder / "paysim.db")
        self.base = base
        self.faults = Faults(self.store)
        self.reports = Reports(self.store, self.faults)
        self.market = Market(self.store, self.reports.tell)
        about = (self.market, self.keys, lambda: self.base)
        self.wechat, self.alipay, self.card = WeChat(*about), Alipay(*about), Card(*about)
        self.reports.wechat, self.reports.alipay, self.reports.card = self.wechat, self.alipay, self.card
        self.cashier = Cashier(self.market, self.wechat, self.alipay, self.card)
        self.control = Control(self.store, self.market, self.faults, self.reports, self.wechat, self.card)
        self.stopping = threading.Event()

    def answer(self, request: Request) -> Response:
        path = request.path
        if path.startswith("/_sim/"):
            return self.control.handle(request)
        if path.startswith("/cashier/"):
            with self.store.lock:
                return self.cashier.handle(request)
        if path == "/_alipay/bill":
            return self._alipay_bill(request)
        gateway = next((name for begin, name in PREFIXES.items() if path.startswith(begin)), "")
        if not gateway:
            return json_response({"error": "nothing here"}, 404)
        made = self._gateway(gateway, request)
        about = {"gateway": gateway, "method": request.method, "path": path, "host": request.host}
        self.control.log.append(about | {"status": made.status, "cut": made.cut, "about": _about(gateway, request)})
        del self.control.log[:-KEPT]
        return made

    def _gateway(self, gateway: str, request: Request) -> Response:
        fault = self.faults.of_request(gateway, request)
        if early := faults.before(fault, gateway):
            return early
        speaker: Any = {"wechat": self.wechat, "alipay": self.alipay, "card": self.card}[gateway]
        with self.store.lock:
            made: Response = speaker.handle(request)
        return faults.after(fault, gateway, made)

    def _alipay_bill(self, request: Request) -> Response:
        import base64

        file = self.store.get("file", request.query.get("token", ""))
        if not file:
            return Response(404)
        return Response(200, base64.b64decode(file["data"]), {"Content-Type": "application/zip"})

    def work(self) -> None:
        """Send reports as they fall due, until the server stops; `deliver: manual` leaves that to /_sim/deliver."""
        while not self.stopping.wait(PAUSE):
            if self.store.setting("deliver", "auto") == "auto":
                self.market.tick()
                self.reports.send()


PREFIXES = {"/gateway.do": "alipay", "/v3/": "wechat", "/v1/": "card"}


def _about(gateway: str, request: Request) -> str:
    return request.query.get("method", "") if gateway == "alipay" else ""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave together: apart, the second waits 40 ms for the first to be acknowledged
    disable_nagle_algorithm = True
    simulator: Simulator
    host_name = "primary"

    def _serve(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        if size > LARGEST:
            self._send(Response(413))
            return
        request = Request(self.command, self.path, list(self.headers.items()), self.rfile.read(size), self.host_name)
        self._send(self.simulator.answer(request))

    do_GET = do_POST = _serve

    def _send(self, made: Response) -> None:
        if made.cut:
            self.simulator.stopping.wait(made.wait)
            if made.cut == "reset":
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RD)
                self.connection.close()
            return
        self.send_response(made.status)
        for name, value in made.headers.items():
            self.send_header(name, value)
        if made.status != 204:
            self.send_header("Content-Length", str(len(made.body)))
        self.end_headers()
        if made.status != 204:
            self.wfile.write(made.body)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """A gateway's answers say what time it is there: the simulator's own."""
        return super().date_time_string(self.simulator.store.now() if timestamp is None else timestamp)

    def log_message(self, format: str, *arguments: Any) -> None: ...


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is nobody's fault; everything else is told."""
        import sys

        if not isinstance(sys.exc_info()[1], (ConnectionError, ValueError)):
            super().handle_error(request, client_address)


@contextlib.contextmanager
def serving(
    folder: Path, host: str, port: int, backup_port: int, public: str = ""
) -> Iterator[tuple[Simulator, list[Server]]]:
    """Listening and answering; `public` is the address people's browsers use, if it is another one."""
    simulator = Simulator(folder, public or f"http://{host}:{port}")
    primary = type("Primary", (Handler,), {"simulator": simulator})
    backup = type("Backup", (Handler,), {"simulator": simulator, "host_name": "backup"})
    servers = [Server((host, port), primary)]
    if backup_port:
        servers.append(Server((host, backup_port), backup))
    threads = [
        threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True) for one in servers
    ]
    threads.append(threading.Thread(target=simulator.work, daemon=True))
    for thread in threads:
        thread.start()
    try:
        yield simulator, servers
    finally:
        simulator.stopping.set()
        for server in servers:
            server.shutdown()
            server.server_close()
