"""Orders paid at the simulator's gateways, as a browser and its reports would do it: by HTTP, and with the outbox.

The simulator sends its reports to a small server on a port, which hands them to the application of this test.
"""

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from suwen.core.outbox import OutboxMessage
from suwen.payments.models import Anomaly, GatewayReport, Journal, Order, Transaction
from suwen.payments.service.channels import Channels

SCENES = {"wechat": "qr", "alipay": "page", "card": "page"}


@dataclass
class Door:
    """Where reports arrive. `client` is the application's; whatever came through is kept: (path, headers, body)."""

    url: str = ""
    client: Any = None
    came: list[tuple[str, list[tuple[str, str]], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def pass_on(self, path: str, headers: list[tuple[str, str]], body: bytes) -> Any:
        return self.client.post(path, content=body, headers=headers)


@pytest.fixture(scope="session")
def _door() -> Iterator[Door]:
    door = Door()

    class Handler(BaseHTTPRequestHandler):
        wbufsize = -1

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept = [(name, value) for name, value in self.headers.items() if name.lower() != "host"]
            door.came.append((self.path, kept, body))
            answer = door.pass_on(self.path, kept, body)
            door.answers.append(answer.status_code)
            with contextlib.suppress(OSError):
                self.send_response(answer.status_code)
                if answer.status_code != 204:
                    self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

        def log_message(self, format: str, *arguments: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    door.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield door
    server.shutdown()
    server.server_close()


@pytest.fixture
def door(_door, client, sim) -> Door:
    _door.client, _door.came, _door.answers = client, [], []
    sim.settings(card_url=f"{_door.url}/api/v1/payments/card/notifications")
    return _door


@pytest.fixture
def environment(sim) -> dict[str, str]:
    return sim.environment


@pytest.fixture
def channels(house, clock, environment, door) -> Channels:
    """The gateways of this house are the simulator's, and it knows where to report to."""
    house.db.settings = replace(house.db.settings, base_url=door.url)
    # no certificates are looked at on loopback, and reading those of all authorities takes longer than a test
    http = httpx.Client(timeout=2, trust_env=False, verify=False)
    return house.db.beside(
        "gateways", lambda: Channels(house.db, clock=clock, environment=environment, http=http)
    )  # fmt: skip


class Till:
    """What a payer does, and what became of it."""

    def __init__(self, house, people, desk, sim, settle, clock):
        self.house, self.people, self.desk, self.sim, self.settle, self.clock = house, people, desk, sim, settle, clock

    def later(self, **by):
        """Time passes for us and for the gateways; what is due by then is done."""
        self.sim.clock(self.clock.advance(**by))
        self.settle(timed=True)

    def choose(self, order_id, gateway, scene=None, login="li"):
        """Choose a way to pay; the gateway is asked, and the payer shown."""
        body = {"gateway": gateway, "scene": scene or SCENES[gateway]}
        answer = self.people[login]("POST", f"/api/v1/orders/{order_id}/attempts", json=body)
        assert answer.status_code == 201, answer.text
        self.settle()
        return self.attempt(order_id)

    def order(self, gateway, scene=None, amount=8000, **more):
        """An order that is offered at a gateway and, for Alipay, opened there in a browser."""
        order = self.desk.order("li", amount, **more)
        attempt = self.choose(order.id, gateway, scene)
        self.open(attempt)
        return order

    def open(self, attempt):
        """Alipay hears of a payment when somebody opens its page, or scans its code."""
        if attempt.payment_method == "alipay" and attempt.phase == "offered":
            found = self.sim.http.get(attempt.offer.get("url") or attempt.offer["text"])
            assert found.status_code in (200, 303), found.text

    def pay(self, order_id, outcome="paid"):
        return self.sim.pay(self.attempt(order_id).transaction_no, outcome)

    def deliver(self):
        """The gateway's reports arrive, and are applied."""
        sent = self.sim.deliver()
        self.settle()
        return sent

    def attempt(self, order_id):
        return self.attempts(order_id)[-1]

    def attempts(self, order_id):
        mine = select(Transaction).where(Transaction.order_id == order_id, Transaction.phase.is_not(None))
        return self._all(mine.order_by(Transaction.id))

    def of(self, order_id):
        return self.house.db.read(lambda tx: tx.get_one(Order, order_id))

    def status(self, order_id):
        """(the order's status, the phases of its attempts)"""
        return self.of(order_id).status, [one.phase for one in self.attempts(order_id)]

    def anomalies(self):
        return sorted(one.kind for one in self._all(select(Anomaly)))

    def reports(self):
        return self._all(select(GatewayReport).order_by(GatewayReport.id))

    def journals(self, order_id):
        return [one.idempotency_key for one in self._all(select(Journal).where(Journal.ref_id == order_id))]

    def settled(self, order_id):
        """How often each of those who wait for it was told that this order is paid."""
        said = select(OutboxMessage.job, OutboxMessage.payload).where(OutboxMessage.event == "payments.payment_settled")
        jobs = [
            job for job, told in self.house.db.read(lambda tx: tx.execute(said).all()) if told["order_id"] == order_id
        ]
        counts = set(Counter(jobs).values())
        assert len(counts) <= 1, counts
        return counts.pop() if counts else 0

    def rows(self, model):
        return self._all(select(model).order_by(model.id))

    def row(self, model, id):
        return self.house.db.read(lambda tx: tx.get_one(model, id))

    def _all(self, statement):
        return self.house.db.read(lambda tx: list(tx.scalars(statement)))


@pytest.fixture
def till(house, people, desk, sim, channels, settle, clock) -> Till:
    return Till(house, people, desk, sim, settle, clock)


@pytest.fixture
def silence(channels):
    """From here on answers are waited for for a third of a second: a gateway that is merely slow was given five."""

    def expected(what):
        channels._http.timeout = httpx.Timeout(5, read=0.3 if what.startswith("timeout") else 5)
        return {"what": what, "seconds": 0.5}

    channels._http.timeout = httpx.Timeout(5)
    return expected
