"""What did not fit, and how a person settled it: once, with a reason."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from suwen.core import audit
from suwen.core.actor import Actor
from suwen.core.db import changed, rows
from suwen.core.errors import Invalid, NotFound
from suwen.core.export import BOM, csv_line
from suwen.core.i18n import translate
from suwen.core.paging import keyset
from suwen.core.schemas import Slice
from suwen.payments.anomaly_kinds import meaning
from suwen.payments.errors import AlreadyResolved
from suwen.payments.models import Anomaly
from suwen.payments.queries import channels as statements
from suwen.payments.schemas.channels import AnomalyFilters, AnomalyRow, AnomalyView, ResolutionInput

TOPIC = "payment-anomalies"
NEWEST = ((Anomaly.created_at, "desc"), (Anomaly.id, "desc"))


def anomalies(
    tx: Session, filters: AnomalyFilters, *, after: str | None = None, limit: int | None = None
) -> Slice[AnomalyRow]:
    """Newest first."""
    found, following = keyset(tx, statements.anomalies(filters), NEWEST, after, limit)
    names = AnomalyRow.__struct_fields__
    return Slice([AnomalyRow(**{name: getattr(row, name) for name in names}) for row in found], following)


def anomaly(tx: Session, id: str) -> AnomalyView:
    found = statements.anomaly(tx, id)
    if found is None:
        raise NotFound()
    return found


def open_anomalies(tx: Session) -> int:
    return statements.open_anomalies(tx)


def kinds(tx: Session) -> list[str]:
    """Those that there are, for a filter."""
    return statements.kinds_of_anomalies(tx)


def resolve(tx: Session, me: Actor, id: str, entry: ResolutionInput, now: datetime) -> AnomalyView:
    """Settle it, once: AlreadyResolved for whoever comes second. `other` needs a note."""
    if entry.resolution == "other" and not (entry.note or "").strip():
        raise Invalid(fields={"note": "Please write down what was done."})
    anomaly(tx, id)
    done = {"status": "resolved", "resolved_by": me.id, "resolved_at": now, "resolution": entry.resolution,
            "note": (entry.note or "").strip() or None}  # fmt: skip
    if not rows(tx, update(Anomaly).where(Anomaly.id == id, Anomaly.status == "open").values(**done)):
        raise AlreadyResolved()
    audit.seen(tx, me, "write", "payment_anomaly", id, purpose=entry.resolution, now=now)
    changed(tx, TOPIC)
    return anomaly(tx, id)


def anomalies_csv(tx: Session, actor: Actor, filters: AnomalyFilters) -> Iterator[str]:
    """All that match, in pieces."""
    names = AnomalyRow.__struct_fields__
    yield BOM + csv_line([*names, "meaning"])
    after: str | None = None
    while True:
        found, after = keyset(tx, statements.anomalies(filters), NEWEST, after, 100)
        for row in found:
            words = translate(meaning(row.kind).title, actor.locale)
            yield csv_line([*(getattr(row, name) for name in names), words])
        if after is None:
            return
