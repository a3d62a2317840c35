"""What did not fit: written down once per occasion, told to the admins, left to a person to resolve.

What comes up again after somebody had resolved it is open again, and told again: the word of the last time stays.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from suwen.accounts.models import User
from suwen.core.db import changed, new_id, rows
from suwen.notifications.service import notify
from suwen.payments.anomaly_kinds import meaning
from suwen.payments.models import Anomaly

INSERT = insert(Anomaly.__table__)
# Anybody can send us rubbish: that is counted, and nobody is woken for it.
QUIET = frozenset({"unreadable", "probe"})


def note(
    tx: Session, kind: str, once: str, now: datetime, *, gateway: str | None = None, order_id: str | None = None,
    transaction_id: str | None = None, refund_id: str | None = None, facts: Mapping[str, Any] | None = None,
    told: str = "",
) -> bool:  # fmt: skip
    """Count one occurrence. True if it is the first under the key `once`, or the first since that was resolved.

    `facts` names no person and no secret. `told` is a wider key than `once`, where admins shall hear of several
    occasions together.
    """
    key = once[:190]
    row = {
        "id": new_id(), "created_at": now, "once": key, "kind": kind, "gateway": gateway, "order_id": order_id,
        "transaction_id": transaction_id, "refund_id": refund_id, "facts": dict(facts or {}), "count": 1,
        "last_at": now, "status": "open",
    }  # fmt: skip
    new = _counted(tx, row)
    if new is None:
        try:
            with tx.begin_nested():
                tx.execute(INSERT, row)
            new = True
        except IntegrityError:
            new = _counted(tx, row)
    if not new:
        return False
    if kind not in QUIET:
        count = tx.scalar(select(Anomaly.count).where(Anomaly.once == key))
        _tell(tx, kind, f"{count}:{told or key}", gateway, now)
    changed(tx, "payment-anomalies")
    return True


def _counted(tx: Session, row: Mapping[str, Any]) -> bool | None:
    """One more of what is there already: True if it had been resolved and is open again, None if it is not there."""
    mine = update(Anomaly).where(Anomaly.once == row["once"]).values(count=Anomaly.count + 1, last_at=row["last_at"])
    if rows(tx, mine.where(Anomaly.status == "open")):
        return False
    reopened = mine.where(Anomaly.status == "resolved").values(status="open", facts=row["facts"])
    return True if rows(tx, reopened) else None


def _tell(tx: Session, kind: str, key: str, gateway: str | None, now: datetime) -> None:
    admins = select(User.id).where(User.role == "admin", User.is_deleted.is_(False), User.status == "active")
    for admin in tx.scalars(admins).all():
        notify(
            tx, admin, "system_announcement", meaning(kind).title, meaning(kind).what, None, now,
            {"kind": kind, "gateway": gateway or "-", "path": "/admin/payments/anomalies"},
            once=f"anomaly:{admin}:{key}"[:190],
        )  # fmt: skip
