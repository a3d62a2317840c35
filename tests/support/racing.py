"""Many at once: each guarded update has a test that lets them."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def race(*runners: Callable[[], T]) -> list[T | Exception]:
    """Run all at the same moment; what each returned, or raised, in their order."""
    gate = threading.Barrier(len(runners))

    def run(work: Callable[[], T]) -> T | Exception:
        gate.wait(30)
        try:
            return work()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(runners)) as pool:
        return list(pool.map(run, runners))


def statuses(answers: list[Any]) -> list[int]:
    """Of HTTP answers, sorted: `assert statuses(race(*64 * [book])) == [201] + [409] * 63`."""
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return sorted(answer.status_code for answer in answers)
