"""Prescriptions, and what belongs to them: evaluations, signatures, reviews, dispensings; templates and phrases."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from suwen.core.columns import Id, ServerNow, currency_code, flag, money, ref, whole
from suwen.core.db import Changing, Json, LongText, Record, Versioned, choice, exact, utc_now

KINDS = ("herbal", "compound", "general")
STATUSES = ("draft", "signed", "returned", "effective", "partially_dispensed", "dispensed", "expired", "voided")


class Prescription(Versioned):
    """A prescription for one person. From the signature on its content and its two snapshots stay as they are.

    `signed_by` is the signer's name as it was then, `signer_id` the account. `content_hash` is what was signed.
    `medicines` are lines: the schema's name, dosage, frequency, duration, duration_days, notes, specification, usage,
    and of ours code (in the reference data), role (君臣佐使), method (先煎 ...), amount and unit, frequency_code,
    as_needed, most_per_day, quantity and quantity_unit; numbers are decimal strings. `regimen` says how a formula is
    made and taken: form, doses (剂), doses_per_day, ml, times_per_day, timing, route, temperature, avoid (忌口).
    `facts` is what the doctor asked for this prescription: pregnancy, lactating, weight_kg, conditions. `answers` are
    the doctor's reasons, by key of the finding; of a draft, proposals that a signature must bring again. `last_day` is
    the last day it is taken, `valid_until` the last moment it may be dispensed.
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
    kind: Mapped[str] = mapped_column(choice(*KINDS, name="kind"), default="general", server_default="general")
    channel: Mapped[str] = mapped_column(
        choice("online", "offline", name="channel"), default="online", server_default="online"
    )
    jurisdiction: Mapped[str] = mapped_column(String(10), default="OFF", server_default="OFF")
    medicines: Mapped[list[Any]] = mapped_column(Json)
    regimen: Mapped[dict[str, Any] | None] = mapped_column(Json)
    facts: Mapped[dict[str, Any] | None] = mapped_column(Json)
    answers: Mapped[dict[str, Any] | None] = mapped_column(Json)
    instructions: Mapped[str] = mapped_column(LongText)
    prescription_date: Mapped[datetime] = mapped_column(default=utc_now, server_default=ServerNow())
    refill_allowed: Mapped[int] = whole()
    refills_used: Mapped[int] = whole()
    pharmacy: Mapped[dict[str, Any] | None] = mapped_column(Json)
    patient_snapshot: Mapped[dict[str, Any] | None] = mapped_column(Json)
    doctor_snapshot: Mapped[dict[str, Any] | None] = mapped_column(Json)
    status: Mapped[str] = mapped_column(choice(*STATUSES, name="status"), default="draft", server_default="draft")
    safety_checked: Mapped[bool] = flag()
    evaluation_id: Mapped[str | None] = mapped_column(Id)  # the last one; it points here itself
    total: Mapped[int | None] = money()
    currency: Mapped[str] = currency_code()
    last_day: Mapped[date | None]
    content_hash: Mapped[str | None] = mapped_column(String(64))
    signed_by: Mapped[str | None] = mapped_column(String(200))
    signer_id: Mapped[str | None] = ref("users.id")
    signed_at: Mapped[datetime | None]
    reviewed_by: Mapped[str | None] = ref("users.id")
    reviewed_at: Mapped[datetime | None]
    return_reason: Mapped[str | None] = mapped_column(String(500))
    effective_at: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]
    extended_days: Mapped[int] = whole()
    voided_by: Mapped[str | None] = ref("users.id")
    voided_at: Mapped[datetime | None]
    void_reason: Mapped[str | None] = mapped_column(String(500))


class SafetyEvaluation(Record):
    """One run of the safety engine, as it can be repeated: what went in, by which rules, what came out. Never
    changed, but for the key that `input` and `findings` are sealed with: they hold what stands sealed in the profile.
    Each is one encrypted text; of older rows it is clear."""

    __tablename__ = "safety_evaluations"
    __table_args__ = (Index(None, "prescription_id", "created_at"),)

    prescription_id: Mapped[str] = ref("prescriptions.id")
    rule_set: Mapped[str] = mapped_column(String(40))
    reviewed: Mapped[bool] = flag()
    input_hash: Mapped[str] = mapped_column(String(64))
    input: Mapped[Any] = mapped_column(Json)
    findings: Mapped[Any] = mapped_column(Json)
    worst: Mapped[int] = whole()
    purpose: Mapped[str] = mapped_column(choice("draft", "sign", "review", "dispense", name="purpose"))


