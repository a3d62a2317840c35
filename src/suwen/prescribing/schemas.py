"""Prescriptions as they come in and go out."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec

from suwen.core.schemas import Input, Version, View
from suwen.prescribing.rules import LONGEST, MOST_LINES

Short = Annotated[str, msgspec.Meta(max_length=100)]
Long = Annotated[str, msgspec.Meta(max_length=500)]


class Medicine(Input):
    """One line. `duration` ("7天", "2 weeks") and `duration_days` follow from each other."""

    name: Short = ""
    dosage: Short = ""
    frequency: Short = ""
    duration: Short | None = None
    duration_days: Annotated[int, msgspec.Meta(ge=1, le=LONGEST)] | None = None
    notes: Long | None = None
    specification: Short | None = None
    usage: Annotated[str, msgspec.Meta(max_length=200)] | None = None


class Pharmacy(Input):
    name: Short | None = None
    phone: Annotated[str, msgspec.Meta(max_length=30)] | None = None
    address: Annotated[str, msgspec.Meta(max_length=200)] | None = None


Lines = Annotated[list[Medicine], msgspec.Meta(max_length=MOST_LINES)]


class Content(Input):
    """What a doctor writes. `medications` is another name of `medicines`; give one of them."""

    diagnosis: Annotated[str, msgspec.Meta(max_length=500)] = ""
    medicines: Lines | None = None
    medications: Lines | None = None
    instructions: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    refill_allowed: Annotated[int, msgspec.Meta(ge=0, le=12)] = 0
    pharmacy: Pharmacy | None = None

    @property
    def lines(self) -> list[Medicine]:
        return self.medicines if self.medicines is not None else self.medications or []


class DraftInput(Content, kw_only=True):
    """For a visit that has begun: its appointment, or the consultation that belongs to it."""

    appointment_id: str | None = None
    consultation_id: str | None = None


class ChangeInput(Content, kw_only=True):
    version: Version


class EditorForm(Input):
    """The editor. `then` is the button that was pressed."""

    diagnosis: Annotated[str, msgspec.Meta(max_length=500)] = ""
    medicines: Lines = msgspec.field(default_factory=list)
    instructions: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    refill_allowed: Annotated[int, msgspec.Meta(ge=0, le=12)] = 0
    pharmacy_name: Short | None = None
    pharmacy_phone: Annotated[str, msgspec.Meta(max_length=30)] | None = None
    pharmacy_address: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    version: Version = 0
    then: Literal["save", "more", "review"] = "save"

    def content(self) -> ChangeInput:
        pharmacy = Pharmacy(name=self.pharmacy_name, phone=self.pharmacy_phone, address=self.pharmacy_address)
        given = any(msgspec.structs.astuple(pharmacy))
        return ChangeInput(
            diagnosis=self.diagnosis, medicines=self.medicines, instructions=self.instructions,
            refill_allowed=self.refill_allowed, pharmacy=pharmacy if given else None, version=self.version,
        )  # fmt: skip

    def draft(self, appointment_id: str) -> DraftInput:
        values = msgspec.structs.asdict(self.content())
        values.pop("version")
        return DraftInput(appointment_id=appointment_id, **values)


class SignForm(Input):
    version: Version
    not_safety_checked: bool = False


class SignInput(Input):
    """`not_safety_checked` must be true: the signer knows that no interaction or dose was checked by the platform."""

    version: Version
    not_safety_checked: bool


class VoidInput(Input):
    reason: Annotated[str, msgspec.Meta(min_length=2, max_length=500)]


class PersonSnapshot(View):
    """The person as at the signature; `id` is the profile's."""

    id: str
    first_name: str
    last_name: str
    dob: date | None
    gender: str | None


class DoctorSnapshot(View):
    id: str
    first_name: str
    last_name: str
    specialty: str | None


class PrescriptionView(View):
    id: str
    code: str
    status: str
    version: int
    appointment_id: str | None
    consultation_id: str | None
    doctor_id: str
    doctor: str
    patient_id: str
    patient_profile_id: str
    patient_name: str
    diagnosis: str
    medicines: list[Medicine]
    instructions: str
    prescription_date: datetime
    refill_allowed: int
    refills_used: int
    pharmacy: Pharmacy | None
    patient_snapshot: PersonSnapshot | None
    doctor_snapshot: DoctorSnapshot | None
    safety_checked: bool
    signed_by: str | None
    signed_at: datetime | None
    voided_at: datetime | None
    void_reason: str | None
    created_at: datetime
    updated_at: datetime
    mine: bool


class PrescriptionLine(View):
    """One of a list: who, whose, when, how many medicines; not which."""

    id: str
    code: str
    status: str
    doctor: str
    patient_name: str
    patient_profile_id: str
    appointment_id: str | None
    prescription_date: datetime
    signed_at: datetime | None
    lines: int


def lines_of(stored: Any) -> list[Medicine]:
    """From the JSON column; what an older release wrote besides is left out."""
    known = set(Medicine.__struct_fields__)
    return [
        Medicine(**{name: value for name, value in line.items() if name in known and value is not None})
        for line in stored or []
    ]
