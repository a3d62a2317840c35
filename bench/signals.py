"""Signals of calls: how many a second one server process stores, and how long `sent` takes.

    python bench/signals.py [--rooms 50] [--rates 1800 3000] [--seconds 8] [--database URL]

Every room has two sockets with real tickets. Over and over the doctor offers, the patient answers, each sends eight
candidates, as the begin of a call does; a signal counts when its `sent` has come, which is after its commit. Server and
client are kept on a core each, where the machine has two. Prints one JSON line per run.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from websockets.asyncio.client import ClientConnection, connect

from suwen.consultations import rules
from suwen.consultations.models import Consultation, Signal
from suwen.core.db import new_id
from tests.support.processes import below
from tests.support.server import Server, serving
from tests.support.visits import Clinic

CANDIDATES = 8
MOST = 36  # frames a second of one socket; the server lets 40 pass (sockets.PER_SECOND)
SDP = "v=0\r\n" + "a=candidate-like-line of some length, as browsers write them\r\n" * 60  # about 4 kB
CANDIDATE = {"candidate": "candidate:1 1 udp 2122260223 192.0.2.1 50000 typ host", "sdpMid": "0", "sdpMLineIndex": 0}


@dataclass
class Side:
    socket: ClientConnection
    tab: str
    other: str
    waits: list[float]
    sent_at: dict[str, float] = field(default_factory=dict)
    number: int = 0
    stored: asyncio.Event = field(default_factory=asyncio.Event)
    heard: asyncio.Queue[Any] = field(default_factory=asyncio.Queue)

    async def signal(self, **body: Any) -> None:
        self.number += 1
        id = str(self.number)
        self.sent_at[id] = time.perf_counter()
        self.stored.clear()
        await self.socket.send(json.dumps({"t": "signal", "id": id, "to_tab": self.other, **body}))

    async def listen(self) -> None:
        async for text in self.socket:
            message = json.loads(text)
            if message["t"] == "sent":
                now = time.perf_counter()
                assert not message["refused"], message
                for id in message["ids"]:
                    self.waits.append(now - self.sent_at.pop(id))
                if not self.sent_at:
                    self.stored.set()
            elif message["t"] == "log":
                for item in message["items"]:
                    self.heard.put_nowait(item)


def open_rooms(clinic: Clinic, number: int) -> list[tuple[str, str, str]]:
    """(appointment, doctor's ticket, patient's ticket) of visits that are going on."""
    made = []
    now = datetime.now(UTC)
    for _ in range(number):
        appointment, tickets = clinic.book(), (new_id(), new_id())
        room = Consultation(
            id=new_id(), appointment_id=appointment, doctor_id=clinic.ids.doctors["zhang"],
            patient_id=clinic.ids.users["li"], patient_profile_id=clinic.ids.profiles["li"]["self"],
            room_id=f"room_{new_id()}", scheduled_start_time=now, status="in_progress", actual_start_time=now,
            patient_waiting_since=now, doctor_token=rules.ticket_kept(tickets[0], now),
            patient_token=rules.ticket_kept(tickets[1], now),
        )  # fmt: skip
        clinic.house.db.write(lambda tx, room=room: tx.add(room))
        made.append((appointment, *tickets))
    return made


async def sit(server: Server, clinic: Clinic, login: str, appointment: str, ticket: str, tabs: tuple[str, str],
              waits: list[float]) -> Side:  # fmt: skip
    headers = {"authorization": f"Bearer {clinic.token(login)}"}
    socket = await connect(f"ws{server.url[4:]}/live/call/{appointment}", additional_headers=headers, compression=None)
    await socket.send(json.dumps({"t": "hello", "tab": tabs[0], "since": 0, "ticket": ticket}))
    welcome = json.loads(await socket.recv())
    assert welcome["t"] == "welcome", welcome
    return Side(socket, *tabs, waits)


async def begin_calls(doctor: Side, patient: Side, until: float, pace: float) -> None:
    await asyncio.sleep(random.random() * pace)
    while time.perf_counter() < until:
        next_round = time.perf_counter() + pace
        await doctor.signal(desc={"type": "offer", "sdp": SDP})
        await _hear(patient, "offer")
        await patient.signal(desc={"type": "answer", "sdp": SDP})
        for _ in range(CANDIDATES):
            await doctor.signal(cand=CANDIDATE)
            await patient.signal(cand=CANDIDATE)
        await asyncio.gather(doctor.stored.wait(), patient.stored.wait())
        await asyncio.sleep(max(0.0, next_round - time.perf_counter()))


async def _hear(side: Side, kind: str) -> None:
    while True:
        item = await side.heard.get()
        if item["t"] == "signal" and item.get("desc", {}).get("type") == kind:
            return


def cpu_of(server: Server) -> float:
    assert server.process is not None
    tick = os.sysconf("SC_CLK_TCK")
    total = 0.0
    for pid in [server.process.pid, *below(server.process.pid)]:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += (int(fields[11]) + int(fields[12])) / tick
    return total


def pin(server: Server) -> None:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return
    assert server.process is not None
    for pid in [server.process.pid, *below(server.process.pid)]:
        for task in os.listdir(f"/proc/{pid}/task"):
            os.sched_setaffinity(int(task), {cores[0]})
    os.sched_setaffinity(0, set(cores[1:]))


async def run(server: Server, clinic: Clinic, rooms: int, seconds: float, rate: float) -> dict[str, Any]:
    pace = (CANDIDATES + 1) / min(MOST, rate / rooms / 2)
    waits: list[float] = []
    sides: list[tuple[Side, Side]] = []
    listening = []
    began = time.perf_counter()
    for n, (appointment, *tickets) in enumerate(open_rooms(clinic, rooms)):
        tabs = (f"tab-of-doctor-{n}", f"tab-of-patient-{n}")
        doctor = await sit(server, clinic, "zhang", appointment, tickets[0], tabs, waits)
        patient = await sit(server, clinic, "li", appointment, tickets[1], tabs[::-1], waits)
        listening += [asyncio.create_task(doctor.listen()), asyncio.create_task(patient.listen())]
        sides.append((doctor, patient))
    opened = time.perf_counter() - began
    busy, began = cpu_of(server), time.perf_counter()
    calls = [asyncio.create_task(begin_calls(*pair, began + seconds, pace)) for pair in sides]
    done, _ = await asyncio.wait([asyncio.gather(*calls), *listening], return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
    assert all(call.done() for call in calls), "a line was closed"
    took, busy = time.perf_counter() - began, cpu_of(server) - busy
    for task in listening:
        task.cancel()
    for pair in sides:
        for side in pair:
            await side.socket.close()
    kept = clinic.house.db.read(lambda tx: tx.scalar(select(func.count()).select_from(Signal)))
    marks = statistics.quantiles(waits, n=100)
    return {
        "rooms": rooms, "signals": len(waits), "signals/s": round(len(waits) / took), "stored": kept,
        "p50 ms": round(marks[49] * 1000, 1), "p95 ms": round(marks[94] * 1000, 1),
        "p99 ms": round(marks[98] * 1000, 1),
        "server cores": round(busy / took, 2), "cpu ms/signal": round(busy / len(waits) * 1000, 2),
        "seats/s": round(2 * rooms / opened),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rooms", type=int, default=50)
    parser.add_argument("--rates", type=float, nargs="+", default=[1800, 3000], help="signals a second to offer")
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--database", default="")
    given = parser.parse_args()
    env = {"SUWEN_DATABASE_URL": given.database} if given.database else {}
    for rate in given.rates:
        with serving(**env) as server:
            clinic = Clinic.of(server.env)
            pin(server)
            print(json.dumps(asyncio.run(run(server, clinic, given.rooms, given.seconds, rate))), flush=True)
            clinic.close()


if __name__ == "__main__":
    main()
