"""A laboratory: the real application with a few routes of the test's own beside the clinic's."""

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError, OperationalError

from suwen.accounts.models import User
from suwen.accounts.service import sessions
from suwen.clinics.models import Department
from suwen.core import audit
from suwen.core.db import changed, new_id
from suwen.core.errors import Conflict, NotFound
from suwen.core.schemas import Input
from suwen.core.web.answers import Download, Page, See
from suwen.core.web.routes import ANYONE, SIGNED_IN, form, get, page, post, routes_of


class Taken(Conflict):
    code, title = "lab_taken", "That is taken."


class Line(Input):
    name: str
    grams: int | None = None


class Entry(Input):
    code: str
    name: str
    urgent: bool = False
    tags: list[str] = []
    lines: list[Line] = []


def _save(tx, data, now):
    if data.code == "taken":
        raise Taken(fields={"code": "That is taken."})
    tx.add(Department(id=new_id(), code=data.code, name=data.name))
    changed(tx, "lab")


@get("/api/v1/lab/departments", who=ANYONE, kept=lambda: ("lab", "all"))
def listing(tx) -> list[str]:
    return list(tx.scalars(select(Department.code).where(Department.name.contains("🌿"))))


@post("/api/v1/lab/departments", who=SIGNED_IN)
def save(tx, me, now, data: Entry) -> dict[str, str]:
    _save(tx, data, now)
    return {"code": data.code, "made": new_id()}


@post("/api/v1/lab/anything", who=ANYONE)
def anything(data: dict[str, Any]) -> int:
    return len(data)


@get("/api/v1/lab/record/{id:str}", who=SIGNED_IN, audited="record")
def record(tx, me, now, id: str) -> dict[str, str]:
    if id == "foreign":
        raise NotFound()
    audit.seen(tx, me, "read", "record", id, now=now)
    return {"id": id}


@get("/api/v1/lab/writing-get", who=ANYONE)
def writing_get(tx) -> None:
    tx.add(Department(code="w", name="w"))
    tx.flush()


@get("/api/v1/lab/bug", who=ANYONE)
def bug() -> None:
    raise RuntimeError("secret detail")


@get("/api/v1/lab/long", who=ANYONE)
def long() -> Download:
    return Download(lambda tx: (f"line {n}\n" for n in range(5000)), "text/csv", "ä b.csv")


@page("/lab/form", who=SIGNED_IN)
def show_form(tx) -> Page:
    return Page("error.html", {})


@form("/lab/form", again=show_form, who=SIGNED_IN)
def send_form(tx, now, data: Entry) -> See:
    _save(tx, data, now)
    return See(f"/lab/form?lines={len(data.lines)}&tags={len(data.tags)}&urgent={data.urgent}")


ROUTES = routes_of(listing, save, anything, record, writing_get, bug, long, show_form, send_form)


@pytest.fixture(scope="session")
def _lab_routes(app):
    for route in ROUTES:
        app.register(route)


@pytest.fixture
def lab(_lab_routes, client):
    return client


@pytest.fixture
def token(house, clock):
    """A bearer of a fresh patient's session."""

    def make(tx):
        user = User(id=new_id(), account=f"lab-{new_id()}", name="Lab", password_hash="-", role="patient")
        tx.add(user)
        tx.flush()
        actor, until = sessions.start(tx, user, clock(), kind="api", strong=False, doctor_id=None, ip="", agent="")
        return house.signer.issue(actor, until)

    return house.db.write(make)


@pytest.fixture
def bearer(token):
    return {"authorization": f"Bearer {token}"}


@pytest.fixture
def departments(house):
    """How many departments were added since the test began."""

    def count():
        return house.db.read(lambda tx: tx.scalar(select(func.count()).select_from(Department)))

    before = count()
    return lambda: count() - before


FAILURES = {
    "constraint": (lambda: IntegrityError("COMMIT", {}, Exception("secret detail")), 409),
    "bug": (lambda: RuntimeError("secret detail"), 500),
    "database": (lambda: OperationalError("COMMIT", {}, Exception("secret detail")), 503),
}
