"""Where a visit meets its appointment: no cancelling once the patient was called in, and a door that is open late."""

from datetime import timedelta

import pytest
from sqlalchemy import select

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


def test_the_waiting_room_is_entered_after_the_booked_time_too(people, booked, appointment_status, clock):
    appointment = booked(minutes=5, length=15)
    clock.advance(minutes=25)
    entered = people["li"]("POST", f"{AT}/{appointment}/enter")
    assert entered.status_code == 200, entered.text
    assert people["zhang"]("POST", f"{AT}/{entered.json()['id']}/admit").json()["status"] == "in_progress"
    assert appointment_status(appointment) == "checked_in"


def test_at_the_clinic_the_late_are_seen_and_the_early_too(people, booked, appointment_status, clock, house):
    late, early = booked(minutes=5, length=15, visit_type="offline"), booked(minutes=150, visit_type="offline")
    clock.advance(minutes=40)  # the doctor was with somebody else
    arrived = people["zhang"]("POST", f"/api/v1/appointments/{late}/check-in")
    assert arrived.status_code == 200, arrived.text
    for appointment in (late, early):  # the doctor's door opens two hours before
        begun = people["zhang"]("POST", f"{AT}/{appointment}/admit")
        assert begun.status_code == 200, begun.text
        visit = house.db.read(lambda tx, id=appointment: tx.get_one(Appointment, id))
        assert (visit.status, visit.admitted_at) == ("checked_in", clock())
        assert visit.checked_in_at is not None


def test_arriving_ends_when_the_waiting_room_closes(people, booked, appointment_status, clock, house):
    appointment = booked(minutes=5, length=15)
    end = house.db.read(lambda tx: tx.scalar(select(Appointment.appointment_end)))
    clock.set(end + timedelta(hours=6))
    assert people["zhang"]("POST", f"/api/v1/appointments/{appointment}/check-in").json()["code"] == "past_time"
    assert appointment_status(appointment) == "confirmed"
