"""A private FerretDB: a real server of MongoDB's protocol, in Go, over SQLite. `make ferretdb` builds it once.

It takes minutes to build, so nothing does that by itself: where no binary is at hand the tests say so and are skipped.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.support.processes import Missing, free_port, listens, running


def binary() -> Path:
    """Of SUWEN_FERRETDB, or where `make ferretdb` puts it."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    found = Path(os.environ.get("SUWEN_FERRETDB") or cache / "suwen" / "ferretdb-1.24.0")
    if not os.access(found, os.X_OK):
        raise Missing("no FerretDB is at hand (`make ferretdb` builds it where Go is installed)")
    return found


@contextlib.contextmanager
def private_ferretdb() -> Iterator[str]:
    """Yields its URL."""
    program, port = binary(), free_port()
    with tempfile.TemporaryDirectory(prefix="suwen-ferretdb-", ignore_cleanup_errors=True) as folder:
        command = [str(program), f"127.0.0.1:{port}", folder]
        with running(command, Path(folder) / "log", lambda: listens(port)):
            yield f"mongodb://127.0.0.1:{port}/suwen"
