"""What was said to gateways is not kept for ever."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.outbox import every
from suwen.payments.service import talk


@every(seconds=900)
def purge_exchanges(tx: Session, now: datetime) -> int:
    return talk.purge_exchanges(tx, now)
