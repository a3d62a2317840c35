"""What happened to doctors' pages and to the places of the clinic, for those above."""

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


@dataclass(frozen=True)
class LocationChanged(Event):
    """It may have moved to another time zone, closed, opened again, or have another name."""

    name: ClassVar[str] = "clinics.location_changed"
    location_id: str
