"""The threads of a server stay together on the emptiest processor."""

import os
import subprocess
import sys

import pytest

from suwen import placement
from suwen.placement import choose

STAT = """cpu  300 0 90 1000 5 0 3 0 0 0
cpu0 100 0 30 500 2 0 1 0 0 0
cpu1 200 0 60 500 3 0 2 4 0 0
cpu11 900 9 9 0 0 0 0 0 0 0
intr 1 2 3
"""
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


def test_time_that_is_idle_or_waits_for_a_disk_is_free() -> None:
    found = placement._worked(STAT, {0, 1})
    assert found == {0: 131 / placement.TICK, 1: 266 / placement.TICK}


@pytest.mark.skipif(not SEVERAL, reason="there is one processor here, or no choice")
def test_what_needs_the_interpreter_is_together_and_the_second_pool_is_free() -> None:
    done = subprocess.run([sys.executable, "-c", SERVED], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["True", "True"], done.stderr


@pytest.mark.skipif(not SEVERAL, reason="there is one processor here, or no choice")
def test_a_processor_that_is_taken_away_is_no_accident() -> None:
    placed = placement._Placement(os.sched_getaffinity(0))
    placed.here = 4000
    with pytest.raises(OSError):
        placed.look()
    placed._again()  # the loop's own way to look
