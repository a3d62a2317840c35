"""A prescription as the document of the clinic schema. What is not known is null."""

import msgspec

from suwen.core.schemas import View


class PatientSnapshot(View):
    """`id` is the person's: a family member has their own."""

    id: str | None
    first_name: str | None
    last_name: str | None
    dob: str | None
    gender: str | None


class PrescriberSnapshot(View):
    id: str | None
    first_name: str | None
    last_name: str | None
    specialty: str | None


class Medication(View):
    name: str | None
    dosage: str | None
    frequency: str | None
    duration_days: int | None
    notes: str | None


class NamedPharmacy(View):
    name: str | None
    phone: str | None
    address: str | None


class PrescriptionDocument(View):
    """Moments are UTC, as text."""

    id: str = msgspec.field(name="_id")
    appointment_id: str | None
    patient_snapshot: PatientSnapshot
    doctor_snapshot: PrescriberSnapshot
    medications: list[Medication]
    instructions: str
    refill_allowed: int
    pharmacy: NamedPharmacy
    signed_by: str | None
    signed_at: str
    created_at: str
    updated_at: str
