"""What the reviews of a doctor amount to, kept on the doctor in the same transaction."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.clinics import service as clinics
from suwen.clinics.models import Doctor
from suwen.reviews import queries, rules


def take_turn(tx: Session, doctor_id: str) -> None:
    """Those who change reviews of one doctor do so one after the other; else each would add up without the other."""
    tx.execute(select(Doctor.id).where(Doctor.id == doctor_id).with_for_update())


def add_up(tx: Session, doctor_id: str) -> None:
    """After `take_turn` and the change."""
    tx.flush()
    count, stars, *parts = tx.execute(queries.SUMS, {"doctor": doctor_id}).one()
    averages = [rules.hundredths(parts[place], parts[place + 1]) for place in (0, 2, 4)]
    clinics.record_rating(
        tx, doctor_id, reviews=count, rating=rules.hundredths(stars, count), attitude=averages[0],
        professionalism=averages[1], efficiency=averages[2],
    )  # fmt: skip
