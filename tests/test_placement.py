"""The threads of a server stay together on the emptiest processor."""

import os
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from suwen import placement
from suwen.placement import choose
from tests.support.processes import below
from tests.support.server import serving

STAT = """cpu  300 0 90 1000 5 0 3 0 0 0
cpu0 100 0 30 500 2 0 1 0 0 0
cpu1 200 0 60 500 3 0 2 4 0 0
cpu11 900 9 9 0 0 0 0 0 0 0
intr 1 2 3
"""
HEAP = 64 * 1024 * 1024
SEVERAL = hasattr(os, "sched_setaffinity") and len(os.sched_getaffinity(0)) > 1

SERVED = """
import asyncio, os, threading
from concurrent.futures import ThreadPoolExecutor
from suwen import placement
from suwen.core.house import SLOW

def mine():
    return sorted(os.sched_getaffinity(0))

async def main():
    loop, everywhere = asyncio.get_running_loop(), mine()
    slow = ThreadPoolExecutor(1, thread_name_prefix=SLOW)
    await loop.run_in_executor(slow, mine)
    placement.LOOK_EVERY = 0.05
    placement.keep_together()
    request = await loop.run_in_executor(ThreadPoolExecutor(1, thread_name_prefix="request"), mine)
    later = ThreadPoolExecutor(1, thread_name_prefix=SLOW)
    await loop.run_in_executor(later, mine)
    await asyncio.sleep(0.5)
    free = await loop.run_in_executor(slow, mine), await loop.run_in_executor(later, mine)
    print(len(mine()) == 1 and request == mine(), free == (everywhere, everywhere))

asyncio.run(main())
"""


def test_it_stays_where_nobody_takes_its_time() -> None:
    assert choose({0: 0.9, 1: 0.0}, mine=0.9, here=0) == 0
    assert choose({0: 0.9, 1: 0.6}, mine=0.2, here=0) == 0  # it would be as crowded there


def test_it_leaves_a_crowded_processor_for_the_emptiest_one() -> None:
    assert choose({0: 1.0, 1: 0.3, 2: 0.1}, mine=0.5, here=0) == 2


def test_an_idle_server_does_not_move() -> None:
    assert choose({0: 1.0, 1: 0.0}, mine=0.1, here=0) == 0


def test_it_stays_where_all_other_processors_were_switched_off() -> None:
    assert choose({0: 1.0}, mine=0.5, here=0) == 0
    assert choose({}, mine=0.5, here=0) == 0


def test_time_that_is_idle_or_waits_for_a_disk_is_free() -> None:
    found = placement._worked(STAT, {0, 1})
    assert found == {0: 131 / placement.TICK, 1: 266 / placement.TICK}


@pytest.mark.skipif(not SEVERAL, reason="there is one processor here, or no choice")
def test_what_needs_the_interpreter_is_together_and_the_second_pool_is_free() -> None:
    done = subprocess.run([sys.executable, "-c", SERVED], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["True", "True"], done.stderr


@pytest.mark.skipif(not SEVERAL, reason="there is one processor here, or no choice")
def test_a_processor_that_is_taken_away_is_no_accident() -> None:
    before = os.sched_getaffinity(0)
    placed = placement._Placement(before)
    placed.here = 4000
    placed._time = lambda: placed.seen  # no time has passed: there is nothing to choose by
    with pytest.raises(OSError):
        placed.look()
    placed._again()  # the loop's own way to look
    assert os.sched_getaffinity(0) == before


def own_heaps(process: int) -> list[str]:
    """Of glibc's threads: what they got begins at a multiple of 64 MB, and the rest of these 64 MB is kept free."""
    ranges = [line.split() for line in Path(f"/proc/{process}/maps").read_text().splitlines()]
    found = []
    for (here, rights, *_), (there, locked, *_) in pairwise(ranges):
        (begin, end), (after, last) = ((int(text, 16) for text in place.split("-")) for place in (here, there))
        if rights == "rw-p" and locked == "---p" and end == after and begin % HEAP == 0 and last - begin == HEAP:
            found.append(here)
    return found


@pytest.mark.skipif(not SEVERAL, reason="there is one processor here, or no choice")
def test_a_served_clinic_keeps_together_and_has_one_heap() -> None:
    with serving() as server:
        assert httpx.get(f"{server.url}/", timeout=30).status_code == 200
        worker = max(below(server.process.pid), key=lambda one: len(os.listdir(f"/proc/{one}/task")))
        assert not own_heaps(worker)

        def where() -> set[int]:
            names = {int(one): Path(f"/proc/{worker}/task/{one}/comm").read_text() for one in threads()}
            return {len(os.sched_getaffinity(one)) for one, name in names.items() if not name.startswith("slow")}

        def threads() -> list[str]:
            return os.listdir(f"/proc/{worker}/task")

        deadline = time.monotonic() + 20  # a thread that the HTTP server makes is moved at the next look
        while where() != {1} and time.monotonic() < deadline:
            time.sleep(0.1)
        assert where() == {1}
    with serving(SUWEN_ONE_PROCESSOR="0") as server:
        assert all(os.sched_getaffinity(one) == os.sched_getaffinity(0) for one in below(server.process.pid))
