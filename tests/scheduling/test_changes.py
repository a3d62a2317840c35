"""What happens to a visit after it was booked: cancelled, moved, arrived, missed; and what both sides are told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from suwen.accounts.models import CareRelation
from suwen.payments.models import Balance, Order, Refund
from suwen.scheduling.models import Appointment, Slot
from tests.support.racing import race, statuses


def act(person, visit, verb, **body):
    return person("POST", f"/api/v1/appointments/{visit['id']}/{verb}", json=body or None)


def one(house, model, **by):
    return house.db.read(lambda tx: tx.scalars(select(model).filter_by(**by)).one())


def inbox(person):
    return [message["title"] for message in person("GET", "/api/v1/notifications").json()["items"]]


def test_cancelling_a_day_before_gives_all_back(people, paid, house, free, slot, ids, settle, clock):
    answer = act(people["li"], paid, "cancel", reason="感冒好了")
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["refunded"]) == ("cancelled", 3000)
    assert one(house, Balance, user_id=ids.users["li"]).balance == 10_000
    assert one(house, Order, appointment_id=paid["id"]).status == "refunded"
    assert slot["id"] in {found["id"] for found in free()}
    assert one(house, CareRelation, appointment_id=paid["id"]).until == clock()
    settle()
    assert "The appointment was cancelled" in inbox(people["li"])
    assert "The appointment was cancelled" in inbox(people["zhang"])


@pytest.mark.parametrize(("who", "also"), [("li", True), ("admin", True), ("zhang", False)])
def test_of_a_cancellation_hears_whoever_did_not_do_it(people, paid, settle, who, also):
    assert act(people[who], paid, "cancel", reason="the room is flooded").status_code == 200
    settle()
    assert "The appointment was cancelled" in inbox(people["li"])  # also who did it: with what comes back
    assert ("The appointment was cancelled" in inbox(people["zhang"])) is also


@pytest.mark.parametrize(("who", "told"), [("li", False), ("admin", True), ("zhang", True)])
def test_whose_hold_is_taken_by_the_clinic_is_told(people, book, slot, settle, who, told):
    held = book("li", slot)
    assert act(people[who], held, "cancel", reason="the room is flooded").status_code == 200
    settle()
    assert ("The appointment was cancelled" in inbox(people["li"])) is told
    assert "The appointment was cancelled" not in inbox(people["zhang"])  # who never heard of it


def test_the_doctor_s_news_lead_to_the_clinic_s_day(people, hours, free, book, rich, settle):
    rich("li")
    assert hours(opens="06:00", closes="07:00").status_code == 201
    early = next(one for one in free() if one["starts_at"] == "2030-01-01T22:00:00Z")  # the 2nd in Shanghai
    act(people["li"], book("li", early), "pay", method="balance")
    settle()
    [news] = [one for one in people["zhang"]("GET", "/api/v1/notifications").json()["items"]
              if one["title"] == "New appointment"]  # fmt: skip
    assert news["path"] == "/doctor/calendar?day=2030-01-02"


@pytest.mark.parametrize(
    ("second", "back", "status"),
    [
        (datetime(2030, 1, 1, 23, 0, 0, tzinfo=UTC), 3000, "refunded"),  # exactly two hours before
        (datetime(2030, 1, 1, 23, 0, 1, tzinfo=UTC), 1500, "partial_refunded"),
        (datetime(2030, 1, 2, 0, 59, 59, tzinfo=UTC), 1500, "partial_refunded"),
    ],
)
def test_what_goes_back_is_said_before_the_click_and_after(people, paid, house, clock, settle, second, back, status):
    clock.set(second)
    page = people["li"].page(f"/appointments/{paid['id']}/cancel").text
    assert f"¥{back // 100}.00" in page
    assert ("in full" in page) == (back == 3000)
    answer = act(people["li"], paid, "cancel", reason="late: my stomach aches")
    assert answer.json()["refunded"] == back
    assert one(house, Order, appointment_id=paid["id"]).status == status
    assert one(house, Refund).refund_reason == "Appointment cancelled"
    settle()
    told = [one["content"] for one in people["li"]("GET", "/api/v1/notifications").json()["items"]]
    assert any(f"¥{back // 100}.00 is on its way back" in words for words in told)
    assert not any("stomach" in words for words in told)


def test_once_it_has_begun_it_is_too_late_for_the_patient_but_not_for_the_doctor(people, paid, clock, state):
    clock.set(datetime(2030, 1, 2, 1, 0, tzinfo=UTC))
    before = state()
    assert act(people["li"], paid, "cancel", reason="late").json()["code"] == "too_late_to_cancel"
    assert "too late to cancel" in people["li"].page(f"/appointments/{paid['id']}/cancel").text
    assert state() == before
    assert act(people["zhang"], paid, "cancel", reason="ill").json()["refunded"] == 3000


def test_the_clinic_is_not_told_to_call_the_clinic_once_the_visit_is_over(people, paid, clock, state):
    clock.set(datetime(2030, 1, 3, 1, 0, tzinfo=UTC))
    before = state()
    page = people["admin"].page(f"/appointments/{paid['id']}/cancel").text
    assert "The time of this visit is over" in page
    assert "call the clinic" not in page
    assert act(people["admin"], paid, "cancel", reason="late").json()["code"] == "too_late_to_cancel"
    assert state() == before


def test_who_did_not_come_gets_nothing_back(people, paid, clock, house):
    clock.set(datetime(2030, 1, 2, 1, 20, tzinfo=UTC))
    assert act(people["zhang"], paid, "no-show").status_code == 200
    order = one(house, Order, appointment_id=paid["id"])
    assert (order.status, order.refunded_amount, order.refunding_amount) == ("paid", 0, 0)


def test_the_clinics_windows_are_a_setting(people, paid, house, monkeypatch):
    info = house.db._writes.kw["info"]
    monkeypatch.setitem(info, "settings", replace(info["settings"], cancellation="48h:80,0h:10"))
    assert act(people["li"], paid, "cancel", reason="rain").json()["refunded"] == 300


def test_what_went_back_before_counts(people, paid, house, clock):
    order = one(house, Order, appointment_id=paid["id"])
    path = f"/api/v1/orders/{order.id}/refunds"
    assert people["admin"]("POST", path, json={"reason": "kindness", "amount": 1000}).status_code == 201
    assert act(people["li"], paid, "cancel", reason="rain").json()["refunded"] == 2000
    assert one(house, Order, appointment_id=paid["id"]).status == "refunded"


def test_a_reason_is_needed_and_final_is_final(people, paid, state):
    before = state()
    assert act(people["li"], paid, "cancel", reason="").status_code == 422
    assert act(people["li"], paid, "cancel", reason="x", version=1).json()["code"] == "version_changed"
    assert state() == before
    assert act(people["li"], paid, "cancel", reason="x", version=2).status_code == 200
    for verb, body in (("cancel", {"reason": "again"}), ("check-in", {}), ("reschedule", {"slot_id": "x"})):
        assert act(people["li"], paid, verb, **body).json()["code"] == "wrong_state"


def test_cancelling_and_paying_at_once_agree(people, open_clinic, free, book, rich, house):
    rich("li", 100_000)
    li = people["li"]
    for slot in free()[12:18]:  # more than a day ahead: what was paid goes back in full
        held = book("li", slot)
        assert li.token
        answers = race(
            lambda held=held: act(li, held, "pay", method="balance"),
            lambda held=held: act(li, held, "cancel", reason="no"),
        )
        visit, order = one(house, Appointment, id=held["id"]), one(house, Order, appointment_id=held["id"])
        booked = one(house, Slot, id=slot["id"]).is_booked
        assert (visit.status, order.status, booked) in [
            ("confirmed", "paid", True), ("cancelled", "cancelled", False), ("cancelled", "refunded", False),
        ]  # fmt: skip
        assert 200 in statuses(answers)


def test_moving_changes_both_slots_in_one_step(people, paid, free, house, slot, settle):
    other = free()[10]
    answer = act(people["li"], paid, "reschedule", slot_id=other["id"])
    assert answer.status_code == 200
    assert answer.json()["starts_at"] == other["starts_at"]
    visit = one(house, Appointment, id=paid["id"])
    assert (visit.active_slot_id, visit.times_moved, visit.status) == (other["id"], 1, "confirmed")
    assert visit.time_slot != "09:00-09:30"
    left = {found["id"] for found in free()}
    assert slot["id"] in left
    assert other["id"] not in left
    settle()
    assert "The appointment was moved" in inbox(people["li"])


def test_two_visits_that_want_to_move_to_one_time(people, slot, book, rich, free, house):
    times = free()[12:]
    mine, theirs = book("li", times[0]), book("wang", times[1])
    for who, held in (("li", mine), ("wang", theirs)):
        act(people[who], held, "pay", method="desk")
        assert people[who].token
    wanted = times[12]["id"]
    answers = race(
        lambda: act(people["li"], mine, "reschedule", slot_id=wanted),
        lambda: act(people["wang"], theirs, "reschedule", slot_id=wanted),
    )
    assert statuses(answers) == [200, 409]
    booked = house.db.read(lambda tx: tx.scalars(select(Slot.id).where(Slot.is_booked.is_(True))).all())
    held = house.db.read(lambda tx: tx.scalars(select(Appointment.active_slot_id)).all())
    assert sorted(booked) == sorted(held)


def test_moves_that_are_refused(people, paid, hours, free, state, clock, slot, book, ids):
    hours("chen")
    before = state()
    foreign = free("chen")[0]
    assert act(people["li"], paid, "reschedule", slot_id=foreign["id"]).json()["code"] == "no_such_time"
    assert act(people["li"], paid, "reschedule", slot_id=slot["id"]).json()["code"] == "no_such_time"
    assert act(people["li"], paid, "reschedule", slot_id="nothing").status_code == 404
    assert act(people["eve"], paid, "reschedule", slot_id=free()[3]["id"]).status_code == 404
    assert state() == before
    taken = free()[5]
    book("wang", taken)
    assert act(people["li"], paid, "reschedule", slot_id=taken["id"]).json()["code"] == "slot_taken"
    clock.set(datetime(2030, 1, 1, 21, 30, tzinfo=UTC))
    late = act(people["li"], paid, "reschedule", slot_id=free()[8]["id"])
    assert late.json()["code"] == "too_late_to_reschedule"


def test_moved_three_times_is_enough(people, paid, free):
    for _ in range(3):
        assert act(people["li"], paid, "reschedule", slot_id=free()[14]["id"]).status_code == 200
    assert act(people["li"], paid, "reschedule", slot_id=free()[14]["id"]).json()["code"] == "too_many_moves"
    assert act(people["zhang"], paid, "reschedule", slot_id=free()[14]["id"]).status_code == 200


def test_arriving_late_and_not_at_all(people, paid, house, clock, state):
    before = state()
    assert act(people["li"], paid, "check-in").json()["code"] == "too_early"
    assert act(people["li"], paid, "no-show").status_code == 403
    assert act(people["zhang"], paid, "no-show").json()["code"] == "too_early"
    assert state() == before
    clock.set(datetime(2030, 1, 2, 0, 50, tzinfo=UTC))
    assert act(people["li"], paid, "late", late_note="堵车，晚十分钟").status_code == 200
    diary = people["zhang"]("GET", f"/api/v1/doctors/{people['zhang'].doctor_id}/calendar?first=2030-01-02&days=1")
    assert [visit["late_note"] for visit in diary.json()] == ["堵车，晚十分钟"]
    assert act(people["li"], paid, "check-in").json()["status"] == "checked_in"
    assert one(house, Appointment, id=paid["id"]).checked_in_at == clock()
    assert act(people["zhang"], paid, "no-show").json()["code"] == "wrong_state"


def test_nobody_came(people, paid, clock, house):
    clock.set(datetime(2030, 1, 2, 1, 10, tzinfo=UTC))
    assert act(people["chen"], paid, "no-show").status_code == 404
    assert act(people["zhang"], paid, "no-show").json()["status"] == "no_show"
    assert one(house, Slot, id=one(house, Appointment, id=paid["id"]).slot_id).is_booked is True


def test_reminders_come_once_each_and_in_time(people, paid, clock, settle):
    def told():
        return [title for title in inbox(people["li"]) if title.startswith("Your appointment ")]

    settle(timed=True)
    # Booked 25 hours before: the day's reminder is still to come.
    assert told() == ["Your appointment is booked"]
    for moment, expected in (
        (datetime(2030, 1, 1, 1, tzinfo=UTC), "Your appointment is tomorrow"),
        (datetime(2030, 1, 2, 0, 5, tzinfo=UTC), "Your appointment is in an hour"),
        (datetime(2030, 1, 2, 0, 52, tzinfo=UTC), "Your appointment begins in a few minutes"),
    ):
        clock.set(moment)
        settle(timed=True)
        settle(timed=True)
        assert told()[0] == expected
        assert told().count(expected) == 1


def test_after_a_pause_of_the_worker_only_the_nearest_reminder_is_sent(people, paid, clock, settle):
    clock.set(datetime(2030, 1, 2, 0, 52, tzinfo=UTC))
    settle(timed=True)
    told = [title for title in inbox(people["li"]) if title.startswith("Your appointment ")]
    assert told == ["Your appointment begins in a few minutes", "Your appointment is booked"]


def test_a_late_word_about_the_day_does_not_say_tomorrow(people, paid, clock, settle):
    """A worker that comes back in the morning said "tomorrow" about the evening of the same day."""
    clock.set(datetime(2030, 1, 1, 16, 30, tzinfo=UTC))  # in Shanghai the day of the visit has begun
    settle(timed=True)
    told = [title for title in inbox(people["li"]) if title.startswith("Your appointment ")]
    assert told == ["Your appointment is in less than a day", "Your appointment is booked"]


def test_no_reminder_after_a_cancellation_or_for_the_old_time(people, paid, clock, settle, free):
    act(people["li"], paid, "reschedule", slot_id=free()[-1]["id"])
    clock.set(datetime(2030, 1, 2, 0, 55, tzinfo=UTC))
    settle(timed=True)
    assert not [title for title in inbox(people["li"]) if "minutes" in title or "hour" in title]


def test_lists_do_not_cost_more_when_they_grow(people, open_clinic, free, book, statements, house):
    def count(path, who="li"):
        return len(statements(lambda: people[who]("GET", path)))

    book("li", free()[0])
    paths = [("/api/v1/appointments", "li"), ("/api/v1/appointments", "admin"),
             (f"/api/v1/doctors/{people['zhang'].doctor_id}/calendar?first=2030-01-01", "zhang")]  # fmt: skip
    few = [count(*one) for one in paths]
    book("li", free()[1])
    book("li", free()[2])
    book("wang", free()[3])
    assert [count(*one) for one in paths] == few
    assert max(few) <= 4


def test_the_list_narrows_and_pages(people, open_clinic, free, book):
    for number, slot in enumerate(free()[:3]):
        book("li", slot, person=("self", "mother")[number % 2])
    li = people["li"]
    everything = li("GET", "/api/v1/appointments?when=upcoming&limit=2").json()
    assert len(everything["items"]) == 2
    rest = li("GET", f"/api/v1/appointments?when=upcoming&limit=2&after={everything['next']}").json()
    assert len(rest["items"]) == 1
    assert rest["next"] is None
    mother = li("GET", f"/api/v1/appointments?patient_profile_id={li.profiles['mother']}").json()["items"]
    assert [visit["patient"] for visit in mother] == ["Mrs. Li 李老太太"]
    assert people["admin"]("GET", "/api/v1/appointments?patient=Wang").json()["items"] == []
    assert people["admin"]("GET", "/api/v1/appointments?first=2030-02-01").json()["items"] == []
    assert li("GET", "/api/v1/appointments?status=nonsense").status_code == 422
    assert li("GET", "/api/v1/appointments?after=%21%21").status_code == 422
    assert "symptoms" not in mother[0]


def test_who_waits_for_a_late_doctor_is_still_to_come(people, paid, clock):
    """The list has the way to the waiting room, and the doctor sees the morning's patients in the afternoon."""

    def listed(when):
        return [visit["id"] for visit in people["li"]("GET", f"/api/v1/appointments?when={when}").json()["items"]]

    clock.set(datetime(2030, 1, 2, 0, 55, tzinfo=UTC))
    assert act(people["li"], paid, "check-in").json()["status"] == "checked_in"
    clock.set(datetime(2030, 1, 2, 3, 0, tzinfo=UTC))  # it was to end at half past one
    assert (listed("upcoming"), listed("past")) == ([paid["id"]], [])
    clock.set(datetime(2030, 1, 2, 8, 0, tzinfo=UTC))
    assert (listed("upcoming"), listed("past")) == ([], [paid["id"]])


