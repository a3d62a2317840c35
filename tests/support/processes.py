"""Start a program, wait until it answers, stop it by its id."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path


class Missing(RuntimeError):
    """The program is not installed. A test that needs it is skipped, saying so."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program(*names: str) -> str:
    """The first of these that is installed; Debian keeps servers where a user's PATH does not look."""
    for name in names:
        for folder in [*os.environ.get("PATH", "").split(":"), "/usr/sbin", "/usr/local/sbin"]:
            if folder and os.access(Path(folder) / name, os.X_OK):
                return str(Path(folder) / name)
    raise Missing(f"{names[0]} is not installed (tools/system.sh test)")


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def start(
    command: Sequence[str],
    log: Path,
    ready: Callable[[], bool],
    seconds: float = 30,
    env: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start `command` and wait for `ready`; RuntimeError with the end of its log if it dies or never is."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, env=env)
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            stop(process)
            raise RuntimeError(f"{command[0]} did not come up:\n" + log.read_text(errors="replace")[-3000:])
        time.sleep(0.03)
    return process


def stop(process: subprocess.Popen[bytes], seconds: float = 10) -> None:
    """Politely, then not; and with it what it has started, which a killed parent would leave behind."""
    children = below(process.pid) if process.poll() is None else []
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def below(process: int) -> list[int]:
    """The processes that this one has started, and those that they have."""
    found, waiting = list[int](), [process]
    while waiting:
        one = waiting.pop()
        with contextlib.suppress(OSError):  # it has gone meanwhile
            children = [int(text) for text in Path(f"/proc/{one}/task/{one}/children").read_text().split()]
            found += children
            waiting += children
    return found


@contextlib.contextmanager
def running(
    command: Sequence[str], log: Path, ready: Callable[[], bool], seconds: float = 30
) -> Iterator[subprocess.Popen[bytes]]:
    process = start(command, log, ready, seconds)
    try:
        yield process
    finally:
        stop(process)
