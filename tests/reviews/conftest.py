"""Visits that took place, as the call would have left them."""

from datetime import timedelta

import pytest

from suwen.core.db import new_id
from suwen.scheduling.models import Appointment

ENTRY = {"rating": 5, "attitude_rating": 5, "professionalism_rating": 4, "efficiency_rating": 3,
         "comment": "Listened to me for a long time.", "tags": ["Clear", "耐心"]}  # fmt: skip


@pytest.fixture
def visit(house, ids):
    """visit("li", profile="mother") -> id of a visit of hers that is over."""

    def made(login="li", profile="self", doctor="zhang", status="completed", ago=1):
        start = house.clock() - timedelta(hours=ago)
        row = Appointment(
            id=new_id(), patient_id=ids.users[login], patient_profile_id=ids.profiles[login][profile],
            doctor_id=ids.doctors[doctor], appointment_start=start, appointment_end=start + timedelta(minutes=30),
            appointment_date=start, time_slot="07:00-07:30", zone="Asia/Shanghai", visit_type="online_video",
            symptoms="", status=status,
        )  # fmt: skip
        house.db.write(lambda tx: tx.add(row))
        return row.id

    return made


@pytest.fixture
def write(people, visit):
    """write("li", rating=4) -> the review, as its author sees it."""

    def written(login="li", profile="self", doctor="zhang", **values):
        path = f"/api/v1/appointments/{visit(login, profile, doctor)}/review"
        answer = people[login]("POST", path, json=ENTRY | values)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return written
