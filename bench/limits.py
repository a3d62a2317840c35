"""What the database itself gives for the same SQL, without HTTP and without us; and how fast events are delivered."""

import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, make_url, select

from suwen.clinics.models import Doctor
from suwen.core.house import House
from suwen.core.outbox import WITHIN, Event, OutboxMessage, deliver_one, emit, on
from suwen.scheduling import queries
from suwen.scheduling.models import Appointment

EVENTS = 2000


@dataclass(frozen=True)
class Measured(Event):
    name = "bench.measured"
    number: int


@on(Measured)
def do_nothing(tx: Any, now: datetime, number: int) -> None:
    """The cost of delivery alone."""


def report(title: str, url: str, house: House) -> None:
    doctor, appointment = house.db.read(lambda tx: (tx.scalar(select(Doctor.id)), tx.scalar(select(Appointment.id))))
    now = datetime.now(UTC)
    week = {"doctor": doctor, "start": now, "end": now + timedelta(days=7), "now": now, "soonest": now}
    for name, statement, values in (
        ("week", queries.FREE_BETWEEN.statement, week),
        ("appointment", select(Appointment.__table__).where(Appointment.id == appointment), {}),
    ):
        sql = _literal(house, statement, values)
        rate = _slap(url, sql) if not house.db.sqlite else _loop(house, sql)
        print(f"{'the database alone, ' + name:34}{rate:10.0f} /s for the same SQL")
    print(f"{'outbox':34}{_events(house):10.0f} events/s, one worker")


def _literal(house: House, statement: Any, values: dict[str, Any]) -> str:
    known = statement.compile(house.db.engine).params
    bound = statement.params(**{name: value for name, value in values.items() if name in known})
    return str(bound.compile(house.db.engine, compile_kwargs={"literal_binds": True}))


def _loop(house: House, sql: str) -> float:
    raw = house.db.read_engine.raw_connection()
    try:
        began, done = time.monotonic(), 0
        while time.monotonic() - began < 2:
            raw.cursor().execute(sql).fetchall()
            done += 1
        return done / (time.monotonic() - began)
    finally:
        raw.close()


def _slap(url: str, sql: str) -> float:
    """The server's own load generator, a program in C."""
    place, number = make_url(url), 4000
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(sql)
        file.flush()
        command = [shutil.which("mariadb-slap") or "mysqlslap", "--no-defaults", f"--host={place.host}"]
        command += [f"--port={place.port}", f"--user={place.username}", f"--password={place.password}", "--silent"]
        command += [f"--create-schema={place.database}", "--concurrency=8", f"--number-of-queries={number}"]
        began = time.monotonic()
        subprocess.run([*command, f"--query={Path(file.name)}", "--delimiter=;"], check=True, capture_output=True)
        return number / (time.monotonic() - began)


def _events(house: House) -> float:
    house.db.write(lambda tx: tx.execute(delete(OutboxMessage)))  # what the bookings before left there is other work
    house.db.write(lambda tx: [emit(tx, Measured(n), house.clock()) for n in range(EVENTS)])
    began = time.monotonic()
    while deliver_one(house.db, house.clock(), WITHIN):
        pass
    return EVENTS / (time.monotonic() - began)
