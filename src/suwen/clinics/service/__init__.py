"""Doctors, their papers, the places of the clinic."""

from suwen.clinics.service.catalogue import choices
from suwen.clinics.service.doctors import (
    create_doctor,
    doctor,
    doctor_at_work,
    doctor_ids,
    doctor_of_user,
    listed_doctor,
    record_rating,
)
from suwen.clinics.service.files import file_of
from suwen.clinics.service.own import own_file, send_papers, write_profile
from suwen.clinics.service.places import change_location, location, locations, open_location
from suwen.clinics.service.verification import (
    approve,
    bring_back,
    change_doctor,
    counts,
    files,
    put_away,
    reject,
    table,
    without_a_page,
)

__all__ = ["approve", "bring_back", "change_doctor", "change_location", "choices", "counts", "create_doctor", "doctor",
           "doctor_at_work", "doctor_ids", "doctor_of_user", "file_of", "files", "listed_doctor", "location",
           "locations", "open_location", "own_file", "put_away", "record_rating", "reject", "send_papers", "table",
           "without_a_page", "write_profile"]  # fmt: skip