class SigningKey(Record):
    """A person's Ed25519 key. The private half is sealed by the server's key; a retired key still verifies."""

    __tablename__ = "signing_keys"
    __table_args__ = (Index(None, "user_id"),)

    user_id: Mapped[str] = ref("users.id")
    public_key: Mapped[str] = mapped_column(String(64))
    private_key: Mapped[str | None] = mapped_column(LongText)
    retired_at: Mapped[datetime | None]


class Signature(Record):
    """A detached signature over the canonical JSON of what was signed (`signed`), by a person's key.

    `answers` are the reasons that were given for findings; editing the prescription sets `invalidated_at`.
    """

    __tablename__ = "prescription_signatures"
    __table_args__ = (Index(None, "prescription_id", "created_at"),)

    prescription_id: Mapped[str] = ref("prescriptions.id")
    user_id: Mapped[str] = ref("users.id")
    role: Mapped[str] = mapped_column(choice("prescriber", "pharmacist", name="role"))
    name: Mapped[str] = mapped_column(String(200))
    key_id: Mapped[str] = ref("signing_keys.id")
    evaluation_id: Mapped[str | None] = ref("safety_evaluations.id")
    content_hash: Mapped[str] = mapped_column(String(64))
    signed: Mapped[str] = mapped_column(LongText)
    signature: Mapped[str] = mapped_column(String(128))
    invalidated_at: Mapped[datetime | None]


class PharmacistReview(Record):
    """What a pharmacist looked at (seven checks) and said."""

    __tablename__ = "prescription_reviews"
    __table_args__ = (Index(None, "prescription_id", "created_at"),)

    prescription_id: Mapped[str] = ref("prescriptions.id")
    reviewer_id: Mapped[str] = ref("users.id")
    verdict: Mapped[str] = mapped_column(choice("accepted", "returned", name="verdict"))
    checks: Mapped[dict[str, Any]] = mapped_column(Json)
    reason: Mapped[str | None] = mapped_column(String(500))


class Dispensing(Record):
    """Medicine given out: the first time is number 1, refills follow. The number is unique: two at once cannot both
    be it. `checked_how` says by what the second person proved to be there; without it they were only named."""

    __tablename__ = "dispensings"
    __table_args__ = (UniqueConstraint("prescription_id", "number"),)

    prescription_id: Mapped[str] = ref("prescriptions.id")
    number: Mapped[int]
    dispensed_by: Mapped[str] = ref("users.id")
    checked_by: Mapped[str | None] = ref("users.id")
    checked_how: Mapped[str | None] = mapped_column(String(20))
    note: Mapped[str | None] = mapped_column(String(500))


class PrescriptionTemplate(Changing):
    """What a doctor prescribes again and again. `kind` and `regimen` as on a prescription; `formula` names the classic
    formula it was made of."""

    __tablename__ = "prescription_templates"
    __table_args__ = (Index(None, "doctor_id", "usage_count"),)

    doctor_id: Mapped[str] = ref("doctors.id")
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str | None] = mapped_column(String(500))
    kind: Mapped[str] = mapped_column(choice(*KINDS, name="kind"), default="general", server_default="general")
    formula: Mapped[str | None] = mapped_column(String(60))
    diagnosis: Mapped[str] = mapped_column(LongText)
    medicines: Mapped[list[Any]] = mapped_column(Json)
    regimen: Mapped[dict[str, Any] | None] = mapped_column(Json)
    instructions: Mapped[str] = mapped_column(LongText)
    usage_count: Mapped[int] = whole()
    is_active: Mapped[bool] = flag(True)


class CommonPhrase(Changing):
    """A doctor's reusable text, for a diagnosis, for advice, for symptoms."""

    __tablename__ = "common_phrases"
    __table_args__ = (Index(None, "doctor_id", "category", "usage_count"),)

    doctor_id: Mapped[str] = ref("doctors.id")
    category: Mapped[str] = mapped_column(String(50))
    content: Mapped[str] = mapped_column(LongText)
    usage_count: Mapped[int] = whole()
    is_active: Mapped[bool] = flag(True)


class MedicinePrice(Changing):
    """What a clinic asks for a piece (by 10 g) or a product (by unit); `code` is the reference data's."""

    __tablename__ = "medicine_prices"

    code: Mapped[str] = mapped_column(exact(60), unique=True)
    amount: Mapped[int] = money()
    currency: Mapped[str] = currency_code()
