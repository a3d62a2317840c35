"""The threads of one server stay together on one processor, the emptiest one (decision 101).

Only one thread of a process runs Python at a time. Spread over several processors they wake each other there for every
answer of the database, and find nothing in the caches: half of the time of a booking went into that. What works long
without the interpreter (the second pool: password hashing, reports) keeps all processors.
"""

import asyncio
import contextlib
import os
import random
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from suwen.core.house import SLOW

LOOK_EVERY = 2.0
BUSY = 0.2  # of a processor, from which on it matters where we are
WORTH = 0.25  # of a processor that others must take from us here, and would not take there
TICK = os.sysconf("SC_CLK_TCK")


def keep_together() -> None:
    """From now on, looked after by the running loop. Nothing where there is no choice, or no Linux."""
    if not hasattr(os, "sched_setaffinity"):
        return
    allowed = os.sched_getaffinity(0)
    with contextlib.suppress(OSError):
        if len(allowed) > 1:
            _Placement(allowed).look()


def choose(busy: Mapping[int, float], mine: float, here: int) -> int:
    """The processor to be on; `busy` is the share of the time that each one worked, `mine` our part of it on `here`."""
    others = busy.get(here, 1.0) - mine  # a processor that was switched off is no longer listed
    emptiest = min(busy.keys() - {here}, key=lambda one: busy[one], default=None)
    return here if emptiest is None or mine < BUSY or others - busy[emptiest] < WORTH else emptiest


class _Placement:
    def __init__(self, allowed: set[int]) -> None:
        self.allowed = allowed
        self.here = _running_on()
        self.seen = self._time()

    def look(self) -> None:
        """OSError, and nothing more from us, where somebody else has taken the processor away."""
        before, self.seen = self.seen, self._time()
        passed = self.seen[0] - before[0]
        if passed > 0:
            busy = {one: (spent - before[2].get(one, spent)) / passed for one, spent in self.seen[2].items()}
            there = choose(busy, (self.seen[1] - before[1]) / passed, self.here)
            self.here = there if random.random() < 0.5 else self.here  # noqa: S311  two neighbours must not go together
        self._place()
        with contextlib.suppress(RuntimeError):  # the loop ends
            asyncio.get_running_loop().call_later(LOOK_EVERY, self._again)

    def _again(self) -> None:
        with contextlib.suppress(OSError):
            self.look()

    def _place(self) -> None:
        free = {thread.native_id for thread in threading.enumerate() if thread.name.startswith(SLOW)}
        for thread in map(int, os.listdir("/proc/self/task")):
            wanted = self.allowed if thread in free else {self.here}
            with contextlib.suppress(ProcessLookupError):
                if os.sched_getaffinity(thread) != wanted:
                    os.sched_setaffinity(thread, wanted)

    def _time(self) -> tuple[float, float, dict[int, float]]:
        """Seconds: now, those that this process has worked, those that each allowed processor has."""
        return time.monotonic(), time.process_time(), _worked(Path("/proc/stat").read_text(), self.allowed)


def _worked(stat: str, allowed: set[int]) -> dict[int, float]:
    """Of /proc/stat (proc(5)): all but idle and waiting for a disk."""
    spent = {}
    for line in stat.splitlines():
        name, *ticks = line.split()
        if name.startswith("cpu") and name[3:].isdigit() and int(name[3:]) in allowed:
            user, nice, system, _idle, _waiting, *more = map(int, ticks[:8])
            spent[int(name[3:])] = (user + nice + system + sum(more)) / TICK
    return spent


def _running_on() -> int:
    """The processor that the system chose for this thread: field 39 of proc(5)'s stat, the name may have blanks."""
    return int(Path("/proc/thread-self/stat").read_text().rpartition(")")[2].split()[36])
