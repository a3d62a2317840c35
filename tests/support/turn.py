"""A private coturn that relays between loopback addresses, with ephemeral credentials."""

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import free_port, listens, program, running


@dataclass(frozen=True)
class Turn:
    """What goes into SUWEN_TURN_URLS and SUWEN_TURN_SECRET."""

    port: int
    secret: str = "a-secret-for-tests-only"

    @property
    def urls(self) -> str:
        return f"turn:127.0.0.1:{self.port}?transport=udp"


@contextlib.contextmanager
def private_turn() -> Iterator[Turn]:
    """Without --allow-loopback-peers relay candidates appear and yet no call connects. Never in production."""
    turn = Turn(free_port())
    with tempfile.TemporaryDirectory(prefix="suwen-turn-") as folder:
        place = [f"--listening-port={turn.port}", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1"]
        place += ["--min-port=49160", "--max-port=49260", f"--pidfile={folder}/pid", f"--userdb={folder}/users"]
        trust = ["--use-auth-secret", f"--static-auth-secret={turn.secret}", "--realm=suwen.test"]
        plain = ["--no-tls", "--no-dtls", "--no-cli", "--fingerprint", "--allow-loopback-peers"]
        command = [program("turnserver"), "-n", *place, *trust, *plain, "--log-file=stdout", "--simple-log"]
        with running(command, Path(folder) / "log", lambda: listens(turn.port)):
            yield turn
