"""The nightly look at the ledger."""

import logging
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.accounts.models import User
from suwen.core.i18n import N_
from suwen.core.outbox import every
from suwen.notifications.service import notify
from suwen.payments import service

log = logging.getLogger(__name__)


@every(seconds=86_400)
def check_ledger(tx: Session, now: datetime) -> int:
    """Tell the admins, once a day, when the money does not add up."""
    found = service.check_ledger(tx)
    for fault in found:
        log.error("ledger: %s", fault)
    if found:
        for admin in tx.scalars(select(User.id).where(User.role == "admin", User.is_deleted.is_(False))):
            notify(
                tx, admin, "system_announcement", N_("The ledger does not add up"),
                N_("The nightly check found %(count)s places that do not fit. The server's log names them."),
                None, now, {"count": len(found)}, once=f"ledger:{admin}:{now:%Y%m%d}",
            )  # fmt: skip
    return len(found)
