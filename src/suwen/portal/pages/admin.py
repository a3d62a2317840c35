from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.web.answers import Download, Page
from suwen.core.web.routes import form, page, routes_of
from suwen.portal import service


@page("/admin/audit", who="admin", slow=True)
def audit_trail(
    tx: Session, now: datetime, actor: str | None = None, person: str | None = None, action: str | None = None,
    result: str | None = None, days: int | None = 30, after: str | None = None,
) -> Page:  # fmt: skip
    """Who saw or changed which record."""
    filters = {"actor": actor, "person": person, "action": action, "result": result, "days": days}
    shown = service.audit_trail(tx, filters, now, after)
    return Page("portal/audit.html", {"trail": shown, "filters": filters, "after": after})


@form("/admin/audit.csv", again=audit_trail, who="admin")
def export_audit_trail(
    tx: Session, me: Actor, now: datetime, actor: str | None = None, person: str | None = None,
    action: str | None = None, result: str | None = None, days: int | None = 30,
) -> Download:  # fmt: skip
    filters = {"actor": actor, "person": person, "action": action, "result": result, "days": days}
    service.note_export(tx, me, now)
    return Download(lambda reading: service.export_audit_trail(reading, filters, now), "text/csv", "audit.csv")


ROUTES = routes_of(audit_trail, export_audit_trail)
