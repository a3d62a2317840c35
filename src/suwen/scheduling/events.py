"""What happened to an appointment. Small: whoever reacts looks the rest up."""

from dataclasses import dataclass

from suwen.core.outbox import Event


@dataclass(frozen=True)
class AppointmentHeld(Event):
    """A time is held while somebody pays for it."""

    name = "scheduling.appointment_held"
    appointment_id: str


@dataclass(frozen=True)
class AppointmentBooked(Event):
    """It is certain now: paid (`confirmed`) or to be paid at the desk (`scheduled`)."""

    name = "scheduling.appointment_booked"
    appointment_id: str
    version: int


@dataclass(frozen=True)
class AppointmentMoved(Event):
    """It has another time; `was` is the old start (ISO 8601, UTC)."""

    name = "scheduling.appointment_moved"
    appointment_id: str
    version: int
    was: str


@dataclass(frozen=True)
class AppointmentCancelled(Event):
    """`by` is patient, staff or system; `refunded` in minor units."""

    name = "scheduling.appointment_cancelled"
    appointment_id: str
    by: str
    refunded: int


@dataclass(frozen=True)
class HoldReleased(Event):
    """Nobody paid in time; the slot is free again."""

    name = "scheduling.hold_released"
    appointment_id: str


@dataclass(frozen=True)
class PatientArrived(Event):
    name = "scheduling.patient_arrived"
    appointment_id: str


@dataclass(frozen=True)
class PatientMissed(Event):
    name = "scheduling.patient_missed"
    appointment_id: str


@dataclass(frozen=True)
class ReminderDue(Event):
    """`kind` is day, hour or soon. `version` is the appointment's: one that moved since is not reminded of."""

    name = "scheduling.reminder_due"
    appointment_id: str
    version: int
    kind: str


@dataclass(frozen=True)
class SlotsOrphaned(Event):
    """Hours were changed or blocked although these visits are booked; somebody must move or cancel them."""

    name = "scheduling.slots_orphaned"
    doctor_id: str
    appointment_ids: list[str]
