"""Work that is done by a process which is killed in the middle of it: kill -9, before its n-th look at the world.

    with mortals(settings, environment) as dying:
        lived = dying.do("tests.payments.attempts.deaths:pay", now, order_id=...)      # ["statement", "commit", ...]
        dying.do("tests.payments.attempts.deaths:pay", now, dies_at=3, order_id=...)   # None: it was killed

One process has loaded everything and has no threads; each piece of work is a fork of it, with connections of its own.
So a death costs a fraction of what a start of Suwen costs, and every moment of a piece of work can be one's last:

    statement   before it is sent          commit, committed   before and after
    ask, told   before a gateway is asked, and after it has done it, when its answer has not been looked at
"""

import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import event
from sqlalchemy.orm import Session

from suwen.core.crypto import FieldKeys
from suwen.core.db import Database
from suwen.payments.service.channels import Channels
from suwen.settings import Settings
from suwen.tables import metadata

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Mortals:
    process: subprocess.Popen[str]
    settings: dict[str, str]
    environment: Mapping[str, str]

    def do(self, work: str, now: datetime, *, dies_at: int | None = None, base_url: str = "", **given: Any) -> Any:
        """The moments of the work, in order; None where it was killed. An accident in it is one of the test."""
        assert self.process.stdin
        assert self.process.stdout
        asked = {"work": work, "now": now.isoformat(), "dies_at": dies_at, "given": given,
                 "settings": self.settings | {"base_url": base_url}, "environment": dict(self.environment)}  # fmt: skip
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        said = json.loads(self.process.stdout.readline())
        assert said["status"] in (0, -signal.SIGKILL), said
        assert (said["status"] == 0) is (dies_at is None or said["moments"] is not None)
        return said["moments"]


@contextlib.contextmanager
def mortals(settings: Settings, environment: Mapping[str, str]) -> Iterator[Mortals]:
    kept = {name: str(value) for name, value in asdict(settings).items() if name in ("database_url", "secret")}
    command = [sys.executable, "-m", "tests.support.mortal"]
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        env=os.environ | {"PYTHONPATH": paths},
    )  # fmt: skip
    try:
        yield Mortals(process, kept | {"field_keys": settings.field_keys}, environment)
    finally:
        assert process.stdin
        assert process.stdout
        process.stdin.close()
        process.stdout.close()
        process.wait(20)


class Moments:
    """Counts what happens, and is the end of it at the one that was asked for."""

    def __init__(self, dies_at: int | None) -> None:
        self.dies_at, self.seen = dies_at, list[str]()

    def __call__(self, what: str) -> None:
        self.seen.append(what)
        if len(self.seen) - 1 == self.dies_at:
            os.kill(os.getpid(), signal.SIGKILL)


def serve() -> None:
    metadata()
    importlib.import_module("suwen.app")
    for line in sys.stdin:
        print(json.dumps(_forked(json.loads(line))), flush=True)


def _forked(asked: dict[str, Any]) -> dict[str, Any]:
    reads, writes = os.pipe()
    child = os.fork()
    if not child:
        os.close(reads)
        with contextlib.suppress(BaseException):
            os.write(writes, json.dumps(_done(asked)).encode())
            os._exit(0)
        os._exit(1)
    os.close(writes)
    with os.fdopen(reads, "rb") as pipe:
        said = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return {"status": status, "moments": json.loads(said) if said else None}


def _done(asked: dict[str, Any]) -> list[str]:
    import traceback

    try:
        return _work(asked)
    except BaseException:
        traceback.print_exc()
        raise


def _work(asked: dict[str, Any]) -> list[str]:
    now, moment = datetime.fromisoformat(asked["now"]), Moments(asked["dies_at"])
    settings = Settings(**asked["settings"])
    db = Database(settings.database_url, 2, FieldKeys(settings.field_keys), settings)
    event.listen(db.engine, "before_cursor_execute", lambda *_: moment("statement"))
    event.listen(db.engine, "commit", lambda _: moment("commit"))
    event.listen(Session, "after_commit", lambda _: moment("committed"))
    hooks: Any = {"request": [lambda _: moment("ask")], "response": [lambda _: moment("told")]}
    http = httpx.Client(timeout=20, trust_env=False, verify=False, event_hooks=hooks)
    db.beside("gateways", lambda: Channels(db, clock=lambda: now, environment=asked["environment"], http=http))
    module, _, name = asked["work"].partition(":")
    getattr(importlib.import_module(module), name)(db, now, **asked["given"])
    return moment.seen


if __name__ == "__main__":
    serve()
