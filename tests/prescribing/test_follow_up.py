"""Online only for follow-ups: a diagnosis made here within the law's months, or records that the doctor has seen."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from suwen.consultations.models import Consultation
from suwen.core.db import new_id
from suwen.prescribing.models import Prescription
from suwen.scheduling.models import Appointment
from tests.prescribing.conftest import ASKED
from tests.prescribing.test_adversary import sign

DAY = 24 * 60


@pytest.fixture
def seen(house, booked, clock):
    """`seen(days=30, diagnosis="胃痞")`: the mother was here so many days ago."""

    def visit(days, diagnosis="胃痞", status="completed", room=True, person="mother"):
        id = booked(minutes=-days * DAY, person=person, status=status)

        def write(tx):
            one = tx.get(Appointment, id)
            if room:
                tx.add(Consultation(
                    id=new_id(), appointment_id=id, doctor_id=one.doctor_id, patient_id=one.patient_id,
                    patient_profile_id=one.patient_profile_id, room_id=new_id(), status="completed",
                    scheduled_start_time=one.appointment_start, diagnosis=diagnosis,
                ))  # fmt: skip

        house.db.write(write)
        return id

    return visit


def rules_against(people, formula, law):
    law("CN")
    answer = sign(people["zhang"].confirm(), formula(facts=ASKED))
    return answer.json().get("rules", []) if answer.status_code != 200 else []


def test_a_diagnosis_of_ours_is_enough(people, formula, law, seen):
    seen(30)
    assert rules_against(people, formula, law) == []


@pytest.mark.parametrize(
    "earlier",
    [
        {"days": 30, "diagnosis": None}, {"days": 30, "diagnosis": "  "}, {"days": 30, "room": False},
        {"days": 30, "status": "cancelled"}, {"days": 30, "status": "no_show"}, {"days": 190},
        {"days": 30, "person": "self"},
    ],
)  # fmt: skip
def test_a_visit_alone_is_not(people, formula, law, seen, earlier):
    seen(**earlier)
    assert rules_against(people, formula, law) == ["follow_up"]


def test_the_window_ends_with_its_day(people, formula, law, seen, house):
    """Six months before 1 January in Shanghai is 1 July, from its first minute."""
    id = seen(100)

    def at(moment):
        mine = update(Appointment).where(Appointment.id == id)
        house.db.write(lambda tx: tx.execute(mine.values(appointment_start=moment)))

    first = datetime(2029, 6, 30, 16, tzinfo=UTC)
    at(first - timedelta(minutes=1))
    assert rules_against(people, formula, law) == ["follow_up"]
    at(first)
    assert rules_against(people, formula, law) == []


def test_a_prescription_in_effect_is_a_diagnosis_too(people, formula, law, seen, house):
    """Of a visit at the desk, which has no notes of a call."""
    id = seen(30, room=False)
    law("OFF")
    one = sign(people["zhang"].confirm(), formula()).json()
    mine = update(Prescription).where(Prescription.id == one["id"])
    house.db.write(lambda tx: tx.execute(mine.values(appointment_id=id, last_day=None, status="expired")))
    assert "follow_up" not in rules_against(people, formula, law)


def test_records_that_the_doctor_names_are_seen(people, formula, law):
    law("CN")
    one = formula(facts=ASKED | {"follow_up": "市一院 2029-11-02 门诊病历，视频中出示"})
    assert sign(people["zhang"].confirm(), one).status_code == 200
