"""The real `suwen serve` (and `suwen worker`) as processes, with a data folder of their own; they can be killed."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from suwen.app import build_house
from suwen.core.house import House
from suwen.settings import Settings
from tests.support.cast import settle_in
from tests.support.processes import below, free_port, start, stop

ROOT = Path(__file__).resolve().parents[2]


def suwen(*arguments: str, env: Mapping[str, str], seconds: float = 120, typed: str = "") -> str:
    """Run one command of the command line to its end, with `typed` as its input, and return what it printed."""
    command = [sys.executable, "-m", "suwen.cli", *arguments]
    run = {"capture_output": True, "text": True, "timeout": seconds, "cwd": ROOT, "input": typed}
    done = subprocess.run(command, env=dict(env), **run)  # type: ignore[call-overload]
    if done.returncode:
        raise RuntimeError(f"suwen {' '.join(arguments)} failed ({done.returncode}):\n{done.stdout}{done.stderr}")
    return done.stdout


@dataclass
class Server:
    """`url` answers after `start`; `kill` is kill -9 of it and its workers."""

    folder: Path
    extra: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def env(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SUWEN_")}
        own = {"SUWEN_DATA_DIR": str(self.folder), "SUWEN_BASE_URL": self.url, "PYTHONPATH": str(ROOT / "src")}
        return kept | own | dict(self.extra)

    def start(self) -> None:
        command = [sys.executable, "-m", "suwen.cli", "serve", "--port", str(self.port), *self.arguments]
        self.process = start(command, self.folder / "serve.log", self.ready, 120, self.env)

    def ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        if self.process:
            stop(self.process)

    def kill(self) -> None:
        """The parent first: it would start its workers anew."""
        assert self.process is not None
        children = below(self.process.pid)
        self.process.kill()
        for process in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.process.wait(10)

    def restart(self) -> None:
        self.stop()
        self.start()

    @contextlib.contextmanager
    def house(self) -> Iterator[House]:
        """Its database and keys, for looking from outside."""
        house = build_house(Settings.from_environment(self.env))
        try:
            yield house
        finally:
            house.threads.shutdown()
            house.slow.shutdown()
            house.db.close()

    @property
    def log(self) -> str:
        return (self.folder / "serve.log").read_text(errors="replace")


@contextlib.contextmanager
def serving(*arguments: str, demo: bool = False, cast: bool = False, **env: str) -> Iterator[Server]:
    """A migrated server: `serving("--workers", "2", SUWEN_REDIS_URL=...)`.

    With `demo` it has a clinic's day in it, with `cast` only the people of tests/support/cast.py.
    """
    with tempfile.TemporaryDirectory(prefix="suwen-serve-", ignore_cleanup_errors=True) as folder:
        server = Server(Path(folder), env, arguments)
        suwen("migrate", env=server.env)
        if demo:
            suwen("demo", env=server.env)
        if cast:
            with server.house() as house:
                house.db.write(settle_in)
        try:
            server.start()
            yield server
        finally:
            server.stop()
