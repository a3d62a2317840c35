from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from litestar import Request
from msgspec import Meta
from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.core.web.answers import Download, Page
from suwen.core.web.reader import reader_of
from suwen.core.web.routes import form, page, routes_of
from suwen.portal.service import overview as figures
from suwen.portal.service import trail

Days = Annotated[int, Meta(ge=1, le=3660)]


@page("/admin", who="admin", slow=True)
def overview(tx: Session, now: datetime, house: House) -> Page:
    """Today's numbers, three charts, and what needs a decision."""
    settings = house.settings
    shown = {"view": figures.overview(tx, ZoneInfo(settings.zone), now), "currency": settings.currency}
    return Page("portal/overview.html", shown)


@page("/admin/audit", who="admin", slow=True)
def audit_trail(
    tx: Session, me: Actor, now: datetime, house: House, request: Request[Any, Any, Any], actor: str | None = None,
    person: str | None = None, action: str | None = None, result: str | None = None, days: Days | None = 30,
    after: str | None = None,
) -> Page:  # fmt: skip
    """Who saw or changed which record."""
    filters = {"actor": actor, "person": person, "action": action, "result": result, "days": days}
    shown = trail.audit_trail(tx, _reading(me, house, request), filters, now, after)
    return Page("portal/audit.html", {"trail": shown, "filters": filters, "after": after})


@form("/admin/audit.csv", again=audit_trail, who="admin")
def export_audit_trail(
    tx: Session, me: Actor, now: datetime, house: House, request: Request[Any, Any, Any], actor: str | None = None,
    person: str | None = None, action: str | None = None, result: str | None = None, days: Days | None = 30,
) -> Download:  # fmt: skip
    filters = {"actor": actor, "person": person, "action": action, "result": result, "days": days}
    trail.note_export(tx, me, now)
    me = _reading(me, house, request)
    return Download(lambda reading: trail.export_audit_trail(reading, me, filters, now), "text/csv", "audit.csv")


def _reading(me: Actor, house: House, request: Request[Any, Any, Any]) -> Actor:
    """In the language of the page, which this browser may have chosen for itself."""
    return replace(me, locale=reader_of(request.scope, me, house.settings.zone).locale)


ROUTES = routes_of(overview, audit_trail, export_audit_trail)
