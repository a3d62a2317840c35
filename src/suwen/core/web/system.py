"""Routes that belong to no package: health, metrics, language and theme."""

import ipaddress
import os
import resource
import time
from pathlib import Path
from urllib.parse import quote, urlsplit

from litestar import Request, get
from litestar.datastructures import Cookie
from litestar.response.base import ASGIResponse
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from suwen.core import revision
from suwen.core.house import House
from suwen.core.i18n import LOCALES
from suwen.core.outbox import OutboxMessage
from suwen.core.web.answers import See
from suwen.core.web.identity import came_round, client_ip
from suwen.core.web.reader import THEMES
from suwen.core.web.routes import ANYONE, page, routes_of

STARTED = time.time()
YEAR = 365 * 24 * 3600
WRITTEN = "/?#[]@!$&'()*+,;=:%"  # what an address keeps as it is: RFC 3986, and what is quoted already


@get("/healthz", include_in_schema=False, opt={"who": ANYONE, "system": True}, sync_to_thread=False)
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@get("/readyz", include_in_schema=False, opt={"who": ANYONE, "system": True}, sync_to_thread=True)
def readyz(request: Request) -> ASGIResponse:
    """The database answers and has the newest schema."""
    house: House = request.app.state.house
    try:
        current = house.db.read(revision.is_current)
    except Exception:
        return _plain(503, '{"status": "database unavailable"}')
    return _plain(200, '{"status": "ready"}') if current else _plain(503, '{"status": "run suwen migrate"}')


@get("/metrics", include_in_schema=False, opt={"who": ANYONE, "system": True}, sync_to_thread=True)
def metrics(request: Request) -> ASGIResponse:
    """Prometheus text, for the machine itself and its private network only."""
    house: House = request.app.state.house
    if came_round(house, request.scope) or not _is_private(client_ip(house, request.scope)):
        return _plain(404, "{}")
    usage = resource.getrusage(resource.RUSAGE_SELF)
    lines = [
        f"process_cpu_seconds_total {usage.ru_utime + usage.ru_stime}",
        f"process_resident_memory_bytes {_resident()}",
        f"process_start_time_seconds {STARTED}",
        *(f'suwen_responses_total{{status="{kind}"}} {n}' for kind, n in sorted(house.counts.items())),
        *(f"suwen_outbox_{name} {n}" for name, n in house.db.read(_outbox_counts).items()),
    ]
    return ASGIResponse(body="\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")


@page("/language", who=ANYONE)
def language(to: str, next: str = "/") -> See:
    chosen = to if to in LOCALES else "zh-CN"
    return See(inside(next), cookies=[Cookie("lang", value=chosen, path="/", max_age=YEAR, samesite="lax")])


@page("/theme", who=ANYONE)
def theme(to: str, next: str = "/") -> See:
    chosen = to if to in THEMES else "system"
    return See(inside(next), cookies=[Cookie("theme", value=chosen, path="/", max_age=YEAR, samesite="lax")])


def inside(target: str) -> str:
    """The address if it is one of ours, else the home page: no link may send people elsewhere."""
    try:
        parts = urlsplit(target)
        written = quote(target, safe=WRITTEN)  # a header has ASCII only
    except ValueError:
        return "/"
    ours = not parts.scheme and not parts.netloc and target.startswith("/") and not target.startswith(("//", "/\\"))
    return written if ours and "\n" not in target and "\r" not in target and "\\" not in target else "/"


def _outbox_counts(tx: Session) -> dict[str, int]:
    open_, failed = OutboxMessage.done_at.is_(None), OutboxMessage.failed_at.is_not(None)
    count = select(func.count()).select_from(OutboxMessage)
    return {"waiting": tx.scalar(count.where(open_)) or 0, "failed": tx.scalar(count.where(failed)) or 0}


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _is_private(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_private
    except ValueError:
        return address in ("", "testclient")


def _plain(status: int, body: str) -> ASGIResponse:
    return ASGIResponse(body=body, status_code=status, headers={"cache-control": "no-store"})


ROUTES = [healthz, readyz, metrics, *routes_of(language, theme)]
