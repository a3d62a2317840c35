"""What others may react to; nothing clinical travels in them."""

from dataclasses import dataclass
from typing import ClassVar

from suwen.core.outbox import Event


@dataclass(frozen=True)
class PrescriptionSigned(Event):
    name: ClassVar[str] = "prescribing.prescription_signed"
    prescription_id: str
    appointment_id: str | None
    patient_id: str


@dataclass(frozen=True)
class PrescriptionVoided(Event):
    name: ClassVar[str] = "prescribing.prescription_voided"
    prescription_id: str
    appointment_id: str | None
    patient_id: str
