"""Visits to work on: booked ones, and ones that are going on."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from suwen.accounts.service import care
from suwen.consultations.models import Consultation
from suwen.core.db import new_id
from suwen.scheduling.models import Appointment

SHANGHAI = ZoneInfo("Asia/Shanghai")
Book = Callable[..., str]


@pytest.fixture
def booked(house, ids, clock) -> Book:
    """`booked(minutes=30, patient="wang")`: the id of a confirmed video visit with Dr Zhang, in half an hour."""

    def book(
        *, minutes: float = 30, patient: str = "li", person: str = "self", doctor: str = "zhang",
        status: str = "confirmed", visit_type: str = "online_video", length: int = 30,
    ) -> str:  # fmt: skip
        start = clock.now + timedelta(minutes=minutes)
        appointment = Appointment(
            id=new_id(), patient_id=ids.users[patient], patient_profile_id=ids.profiles[patient][person],
            doctor_id=ids.doctors[doctor], appointment_start=start, appointment_end=start + timedelta(minutes=length),
            appointment_date=start, time_slot=_label(start, length), zone="Asia/Shanghai", visit_type=visit_type,
            symptoms="tired, cold hands", status=status,
        )  # fmt: skip

        def write(tx: Any) -> None:
            tx.add(appointment)
            tx.flush()
            profile, staff = appointment.patient_profile_id, ids.users[doctor]
            care.relate_care(tx, profile, staff, appointment.id, "visit", clock.now)

        house.db.write(write)
        return appointment.id

    return book


@pytest.fixture
def waiting(people, booked) -> Callable[..., tuple[str, str]]:
    """(appointment, consultation) of a visit whose patient is in the waiting room."""

    def wait(**options: Any) -> tuple[str, str]:
        appointment = booked(**options)
        patient = people[options.get("patient", "li")]
        answer = patient("POST", f"/api/v1/consultations/{appointment}/enter")
        assert answer.status_code == 200, answer.text
        return appointment, answer.json()["id"]

    return wait


@pytest.fixture
def begun(people, waiting) -> Callable[..., tuple[str, str]]:
    """(appointment, consultation) of a visit that is going on."""

    def begin(**options: Any) -> tuple[str, str]:
        appointment, consultation = waiting(**options)
        doctor = people[options.get("doctor", "zhang")]
        answer = doctor("POST", f"/api/v1/consultations/{consultation}/admit")
        assert answer.status_code == 200, answer.text
        return appointment, consultation

    return begin


@pytest.fixture
def room(house) -> Callable[[str], Consultation]:
    """The row of a consultation, as it is now."""
    return lambda id: house.db.read(lambda tx: tx.get_one(Consultation, id))


@pytest.fixture
def appointment_status(house) -> Callable[[str], str]:
    return lambda id: house.db.read(lambda tx: tx.get_one(Appointment, id).status)


def _label(start: datetime, length: int) -> str:
    local = start.astimezone(SHANGHAI)
    return f"{local:%H:%M}-{local + timedelta(minutes=length):%H:%M}"
