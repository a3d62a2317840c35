"""A place that closes or moves takes the hours of its doctors with it."""

from functools import partial

import msgspec
import pytest
from sqlalchemy import select

from suwen.clinics.service import locations
from suwen.scheduling.errors import SlotTaken
from suwen.scheduling.models import Availability, Slot
from suwen.scheduling.schemas import Booking
from suwen.scheduling.service import booking, holds, horizon
from tests.support.racing import race


@pytest.fixture
def change(people, house, ids, settle):
    """`change(is_active=False)` saves the place in Shanghai as an admin does, and delivers the news if `told`."""

    def save(told=True, **more):
        admin = people["admin"]
        shown = house.db.read(lambda tx: next(one for one in locations(tx, all=True) if one.id == ids.location))
        entry = msgspec.to_builtins(shown) | more
        del entry["id"]
        answer = admin("PUT", f"/api/v1/locations/{ids.location}", json=entry)
        assert answer.status_code == 200, answer.text
        if told:
            settle()

    return save


@pytest.fixture
def visit(people, ids, hours, book, free):
    """Li's visit at nine on Wednesday at the clinic in Shanghai, where Dr Zhang is every day."""
    assert hours(location_id=ids.location, zone=None).status_code == 201
    return book("li", next(one for one in free() if one["starts_at"] == "2030-01-02T01:00:00Z"))


def shown_as_lost(people, visit):
    return people["li"]("GET", f"/api/v1/appointments/{visit['id']}").json()["is_orphan"]


def test_at_a_place_that_is_closed_nobody_is_offered_a_time(people, visit, change, free, house, clock, ids):
    page, found = f"/doctors/{ids.doctors['zhang']}", "/api/v1/doctors?sort=next_free"
    assert free()
    assert "Shanghai" in people["guest"].page(page).text  # kept from now on
    before = len(free())
    change(is_active=False)
    assert free() == []
    assert shown_as_lost(people, visit) is True
    [zhang] = [one for one in people["guest"]("GET", found).json()["items"] if one["id"] == ids.doctors["zhang"]]
    assert (zhang["next_free"], zhang["locations"]) == (None, [])
    assert len(people["zhang"]("GET", "/api/v1/notifications").json()["items"]) == 1  # somebody must act
    clock.advance(days=2)
    assert house.db.write(lambda tx: horizon.keep(tx, clock())) == 1
    assert house.db.write(lambda tx: horizon.keep(tx, clock())) == 0  # its hours are no endless work
    assert free(day="2030-01-04") == []
    clock.advance(days=-2)
    change(is_active=True)
    assert len(free()) == before
    assert shown_as_lost(people, visit) is False


def test_hours_follow_the_zone_of_their_place(people, visit, change, free, house, ids):
    change(timezone="America/New_York")
    assert {one["starts_at"][11:16] for one in free()} >= {"14:00", "16:30"}  # nine and half past eleven there
    assert {one["zone"] for one in free()} == {"America/New_York"}
    assert shown_as_lost(people, visit) is True
    assert house.db.read(lambda tx: tx.scalars(select(Availability.zone)).all()) == ["America/New_York"]
    change(timezone="Asia/Shanghai")
    assert {one["starts_at"][11:13] for one in free()} == {"01", "02", "03"}
    assert shown_as_lost(people, visit) is False


def test_a_form_that_was_open_when_the_place_moved_is_told_so(people, visit, change, ids):
    rule = people["zhang"]("GET", f"/api/v1/doctors/{ids.doctors['zhang']}/hours").json()[0]
    change(timezone="America/New_York")
    body = {"first_day": "2030-01-01", "opens": "14:00", "closes": "15:00", "recurrence": "DAILY",
            "location_id": ids.location, "version": rule["version"]}  # fmt: skip
    assert people["zhang"]("PUT", f"/api/v1/hours/{rule['id']}", json=body).json()["code"] == "version_changed"


def test_other_places_and_online_hours_stay_as_they_are(people, hours, change, house, ids):
    assert hours().status_code == 201
    assert hours("chen", location_id=ids.abroad, zone=None).status_code == 201

    def slots(tx):
        return [tuple(row) for row in tx.execute(select(Slot.id, Slot.slot_start, Slot.zone).order_by(Slot.id))]

    before = house.db.read(slots)
    change(is_active=False, timezone="UTC")
    assert house.db.read(slots) == before


def test_a_new_name_is_seen_on_the_pages_of_its_doctors(people, visit, change, ids):
    page = f"/doctors/{ids.doctors['zhang']}"
    people["guest"].page(page)
    change(name="Lakeside")
    assert "Lakeside" in people["guest"].page(page).text


def at_ten(free):
    return next(one for one in free() if one["starts_at"] == "2030-01-02T02:00:00Z")


def test_a_closed_place_is_closed_before_the_worker_has_run(people, visit, change, free, book, state, ids):
    slot, before = at_ten(free), state()
    change(told=False, is_active=False)
    assert people["wang"].page(f"/book/{slot['id']}").status_code == 404
    before = state()
    assert book("wang", slot, refused=True).status_code == 404
    by_time = {"doctor_id": ids.doctors["zhang"], "appointment_date": "2030-01-02", "time_slot": "10:00-10:30"}
    refused = people["wang"]("POST", "/api/v1/appointments", json=by_time)
    assert (refused.status_code, refused.json()["code"]) == (422, "no_such_time")
    moved = people["li"]("POST", f"/api/v1/appointments/{visit['id']}/reschedule", json={"slot_id": slot["id"]})
    assert moved.status_code == 404
    desk = {"patient_profile_id": people["wang"].profiles["self"], "slot_id": slot["id"]}
    assert people["admin"]("POST", "/api/v1/walk-ins", json=desk).status_code == 404
    assert state() == before


def test_whoever_looked_before_the_place_closed_gets_no_time_after_it(house, clock, visit, change, free, state):
    """The look and the taking are two statements, and between them another transaction may commit."""
    wanted = Booking(slot_id=at_ten(free)["id"])
    seen = house.db.read(lambda tx: booking.slot_for(tx, wanted, clock()))
    change(told=False, is_active=False)
    before = state()
    with pytest.raises(SlotTaken):
        house.db.write(lambda tx: holds.take(tx, seen, clock(), clock()))
    assert state() == before


def test_of_closing_and_booking_at_once_no_visit_stays_unmarked(people, visit, change, free, book, settle):
    free_times = [one for one in free() if one["starts_at"] > "2030-01-02T01:00:00Z"][:4]
    race(
        partial(change, told=False, is_active=False), *(partial(book, "wang", one, refused=True) for one in free_times)
    )
    settle()
    made = people["wang"]("GET", "/api/v1/appointments").json()["items"]
    assert [one["is_orphan"] for one in made] == [True] * len(made)
    assert free() == []


def test_the_doctors_own_page_says_that_a_place_is_closed(people, visit, change, ids):
    words = "place closed: no times are offered"
    assert words not in people["zhang"].page("/doctor/availability").text
    change(is_active=False)
    assert words in people["zhang"].page("/doctor/availability").text
    [rule] = people["zhang"]("GET", f"/api/v1/doctors/{ids.doctors['zhang']}/hours").json()
    assert (rule["place_closed"], rule["location_id"]) == (True, ids.location)
    form = people["zhang"].page(f"/doctor/availability/{rule['id']}").text
    assert f'<option value="{ids.location}" selected' in form  # else saving would make them online hours
    change(is_active=True)
    assert words not in people["zhang"].page("/doctor/availability").text
