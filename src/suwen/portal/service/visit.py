"""One appointment as its parties see it: time, payment, record, prescriptions, review."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from suwen.consultations.schemas import ConsultationView
from suwen.consultations.service import records
from suwen.core.actor import Actor
from suwen.payments import service as payments
from suwen.payments.models import Order
from suwen.prescribing import service as prescribing
from suwen.reviews.schemas import OwnReview
from suwen.reviews.service import reading as reviews
from suwen.scheduling.schemas import AppointmentView
from suwen.scheduling.service import reads, showing


@dataclass(frozen=True)
class Whole:
    """`ways` are what may be done now. Record, prescriptions and review are the patient's to see, not the desk's."""

    visit: AppointmentView
    ways: Any
    order: Order | None
    record: ConsultationView | None
    prescriptions: list[Any]
    review: OwnReview | None


def whole(tx: Session, me: Actor, id: str, now: datetime) -> Whole:
    """NotFound for whoever is no party to it."""
    visit = reads.appointment(tx, me, id, now)
    order = payments.orders_of(tx, [id]).get(id)
    if me.role != "patient":
        return Whole(visit, showing.ways(me, visit, now), order, None, [], None)
    room = records.of_appointment(tx, me, now, id)
    return Whole(
        visit,
        showing.ways(me, visit, now),
        order,
        room if room and room.status == "completed" else None,
        [one for one in prescribing.of_appointment(tx, me, id, now) if one.signed_at],
        reviews.my_review(tx, me, id, now),
    )
