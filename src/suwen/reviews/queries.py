"""Statements about reviews. Visits are read here, never changed."""

from typing import Any

from sqlalchemy import Select, bindparam, func, select

from suwen.accounts.models import PatientProfile, User
from suwen.clinics.models import Doctor, Specialty
from suwen.reviews.models import Review, ReviewTag, ReviewTagMapping
from suwen.scheduling.models import Appointment

reviews, tags, mappings = Review.__table__, ReviewTag.__table__, ReviewTagMapping.__table__
visits, profiles, doctors, specialties = (
    Appointment.__table__, PatientProfile.__table__, Doctor.__table__, Specialty.__table__,
)  # fmt: skip
doctors_account, accounts = User.__table__.alias("doctors_account"), User.__table__

VISIT = (
    select(
        visits.c.id, visits.c.status, visits.c.doctor_id, visits.c.patient_profile_id, visits.c.appointment_start,
        visits.c.zone, profiles.c.name.label("patient"), profiles.c.first_name, profiles.c.last_name,
        doctors.c.title, doctors_account.c.name.label("doctor"),
        doctors_account.c.first_name.label("doctor_first"), doctors_account.c.last_name.label("doctor_last"),
        specialties.c.name.label("specialty"),
    )
    .join(profiles, profiles.c.id == visits.c.patient_profile_id)
    .join(doctors, doctors.c.id == visits.c.doctor_id)
    .join(doctors_account, doctors_account.c.id == doctors.c.user_id)
    .outerjoin(specialties, specialties.c.id == doctors.c.specialty_id)
    .where(visits.c.id == bindparam("visit"), visits.c.patient_id == bindparam("account"))
    .where(visits.c.is_deleted.is_(False))
)  # fmt: skip
WHOLE = (
    select(*reviews.c, doctors_account.c.name.label("doctor"), accounts.c.name.label("patient"))
    .join(doctors, doctors.c.id == reviews.c.doctor_id)
    .join(doctors_account, doctors_account.c.id == doctors.c.user_id)
    .join(accounts, accounts.c.id == reviews.c.patient_id)
)
SUMS = select(
    func.count(), func.sum(reviews.c.rating),
    func.sum(reviews.c.attitude_rating), func.count(reviews.c.attitude_rating),
    func.sum(reviews.c.professionalism_rating), func.count(reviews.c.professionalism_rating),
    func.sum(reviews.c.efficiency_rating), func.count(reviews.c.efficiency_rating),
).where(reviews.c.doctor_id == bindparam("doctor"), reviews.c.is_visible.is_(True))  # fmt: skip
BY_STARS = (
    select(reviews.c.rating, func.count())
    .where(reviews.c.doctor_id == bindparam("doctor"), reviews.c.is_visible.is_(True))
    .group_by(reviews.c.rating)
)
TAGS_OF = (
    select(mappings.c.review_id, tags.c.name)
    .join(tags, tags.c.id == mappings.c.tag_id)
    .where(mappings.c.review_id.in_(bindparam("ids", expanding=True)))
    .order_by(tags.c.name)
)
PUBLIC = (
    "id", "rating", "attitude_rating", "professionalism_rating", "efficiency_rating", "comment", "is_anonymous",
    "doctor_reply", "doctor_reply_at", "created_at", "patient_snapshot",
)  # fmt: skip


def shown_of(doctor_id: str) -> Select[Any]:
    """The reviews of a doctor that everybody may read; no column of them says who wrote."""
    mine = (reviews.c.doctor_id == doctor_id, reviews.c.is_visible.is_(True))
    return select(*(reviews.c[name] for name in PUBLIC)).where(*mine)


def common_tags(doctor_id: str, number: int) -> Select[Any]:
    return (
        select(tags.c.name)
        .join(mappings, mappings.c.tag_id == tags.c.id)
        .join(reviews, reviews.c.id == mappings.c.review_id)
        .where(reviews.c.doctor_id == doctor_id, reviews.c.is_visible.is_(True), tags.c.is_active.is_(True))
        .group_by(tags.c.id, tags.c.name)
        .order_by(func.count().desc(), tags.c.name)
        .limit(number)
    )
