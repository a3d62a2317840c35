"""A visit from the waiting room to the end, through HTTP."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from suwen.consultations.models import CallEvent, Consultation, Signal
from suwen.core.audit import AuditEvent
from suwen.core.outbox import OutboxMessage, emit
from suwen.scheduling.events import AppointmentBooked, AppointmentCancelled, PatientMissed
from tests.support.racing import race, statuses

AT = "/api/v1/consultations"


def code(answer):
    return answer.status_code, answer.json().get("code")


def test_a_visit_from_the_waiting_room_to_the_end(people, booked, room, appointment_status, clock, settle):
    li, zhang = people["li"], people["zhang"]
    appointment = booked(person="mother")
    entered = li("POST", f"{AT}/{appointment}/enter").json()
    id = entered["id"]
    assert entered["status"] == "waiting"
    assert entered["patient_waiting_since"] is not None
    assert appointment_status(appointment) == "checked_in"

    clock.advance(minutes=30)
    assert zhang("POST", f"{AT}/{id}/admit").json()["status"] == "in_progress"
    notes = {"version": 1, "chief_complaint": "tired", "diagnosis": "脾虚", "treatment_plan": "rest", "notes": None}
    assert zhang("PUT", f"{AT}/{id}/notes", json=notes).json()["version"] == 2
    clock.advance(minutes=12, seconds=34)
    ended = zhang("POST", f"{AT}/{id}/end", json={}).json()
    assert (ended["status"], ended["duration"], ended["phase"]) == ("completed", 754, "ended")
    assert appointment_status(appointment) == "completed"
    assert room(id).doctor_token is None

    seen = li("GET", f"{AT}/{id}").json()
    assert (seen["diagnosis"], seen["treatment_plan"]) == ("脾虚", "rest")
    assert (
        li("POST", f"{AT}/{id}/rating", json={"rating": 4, "feedback": "a little echo"}).json()["patient_rating"] == 4
    )


@pytest.mark.parametrize(("minutes", "status", "expected"), [
    (61, "confirmed", (409, "visit_too_early")),
    (10, "pending", (409, "visit_not_paid")),
    (10, "cancelled", (409, "visit_not_open")),
    (10, "completed", (409, "visit_not_open")),
    (-600, "confirmed", (409, "visit_too_late")),
])  # fmt: skip
def test_the_door_is_shut_at_the_wrong_time(people, booked, house, minutes, status, expected):
    appointment = booked(minutes=minutes, status=status)
    assert code(people["li"]("POST", f"{AT}/{appointment}/enter")) == expected
    assert house.db.read(lambda tx: tx.scalar(select(func.count()).select_from(Consultation))) == 0


def test_a_visit_to_be_paid_at_the_desk_may_begin(people, booked):
    appointment = booked(status="scheduled")
    assert people["li"]("POST", f"{AT}/{appointment}/enter").status_code == 200


@pytest.mark.parametrize("who", ["eve", "wang", "chen", "zhao", "admin", "guest"])
def test_nobody_else_learns_of_a_visit(people, begun, room, who):
    appointment, id = begun()
    other = people[who]
    version = room(id).version
    for method, path, body in [
        ("GET", f"{AT}/{id}", None), ("POST", f"{AT}/{id}/enter", None), ("POST", f"{AT}/{id}/admit", None),
        ("POST", f"{AT}/{id}/ticket", None), ("GET", f"{AT}/{id}/ice", None), ("POST", f"{AT}/{id}/end", {}),
        ("PUT", f"{AT}/{id}/notes", {"version": 1, "diagnosis": "x"}), ("POST", f"{AT}/{id}/late", {"minutes": 5}),
        ("POST", f"{AT}/{id}/rating", {"rating": 1}), ("POST", AT, {"appointment_id": appointment}),
        ("GET", f"{AT}/{appointment}/place", None),
    ]:  # fmt: skip
        answer = other(method, path, json=body) if body is not None else other(method, path)
        assert answer.status_code in (401, 403, 404), (who, method, path, answer.text)
    listed = other("GET", AT)
    assert listed.status_code in (401, 403, 404) or listed.json()["items"] == []
    assert other.page(f"/visit/{appointment}").status_code in (303, 403, 404)
    assert (room(id).version, room(id).status) == (version, "in_progress")


def test_the_patient_reads_the_record_only_when_it_is_finished(people, begun):
    _, id = begun()
    people["zhang"]("PUT", f"{AT}/{id}/notes", json={"version": 1, "diagnosis": "a first thought"})
    assert people["li"]("GET", f"{AT}/{id}").json()["diagnosis"] is None
    assert people["zhang"]("GET", f"{AT}/{id}").json()["diagnosis"] == "a first thought"
    people["zhang"]("POST", f"{AT}/{id}/end", json={"diagnosis": "decided"})
    assert people["li"]("GET", f"{AT}/{id}").json()["diagnosis"] == "decided"


def test_a_doctor_who_treats_the_person_reads_finished_records_of_others(people, begun, booked, ids):
    _, id = begun()
    people["zhang"]("POST", f"{AT}/{id}/end", json={"diagnosis": "decided"})
    assert people["chen"]("GET", f"{AT}/{id}").status_code == 404
    booked(doctor="chen", minutes=600)
    assert people["chen"]("GET", f"{AT}/{id}").json()["diagnosis"] == "decided"
    listed = people["chen"]("GET", AT, params={"patient_profile_id": ids.profiles["li"]["self"]}).json()["items"]
    assert [one["id"] for one in listed] == [id]


def test_admitting_waits_for_the_patient_and_is_done_once(people, booked, room):
    appointment = booked()
    zhang = people["zhang"]
    id = zhang("POST", AT, json={"appointment_id": appointment}).json()["id"]
    assert code(zhang("POST", f"{AT}/{id}/admit")) == (409, "patient_not_here")
    assert room(id).status == "waiting"
    people["li"]("POST", f"{AT}/{id}/enter")
    assert zhang("POST", f"{AT}/{id}/admit").status_code == 200
    began = room(id).actual_start_time
    assert zhang("POST", f"{AT}/{id}/admit").status_code == 200
    assert room(id).actual_start_time == began


def test_six_presses_admit_once(people, waiting, house):
    _, id = waiting()
    answers = race(*[lambda: people["zhang"]("POST", f"{AT}/{id}/admit")] * 6)
    assert statuses(answers) == [200] * 6
    told = (
        select(func.count()).select_from(OutboxMessage).where(OutboxMessage.event == "consultations.patient_admitted")
    )
    assert house.db.read(lambda tx: tx.scalar(told)) == 1


def test_a_visit_at_the_clinic_begins_without_a_waiting_room(people, booked, appointment_status):
    appointment = booked(visit_type="offline")
    answer = people["zhang"]("POST", f"{AT}/{appointment}/admit")
    assert answer.json()["status"] == "in_progress"
    assert appointment_status(appointment) == "checked_in"


def test_one_room_however_many_ask(people, booked, house):
    appointment = booked()
    both = [
        lambda who=who: people[who]("POST", AT, json={"appointment_id": appointment}) for who in ("li", "zhang") * 4
    ]
    assert statuses(race(*both)) == [201] * 8
    assert house.db.read(lambda tx: tx.scalar(select(func.count()).select_from(Consultation))) == 1


def test_a_visit_is_not_ended_without_a_diagnosis(people, begun, room, appointment_status):
    appointment, id = begun()
    answer = people["zhang"]("POST", f"{AT}/{id}/end", json={})
    assert code(answer) == (422, "diagnosis_missing")
    assert "diagnosis" in answer.json()["fields"]
    assert code(people["zhang"]("POST", f"{AT}/{id}/end", json={"diagnosis": "   "})) == (422, "diagnosis_missing")
    assert (room(id).status, appointment_status(appointment)) == ("in_progress", "checked_in")


def test_only_one_end_counts(people, begun, room):
    _, id = begun()

    def end():
        return people["zhang"]("POST", f"{AT}/{id}/end", json={"diagnosis": "x"})

    assert statuses(race(*[end] * 6)) == [200] + [409] * 5
    assert code(people["zhang"]("POST", f"{AT}/{id}/admit")) == (409, "visit_not_open")
    assert room(id).status == "completed"


def test_the_end_takes_the_last_words_with_it(people, begun, room):
    _, id = begun()
    last = {"version": 1, "chief_complaint": "c", "diagnosis": "d", "treatment_plan": "t", "notes": "n"}
    assert people["zhang"]("POST", f"{AT}/{id}/end", json=last).status_code == 200
    kept = room(id)
    assert (kept.chief_complaint, kept.diagnosis, kept.treatment_plan, kept.notes) == ("c", "d", "t", "n")


def test_an_end_with_old_notes_ends_nothing(people, begun, room):
    _, id = begun()
    zhang = people["zhang"]
    zhang("PUT", f"{AT}/{id}/notes", json={"version": 1, "diagnosis": "newer"})
    assert code(zhang("POST", f"{AT}/{id}/end", json={"version": 1, "diagnosis": "older"})) == (409, "notes_changed")
    assert (room(id).status, room(id).diagnosis) == ("in_progress", "newer")


def test_notes_of_two_windows_conflict_clearly(people, begun, room):
    _, id = begun()
    zhang = people["zhang"]

    def save(text):
        return zhang("PUT", f"{AT}/{id}/notes", json={"version": 1, "notes": text})

    answers = race(*[lambda n=n: save(f"window {n}") for n in range(6)])
    assert statuses(answers) == [200] + [409] * 5
    refused = next(one for one in answers if one.status_code == 409).json()
    assert (refused["code"], refused["version"]) == ("notes_changed", 2)
    winner = next(n for n, one in enumerate(answers) if one.status_code == 200)
    assert (room(id).notes, room(id).version) == (f"window {winner}", 2)


def test_saving_what_is_there_already_changes_nothing(people, begun, room, house):
    _, id = begun()
    body = {"version": 1, "notes": "as it was"}
    assert people["zhang"]("PUT", f"{AT}/{id}/notes", json=body).json()["version"] == 2
    again = people["zhang"]("PUT", f"{AT}/{id}/notes", json=body | {"version": 2})
    assert again.json()["version"] == 2
    assert audit_rows(house, id, "write") == 1


def test_a_finished_record_is_closed(people, begun, room):
    _, id = begun()
    people["zhang"]("POST", f"{AT}/{id}/end", json={"diagnosis": "final"})
    version = room(id).version
    answer = people["zhang"]("PUT", f"{AT}/{id}/notes", json={"version": version, "diagnosis": "changed my mind"})
    assert code(answer) == (409, "record_closed")
    assert room(id).diagnosis == "final"


def test_every_look_at_a_record_is_noted(people, begun, house):
    _, id = begun()
    people["zhang"]("POST", f"{AT}/{id}/end", json={"diagnosis": "d"})
    before = audit_rows(house, id, "read")
    people["li"]("GET", f"{AT}/{id}")
    people["zhang"]("GET", AT)
    assert audit_rows(house, id, "read") == before + 2
    people["eve"]("GET", f"{AT}/{id}")
    assert audit_rows(house, id, "read", "denied") == 1


def test_bad_notes_are_refused(people, begun, room):
    _, id = begun()
    zhang = people["zhang"]
    for body in [{}, {"version": "one"}, {"version": 1, "diagnosis": 5}, {"version": 1, "unknown": "x"},
                 {"version": 1, "notes": "x" * 10_001}, {"version": 1, "notes": "nul \0"}]:  # fmt: skip
        assert zhang("PUT", f"{AT}/{id}/notes", json=body).status_code == 422, body
    assert zhang("PUT", f"{AT}/{id}/notes", content=b"{").status_code == 400
    text = {"version": 1, "notes": "🌿 当归 " * 900}
    assert zhang("PUT", f"{AT}/{id}/notes", json=text).status_code == 200
    assert room(id).notes == text["notes"].strip()


def test_i_am_late(people, booked, room):
    appointment = booked()
    li = people["li"]
    id = li("POST", f"{AT}/{appointment}/late", json={"minutes": 20}).json()["id"]
    assert room(id).late_minutes == 20
    [entry] = people["zhang"]("GET", f"{AT}/queue").json()["next"]
    assert entry["late_minutes"] == 20
    for minutes in (0, 61, "x"):
        assert li("POST", f"{AT}/{appointment}/late", json={"minutes": minutes}).status_code == 422
    li("POST", f"{AT}/{appointment}/enter")
    people["zhang"]("POST", f"{AT}/{id}/admit")
    assert code(li("POST", f"{AT}/{appointment}/late", json={"minutes": 5})) == (409, "visit_not_open")


def test_the_call_is_rated_after_the_visit_only(people, begun, room):
    _, id = begun()
    li = people["li"]
    assert code(li("POST", f"{AT}/{id}/rating", json={"rating": 5})) == (409, "visit_not_completed")
    people["zhang"]("POST", f"{AT}/{id}/end", json={"diagnosis": "d"})
    for rating in (0, 6, "five"):
        assert li("POST", f"{AT}/{id}/rating", json={"rating": rating}).status_code == 422
    assert room(id).patient_rating is None


def test_relay_credentials_are_personal_and_end_by_themselves(people, waiting, house, clock):
    from dataclasses import replace

    from suwen.consultations import rules

    _, id = waiting()
    assert people["li"]("GET", f"{AT}/{id}/ice").json() == {"ice_servers": [], "seconds": 21600, "relay": False}
    house.settings = replace(house.settings, turn_urls="turn:t:3478", turn_secret="s" * 16, stun_urls="stun:t:3478")
    answer = people["li"]("GET", f"{AT}/{id}/ice").json()
    stun, turn = answer["ice_servers"]
    assert stun == {"urls": ["stun:t:3478"], "username": None, "credential": None}
    assert turn["username"] == f"{int(clock.now.timestamp()) + 21600}:{people['li'].id}"
    expected = rules.turn_credentials("s" * 16, people["li"].id, clock.now)[1]
    assert turn["credential"] == expected
    assert "s" * 16 not in str(answer)


def test_cancelling_closes_the_room(people, booked, room, settle, house):
    now = house.clock()
    first, second = booked(), booked(minutes=90)
    for one in (first, second):
        house.db.write(lambda tx, one=one: emit(tx, AppointmentBooked(one, 1), now))
    settle()
    ids = {one.appointment_id: one.id for one in house.db.read(lambda tx: tx.scalars(select(Consultation)).all())}
    assert set(ids) == {first, second}
    house.db.write(lambda tx: emit(tx, AppointmentCancelled(first, "patient", 0), now))
    house.db.write(lambda tx: emit(tx, PatientMissed(second), now))
    settle()
    assert (room(ids[first]).status, room(ids[second]).status) == ("cancelled", "no_show")


def test_both_away_for_long_is_stored_and_ends_nothing(people, begun, room, house, clock, settle):
    from suwen.consultations.models import CallSeat
    from suwen.core.db import new_id

    _, id = begun()

    def sit(tx, role, login):
        tx.add(CallSeat(id=new_id(), consultation_id=id, user_id=people[login].id, role=role, tab="tab-" + role * 2,
                        socket=new_id(), seen_at=clock.now, media="connected"))  # fmt: skip

    house.db.write(lambda tx: (sit(tx, "doctor", "zhang"), sit(tx, "patient", "li")))
    clock.advance(seconds=59)
    settle(timed=True)
    assert room(id).interrupted_at is None
    clock.advance(seconds=2)
    settle(timed=True)
    settle(timed=True)
    assert room(id).interrupted_at == clock.now - timedelta(seconds=61)
    assert room(id).status == "in_progress"
    kept = house.db.read(lambda tx: tx.execute(select(CallEvent.event_type, CallEvent.event_data)).all())
    assert [(kind, data["what"]) for kind, data in kept] == [("disconnected", "both_away")] * 2


def test_signals_do_not_outlive_the_call(people, begun, house, clock, settle):
    _, id = begun()
    _, other = begun(patient="wang", minutes=50)
    for seq, one in enumerate((id, other, other)):
        put_signal(house, people, one, seq + 10, clock.now - timedelta(minutes=61 * (seq == 2)))
    people["zhang"]("POST", f"{AT}/{id}/end", json={"diagnosis": "d"})
    assert signals(house) == [11, 12]
    settle(timed=True)
    assert signals(house) == [11]


def test_the_queue_notes_whose_complaint_it_shows_and_shows_that_of_those_who_are_there_only(
    people, waiting, booked, house, clock
):
    inside, waits, comes = waiting(patient="wang")[0], waiting(person="mother", minutes=20)[0], booked(minutes=90)
    people["zhang"]("POST", f"{AT}/{inside}/admit")

    def noted():
        looks = select(AuditEvent.kind, AuditEvent.object_id, AuditEvent.person_id).where(AuditEvent.action == "read")
        looks = looks.where(AuditEvent.actor_id == people["zhang"].id).order_by(AuditEvent.id)
        return [tuple(row) for row in house.db.read(lambda tx: tx.execute(looks))]

    for look in (lambda: people["zhang"]("GET", f"{AT}/queue"), lambda: people["zhang"].page("/doctor/today")):
        before = len(noted())
        queue = look()
        fresh = noted()[before:]
        assert ("queue", people["zhang"].doctor_id, None) in fresh
        assert {row for row in fresh if row[0] == "appointment"} == {
            ("appointment", inside, people["wang"].profiles["self"]),
            ("appointment", waits, people["li"].profiles["mother"]),
        }
        assert queue.text.count("tired, cold hands") == 2
    queue = people["zhang"]("GET", f"{AT}/queue").json()
    assert [(one["appointment_id"], one["symptoms"]) for one in queue["next"]] == [(comes, None)]
    assert [one["symptoms"] for pile in ("now", "waiting") for one in queue[pile]] == ["tired, cold hands"] * 2


def audit_rows(house, id, action, result="done"):
    wanted = select(func.count()).select_from(AuditEvent)
    wanted = wanted.where(AuditEvent.object_id == id, AuditEvent.kind == "consultation", AuditEvent.action == action)
    return house.db.read(lambda tx: tx.scalar(wanted.where(AuditEvent.result == result)))


def signals(house):
    return list(house.db.read(lambda tx: tx.scalars(select(Signal.seq).order_by(Signal.seq))))


def put_signal(house, people, consultation, seq, at):
    def put(tx):
        room = tx.get_one(Consultation, consultation)
        tx.add(Signal(room_id=room.room_id, seq=seq, from_user_id=people["li"].id, to_user_id=people["zhang"].id,
                      from_tab="tab-one-one", to_tab="tab-two-two", client_id=str(seq), signal_type="ice_candidate",
                      payload={"candidate": "x"}, created_at=at))  # fmt: skip

    house.db.write(put)
