"""Doctors, their papers, the places of the clinic."""

from suwen.clinics.service.doctors import (
    create_doctor,
    doctor,
    doctor_ids,
    doctor_of_user,
    listed_doctor,
    record_rating,
)

__all__ = ["create_doctor", "doctor", "doctor_ids", "doctor_of_user", "listed_doctor", "record_rating"]
