"""The simulator beside a demonstration's server: keys made ahead, a process of its own that ends with the server's."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from suwen.paysim.keys import Keys

FOLDER = "paysim"
PORT = 8900


@dataclass(frozen=True)
class Beside:
    """`told` is what the server's environment has to say so that it pays there; `moved`: the usual port was taken."""

    url: str
    told: dict[str, str]
    moved: bool


def practising(data_dir: Path) -> Path | None:
    """The simulator's folder of an installation that was filled by `suwen demo`, None of any other."""
    folder = data_dir / FOLDER
    return folder if (folder / "merchant.pem").exists() else None


@contextlib.contextmanager
def beside(folder: Path, base_url: str) -> Iterator[Beside]:
    """Started, and ended at the end. It also ends by itself when this process dies: its standard input closes then."""
    port, moved = _pair()
    url, backup = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}"
    events = f"{base_url.rstrip('/')}/api/v1/payments/card/notifications"
    command = [sys.executable, "-m", "suwen.cli", "paysim", "--folder", str(folder), "--port", str(port),
               "--card-events", events, "--tied"]  # fmt: skip
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SUWEN_")}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environment) as process:  # noqa: S603
        try:
            yield Beside(url, Keys(folder).environment(url, backup), moved)
        finally:
            process.terminate()


def _pair() -> tuple[int, bool]:
    """A port whose next one is free too, and whether it is another than the usual one."""
    if _free(PORT):
        return PORT, False
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port < 65_535 and _free(port):
            return port, True


def _free(port: int) -> bool:
    with contextlib.ExitStack() as held, contextlib.suppress(OSError):
        for one in (port, port + 1):
            probe = held.enter_context(socket.socket())
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server itself does
            probe.bind(("127.0.0.1", one))
        return True
    return False
