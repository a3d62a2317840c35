"""What did not fit, and how a person settled it: once, with a reason."""

import sys
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from suwen.accounts.service import Witness
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
from suwen.payments.service import second

TOPIC, KIND = "payment-anomalies", "payment_anomaly"
# Money that moved, or is said to have moved, and that no journal of ours holds: to settle it is to give it up or away.
UNBOOKED = frozenset({
    "mismatch", "foreign", "unknown_payment", "number_used", "other_number", "refunded_elsewhere", "refund_differs",
    "refund_too_many", "refund_unknown", "refund_undone",
})  # fmt: skip
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


def unbooked(one: AnomalyView) -> int:
    """The sum, in minor units, that stands in no book while this is open; 0 where all of it does. A sum that nobody has
    named (Alipay reports that of all refunds together) counts as more than any limit."""
    if one.kind not in UNBOOKED:
        return 0
    said = one.facts.get("said")
    sums = [said.get("amount") if isinstance(said, dict) else None, one.facts.get("amount")]
    expected = one.facts.get("expected")
    sums.append(expected.get("amount") if isinstance(expected, dict) else None)
    return max((abs(one) for one in sums if type(one) is int), default=sys.maxsize)


def resolve(
    tx: Session, me: Actor, id: str, entry: ResolutionInput, now: datetime, confirmed: Witness | None = None
) -> AnomalyView:
    """Settle it, once: AlreadyResolved for whoever comes second. `other` needs a note, and a large sum that is in no
    book another admin who has confirmed it."""
    if entry.resolution == "other" and not (entry.note or "").strip():
        raise Invalid(fields={"note": "Please write down what was done."})
    second.refuse_alone(tx, me, unbooked(anomaly(tx, id)), confirmed)
    done = {"status": "resolved", "resolved_by": me.id, "resolved_at": now, "resolution": entry.resolution,
            "note": (entry.note or "").strip() or None}  # fmt: skip
    if not rows(tx, update(Anomaly).where(Anomaly.id == id, Anomaly.status == "open").values(**done)):
        raise AlreadyResolved()
    audit.seen(tx, me, "write", KIND, id, purpose=entry.resolution, now=now)
    second.signed(tx, me, confirmed, KIND, id, now)
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
