"""Type-ahead as a doctor has it: each keystroke a request over HTTP to a server of its own, page fragment and API.

    python -m bench.type_ahead

One doctor who types, then eight at once on one worker. What counts is the 95th percentile: 50 ms at most.
"""

import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import cycle, islice
from typing import Any

import httpx
from sqlalchemy import select

from suwen.accounts.models import User
from suwen.accounts.service import sessions
from suwen.clinics.models import Doctor
from tests.support.server import Server, serving

TIMES, DOCTORS, MOST = 200, 8, 50.0
# what is typed, key by key
WORDS = (("herbal", "fuzi"), ("herbal", "huangqi"), ("herbal", "附子"), ("compound", "liuwei"), ("general", "amx"),
         ("general", "阿莫"))  # fmt: skip
FRAGMENT = {"hx-request": "true", "hx-target": "rx_names"}


def report() -> None:
    print(f"\ntype-ahead over HTTP: ms of {TIMES} keystrokes")
    print(f"{'':40}{'p50':>8}{'p95':>8}")
    with serving(cast=True) as server:
        token = _doctor(server)
        for name, path, headers in (
            ("page fragment", "/prescriptions/names", FRAGMENT | {"cookie": f"session={token}"}),
            ("API", "/api/v1/medicine-names", {"authorization": f"Bearer {token}"}),
        ):
            typed(server.url, path, headers, 20)  # templates and names are read at the first key
            _line(f"{name}, one doctor", typed(server.url, path, headers, TIMES))
            with ThreadPoolExecutor(DOCTORS) as pool:
                many = [pool.submit(typed, server.url, path, headers, TIMES // 4) for _ in range(DOCTORS)]
                _line(f"{name}, {DOCTORS} at once", [took for one in many for took in one.result()])


def typed(url: str, path: str, headers: dict[str, str], times: int) -> list[float]:
    """Milliseconds of each keystroke, one after the other over one connection."""
    took = []
    with httpx.Client(base_url=url, headers=headers, timeout=10) as client:
        for kind, letters in islice(cycle(_keys()), times):
            began = time.perf_counter()
            client.get(path, params={"q": letters, "kind": kind}).raise_for_status()
            took.append(1000 * (time.perf_counter() - began))
    return took


def _keys() -> Iterator[tuple[str, str]]:
    for kind, word in WORDS:
        for length in range(1, len(word) + 1):
            yield kind, word[:length]


def _doctor(server: Server) -> str:
    with server.house() as house:

        def start(tx: Any) -> str:
            user, doctor = tx.execute(select(User, Doctor.id).join(Doctor, Doctor.user_id == User.id).limit(1)).one()
            actor, expires = sessions.start(
                tx, user, datetime.now(UTC), kind="web", strong=True, doctor_id=doctor, ip="", agent="bench"
            )
            return house.signer.issue(actor, expires)

        return house.db.write(start)


def _line(name: str, took: list[float]) -> None:
    slow = sorted(took)[int(0.95 * len(took))]
    print(f"{name:40}{statistics.median(took):8.1f}{slow:8.1f}{'  too slow' if slow > MOST else ''}", flush=True)


if __name__ == "__main__":
    report()
