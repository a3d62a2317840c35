"""`make bench`: requests per second, latency and CPU of the server, for SQLite and MariaDB, beside a bare route.

Machines are noisy: compare within one run, and take differences under a quarter as ties.
"""

import argparse
import compileall
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from bench import books, callbacks, limits, reconciling, safety, seed, signing, type_ahead
from suwen.app import build_house
from suwen.core import migrate
from suwen.core.web.compiled import compile_all
from suwen.settings import Settings
from tests.support.mariadb import private_mariadb
from tests.support.processes import free_port

TICK = os.sysconf("SC_CLK_TCK")
NAMES = ("bare", "hello", "directory", "week-kept", "week-from-the-database", "appointment", "doctor-page", "inbox",
         "booking")  # fmt: skip
HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--engine", choices=("sqlite", "mariadb", "both"), default="both")
    parser.add_argument("--only", nargs="*", default=NAMES)
    given = parser.parse_args()
    # As tools/setup.sh leaves it: where the environment forbids to write bytecode, each start would compile it all.
    compileall.compile_dir(HERE.parent / "src", quiet=1)
    compile_all()
    safety.report()
    signing.report()
    type_ahead.report()
    with tempfile.TemporaryDirectory(prefix="suwen-bench-") as folder:
        if given.engine in ("sqlite", "both"):
            measure("SQLite", f"sqlite:///{folder}/bench.db", Path(folder) / "sqlite", given)
        if given.engine in ("mariadb", "both"):
            with private_mariadb() as server:
                measure("MariaDB", server.url("suwen"), Path(folder) / "mariadb", given)


def measure(title: str, url: str, folder: Path, given: argparse.Namespace) -> None:
    folder.mkdir()
    environment = os.environ | {"SUWEN_DATABASE_URL": url, "SUWEN_DATA_DIR": str(folder), "SUWEN_WORKER": "0"}
    environment |= callbacks.environment(folder / "paysim")
    settings = Settings.from_environment(environment)
    migrate.upgrade(url)
    house, began = build_house(settings), time.monotonic()
    seed.fill(house, folder / "lists")
    print(f"\n{title}: filled in {time.monotonic() - began:.0f} s", flush=True)
    print(f"{'':24}{'req/s':>8}{'p50':>10}{'p99':>10}{'CPU ms':>9}{'x bare':>8}")
    with serving(environment, folder) as server:
        bare = 0.0
        for name in given.only:
            line = replay(server, folder / "lists" / name, given.seconds)
            bare = line.cpu if name == "bare" else bare
            times = f"{line.cpu / bare:8.1f}" if bare else ""
            print(
                f"{name:24}{line.rate:8.0f}{line.p50:>10}{line.p99:>10}{line.cpu:9.3f}{times}{line.failed}", flush=True
            )
        print(f"{'memory':24}{server.memory() / 1e6:8.0f} MB after all of this, one worker")
        print(f"{'start':24}{server.started:8.2f} s until it answers")
        callbacks.report(house, folder / "paysim", server)
    limits.report(title, url, house)
    books.report(house)
    reconciling.report(title, house)
    house.db.close()


class Line:
    def __init__(self, output: str, cpu: float, requests: int) -> None:
        latency = dict(re.findall(r"(50|99)%\s+([\d.]+\w+)", output))
        self.rate = float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1])  # type: ignore[index]
        self.p50, self.p99, self.cpu = latency["50"], latency["99"], 1000 * cpu / requests
        failed = re.search(r"Non-2xx.*: (\d+)", output)
        self.failed = f"  {failed[1]} refused" if failed else ""


class Server:
    def __init__(self, process: int, port: int, started: float) -> None:
        self.process, self.port, self.started = process, port, started

    def cpu(self) -> float:
        return sum(_spent(one) for one in _tree(self.process))

    def memory(self) -> int:
        """Resident bytes of the worker, the largest of the tree."""
        page = os.sysconf("SC_PAGE_SIZE")
        return max(int(Path(f"/proc/{one}/statm").read_text().split()[1]) * page for one in _tree(self.process))


def replay(server: Server, lines: Path, seconds: int) -> Line:
    """A second to warm up, then `seconds` with 32 connections. A booking's list is never sent twice."""
    _once(server, lines)  # templates are compiled at the first page
    command = ["wrk", "-t1", "-c32", "--latency", "-s", str(HERE / "replay.lua"), f"http://127.0.0.1:{server.port}"]
    skip, output, used = 0, "", 0.0
    for span in (1, seconds):
        before = server.cpu()
        sent = [*command, f"-d{span}s", "--", str(lines), str(skip)]
        output = subprocess.run(sent, capture_output=True, text=True, check=True, timeout=seconds + 60).stdout
        used = server.cpu() - before
        requests = int(re.search(r"(\d+) requests in", output)[1])  # type: ignore[index]
        skip += requests + 64 if lines.name == "booking" else 0
    return Line(output, used, requests)


def _once(server: Server, lines: Path) -> None:
    method, token, path, *_ = lines.read_text().split("\n", 1)[0].split(" ", 3)
    if method == "GET":
        headers = {"authorization": f"Bearer {token}"}
        httpx.get(f"http://127.0.0.1:{server.port}{path}", headers=headers, timeout=60).raise_for_status()


@contextlib.contextmanager
def serving(environment: dict[str, str], folder: Path) -> Iterator[Server]:
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "bench.app:bench_app"]
    command += ["--port", str(port), "--log-level", "warning"]
    began = time.monotonic()
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        while True:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=1).status_code == 200:
                    break
            if time.monotonic() - began > 60:
                raise SystemExit((folder / "server.log").read_text())
            time.sleep(0.02)
        yield Server(process.pid, port, time.monotonic() - began)
    finally:
        os.kill(process.pid, signal.SIGTERM)
        process.wait(20)


def _tree(process: int) -> list[int]:
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [process, *(below for child in children for below in _tree(int(child)))]


def _spent(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


if __name__ == "__main__":
    main()
