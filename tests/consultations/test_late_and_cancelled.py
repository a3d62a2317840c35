"""Where a visit meets its appointment: no cancelling once the patient was called in."""

import pytest

from suwen.scheduling.models import Appointment
from tests.support.racing import race, statuses

AT = "/api/v1/consultations"


def cancel(person, appointment):
    return person("POST", f"/api/v1/appointments/{appointment}/cancel", json={"reason": "no"})


@pytest.mark.parametrize("who", ["li", "zhang", "admin"])
def test_a_visit_that_goes_on_is_ended_and_not_cancelled(people, begun, appointment_status, clock, who):
    appointment, id = begun()
    clock.advance(minutes=10)  # still before the booked time
    refused = cancel(people[who], appointment)
    assert (refused.status_code, refused.json()["code"]) == (409, "visit_begun")
    assert appointment_status(appointment) == "checked_in"
    page = people[who].page(f"/appointments/{appointment}/cancel").text
    assert f'action="/appointments/{appointment}/cancel"' not in page
    assert "The visit has begun" in page
    ended = people["zhang"]("POST", f"{AT}/{id}/end", json={"version": 1, "diagnosis": "脾虚"})
    assert ended.status_code == 200, ended.text
    assert appointment_status(appointment) == "completed"


@pytest.mark.parametrize("who", ["li", "zhang"])
def test_who_waits_may_still_cancel(people, waiting, room, settle, who):
    appointment, id = waiting()
    assert cancel(people[who], appointment).status_code == 200
    settle()
    assert room(id).status == "cancelled"
    assert people["zhang"]("POST", f"{AT}/{id}/admit").json()["code"] == "visit_not_open"


def test_calling_in_and_cancelling_at_once_agree(people, waiting, room, appointment_status, settle):
    for number in range(4):
        appointment, id = waiting(minutes=20 + number * 10, patient=("li", "wang")[number % 2])
        patient = people[("li", "wang")[number % 2]]
        assert people["zhang"].token
        assert patient.token
        answers = race(
            lambda id=id: people["zhang"]("POST", f"{AT}/{id}/admit"),
            lambda patient=patient, appointment=appointment: cancel(patient, appointment),
        )
        settle()
        assert statuses(answers) == [200, 409]
        assert (appointment_status(appointment), room(id).status) in [
            ("checked_in", "in_progress"), ("cancelled", "cancelled"),
        ]  # fmt: skip


def test_calling_in_counts_once(people, begun, house, clock):
    appointment, id = begun()
    first = house.db.read(lambda tx: tx.get_one(Appointment, appointment).admitted_at)
    assert first == clock()
    clock.advance(minutes=1)
    assert people["zhang"]("POST", f"{AT}/{id}/admit").status_code == 200
    assert house.db.read(lambda tx: tx.get_one(Appointment, appointment).admitted_at) == first
