"""A private redis-server, holding nothing on disk."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import redis

from tests.support.processes import free_port, program, running


@contextlib.contextmanager
def private_redis() -> Iterator[str]:
    """Yields its URL."""
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    client = redis.Redis.from_url(url, socket_timeout=1)

    def answers() -> bool:
        try:
            return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):
            return False

    with tempfile.TemporaryDirectory(prefix="suwen-redis-") as folder:
        command = [program("redis-server"), "--bind", "127.0.0.1", "--port", str(port), "--dir", folder]
        with running([*command, "--save", "", "--appendonly", "no"], Path(folder) / "log", answers):
            try:
                yield url
            finally:
                client.close()
