"""What happens to a claim by itself."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.outbox import on
from suwen.payments.events import PaymentSettled
from suwen.payments.service import claims


@on(PaymentSettled)
def ask_no_insurer_for_what_was_paid(tx: Session, now: datetime, order_id: str, subject: str | None) -> None:
    claims.overtaken(tx, order_id, now)
