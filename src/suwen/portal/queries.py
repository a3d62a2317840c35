"""Statements for pages that look across packages."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, String, case, cast, false, func, select

from suwen.accounts.models import PatientProfile, User
from suwen.clinics.models import Doctor
from suwen.core.audit import ACTIONS, AuditEvent
from suwen.core.outbox import OutboxMessage
from suwen.payments.models import Order, Refund, Transaction
from suwen.reviews.models import Review
from suwen.scheduling.models import Appointment, Slot


def audit_trail(
    actor: str | None, person: str | None, action: str | None, result: str | None, since: datetime | None
) -> Select[Any]:
    """Events with the names of who looked and whose record it was; names are looked up, not stored."""
    found: Any = (
        select(AuditEvent, User.name, PatientProfile.name)
        .outerjoin(User, User.id == AuditEvent.actor_id)
        .outerjoin(PatientProfile, PatientProfile.id == AuditEvent.person_id)
    )
    if actor:
        found = found.where((User.name == actor) | (User.account == actor) | (AuditEvent.actor_id == actor))
    if person:
        found = found.where((PatientProfile.name == person) | (AuditEvent.person_id == person))
    if action:
        found = found.where(AuditEvent.action == action if action in ACTIONS else false())
    if result:
        found = found.where(AuditEvent.result == result if result in ("done", "denied") else false())
    if since:
        found = found.where(AuditEvent.created_at >= since)
    return found


def _ten_minutes(moment: Any) -> Any:
    """'2030-01-01 09:3', on every database: fine enough for the local days of any zone."""
    return func.substr(cast(moment, String(30)), 1, 15)


def visits_by_time(start: datetime, end: datetime) -> Select[Any]:
    """(ten minutes, status, how many) of appointments that begin in [start, end)."""
    slice_ = _ten_minutes(Appointment.appointment_start)
    within = (Appointment.appointment_start >= start, Appointment.appointment_start < end)
    wanted = select(slice_, Appointment.status, func.count()).where(*within, Appointment.is_deleted.is_(False))
    return wanted.group_by(slice_, Appointment.status)


def slots_by_time(start: datetime, end: datetime) -> Select[Any]:
    """(ten minutes, how many, how many booked) of slots that begin in [start, end)."""
    slice_ = _ten_minutes(Slot.slot_start)
    booked = func.sum(case((Slot.is_booked.is_(True), 1), else_=0))
    within = (Slot.slot_start >= start, Slot.slot_start < end)
    return select(slice_, func.count(), booked).where(*within).group_by(slice_)


def money_by_time(start: datetime, end: datetime) -> Select[Any]:
    """(ten minutes, currency, type, minor units) of payments and refunds that succeeded in [start, end)."""
    slice_ = _ten_minutes(Transaction.completed_at)
    within = (Transaction.completed_at >= start, Transaction.completed_at < end, Transaction.status == "success")
    found = select(slice_, Order.currency, Transaction.transaction_type, func.sum(Transaction.amount))
    found = found.join(Order, Order.id == Transaction.order_id).where(*within)
    return found.group_by(slice_, Order.currency, Transaction.transaction_type)


def ratings_by_time(start: datetime, end: datetime) -> Select[Any]:
    """(ten minutes, how many, sum of stars) of reviews written in [start, end)."""
    slice_ = _ten_minutes(Review.created_at)
    within = (Review.created_at >= start, Review.created_at < end, Review.is_visible.is_(True))
    return select(slice_, func.count(), func.sum(Review.rating)).where(*within).group_by(slice_)


def new_patients(start: datetime, end: datetime) -> Select[Any]:
    within = (User.created_at >= start, User.created_at < end, User.role == "patient")
    return select(func.count()).select_from(User).where(*within, User.is_deleted.is_(False))


DOCTORS_TO_VERIFY = (
    select(Doctor.id, User.name, Doctor.title, Doctor.created_at)
    .join(User, User.id == Doctor.user_id)
    .where(Doctor.verification_status == "pending", Doctor.is_deleted.is_(False))
    .order_by(Doctor.created_at)
    .limit(10)
)
REFUNDS_TO_REVIEW = (
    select(Refund.id, Refund.refund_no, Refund.order_id, Refund.refund_amount, Order.currency, Refund.created_at)
    .join(Order, Order.id == Refund.order_id)
    .where(Refund.status == "pending")
    .order_by(Refund.created_at)
    .limit(10)
)
FAILED_DELIVERIES = (
    select(OutboxMessage.id, OutboxMessage.event, OutboxMessage.job, OutboxMessage.failed_at)
    .where(OutboxMessage.failed_at.is_not(None))
    .order_by(OutboxMessage.failed_at.desc())
    .limit(10)
)
