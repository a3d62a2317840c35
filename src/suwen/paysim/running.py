"""`suwen paysim`: make the keys, write the environment file, serve until it is told to stop."""

import signal
import sys
import threading
from pathlib import Path

from suwen.paysim.server import serving


def run(
    folder: Path, host: str, port: int, *, public: str = "", card_events: str = "", tied: bool = False
) -> None:  # fmt: skip
    """One port for everything, the next one as the backup host. `tied`: to whoever holds the other end of stdin."""
    ends = threading.Event()
    if tied:
        threading.Thread(target=_wait_for_the_end, args=(ends,), daemon=True).start()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ends.set())
    with serving(folder, host, port, port + 1, public) as (simulator, _):
        if card_events:
            simulator.store.set("card_url", card_events)
        told = simulator.keys.environment(f"http://{host}:{port}", f"http://{host}:{port + 1}")
        path = folder / "paysim.env"
        path.touch(mode=0o600)
        path.write_text("".join(f"{name}={value}\n" for name, value in told.items()))
        print(f"Payment simulator on http://{host}:{port}; its environment for Suwen is in {path}", flush=True)  # noqa: T201
        ends.wait()


def _wait_for_the_end(ends: threading.Event) -> None:
    sys.stdin.buffer.read()
    ends.set()
