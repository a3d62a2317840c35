"""What happened to doctors' pages, for those above."""

from dataclasses import dataclass
from typing import ClassVar

from suwen.core.outbox import Event


@dataclass(frozen=True)
class DoctorPutAway(Event):
    """The page is deleted softly: nobody finds or books the doctor any more."""

    name: ClassVar[str] = "clinics.doctor_put_away"
    doctor_id: str


@dataclass(frozen=True)
class DoctorBroughtBack(Event):
    name: ClassVar[str] = "clinics.doctor_brought_back"
    doctor_id: str
