"""Bills are looked for by the clock and fetched outside transactions."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from suwen.core.db import Database
from suwen.core.outbox import every, reach
from suwen.payments.events import BillDue, PaymentDoubted
from suwen.payments.service import reconciling


@every(seconds=600)
def look_for_bills(tx: Session, now: datetime) -> int:
    return reconciling.look_for_due(tx, now)


@reach(BillDue)
def reconcile_a_day(db: Database, now: datetime, message_id: str, gateway: str, day: str) -> None:
    reconciling.fetch_and_reconcile(db, gateway, date.fromisoformat(day), now)


@reach(PaymentDoubted)
def ask_the_gateway(db: Database, now: datetime, message_id: str, gateway: str, out_no: str, external_id: str) -> None:
    reconciling.ask_gateway(db, gateway, out_no, external_id, now)
