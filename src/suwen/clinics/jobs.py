"""Timed work."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.clinics.service.catalogue import repeat_department_names
from suwen.core.outbox import every


@every(seconds=60)
def follow_department_names(tx: Session, now: datetime) -> int:
    return repeat_department_names(tx)
