"""The threads that carry out requests, and the way there and back.

The library's way (an executor's future, chained to one of the loop) costs three times what the rest of a short answer
does. Nobody but the loop waits for these, so a future of the loop is all there is.
"""

import asyncio
import atexit
import contextlib
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
Job = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", Callable[..., Any], tuple[Any, ...]]


class Threads:
    """`count` threads, started when there is something to do. What was asked for is finished before the process is."""

    def __init__(self, count: int, name: str) -> None:
        self.count, self.name = count, name
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._started: list[threading.Thread] = []

    def run(self, work: Callable[..., T], *values: Any) -> "asyncio.Future[T]":
        """From the loop: `await threads.run(work, ...)`. Who stops waiting does not stop the work."""
        if not self._started:
            self._start()
        loop = asyncio.get_running_loop()
        waiting = loop.create_future()
        self._jobs.put((loop, waiting, work, values))
        return waiting

    def shutdown(self) -> None:
        """Finish what was asked for, and end."""
        atexit.unregister(self.shutdown)
        for _ in self._started:
            self._jobs.put(None)
        for thread in self._started:
            thread.join()
        self._started = []

    def _start(self) -> None:
        self._started = [
            threading.Thread(target=self._work, name=f"{self.name}_{number}", daemon=True)
            for number in range(self.count)
        ]
        for thread in self._started:
            thread.start()
        atexit.register(self.shutdown)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            loop, waiting, work, values = job
            try:
                found, error = work(*values), None
            except BaseException as raised:
                found, error = None, raised
            with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits any more
                loop.call_soon_threadsafe(_settle, waiting, found, error)
            del job, loop, waiting, work, values, found, error  # or they live until the next request comes


def _settle(waiting: "asyncio.Future[Any]", found: Any, error: BaseException | None) -> None:
    if waiting.cancelled():
        return
    if error is None:
        waiting.set_result(found)
    else:
        waiting.set_exception(RuntimeError(repr(error)) if isinstance(error, StopIteration) else error)
