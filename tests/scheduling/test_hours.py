"""Hours, exceptions, and the slots that follow from them."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from suwen.scheduling.models import Availability, Slot
from suwen.scheduling.service import horizon
from tests.support.racing import race


def slots_of(house, doctor_id):
    return house.db.read(
        lambda tx: tx.execute(
            select(Slot.slot_start, Slot.slot_end, Slot.id).where(Slot.doctor_id == doctor_id).order_by(Slot.slot_start)
        ).all()
    )


def test_hours_make_four_weeks_of_slots_and_no_past_ones(house, hours, ids, free):
    answer = hours()
    assert answer.status_code == 201, answer.text
    # 2030-01-01 is 08:00 in Shanghai: today's three hours and 28 more days, six half hours each.
    assert answer.json()["added"] == 29 * 6
    assert answer.json()["orphans"] == []
    found = slots_of(house, ids.doctors["zhang"])
    assert found[0].slot_start == datetime(2030, 1, 1, 1, tzinfo=UTC)
    assert all(one.slot_end - one.slot_start == timedelta(minutes=30) for one in found)
    week = free(day="2030-01-01")
    assert [one["starts_at"] for one in week[:2]] == ["2030-01-01T01:00:00Z", "2030-01-01T01:30:00Z"]
    assert {one["visit_type"] for one in week} == {"online_video"}


def test_regenerating_changes_nothing_the_second_time(house, hours, ids):
    hours()
    before = slots_of(house, ids.doctors["zhang"])
    done = house.db.write(lambda tx: horizon.regenerate(tx, ids.doctors["zhang"], house.clock()))
    assert (done.added, done.removed, done.orphans) == (0, 0, [])
    assert slots_of(house, ids.doctors["zhang"]) == before


def test_the_timed_job_keeps_the_horizon_ahead(house, hours, ids, clock, settle):
    hours()
    count = len(slots_of(house, ids.doctors["zhang"]))
    settle(timed=True)
    assert len(slots_of(house, ids.doctors["zhang"])) == count
    clock.advance(days=3)
    settle(timed=True)
    settle(timed=True)
    assert len(slots_of(house, ids.doctors["zhang"])) == count + 3 * 6


def test_two_workers_at_once_make_every_slot_once(house, hours, ids, clock):
    hours()
    clock.advance(days=5)
    race(*6 * [lambda: house.db.write(lambda tx: horizon.keep(tx, clock()))])
    starts = [one.slot_start for one in slots_of(house, ids.doctors["zhang"])]
    assert len(starts) == len(set(starts)) == (29 + 5) * 6


REFUSED = [
    ({"zone": "Mars/Olympus"}, "unknown_zone", "zone"),
    ({"recurrence": "WEEKLY Mon,Frei"}, "bad_recurrence", "recurrence"),
    ({"opens": "12:00", "closes": "09:00"}, "bad_hours", "closes"),
    ({"slot_minutes": 240}, "bad_hours", "slot_minutes"),
    ({"until": "2029-12-31"}, "bad_hours", "until"),
    ({"first_day": "2050-01-01"}, "bad_hours", "first_day"),
    ({"visit_type": "offline"}, "bad_hours", "location_id"),
    ({"location_id": "nowhere"}, "bad_hours", "location_id"),
    ({"surprise": 1}, "invalid", "surprise"),
    ({"opens": "9 o'clock"}, "invalid", "opens"),
    ({"slot_minutes": 1}, "invalid", "slot_minutes"),
]


@pytest.mark.parametrize(("change", "code", "field"), REFUSED)
def test_bad_hours_are_refused_and_nothing_changes(hours, state, change, code, field):
    before = state()
    answer = hours(**change)
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == code
    assert field in (answer.json().get("fields") or str(answer.json()["errors"]))
    assert state() == before


def test_online_hours_are_in_the_doctor_s_own_zone_or_the_one_given(people, ids, hours, house):
    assert hours(zone=None).status_code == 201
    assert house.db.read(lambda tx: tx.scalars(select(Availability.zone)).one()) == "Asia/Shanghai"
    body = {"first_day": "2030-01-01", "opens": "15:00", "closes": "16:00"}
    refused = people["admin"]("POST", f"/api/v1/doctors/{ids.doctors['zhang']}/hours", json=body)
    assert "zone" in refused.json()["fields"]


def test_the_place_of_an_error_in_the_recurrence_is_told(hours):
    problem = hours(recurrence="WEEKLY Mon,Frei").json()
    assert problem["position"] == 11
    assert "Mon..Sun" in problem["expected"]


def test_overlapping_hours_are_refused_also_across_zones_and_places(hours, ids, state):
    assert hours(recurrence="WEEKLY Mon").status_code == 201
    before = state()
    assert hours(recurrence="WEEKLY Mon", opens="11:30", closes="13:00").json()["code"] == "overlapping_hours"
    # Monday 09:00 in Shanghai is Sunday 20:00 in New York.
    abroad = hours(location_id=ids.abroad, zone=None, recurrence="WEEKLY Sun", opens="20:30", closes="21:00")
    assert abroad.status_code == 409
    assert state() == before
    assert hours(recurrence="WEEKLY Mon", opens="12:00", closes="13:00").status_code == 201
    assert hours("chen", recurrence="WEEKLY Mon").status_code == 201


def test_hours_at_a_place_are_in_its_zone(hours, ids, free):
    answer = hours(location_id=ids.abroad, zone=None, recurrence="DAILY", opens="09:00", closes="10:00")
    assert answer.status_code == 201, answer.text
    found = free(day="2030-01-02", zone="America/New_York")
    assert found[0]["starts_at"].endswith("T14:00:00Z")
    assert {(one["zone"], one["visit_type"], one["location_id"]) for one in found} == {
        ("America/New_York", "offline", ids.abroad)
    }
    assert hours(location_id=ids.abroad, zone="Asia/Shanghai", opens="20:00", closes="21:00").status_code == 422


def test_a_block_takes_slots_away_and_taking_it_back_restores_them(people, hours, ids, house):
    hours()
    doctor = ids.doctors["zhang"]
    before = [(one.slot_start, one.slot_end) for one in slots_of(house, doctor)]
    body = {"kind": "block", "starts": "2030-01-02T09:45", "ends": "2030-01-02T10:30", "zone": "Asia/Shanghai"}
    answer = people["zhang"]("POST", f"/api/v1/doctors/{doctor}/exceptions", json=body)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["added"], answer.json()["removed"]) == (0, 2)
    back = people["zhang"]("DELETE", f"/api/v1/hours/{answer.json()['id']}")
    assert (back.json()["added"], back.json()["removed"]) == (2, 0)
    assert [(one.slot_start, one.slot_end) for one in slots_of(house, doctor)] == before


def test_time_can_be_added_once(people, hours, ids, free):
    hours(recurrence="WEEKLY Mon")
    body = {"kind": "add", "starts": "2030-01-05T14:00", "ends": "2030-01-05T15:00", "zone": "Asia/Shanghai"}
    path = f"/api/v1/doctors/{ids.doctors['zhang']}/exceptions"
    assert people["zhang"]("POST", path, json=body).json()["added"] == 2
    assert "2030-01-05T06:00:00Z" in [one["starts_at"] for one in free()]
    again = people["zhang"]("POST", path, json=body | {"starts": "2030-01-05T14:30", "ends": "2030-01-05T15:30"})
    assert again.json()["code"] == "overlapping_hours"
    late = people["zhang"]("POST", path, json=body | {"starts": "2029-01-05T14:30", "ends": "2029-01-05T15:30"})
    assert late.status_code == 422
    for field, wrong in (("starts", "2030-74-08T03:03"), ("ends", "2030-02-30T15:00")):
        never = people["zhang"]("POST", path, json=body | {field: wrong})
        assert (never.status_code, list(never.json()["fields"])) == (422, [field])


def test_changed_hours_leave_booked_visits_as_orphans(people, hours, slot, book, ids, house, free, settle):
    held = book("li", slot)
    rule = people["zhang"]("GET", f"/api/v1/doctors/{ids.doctors['zhang']}/hours").json()[0]
    body = {
        "first_day": "2030-01-01", "opens": "14:00", "closes": "15:00", "recurrence": "DAILY", "zone": "Asia/Shanghai",
        "version": rule["version"],
    }  # fmt: skip
    answer = people["zhang"]("PUT", f"/api/v1/hours/{rule['id']}", json=body)
    assert answer.status_code == 200, answer.text
    assert [orphan["id"] for orphan in answer.json()["orphans"]] == [held["id"]]
    assert answer.json()["removed"] == 29 * 6 - 1
    assert people["li"]("GET", f"/api/v1/appointments/{held['id']}").json()["is_orphan"] is True
    assert {one["starts_at"][11:16] for one in free()} == {"06:00", "06:30"}
    stale = people["zhang"]("PUT", f"/api/v1/hours/{rule['id']}", json=body)
    assert stale.json()["code"] == "version_changed"
    # Once it is cancelled, the lost time is not offered to anybody.
    assert people["li"]("POST", f"/api/v1/appointments/{held['id']}/cancel", json={"reason": "x"}).status_code == 200
    assert {one["starts_at"][11:16] for one in free()} == {"06:00", "06:30"}


def test_new_hours_never_overlap_a_booked_orphan(people, hours, slot, book, ids, house):
    book("li", slot)  # 09:00-09:30 on Wednesday
    rule = people["zhang"]("GET", f"/api/v1/doctors/{ids.doctors['zhang']}/hours").json()[0]
    people["zhang"]("DELETE", f"/api/v1/hours/{rule['id']}")
    assert hours(opens="09:15", closes="10:45").status_code == 201
    found = slots_of(house, ids.doctors["zhang"])
    assert all(one.slot_end <= two.slot_start for one, two in itertools.pairwise(found))
    wednesday = [one.slot_start.strftime("%H:%M") for one in found if one.slot_start.date().day == 2]
    assert wednesday == ["01:00", "01:45", "02:15"]


def test_a_cancelled_visit_does_not_stop_its_slot_from_going(people, hours, slot, book, ids):
    held = book("li", slot)
    people["li"]("POST", f"/api/v1/appointments/{held['id']}/cancel", json={"reason": "changed my mind"})
    rule = people["zhang"]("GET", f"/api/v1/doctors/{ids.doctors['zhang']}/hours").json()[0]
    gone = people["zhang"]("DELETE", f"/api/v1/hours/{rule['id']}")
    assert gone.status_code == 200, gone.text
    assert gone.json()["removed"] == 29 * 6
    seen = people["li"]("GET", f"/api/v1/appointments/{held['id']}").json()
    assert seen["slot_id"] is None
    assert seen["starts_at"] == "2030-01-02T01:00:00Z"


def test_preview_shows_what_would_be_and_writes_nothing(people, hours, ids, state, priced):
    before = state()
    body = {"first_day": "2030-01-07", "opens": "09:00", "closes": "10:00", "recurrence": "BIWEEKLY Mon",
            "zone": "Europe/London"}  # fmt: skip
    answer = people["zhang"]("POST", f"/api/v1/doctors/{ids.doctors['zhang']}/hours/preview", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["meaning"] == "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"
    assert [(one["day"], one["label"]) for one in answer.json()["slots"][:3]] == [
        ("2030-01-07", "09:00-09:30"), ("2030-01-07", "09:30-10:00"), ("2030-01-21", "09:00-09:30"),
    ]  # fmt: skip
    assert state() == before


@pytest.mark.parametrize("who", ["li", "eve", "chen", "zhao", "guest"])
def test_nobody_else_touches_a_doctor_s_hours(people, hours, ids, who, state):
    id = hours().json()["id"]
    before = state()
    doctor = ids.doctors["zhang"]
    body = {"first_day": "2030-01-01", "opens": "15:00", "closes": "16:00", "zone": "Asia/Shanghai"}
    block = {"kind": "block", "starts": "2030-01-02T09:45", "ends": "2030-01-02T10:30", "zone": "Asia/Shanghai"}
    answers = [
        people[who]("GET", f"/api/v1/doctors/{doctor}/hours"),
        people[who]("POST", f"/api/v1/doctors/{doctor}/hours", json=body),
        people[who]("POST", f"/api/v1/doctors/{doctor}/exceptions", json=block),
        people[who]("PUT", f"/api/v1/hours/{id}", json=body | {"version": 1}),
        people[who]("DELETE", f"/api/v1/hours/{id}"),
        people[who]("GET", f"/api/v1/doctors/{doctor}/calendar?first=2030-01-01"),
    ]
    assert {answer.status_code for answer in answers} <= {401, 403, 404}
    assert state() == before


def test_the_admin_may(people, hours, ids):
    id = hours().json()["id"]
    assert len(people["admin"]("GET", f"/api/v1/doctors/{ids.doctors['zhang']}/hours").json()) == 1
    assert people["admin"]("DELETE", f"/api/v1/hours/{id}").status_code == 200


def test_wall_clock_is_what_is_stored(house, hours):
    hours(zone="America/New_York", recurrence="WEEKLY Mon,Wed;EXCEPT=2030-01-07")
    row = house.db.read(lambda tx: tx.scalars(select(Availability)).one())
    assert row.start_time == datetime(2030, 1, 1, 9)
    assert row.zone == "America/New_York"
    assert row.rrule == "FREQ=WEEKLY;BYDAY=MO,WE\nEXDATE;VALUE=DATE:20300107"
