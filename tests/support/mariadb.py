"""A private MariaDB from the system's packages: nothing shared, nothing left behind.

python -m tests.support.mariadb [--quick] -- command ...    # with SUWEN_TEST_DATABASE_URL in its environment
"""

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pymysql

from tests.support.processes import Missing, free_port, program, start, stop

SETTINGS = (
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--transaction-isolation=READ-COMMITTED",
    "--character-set-server=utf8mb4",
    "--collation-server=utf8mb4_unicode_ci",
    "--innodb-buffer-pool-size=96M",
    "--innodb-log-file-size=48M",
    "--max-connections=300",
    "--skip-log-bin",
)


@dataclass
class MariaDB:
    """`url(name)` is a database's address; after `kill` (-9) `start` brings the server back on its port."""

    folder: Path
    quick: bool = False
    port: int = field(default_factory=free_port)
    password: str = field(default_factory=lambda: secrets.token_hex(12))
    process: subprocess.Popen[bytes] | None = None

    def url(self, name: str = "suwen") -> str:
        return f"mysql+pymysql://suwen:{self.password}@127.0.0.1:{self.port}/{name}?charset=utf8mb4"

    def install(self) -> None:
        # the helper finds its parts beside itself only when told where that is
        command = [program("mariadb-install-db"), "--no-defaults", *self._place(), "--skip-test-db"]
        command += ["--auth-root-authentication-method=normal", "--basedir=/usr"]
        command.append(f"--tmpdir={self.folder}")  # two at once would trip over each other's tables in /tmp
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise RuntimeError(f"mariadb-install-db failed:\n{done.stdout}{done.stderr}")
        script = (
            f"CREATE DATABASE suwen; CREATE USER suwen@'127.0.0.1' IDENTIFIED BY '{self.password}';\n"
            "GRANT ALL ON *.* TO suwen@'127.0.0.1' WITH GRANT OPTION;\n"
            "DELETE FROM mysql.global_priv WHERE User='root';\n"
        )
        (self.folder / "first.sql").write_text(script.replace("; ", ";\n"))

    def start(self) -> None:
        first = self.folder / "first.sql"
        command = [program("mariadbd"), "--no-defaults", *self._place(), f"--port={self.port}", *SETTINGS]
        command += [f"--socket={self.folder}/s", f"--pid-file={self.folder}/pid", f"--tmpdir={self.folder}"]
        command += [f"--innodb-flush-log-at-trx-commit={0 if self.quick else 1}"]
        if first.exists():
            command.append(f"--init-file={first}")
        self.process = start(command, self.folder / "log", self._answers, 60)
        first.unlink(missing_ok=True)

    def stop(self) -> None:
        if self.process:
            stop(self.process, 20)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        self.stop()
        self.start()

    def _place(self) -> list[str]:
        return [f"--datadir={self.folder}/data", *(["--user=root"] if os.geteuid() == 0 else [])]

    def _answers(self) -> bool:
        try:
            pymysql.connect(host="127.0.0.1", port=self.port, user="suwen", password=self.password).close()
        except pymysql.err.OperationalError:
            return False
        return True


@contextlib.contextmanager
def private_mariadb(quick: bool = False) -> Iterator[MariaDB]:
    """A server of one's own. `quick` does not wait for the disk at each commit: for suites, not for measuring."""
    with tempfile.TemporaryDirectory(prefix="suwen-mariadb-", ignore_cleanup_errors=True) as folder:
        server = MariaDB(Path(folder), quick)
        server.install()
        try:
            server.start()
            yield server
        finally:
            server.stop()


def main(arguments: list[str]) -> int:
    quick = "--quick" in arguments[: arguments.index("--")]
    command = arguments[arguments.index("--") + 1 :]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server goes, and its folder
    try:
        with private_mariadb(quick) as server:
            return subprocess.run(command, env=os.environ | {"SUWEN_TEST_DATABASE_URL": server.url()}).returncode
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 69  # EX_UNAVAILABLE: the caller says what that means


if __name__ == "__main__":
    if "--" not in sys.argv:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
