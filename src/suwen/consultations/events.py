"""What happened to a visit. Small: whoever reacts looks the rest up."""

from dataclasses import dataclass

from suwen.core.outbox import Event


@dataclass(frozen=True)
class PatientAdmitted(Event):
    """The doctor has called the patient in."""

    name = "consultations.patient_admitted"
    appointment_id: str
    consultation_id: str


@dataclass(frozen=True)
class ConsultationCompleted(Event):
    """The visit is over; its record no longer changes."""

    name = "consultations.consultation_completed"
    appointment_id: str
    consultation_id: str


@dataclass(frozen=True)
class CallInterrupted(Event):
    """Both sides have been away for longer than the grace. Nothing was ended: the doctor decides."""

    name = "consultations.call_interrupted"
    appointment_id: str
    consultation_id: str
