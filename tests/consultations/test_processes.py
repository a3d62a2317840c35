"""Real servers: the two sides of a call on different processes, and a process that is killed with -9."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from suwen.consultations.models import Signal
from tests.consultations.lines import AT, CANDIDATE, SDP
from tests.support.processes import Missing
from tests.support.redis import private_redis
from tests.support.server import Server, serving
from tests.support.visits import Clinic


class Line:
    """One person's socket at one server; joins again with `since`, as a page does."""

    def __init__(self, clinic: Clinic, login: str, tab: str, room: tuple[str, str]) -> None:
        self.token, self.tab, self.room = clinic.token(login), tab, room
        self.since, self.waiting, self.open = 0, [], ExitStack()

    def join(self, server: Server) -> dict[str, Any]:
        appointment, consultation = self.room
        headers = {"authorization": f"Bearer {self.token}"}
        ticket = httpx.post(f"{server.url}{AT}/{consultation}/ticket", headers=headers).raise_for_status().json()
        self.open.close()
        address = f"ws{server.url[4:]}/live/call/{appointment}"
        self.socket = self.open.enter_context(connect(address, additional_headers=headers))
        self.say(t="hello", tab=self.tab, since=self.since, ticket=ticket["ticket"])
        welcome = self.next("welcome")
        self.since = welcome["seq"]
        return welcome

    def say(self, **message: Any) -> None:
        self.socket.send(json.dumps(message))

    def next(self, *kinds: str) -> dict[str, Any]:
        while True:
            while self.waiting:
                one = self.waiting.pop(0)
                self.since = max(self.since, one.get("seq", 0))
                if one["t"] in kinds:
                    return one
            frame = json.loads(self.socket.recv(timeout=15))
            self.waiting += frame["items"] if frame["t"] == "log" else [frame]


@contextmanager
def two_servers() -> Iterator[tuple[Server, Server, Clinic]]:
    """Two processes over one database, joined by Redis."""
    with private_redis() as redis, serving(SUWEN_REDIS_URL=redis) as first:
        second = Server(first.folder, first.extra)
        second.start()
        clinic = Clinic.of(first.env)
        try:
            yield first, second, clinic
        finally:
            clinic.close()
            second.stop()


def begun(clinic: Clinic, server: Server) -> tuple[str, str]:
    appointment = clinic.book()
    patient = {"authorization": f"Bearer {clinic.token('li')}"}
    doctor = {"authorization": f"Bearer {clinic.token('zhang')}"}
    entered = httpx.post(f"{server.url}{AT}/{appointment}/enter", headers=patient).raise_for_status().json()
    httpx.post(f"{server.url}{AT}/{entered['id']}/admit", headers=doctor).raise_for_status()
    return appointment, entered["id"]


@pytest.mark.slow
def test_a_call_over_two_processes_survives_the_death_of_one():
    try:
        with two_servers() as (first, second, clinic):
            room = begun(clinic, first)
            doctor, patient = Line(clinic, "zhang", "tab-of-doctor", room), Line(clinic, "li", "tab-of-li", room)
            doctor.join(first)
            assert patient.join(second)["peer"]["tab"] == "tab-of-doctor"
            assert doctor.next("peer")["tab"] == "tab-of-li"

            doctor.say(t="signal", id="1", to_tab="tab-of-li", desc=SDP)
            assert doctor.next("sent")["ids"] == ["1"]
            assert patient.next("signal")["desc"] == SDP
            for n in range(20):  # both at once, through both processes: one dense order
                doctor.say(t="signal", id=f"d{n}", to_tab="tab-of-li", cand=CANDIDATE)
                patient.say(t="signal", id=f"p{n}", to_tab="tab-of-doctor", cand=CANDIDATE)
            heard = [line.next("signal")["seq"] for line in (doctor, patient) for _ in range(20)]
            assert sorted(heard) == list(range(4, 44))
            assert heard[:20] == sorted(heard[:20])

            second.kill()
            with pytest.raises(ConnectionClosed):
                patient.next("nothing")
            doctor.say(t="signal", id="2", to_tab="tab-of-li", desc=SDP)
            assert doctor.next("sent")["ids"]
            welcome = patient.join(first)
            assert [one["seq"] for one in welcome["replay"]] == [44]
            assert welcome["peer"]["tab"] == "tab-of-doctor"
            assert doctor.next("peer")["state"] == "resumed"

            second.start()
            elsewhere = Line(clinic, "li", "tab-anew", room)
            elsewhere.join(second)  # the same person at another process: the older line is told to go
            with pytest.raises(ConnectionClosed) as closed:
                patient.next("nothing")
            assert closed.value.rcvd.code == 4001
            assert doctor.next("peer")["tab"] == "tab-anew"
            for line in (doctor, patient, elsewhere):
                line.open.close()
    except Missing as missing:
        pytest.skip(str(missing))


@pytest.mark.slow
def test_no_signal_that_was_answered_is_lost_with_the_server():
    """kill -9 while signals are being stored: everything answered `sent` is in the database, once."""
    with serving() as server:
        clinic = Clinic.of(server.env)
        room = begun(clinic, server)
        doctor = Line(clinic, "zhang", "tab-of-doctor", room)
        doctor.join(server)
        answered: set[str] = set()
        for n in range(60):
            doctor.say(t="signal", id=str(n), to_tab="tab-of-li", cand=CANDIDATE)
            if n == 40:
                server.kill()
                break
        try:
            while True:
                answered |= set(doctor.next("sent")["ids"])
        except ConnectionClosed:
            pass
        server.start()
        doctor.since = 0
        doctor.join(server)
        for n in range(41):  # the page keeps what was not answered, and sends it again
            doctor.say(t="signal", id=str(n), to_tab="tab-of-li", cand=CANDIDATE, re=True)
        again: set[str] = set()
        while len(again) < 41:
            again |= set(doctor.next("sent")["ids"])
        kept = clinic.house.db.read(lambda tx: [(one.seq, one.client_id) for one in tx.query(Signal).all()])
        mine = [client_id for _, client_id in kept if client_id.isdigit()]
        assert sorted(mine, key=int) == [str(n) for n in range(41)]
        assert answered <= set(mine)
        assert len({seq for seq, _ in kept}) == len(kept)
        doctor.open.close()
        clinic.close()
