"""HTML to PDF, in child processes: the typesetter and its fonts take 100 MB, which the server would never give back.

A child is started for the first document, sets one after another and goes when nothing came for a while, or when the
server is gone. It fetches nothing (pictures come inside the HTML), and sees none of the server's secrets.

    python -m suwen.core.press      is such a child: a length and HTML in, a length and a PDF out
"""

import contextlib
import logging
import os
import select
import subprocess
import sys
import threading
from typing import IO

from suwen.core.errors import Unavailable

log = logging.getLogger(__name__)
LENGTH = 8
IDLE = 60.0  # seconds after which a child goes
DOCUMENTS = 200  # after which it is replaced


class PrintingFailed(Unavailable):
    code, title = "printing_failed", "The document cannot be made at the moment. Please try again shortly."


class _Gone(Exception):
    """The child went, or was ended, before it answered."""


class Press:
    """At most `at_once` children. Who comes too many waits `patience`; a document over `limit` is given up."""

    def __init__(self, at_once: int = 2, patience: float = 10, limit: float = 20, command: list[str] | None = None):
        self._free, self._patience, self._limit = threading.BoundedSemaphore(at_once), patience, limit
        self._command = command or [sys.executable, "-m", "suwen.core.press"]
        self._resting: list[subprocess.Popen[bytes]] = []
        self._lock = threading.Lock()

    def printed(self, html: str) -> bytes:
        """The PDF. PrintingFailed when there is no child to be had, or none that answers in time."""
        if not self._free.acquire(timeout=self._patience):
            raise PrintingFailed(retry_after=15)
        try:
            return self._printed(html.encode())
        finally:
            self._free.release()

    def _printed(self, html: bytes) -> bytes:
        child = self._rested()
        if child is not None:
            with contextlib.suppress(_Gone):  # it was just going: another one sets it
                return self._set(child, html)
        try:
            return self._set(self._started(), html)
        except (_Gone, OSError) as error:
            log.error("no document was made: %s", error)
            raise PrintingFailed() from error

    def _set(self, child: subprocess.Popen[bytes], html: bytes) -> bytes:
        assert child.stdin is not None
        assert child.stdout is not None
        too_long = threading.Event()

        def give_up() -> None:
            too_long.set()
            child.kill()

        alarm = threading.Timer(self._limit, give_up)
        alarm.start()
        try:
            child.stdin.write(len(html).to_bytes(LENGTH) + html)
            child.stdin.flush()
            document = _message(child.stdout)
        except OSError:
            document = None
        finally:
            alarm.cancel()
        if document:
            with self._lock:
                self._resting.append(child)
            return document
        _end(child)
        if too_long.is_set():
            log.error("a document took over %s s", self._limit)
            raise PrintingFailed()
        if document is None:
            raise _Gone("the child ended")
        raise PrintingFailed()  # it has said why

    def _rested(self) -> subprocess.Popen[bytes] | None:
        with self._lock:
            while self._resting:
                child = self._resting.pop()
                if child.poll() is None:
                    return child
                _end(child)
        return None

    def _started(self) -> subprocess.Popen[bytes]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SUWEN_")}
        # a session of its own: Ctrl-C is for the server, whose end is the child's
        return subprocess.Popen(  # noqa: S603
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=kept, start_new_session=True
        )

    def close(self) -> None:
        with self._lock:
            for child in self._resting:
                _end(child)
            self._resting.clear()


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill it and leave nothing of it."""
    child.kill()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):  # what was still to be written
                pipe.close()
    child.wait()


def work() -> None:
    """The child: set what comes until nothing comes."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # libraries may print
    source = os.fdopen(0, "rb", buffering=0)  # `select` must know whether more has come
    for _ in range(DOCUMENTS):
        if not select.select([source], [], [], IDLE)[0]:
            return
        html = _message(source)
        if html is None:
            return
        document = _typeset(html.decode())
        out.write(len(document).to_bytes(LENGTH) + document)
        out.flush()


def _message(source: IO[bytes]) -> bytes | None:
    """The next message; None when the other side is gone."""
    head = _exactly(source, LENGTH)
    return None if head is None else _exactly(source, int.from_bytes(head))


def _exactly(source: IO[bytes], size: int) -> bytes | None:
    pieces = []
    while size:
        piece = source.read(size)
        if not piece:
            return None
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _typeset(html: str) -> bytes:
    """Nothing, when it cannot be: the text of an error may have the patient in it."""
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher

    try:
        return bytes(HTML(string=html, url_fetcher=URLFetcher(allowed_protocols={"data"})).write_pdf())
    except Exception as error:
        log.error("no document was made: %s", type(error).__name__)
        return b""


if __name__ == "__main__":
    work()
