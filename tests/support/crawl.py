"""Every page of a running Suwen that somebody can reach by its links, one address per route."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import unescape

from playwright.sync_api import BrowserContext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from suwen.accounts.models import PatientProfile, User
from suwen.accounts.service import sessions
from suwen.app import create_app
from suwen.clinics.models import Doctor
from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.prescribing.models import PrescriptionTemplate
from suwen.scheduling.models import Appointment
from suwen.settings import Settings
from tests.support.server import Server

LINK = re.compile(r"""(?:href|hx-get|data-href)=["'](/[^"'#]*)""")
PLACE = re.compile(r"\{(\w+):(\w+)\}")
ROLES = ("guest", "patient", "doctor", "pharmacist", "admin")
# these change what is looked at, or are no pages
LEAVE = re.compile(r"^/(language|theme|sign-out|static|api|healthz|readyz|metrics)\b|\.(pdf|csv|ics)\b")
ENOUGH = 400  # addresses per role: calendars have a link to the next week for ever


@dataclass(frozen=True)
class Visit:
    """`route` is the pattern, `url` one address that matches it."""

    role: str
    route: str
    url: str

    @property
    def name(self) -> str:
        plain = PLACE.sub(r"\1", self.route).strip("/").replace("/", "-").replace(".", "-")
        return f"{self.role}-{plain or 'home'}"


def pages(settings: Settings) -> dict[str, frozenset[str]]:
    """Each route that answers GET with a page, and who may call it."""
    found = {}
    for route in create_app(settings).routes:
        for handler in getattr(route, "route_handlers", ()):
            if handler.opt.get("html") and "GET" in handler.http_methods and not LEAVE.search(route.path):
                found[route.path] = handler.opt["who"]
    return found


def crawl(
    context: BrowserContext, role: str, routes: dict[str, frozenset[str]], also: Sequence[str] = ()
) -> Iterator[Visit]:
    """Follow the links from the pages whose address needs nothing, and from `also`, which no link leads to; yield the
    first address of each route."""
    patterns = {path: re.compile("^" + PLACE.sub("[^/]+", path) + "$") for path, who in routes.items() if role in who}
    waiting = ["/", *also, *sorted(path for path in patterns if "{" not in path)]
    asked: set[str] = set()
    seen: set[str] = set()
    while waiting and len(asked) < ENOUGH:
        url = waiting.pop(0)
        route = next((path for path, pattern in patterns.items() if pattern.match(url.split("?")[0])), None)
        if route is None or route in seen or url in asked:
            continue
        asked.add(url)
        answer = context.request.get(url, max_redirects=0)
        if answer.status != 200 or "text/html" not in answer.headers.get("content-type", ""):
            continue
        seen.add(route)
        body = answer.text()
        if "<html" in body:  # else a piece that htmx puts into a page: it is looked at there
            yield Visit(role, route, url)
        waiting += [unescape(link) for link in LINK.findall(body) if not LEAVE.search(unescape(link))]


def someone(house: House, role: str) -> User:
    """The account of this role with the most to see."""
    query = select(User).where(User.role == role, User.status == "active", User.is_deleted.is_(False))
    if role == "patient":
        query = query.join(PatientProfile, PatientProfile.user_id == User.id)
        query = query.outerjoin(Appointment, Appointment.patient_id == User.id)
    if role == "doctor":
        query = query.join(Doctor, Doctor.user_id == User.id)
        query = query.outerjoin(Appointment, Appointment.doctor_id == Doctor.id)
        query = query.outerjoin(PrescriptionTemplate, PrescriptionTemplate.doctor_id == Doctor.id)
        query = query.order_by(func.count(PrescriptionTemplate.id.distinct()).desc())
    if role in ("patient", "doctor"):
        query = query.group_by(User.id).order_by(func.count(Appointment.id.distinct()).desc())
    return house.db.read(lambda tx: tx.scalars(query.limit(1)).one())


def sign_in(context: BrowserContext, server: Server, role: str) -> None:
    """Give the browser a session of `someone`; a guest gets none."""
    if role == "guest":
        return
    with server.house() as house:
        user = someone(house, role)

        def start(tx: Session) -> tuple[Actor, datetime]:
            doctor = tx.scalar(select(Doctor.id).where(Doctor.user_id == user.id))
            place = {"doctor_id": doctor, "ip": "", "agent": "tests"}
            return sessions.start(tx, user, house.clock(), kind="web", strong=role != "patient", **place)

        actor, expires = house.db.write(start)
        token = house.signer.issue(actor, expires)
    context.add_cookies([{"name": "session", "value": token, "url": server.url}])


def speak(context: BrowserContext, server: Server, locale: str, theme: str = "light") -> None:
    """The language and the look, as the reader would have chosen them: an account's own comes first otherwise."""
    chosen = {"lang": locale, "theme": theme}
    context.add_cookies([{"name": name, "value": value, "url": server.url} for name, value in chosen.items()])
