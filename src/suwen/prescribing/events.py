"""What others may react to; nothing clinical travels in them."""

from dataclasses import dataclass
from typing import ClassVar

from suwen.core.outbox import Event


@dataclass(frozen=True)
class PrescriptionEvent(Event):
    """`patient_id` is the account of the family."""

    name: ClassVar[str] = ""
    prescription_id: str
    appointment_id: str | None
    patient_id: str


@dataclass(frozen=True)
class PrescriptionSigned(PrescriptionEvent):
    """By its doctor; a pharmacist may still have to look."""

    name: ClassVar[str] = "prescribing.prescription_signed"


@dataclass(frozen=True)
class PrescriptionReturned(PrescriptionEvent):
    """By the pharmacist, with a reason."""

    name: ClassVar[str] = "prescribing.prescription_returned"


@dataclass(frozen=True)
class PrescriptionReopened(PrescriptionEvent):
    """Signed, not effective yet, and a draft again: its signatures are worth nothing any more."""

    name: ClassVar[str] = "prescribing.prescription_reopened"


@dataclass(frozen=True)
class PrescriptionEffective(PrescriptionEvent):
    """It may be dispensed from now on."""

    name: ClassVar[str] = "prescribing.prescription_effective"


@dataclass(frozen=True)
class PrescriptionDispensed(PrescriptionEvent):
    name: ClassVar[str] = "prescribing.prescription_dispensed"


@dataclass(frozen=True)
class PrescriptionExtended(PrescriptionEvent):
    name: ClassVar[str] = "prescribing.prescription_extended"


@dataclass(frozen=True)
class PrescriptionExpired(PrescriptionEvent):
    name: ClassVar[str] = "prescribing.prescription_expired"


@dataclass(frozen=True)
class PrescriptionVoided(PrescriptionEvent):
    name: ClassVar[str] = "prescribing.prescription_voided"
