"""Statements for pages that look across packages."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, String, and_, case, cast, false, func, select

from suwen.accounts.models import PatientProfile, User
from suwen.clinics.models import ClinicLocation, Department, Doctor
from suwen.core.audit import ACTIONS, AuditEvent
from suwen.core.outbox import OutboxMessage
from suwen.payments.models import Journal, LedgerAccount, Order, Posting, Refund
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


def ratings_by_time(start: datetime, end: datetime) -> Select[Any]:
    """(ten minutes, how many, sum of stars) of reviews written in [start, end)."""
    slice_ = _ten_minutes(Review.created_at)
    within = (Review.created_at >= start, Review.created_at < end, Review.is_visible.is_(True))
    return select(slice_, func.count(), func.sum(Review.rating)).where(*within).group_by(slice_)


def new_patients(start: datetime, end: datetime) -> Select[Any]:
    within = (User.created_at >= start, User.created_at < end, User.role == "patient")
    return select(func.count()).select_from(User).where(*within, User.is_deleted.is_(False))


INCOME = "revenue:services"
_BACK = case((Journal.kind.like("refund%"), Posting.amount_minor), else_=0)
_TAKEN = case((Journal.kind.like("refund%"), 0), else_=-Posting.amount_minor)


def _income(columns: tuple[Any, ...], start: datetime, end: datetime) -> Select[Any]:
    """Postings on the revenue account that were booked in [start, end), with the visit that they were for."""
    found = select(*columns).select_from(LedgerAccount).join(Posting, Posting.account_id == LedgerAccount.id)
    found = found.join(Journal, Journal.id == Posting.journal_id)
    found = found.outerjoin(Order, and_(Journal.ref_type == "order", Order.id == Journal.ref_id))
    found = found.outerjoin(Appointment, Appointment.id == Order.appointment_id)
    within = (Posting.created_at >= start, Posting.created_at < end)
    return found.where(LedgerAccount.code == INCOME, *within)


def revenue_by_time(start: datetime, end: datetime) -> Select[Any]:
    """(ten minutes, currency, taken, paid back), in minor units."""
    slice_ = _ten_minutes(Posting.created_at)
    found: Any = select(slice_, Posting.currency, func.sum(_TAKEN), func.sum(_BACK)).select_from(LedgerAccount)
    found = found.join(Posting, Posting.account_id == LedgerAccount.id).join(Journal, Journal.id == Posting.journal_id)
    within = (Posting.created_at >= start, Posting.created_at < end)
    return found.where(LedgerAccount.code == INCOME, *within).group_by(slice_, Posting.currency)


def revenue_by_place(start: datetime, end: datetime) -> Select[Any]:
    """(currency, method, department's, doctor's and location's id, taken, paid back)."""
    by = (Posting.currency, Order.payment_method, Doctor.department_id, Appointment.doctor_id, Appointment.location_id)
    found = _income((*by, func.sum(_TAKEN), func.sum(_BACK)), start, end)
    return found.outerjoin(Doctor, Doctor.id == Appointment.doctor_id).group_by(*by)


def revenue_rows(start: datetime, end: datetime) -> Select[Any]:
    """Every posting in its order, for a file."""
    by = (Posting.created_at, Posting.id, Posting.currency, Order.order_no, Order.payment_method, Department.name,
          User.name, ClinicLocation.name, _TAKEN, _BACK)  # fmt: skip
    found = _income(by, start, end).outerjoin(Doctor, Doctor.id == Appointment.doctor_id)
    found = found.outerjoin(User, User.id == Doctor.user_id)
    found = found.outerjoin(Department, Department.id == Doctor.department_id)
    found = found.outerjoin(ClinicLocation, ClinicLocation.id == Appointment.location_id)
    return found.order_by(Posting.created_at, Posting.id)


def owed_by_insurers(start: datetime, end: datetime) -> Select[Any]:
    """(currency, what insurers came to owe in [start, end), what they paid). A refund before that is owed no more."""
    owed = func.sum(case((Journal.kind == "insured", 0), else_=Posting.amount_minor))
    paid = func.sum(case((Journal.kind == "insured", -Posting.amount_minor), else_=0))
    found: Any = select(Posting.currency, owed, paid).join(LedgerAccount, LedgerAccount.id == Posting.account_id)
    found = found.join(Journal, Journal.id == Posting.journal_id)
    within = (Posting.created_at >= start, Posting.created_at < end)
    return found.where(LedgerAccount.code == "asset:insurance_receivable", *within).group_by(Posting.currency)


DOCTORS_TO_VERIFY = (
    select(Doctor.id, User.name, Doctor.title, Doctor.created_at)
    .join(User, User.id == Doctor.user_id)
    .where(Doctor.verification_status == "pending", Doctor.is_deleted.is_(False))
    .order_by(Doctor.created_at)
    .limit(10)
)
REFUNDS_TO_REVIEW = (
    select(Refund.id, Refund.refund_no, Refund.refund_amount, Order.currency, Refund.created_at, User.name)
    .join(Order, Order.id == Refund.order_id)
    .join(User, User.id == Order.user_id)
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
