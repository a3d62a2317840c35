"""What every report is put through before anybody believes it: bounds, single headers, freshness."""

import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from suwen.payments.gateways.errors import Stale, Unreadable

LARGEST_BODY = 65_536
FRESH = timedelta(seconds=300)
UNIX = re.compile(r"[0-9]{1,11}", re.ASCII)


def bounded(raw_body: bytes) -> bytes:
    if not raw_body or len(raw_body) > LARGEST_BODY:
        raise Unreadable("a report has 1 to 65536 bytes")
    return raw_body


def digest(raw_body: bytes) -> str:
    return hashlib.sha256(raw_body).hexdigest()


def only(headers: Iterable[tuple[str, str]], names: Iterable[str]) -> dict[str, str]:
    """The named headers in lower case; one that comes twice is Unreadable, one that is missing is absent."""
    wanted, found = {name.lower() for name in names}, dict[str, str]()
    for name, value in headers:
        lower = name.lower()
        if lower not in wanted:
            continue
        if lower in found:
            raise Unreadable(f"the header {lower} comes twice")
        found[lower] = value
    return found


def moment(unix: str) -> datetime:
    if not UNIX.fullmatch(unix):
        raise Unreadable("a time that is none")
    return datetime.fromtimestamp(int(unix), UTC)


def fresh(at: datetime, now: datetime, past: timedelta = FRESH) -> None:
    """Stale where it is as old as `past`, or as far ahead as five minutes."""
    if now - at >= past or at - now >= FRESH:
        raise Stale(f"signed at {at.isoformat()}")
