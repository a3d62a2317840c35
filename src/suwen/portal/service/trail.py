"""What pages across packages show. Everything here is read through the packages below."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from suwen.core import audit
from suwen.core.actor import Actor
from suwen.core.audit import AuditEvent
from suwen.core.export import BOM, csv_line
from suwen.core.i18n import translate
from suwen.core.paging import keyset
from suwen.core.schemas import Slice
from suwen.portal import queries, rules
from suwen.portal.schemas import AuditRow

NEWEST_FIRST = [(AuditEvent.created_at, "desc"), (AuditEvent.id, "desc")]
EXPORTED = ("at", "actor", "actor_role", "action", "kind", "object_id", "purpose", "person", "result", "ip", "sealed")
Filters = dict[str, Any]


def audit_trail(tx: Session, me: Actor, filters: Filters, now: datetime, after: str | None = None) -> Slice[AuditRow]:
    """Who saw or changed which record, newest first. `days` bounds how far back."""
    rows, following = keyset(tx, _statement(filters, now), NEWEST_FIRST, after, 50)
    return Slice([_row(me, *row[:3]) for row in rows], following)


def export_audit_trail(tx: Session, me: Actor, filters: Filters, now: datetime) -> Iterator[str]:
    """The same as CSV, a page of rows at a time. Exporting is itself an event of the trail."""
    yield BOM + csv_line(EXPORTED)
    after: str | None = None
    while True:
        rows, after = keyset(tx, _statement(filters, now), NEWEST_FIRST, after, 100)
        for row in rows:
            shown = _row(me, *row[:3])
            yield csv_line([getattr(shown, name) for name in EXPORTED])
        if after is None:
            return


def note_export(tx: Session, actor: Actor, now: datetime) -> None:
    audit.seen(tx, actor, "export", "audit", "trail", purpose="CSV", now=now)


def _statement(filters: Filters, now: datetime) -> Any:
    days = filters.get("days")
    since = now - timedelta(days=days) if days else None
    return queries.audit_trail(
        filters.get("actor"), filters.get("person"), filters.get("action"), filters.get("result"), since
    )


def _row(me: Actor, event: AuditEvent, actor: str | None, person: str | None) -> AuditRow:
    return AuditRow(
        id=event.id,
        at=event.created_at,
        actor_id=event.actor_id,
        actor=actor or event.actor_id,
        actor_role=event.actor_role,
        action=event.action,
        kind=event.kind,
        object_id=event.object_id,
        purpose=translate(rules.purpose(event.kind, event.purpose), me.locale),
        person=person or "",
        result=event.result,
        sealed=event.seal is not None,
        ip=event.ip,
    )
