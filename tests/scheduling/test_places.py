"""A place that closes or moves takes the hours of its doctors with it."""

import msgspec
import pytest
from sqlalchemy import select

from suwen.clinics.service import locations
from suwen.scheduling.models import Availability, Slot
from suwen.scheduling.service import horizon


@pytest.fixture
def change(people, house, ids, settle):
    """`change(is_active=False)` saves the place in Shanghai as an admin does, and delivers the news."""

    def save(**more):
        admin = people["admin"]
        shown = house.db.read(lambda tx: next(one for one in locations(tx, all=True) if one.id == ids.location))
        entry = msgspec.to_builtins(shown) | more
        del entry["id"]
        answer = admin("PUT", f"/api/v1/locations/{ids.location}", json=entry)
        assert answer.status_code == 200, answer.text
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
