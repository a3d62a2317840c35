"""What staff books: who stands at the desk, who is on the phone; and what such a visit opens."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from suwen.accounts.models import CareRelation
from suwen.payments.models import Order
from suwen.scheduling.models import Appointment, Slot


def act(person, visit, verb, **body):
    return person("POST", f"/api/v1/appointments/{visit['id']}/{verb}", json=body or None)


def one(house, model, **by):
    return house.db.read(lambda tx: tx.scalars(select(model).filter_by(**by)).one())


def walk_in(people, ids, **more):
    body = {
        "patient_profile_id": people["wang"].profiles["self"], "doctor_id": ids.doctors["zhang"],
        "location_id": ids.location, "symptoms": "发热",
    } | more  # fmt: skip
    return people["admin"]("POST", "/api/v1/walk-ins", json={name: it for name, it in body.items() if it is not None})


def test_a_walk_in_without_a_slot_takes_its_time_from_the_slots(people, slot, ids, house, free, clock):
    clock.set(datetime(2030, 1, 2, 0, 55, tzinfo=UTC))
    answer = walk_in(people, ids, starts_at="2030-01-02T01:05:00Z", minutes=20)
    assert answer.status_code == 201, answer.text
    visit = one(house, Appointment, id=answer.json()["id"])
    assert (visit.status, visit.slot_id, visit.booked_by) == ("scheduled", None, ids.users["admin"])
    assert visit.patient_id == ids.users["wang"]
    assert one(house, Order, appointment_id=visit.id).amount == 5000
    starts = house.db.read(lambda tx: tx.scalars(select(Slot.slot_start)).all())
    assert datetime(2030, 1, 2, 1, tzinfo=UTC) not in starts
    again = walk_in(people, ids, starts_at="2030-01-02T01:10:00Z", patient_profile_id=people["li"].profiles["self"])
    assert again.json()["code"] == "doctor_busy"
    squeezed = walk_in(people, ids, starts_at="2030-01-02T01:10:00Z", squeeze_in=True,
                       patient_profile_id=people["li"].profiles["self"])  # fmt: skip
    assert squeezed.status_code == 201
    busy = walk_in(people, ids, starts_at="2030-01-02T01:10:00Z", squeeze_in=True)
    assert busy.json()["code"] == "person_busy"
    for one_of_them in (answer, squeezed):
        gone = people["admin"](
            "POST", f"/api/v1/appointments/{one_of_them.json()['id']}/cancel", json={"reason": "left"}
        )
        assert gone.status_code == 200, gone.text
    starts = house.db.read(lambda tx: tx.scalars(select(Slot.slot_start)).all())
    assert datetime(2030, 1, 2, 1, tzinfo=UTC) in starts


def test_the_desk_books_a_free_slot_for_somebody_on_the_phone(people, slot, ids, free, state):
    answer = walk_in(people, ids, slot_id=slot["id"], visit_type="online_video", location_id=None)
    assert answer.json()["status"] == "scheduled"
    assert slot["id"] not in {found["id"] for found in free()}
    before = state()
    again = walk_in(people, ids, slot_id=slot["id"], patient_profile_id=people["li"].profiles["self"])
    assert again.json()["code"] == "slot_taken"
    for who in ("li", "eve", "zhao", "guest"):
        refused = people[who]("POST", "/api/v1/walk-ins", json={"patient_profile_id": people["li"].profiles["self"]})
        assert refused.status_code in (401, 403)
    assert state() == before


@pytest.mark.parametrize(("change", "status"), [
    ({"starts_at": "2029-12-31T01:00:00Z"}, 422), ({"location_id": None}, 422), ({"doctor_id": "nobody"}, 404),
    ({"patient_profile_id": "nobody"}, 404), ({"minutes": 1}, 422), ({"starts_at": "2030-01-02T01:00:00"}, 422),
])  # fmt: skip
def test_walk_ins_that_are_refused(people, slot, ids, state, change, status):
    before = state()
    assert walk_in(people, ids, **change).status_code == status
    assert state() == before


def by_doctor(people, **more):
    body = {"patient_profile_id": people["wang"].profiles["self"], "visit_type": "online_video"} | more
    return people["zhang"]("POST", "/api/v1/walk-ins", json=body)


def opens(people, who="zhang", whose="wang"):
    return people[who].page(f"/doctor/patients/{people[whose].profiles['self']}").status_code


@pytest.mark.parametrize("who", ["zhang", "admin"])
def test_without_a_slot_a_visit_is_for_now(people, priced, ids, state, who):
    before = state()
    for start in ("2030-01-01T00:31:00Z", "2030-02-01T00:00:00Z", "2099-01-01T00:00:00Z"):
        body = {"patient_profile_id": people["wang"].profiles["self"], "doctor_id": ids.doctors["zhang"],
                "visit_type": "online_video", "starts_at": start}  # fmt: skip
        refused = people[who]("POST", "/api/v1/walk-ins", json=body)
        assert refused.status_code == 422
        assert list(refused.json()["fields"]) == ["starts_at"]
    assert state() == before
    assert opens(people) == 404
    assert by_doctor(people, starts_at="2030-01-01T00:30:00Z").status_code == 201


def test_a_doctor_s_own_word_opens_a_record_for_a_day(people, slot, house, clock):
    assert opens(people) == 404
    made = by_doctor(people).json()
    assert opens(people) == 200
    relation = one(house, CareRelation, appointment_id=made["id"])
    assert (relation.reason, relation.until) == ("walk-in", clock() + timedelta(minutes=15, days=1))
    clock.advance(hours=23)
    again = by_doctor(people).json()  # one such word is no reason to believe the next
    assert one(house, CareRelation, appointment_id=again["id"]).reason == "walk-in"
    clock.advance(days=2)
    assert opens(people) == 404


def test_nor_does_a_time_that_the_doctor_books_or_moves(people, slot, free, house, clock):
    made = by_doctor(people, slot_id=free()[10]["id"]).json()
    assert opens(people) == 404
    moved = act(people["zhang"], made, "reschedule", slot_id=free()[20]["id"]).json()
    start = datetime.fromisoformat(moved["starts_at"])
    relation = one(house, CareRelation, appointment_id=made["id"])
    assert relation.reason == "walk-in"
    assert start - timedelta(days=1) <= relation.since <= start
    assert relation.until == datetime.fromisoformat(moved["ends_at"]) + timedelta(days=1)
    assert opens(people) == 404
    clock.set(start)
    assert opens(people) == 200


def test_what_somebody_else_confirmed_opens_it_for_longer(people, slot, house, clock, settle, rich):
    made = by_doctor(people).json()
    order = one(house, Order, appointment_id=made["id"])
    paid = people["admin"]("POST", f"/api/v1/orders/{order.id}/payments", json={"method": "cash"})
    assert paid.status_code == 201, paid.text
    settle()
    relation = one(house, CareRelation, appointment_id=made["id"])
    assert relation.reason == "appointment"
    assert relation.until == clock() + timedelta(minutes=15, days=90)


def test_whom_the_doctor_treats_already_the_doctor_may_book_again(people, paid, house):
    made = by_doctor(people, patient_profile_id=people["li"].profiles["self"]).json()
    relation = one(house, CareRelation, appointment_id=made["id"])
    assert relation.reason == "appointment"
    assert relation.until == datetime.fromisoformat(made["ends_at"]) + timedelta(days=90)


def test_a_visit_squeezed_over_a_booked_one_leaves_that_one_as_it_is(people, slot, ids, house, book, free, clock):
    held = book("li", slot)
    act(people["li"], held, "pay", method="desk")
    clock.set(datetime(2030, 1, 2, 0, 50, tzinfo=UTC))
    squeezed = walk_in(people, ids, starts_at="2030-01-02T01:10:00Z", minutes=30, squeeze_in=True)
    assert squeezed.status_code == 201, squeezed.text
    assert people["li"]("GET", f"/api/v1/appointments/{held['id']}").json()["is_orphan"] is False
    starts = {found["starts_at"] for found in free()}
    assert "2030-01-02T01:30:00Z" not in starts  # nobody is offered the time that is left of it
    assert "2030-01-02T02:00:00Z" in starts
    assert act(people["admin"], squeezed.json(), "cancel", reason="left").status_code == 200
    assert one(house, Slot, id=slot["id"]).is_booked is True
    assert "2030-01-02T01:30:00Z" in {found["starts_at"] for found in free()}


def test_a_time_offered_instead_of_a_squeezed_one_is_no_orphan_when_it_is_booked(
    people, hours, ids, house, book, free, clock
):
    """At most two a day: a walk-in over the first offers the third instead, which is booked, and the walk-in goes."""
    assert hours(most_per_day=2).status_code == 201
    clock.set(datetime(2030, 1, 2, 0, 40, tzinfo=UTC))
    walked = walk_in(people, ids, starts_at="2030-01-02T01:00:00Z", minutes=30)
    third = next(found for found in free() if found["starts_at"] == "2030-01-02T02:00:00Z")
    held = book("li", third)
    again = walk_in(people, ids, starts_at="2030-01-02T01:08:00Z", minutes=5, squeeze_in=True,
                    patient_profile_id=people["li"].profiles["mother"])  # fmt: skip
    assert again.status_code == 201, again.text
    assert people["li"]("GET", f"/api/v1/appointments/{held['id']}").json()["is_orphan"] is False
    assert walked.status_code == 201