def test_csv_is_escaped_and_for_the_admin_only(people, slot, book, house):
    from suwen.accounts.models import PatientProfile

    def rename(tx):
        tx.get(PatientProfile, people["li"].profiles["self"]).name = '=cmd|" /C calc"!A1'

    house.db.write(rename)
    book("li", slot)
    answer = people["admin"]("GET", "/api/v1/appointments.csv")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/csv")
    lines = answer.text.splitlines()
    assert len(lines) == 2
    assert "'=cmd" in lines[1]
    assert "09:00-09:30" in lines[1]
    assert people["zhang"]("GET", "/api/v1/appointments.csv").status_code == 403


def test_time_passes_in_the_doctor_s_zone(people, paid):
    path = f"/api/v1/doctors/{people['zhang'].doctor_id}/calendar?days=1"
    shanghai = people["zhang"]("GET", path + "&first=2030-01-02&zone=Asia/Shanghai").json()
    assert [visit["id"] for visit in shanghai] == [paid["id"]]
    new_york = people["zhang"]("GET", path + "&first=2030-01-02&zone=America/New_York").json()
    assert new_york == []
    assert people["zhang"]("GET", path + "&first=2030-01-02&zone=Nowhere").status_code == 422


def test_starts_are_what_they_were_when_hours_move(people, paid):
    seen = people["li"]("GET", f"/api/v1/appointments/{paid['id']}").json()
    start = datetime.fromisoformat(seen["starts_at"])
    assert datetime.fromisoformat(seen["ends_at"]) - start == timedelta(minutes=30)
