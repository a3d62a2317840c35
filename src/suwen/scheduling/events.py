"""What happened to an appointment. Small: whoever reacts looks the rest up."""

from dataclasses import dataclass
from typing import ClassVar

from suwen.core.outbox import Event


@dataclass(frozen=True)
class AppointmentHeld(Event):
    """A time is held while somebody pays for it."""

    name: ClassVar[str] = "scheduling.appointment_held"
    appointment_id: str


@dataclass(frozen=True)
class AppointmentBooked(Event):
    """It is certain now: paid (`confirmed`) or to be paid at the desk (`scheduled`)."""

    name: ClassVar[str] = "scheduling.appointment_booked"
    appointment_id: str
    version: int


@dataclass(frozen=True)
class AppointmentMoved(Event):
    """It has another time; `was` is the old start (ISO 8601, UTC)."""

    name: ClassVar[str] = "scheduling.appointment_moved"
    appointment_id: str
    version: int
    was: str


@dataclass(frozen=True)
class AppointmentCancelled(Event):
    """`by` is patient, doctor or staff; `refunded` in minor units."""

    name: ClassVar[str] = "scheduling.appointment_cancelled"
    appointment_id: str
    by: str
    refunded: int


@dataclass(frozen=True)
class HoldCancelled(Event):
    """The clinic took back a time that was still being paid for. The doctor had not heard of it."""

    name: ClassVar[str] = "scheduling.hold_cancelled"
    appointment_id: str


@dataclass(frozen=True)
class HoldReleased(Event):
    """Nobody paid in time; the slot is free again."""

    name: ClassVar[str] = "scheduling.hold_released"
    appointment_id: str


@dataclass(frozen=True)
class PatientArrived(Event):
    name: ClassVar[str] = "scheduling.patient_arrived"
    appointment_id: str


@dataclass(frozen=True)
class PatientMissed(Event):
    name: ClassVar[str] = "scheduling.patient_missed"
    appointment_id: str


@dataclass(frozen=True)
class ReminderDue(Event):
    """`kind` is day, hour or soon. `start` is the time it was due for: a visit that moved since is not reminded of."""

    name: ClassVar[str] = "scheduling.reminder_due"
    appointment_id: str
    start: str
    kind: str


@dataclass(frozen=True)
class SlotsOrphaned(Event):
    """Hours were changed or blocked although these visits are booked; somebody must move or cancel them."""

    name: ClassVar[str] = "scheduling.slots_orphaned"
    doctor_id: str
    appointment_ids: list[str]
