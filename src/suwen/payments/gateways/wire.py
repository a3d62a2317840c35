"""HTTP to a gateway: bounded in size and time, failing over, and every failure given its right name.

What matters after a failure is one question: may the gateway have done it? Only a connection that never came up, or a
plain "not now" (429), is a no.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from suwen.payments.gateways.errors import Busy, Unknown
from suwen.payments.gateways.redaction import people, redacted

if TYPE_CHECKING:
    import httpx  # looked at only by who asks a gateway: half a second and 9 MB that no server should start with

SECONDS = 15.0  # for a whole answer, however slowly it drips
LARGEST = 1_000_000
LARGEST_FILE = 64_000_000
# They would write each address with its query, tokens and signatures in it, into the log.
for _talkative in ("httpx", "httpcore"):
    logging.getLogger(_talkative).setLevel(logging.WARNING)


@dataclass(frozen=True)
class Reply:
    status: int
    headers: list[tuple[str, str]]
    body: bytes


@dataclass(frozen=True)
class Exchange:
    """What is kept of one request and its answer: redacted, see decision 80."""

    gateway: str
    at: datetime
    method: str
    path: str
    host: str
    status: int  # 0: no answer
    sent: Any
    received: Any
    number: str = ""  # of the attempt or the refund it is about


Keep = Callable[[Exchange], None]


def keep_nothing(_exchange: Exchange) -> None: ...


@dataclass
class Surroundings:
    """Everything a client does not decide itself. `random(n)` gives n bytes; `pepper` keys the hashes of people."""

    http: "httpx.Client"
    clock: Callable[[], datetime]
    random: Callable[[int], bytes]
    pepper: bytes
    keep: Keep = keep_nothing


def open_http() -> "httpx.Client":
    """The connection pool of a process. Redirects are not followed: a gateway does not redirect."""
    import httpx

    return httpx.Client(timeout=httpx.Timeout(10, connect=4), follow_redirects=False)


class Wire:
    """`bases`: the gateway's address, then its backup if it has one."""

    def __init__(self, name: str, bases: tuple[str, ...], around: Surroundings) -> None:
        self.name, self.around = name, around
        self.ahead: timedelta | None = None  # how far our clock is before the gateway's, as of its last answer
        self.bases = tuple(base.rstrip("/") for base in bases if base)

    def send(
        self, method: str, target: str, headers: Mapping[str, str], content: bytes = b"", *, largest: int = LARGEST
    ) -> Reply:
        """The first answer that arrives: 2xx, 4xx but 408 and 429; 5xx of what is no GET. Busy: nothing was
        done. Unknown: ask.

        A GET goes to the backup host after any failure, anything else only if the first host was never reached: a POST
        that may have been carried out is not repeated by the wire, but by who knows its number.
        """
        last: Busy | Unknown = Busy(f"{self.name}: no address")
        for base in self.bases:
            try:
                reply = self._once(base, method, target, headers, content, largest)
            except Busy as error:
                last = error
                continue
            except Unknown as error:
                last = error
                if method != "GET":
                    raise
                continue
            if reply.status == 429:
                raise Busy(f"{self.name}: too many requests")
            if 300 <= reply.status < 400 or reply.status == 408:
                # no word of the gateway's own about the request: a proxy, a moved address, an impatient front
                raise Unknown(f"{self.name} answers {reply.status}")
            return reply
        raise last

    def _once(
        self, base: str, method: str, target: str, headers: Mapping[str, str], content: bytes, largest: int
    ) -> Reply:
        import httpx

        never_arrived = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
        request = self.around.http.build_request(
            method, base + target, headers={**headers, "Accept-Encoding": "identity"}, content=content or None
        )
        try:
            return self._read(request, largest)
        except never_arrived as error:
            raise Busy(f"{self.name} cannot be reached ({type(error).__name__})") from None
        except httpx.HTTPError as error:
            raise Unknown(f"{self.name} did not answer ({type(error).__name__})") from None

    def _read(self, request: "httpx.Request", largest: int) -> Reply:
        ends = time.monotonic() + SECONDS
        answer = self.around.http.send(request, stream=True)
        try:
            self._compare(answer.headers.get("date", ""))
            if answer.headers.get("content-encoding", "identity").lower() != "identity":
                raise Unknown(f"{self.name} packs its answer, which was not asked for")  # and may unpack without end
            parts, size = [], 0
            for part in answer.iter_bytes():
                size += len(part)
                if size > largest or time.monotonic() > ends:
                    raise Unknown(f"{self.name} answers without end")
                parts.append(part)
        finally:
            answer.close()
        reply = Reply(answer.status_code, list(answer.headers.multi_items()), b"".join(parts))
        if reply.status >= 500 and request.method == "GET":
            raise Unknown(f"{self.name} is out of order ({reply.status})")
        return reply

    def record(self, method: str, path: str, sent: Any, received: Any, status: int, number: str = "") -> None:
        """Hand what was said to whoever keeps it, with people and keys taken out: also where an answer repeats them.
        What stands behind the question mark of an address is not kept: it may be a token."""
        pepper = self.around.pepper
        host = self.bases[0].split("//", 1)[-1] if self.bases else ""
        known = people(sent)
        shown = redacted(sent, pepper), redacted(received, pepper, known=known)
        one = Exchange(self.name, self.around.clock(), method, path.split("?")[0], host, status, *shown, number)
        self.around.keep(one)

    def _compare(self, date: str) -> None:
        try:
            self.ahead = self.around.clock() - parsedate_to_datetime(date)
        except (ValueError, TypeError):
            self.ahead = None
