"""Prescriptions."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from suwen.core.columns import ServerNow, flag, ref, whole
from suwen.core.db import Json, LongText, Versioned, choice, exact, utc_now

STATUSES = ("draft", "signed", "returned", "effective", "partially_dispensed", "dispensed", "expired", "voided")


class Prescription(Versioned):
    """A prescription for one person. From the signature on its content and its two snapshots stay as they are.

    `signed_by` is the signer's name as it was then, `signer_id` the account. `content_hash` is what was signed.
    """

    __tablename__ = "prescriptions"
    __table_args__ = (
        Index(None, "doctor_id", "prescription_date"),
        Index(None, "patient_id", "prescription_date"),
        Index(None, "patient_profile_id", "prescription_date"),
        Index(None, "appointment_id"),
        Index(None, "status", "valid_until"),
        CheckConstraint("refills_used >= 0 AND refills_used <= refill_allowed", name="refills"),
    )

    code: Mapped[str] = mapped_column(exact(20), unique=True)
    appointment_id: Mapped[str | None] = ref("appointments.id")
    consultation_id: Mapped[str | None] = ref("video_consultations.id")
    doctor_id: Mapped[str] = ref("doctors.id")
    patient_id: Mapped[str] = ref("users.id")
    patient_profile_id: Mapped[str] = ref("patient_profiles.id")
    patient_name: Mapped[str] = mapped_column(String(100))
    diagnosis: Mapped[str] = mapped_column(LongText)
    medicines: Mapped[list[Any]] = mapped_column(Json)
    instructions: Mapped[str] = mapped_column(LongText)
    prescription_date: Mapped[datetime] = mapped_column(default=utc_now, server_default=ServerNow())
    refill_allowed: Mapped[int] = whole()
    refills_used: Mapped[int] = whole()
    pharmacy: Mapped[dict[str, Any] | None] = mapped_column(Json)
    patient_snapshot: Mapped[dict[str, Any] | None] = mapped_column(Json)
    doctor_snapshot: Mapped[dict[str, Any] | None] = mapped_column(Json)
    status: Mapped[str] = mapped_column(choice(*STATUSES, name="status"), default="draft", server_default="draft")
    safety_checked: Mapped[bool] = flag()
    content_hash: Mapped[str | None] = mapped_column(String(64))
    signed_by: Mapped[str | None] = mapped_column(String(200))
    signer_id: Mapped[str | None] = ref("users.id")
    signed_at: Mapped[datetime | None]
    reviewed_by: Mapped[str | None] = ref("users.id")
    reviewed_at: Mapped[datetime | None]
    return_reason: Mapped[str | None] = mapped_column(String(500))
    valid_until: Mapped[datetime | None]
    voided_by: Mapped[str | None] = ref("users.id")
    voided_at: Mapped[datetime | None]
    void_reason: Mapped[str | None] = mapped_column(String(500))
