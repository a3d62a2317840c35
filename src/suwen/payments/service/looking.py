"""Looking at the ledger: every night and when an admin asks. What was found is kept for ever, and told."""

import logging
import time
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from suwen.accounts.models import User
from suwen.core.actor import Actor
from suwen.core.db import new_id
from suwen.core.errors import Forbidden
from suwen.core.i18n import N_
from suwen.notifications.service import notify
from suwen.payments.models import Journal, LedgerCheck, Posting
from suwen.payments.service.checking import Fault, faults
from suwen.payments.service.reconciling.checking import settlement_faults

NIGHT = timedelta(hours=20)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Examined:
    faults: list[Fault]
    journals: int
    postings: int
    took_ms: int


def examine(tx: Session) -> Examined:
    """All questions, and how long they took. Nothing is written: this may be a read."""
    began = time.monotonic()
    found = list(faults(tx))
    found += [Fault(9, N_("settlement with a gateway: %(what)s"), {"what": text}) for text in settlement_faults(tx)]
    count = [int(tx.scalar(select(func.count()).select_from(model)) or 0) for model in (Journal, Posting)]
    return Examined(found, count[0], count[1], round(1000 * (time.monotonic() - began)))


def nightly_due(tx: Session, now: datetime) -> bool:
    """Whether the last look that nobody asked for was a night ago."""
    recent = select(LedgerCheck.id).where(LedgerCheck.created_at > now - NIGHT, LedgerCheck.asked_by.is_(None))
    return tx.scalar(recent.limit(1)) is None


def keep_nightly(tx: Session, examined: Examined, now: datetime) -> None:
    """Note what the night's look found, and tell every admin where the money does not add up."""
    keep_check(tx, None, examined, now)
    for fault in examined.faults:
        log.error("ledger: %s", fault)
    if not examined.faults:
        return
    for admin in tx.scalars(select(User.id).where(User.role == "admin", User.is_deleted.is_(False))):
        notify(
            tx, admin, "system_announcement", N_("The ledger does not add up"),
            N_("The nightly check found %(count)s places that do not fit. Look at the ledger, before money moves on."),
            None, now, {"count": len(examined.faults), "path": "/admin/ledger"}, once=f"ledger:{admin}:{now:%Y%m%d}",
        )  # fmt: skip


def keep_check(tx: Session, actor: Actor | None, examined: Examined, now: datetime) -> str:
    """Note what was found, for ever."""
    id = new_id()
    row = LedgerCheck(
        id=id, created_at=now, took_ms=examined.took_ms, journals=examined.journals, postings=examined.postings,
        faults=[asdict(fault) for fault in examined.faults], asked_by=actor.id if actor else None,
    )  # fmt: skip
    tx.add(row)
    tx.flush()
    return id


def run_check(tx: Session, actor: Actor, now: datetime, examined: Examined | None = None) -> str:
    """An admin asks; what was examined outside the transaction already is only noted. Refused: everybody else."""
    if actor.role not in ("admin", "system"):
        raise Forbidden()
    return keep_check(tx, actor if actor.role == "admin" else None, examined or examine(tx), now)
