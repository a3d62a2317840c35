"""kill -9, at any time: no confirmed booking is lost, no time is taken twice, no coin, and nobody is told twice."""

import sys
import time
from pathlib import Path

import pytest

from suwen.scheduling.schemas import Booking
from suwen.scheduling.service import booking, paying
from tests.support.crowd import NAME, SYMPTOM, Bookers, Crowd
from tests.support.processes import start, stop
from tests.support.server import Server, serving, suwen

pytestmark = pytest.mark.slow
ROUNDS = 3


def wait_for(condition, seconds=180):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)


def test_killing_the_server_loses_no_booking_and_tells_nobody_twice(database):
    with serving(**database) as server, server.house() as house:
        crowd = Crowd.gather(house, patients=6, slots=6 * 120)
        told, cut_off = [], 0
        for number in range(ROUNDS):
            wishes = [(token, crowd.slots[n * 120 + number * 40 :][:40]) for n, token in enumerate(crowd.tokens)]
            bookers = Bookers(server.url).begin(wishes)
            wait_for(lambda booking=bookers: len(booking.told) >= 6)
            server.kill()
            bookers.end()
            told, cut_off = told + bookers.told, cut_off + bookers.cut_off
            server.start()
        crowd.let_leases_end()
        assert crowd.drained(), f"{crowd.waiting()} events are never delivered"
        assert cut_off >= ROUNDS, "nobody was in the middle of anything"
        assert crowd.faults(told) == []
        nothing_clinical(crowd, server)


def nothing_clinical(crowd, server):
    """The log says what went wrong, and of nobody."""
    log = server.log
    assert "Traceback" not in log, log[-3000:]
    for secret in (SYMPTOM, NAME, *crowd.tokens):
        assert secret not in log
    assert [where for where, text in crowd.written() if SYMPTOM in text] == []


def test_killing_the_worker_tells_everybody_once(database, tmp_path):
    server = Server(tmp_path, database)
    suwen("migrate", env=server.env)
    with server.house() as house:
        crowd = Crowd.gather(house, patients=4, slots=40)
        told = [book(crowd, n % 4, slot) for n, slot in enumerate(crowd.slots)]
        for number in range(ROUNDS):
            before = crowd.delivered()
            with_worker(server, lambda b=before: crowd.delivered() >= b + 5, number)
            crowd.let_leases_end()
        assert crowd.waiting(), "the worker was done before it was killed"
        with_worker(server, lambda: not crowd.waiting(), ROUNDS)
        assert crowd.faults(told) == []


def with_worker(server, until, number):
    """A worker of its own, killed the moment `until` holds."""
    log = Path(server.folder) / f"worker{number}.log"
    process = start([sys.executable, "-m", "suwen.cli", "worker"], log, lambda: True, env=server.env)
    try:
        wait_for(until)
        process.kill()
        process.wait(10)
    finally:
        stop(process)
    assert "Traceback" not in log.read_text()


def test_a_worker_that_is_told_to_stop_ends_by_itself(database, tmp_path):
    """Both of its lanes: SIGTERM is how a service manager ends it, every day."""
    server = Server(tmp_path, database)
    suwen("migrate", env=server.env)
    with server.house() as house:
        crowd = Crowd.gather(house, patients=1, slots=1)
        book(crowd, 0, crowd.slots[0])
        log = tmp_path / "worker.log"
        process = start([sys.executable, "-m", "suwen.cli", "worker"], log, lambda: True, env=server.env)
        try:
            wait_for(lambda: not crowd.waiting())
            process.terminate()
            assert process.wait(10) == 0
        finally:
            stop(process)
    assert "Traceback" not in log.read_text()


def book(crowd, number, slot):
    """As the API does it, in this process."""
    me, now = crowd.patients[number], crowd.house.clock()

    def work(tx):
        held = booking.book(tx, me, Booking(slot_id=slot, symptoms=SYMPTOM), now)
        assert paying.pay_from_balance(tx, me, held.id, now).status == "confirmed"
        return held.id

    return crowd.house.db.write(work)
