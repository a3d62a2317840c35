"""The hop from the loop to a thread and back."""

import asyncio
import threading
import time

import pytest

from suwen.core.threads import Threads


@pytest.fixture
def threads():
    made = Threads(2, "hop")
    yield made
    made.shutdown()


def fail(error):
    raise error


def test_what_the_work_gives_or_raises_comes_back(threads):
    async def go():
        assert await threads.run(lambda a, b: a + b, 1, 2) == 3
        with pytest.raises(ZeroDivisionError):
            await threads.run(fail, ZeroDivisionError())
        with pytest.raises(RuntimeError, match="StopIteration"):  # a future takes no such thing: nobody waits for ever
            await threads.run(fail, StopIteration())
        name = await threads.run(lambda: threading.current_thread().name)
        assert name in ("hop_0", "hop_1")

    asyncio.run(go())


def test_as_many_work_at_once_as_there_are_threads(threads):
    running, most, lock = 0, 0, threading.Lock()

    def work():
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1

    async def go():
        await asyncio.gather(*(threads.run(work) for _ in range(12)))

    asyncio.run(go())
    assert most == 2


def test_who_stops_waiting_does_not_stop_the_work(threads):
    done = threading.Event()

    async def go():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(threads.run(lambda: (time.sleep(0.2), done.set())), 0.02)
        assert await threads.run(int, "7") == 7

    asyncio.run(go())
    assert done.wait(5)


def test_a_loop_that_has_ended_stops_no_thread(threads):
    go_on, worked = threading.Event(), threading.Event()

    async def leave():
        threads.run(lambda: (go_on.wait(5), worked.set()))

    asyncio.run(leave())
    go_on.set()
    assert worked.wait(5)

    async def go():
        return await asyncio.gather(*(threads.run(int, str(one)) for one in range(20)))

    assert asyncio.run(go()) == list(range(20))  # both threads are still there


def test_the_end_waits_for_what_was_asked_for():
    threads, done = Threads(1, "hop"), []

    async def go():
        for one in range(5):
            threads.run(lambda one=one: (time.sleep(0.01), done.append(one)))

    asyncio.run(go())
    threads.shutdown()
    assert done == [0, 1, 2, 3, 4]
    threads.shutdown()  # and once more, of nothing
