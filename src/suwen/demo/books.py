"""Deposits in each state, the seals of the days before, and a look at the ledger that found nothing."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from suwen.demo.clinic import Clinic
from suwen.payments import service as payments

LENT = "血压计押金 Blood pressure monitor"


def play(tx: Session, clinic: Clinic, now: datetime) -> None:
    """One deposit is held, one was given back, of one a part was used."""
    admin, begun = clinic.admin, now - timedelta(hours=7)
    held = []
    for number, patient in enumerate(clinic.patients[2:5]):
        at = begun + timedelta(minutes=20 * number)
        payments.top_up(tx, admin, patient.id, 30_000, at)
        held.append(payments.hold(tx, admin, patient.id, 20_000, LENT, at + timedelta(minutes=5)))
    payments.release(tx, admin, held[1], now - timedelta(hours=2))
    payments.capture(tx, admin, held[2], 6_000, "袖带损坏 Cuff torn", now - timedelta(hours=1))


def look(tx: Session, clinic: Clinic, now: datetime) -> None:
    """When all money has moved: finished days are sealed, and the invariants were looked at, by night and by hand."""
    payments.seal_days(tx, now)
    payments.keep_nightly(tx, payments.examine(tx), now - timedelta(hours=6))
    payments.run_check(tx, clinic.admin, now)
