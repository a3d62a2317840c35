"""The pages, as a browser without JavaScript meets them."""

import re
from dataclasses import replace

import pytest


def once(html: str) -> str:
    found = re.search(r'name="_once" value="([^"]+)"', html)
    assert found
    return found.group(1)


def test_everybody_finds_doctors(people, open_clinic):
    for who in ("guest", "li", "zhang", "admin"):
        page = people[who].page("/doctors")
        assert page.status_code == 200
        assert "Zhang Zhongjing" in page.text
    empty = people["guest"].page("/doctors?q=nobody-of-this-name")
    assert "No doctor fits" in empty.text or "没有" in empty.text


def test_the_doctor_s_page_shows_the_week_in_the_reader_s_zone(people, open_clinic, ids, slot):
    page = people["li"].page(f"/doctors/{ids.doctors['zhang']}")
    assert page.status_code == 200
    assert f"/book/{slot['id']}" in page.text
    assert ">09:00<" in page.text
    people["wang"].cookies["zone"] = "America/New_York"
    page = people["wang"].page(f"/doctors/{ids.doctors['zhang']}")
    assert ">20:00<" in page.text
    assert "09:00 at the clinic" in page.text
    week = people["guest"].page(
        f"/doctors/{ids.doctors['zhang']}/week?day=2030-01-08", headers={"hx-request": "true", "hx-target": "week"}
    )
    assert week.status_code == 200
    assert "<html" not in week.text
    assert people["guest"].page("/doctors/nobody").status_code == 404


def test_booking_paying_and_cancelling_without_javascript(people, slot, rich, settle, ids):
    rich("li")
    li = people["li"]
    assert people["guest"].page(f"/book/{slot['id']}").headers["location"].startswith("/sign-in?next=")
    page = li.page(f"/book/{slot['id']}")
    assert page.status_code == 200
    assert "Mrs. Li" in page.text
    held = li.form(
        f"/book/{slot['id']}",
        {"patient_profile_id": li.profiles["mother"], "symptoms": "头痛", "_once": once(page.text)},
    )
    assert (held.status_code, held.headers["location"]) == (303, f"/book/{slot['id']}#pay"), held.text
    page = li.page(f"/book/{slot['id']}")
    assert "头痛" in page.text
    assert "data-countdown" in page.text
    edited = li.form(f"/book/{slot['id']}", {"patient_profile_id": li.profiles["self"], "symptoms": "咳嗽"})
    assert edited.status_code == 303
    paid = li.form(f"/book/{slot['id']}/pay", {"method": "balance"})
    assert paid.status_code == 303
    id = paid.headers["location"].rsplit("/", 1)[-1]
    settle()
    listed = li.page("/appointments")
    assert "confirmed" in listed.text
    assert f"/appointments/{id}/cancel" in listed.text
    form = li.page(f"/appointments/{id}/cancel")
    assert "goes back in full" in form.text
    refused = li.form(f"/appointments/{id}/cancel", {"reason": ""})
    assert refused.status_code == 422
    done = li.form(f"/appointments/{id}/cancel", {"reason": "better"})
    assert (done.status_code, done.headers["location"]) == (303, "/appointments")
    assert "cancelled" in li.page("/appointments?when=past").text


@pytest.mark.parametrize(("windows", "said"), [
    ("2h:100,0h:50", ["Until 2 hours before the visit: all of it", "Until the visit begins: 50%", "After that:"]),
    ("2d:80,1h:10,0h:0", ["Until 2 days before the visit: 80%", "Until 1 hour before the visit: 10%", "nothing"]),
    ("0h:0", ["What was paid does not go back"]),
])  # fmt: skip
def test_the_booking_page_says_the_clinic_s_own_terms(people, slot, house, monkeypatch, windows, said):
    """It told of a free day that no setting had."""
    info = house.db._reads.kw["info"]
    monkeypatch.setitem(info, "settings", replace(info["settings"], cancellation=windows))
    page = " ".join(people["li"].page(f"/book/{slot['id']}").text.split())
    assert [words for words in said if words not in page] == []
    assert page.count("before the visit:") == sum("before the visit:" in words for words in said)
    people["li"].cookies["lang"] = "zh-CN"
    page = people["li"].page(f"/book/{slot['id']}").text
    assert ("取消后不退还" in page) == (len(said) == 1)
    assert "before the visit" not in page


def test_a_taken_time_keeps_what_was_typed_and_offers_others(people, slot, book):
    book("wang", slot)
    page = people["li"].page(f"/book/{slot['id']}")
    assert "taken meanwhile" in page.text
    again = people["li"].form(
        f"/book/{slot['id']}", {"symptoms": "很疼的头 <b>", "patient_profile_id": people["li"].profiles["self"]}
    )
    assert again.status_code == 409
    assert "很疼的头 &lt;b&gt;" in again.text
    other = re.search(r'formaction="(/book/[^"]+)"', again.text)
    assert other
    held = people["li"].form(other.group(1), {"symptoms": "很疼的头 <b>"})
    assert held.status_code == 303


def test_a_hold_can_be_let_go(people, slot, book, free):
    book("li", slot)
    gone = people["li"].form(f"/book/{slot['id']}/release", {})
    assert gone.status_code == 303
    assert slot["id"] in {one["id"] for one in free()}
    again = people["li"].form(f"/book/{slot['id']}/release", {})
    assert again.status_code == 409


def test_moving_to_another_time(people, slot, book, rich, free):
    rich("li")
    held = book("li", slot)
    people["li"]("POST", f"/api/v1/appointments/{held['id']}/pay", json={"method": "balance"})
    page = people["li"].page(f"/appointments/{held['id']}/reschedule")
    assert page.status_code == 200
    other = re.search(r'name="slot_id" value="([^"]+)"', page.text)
    assert other
    moved = people["li"].form(f"/appointments/{held['id']}/reschedule", {"slot_id": other.group(1), "version": "2"})
    assert moved.status_code == 303
    assert slot["id"] in {one["id"] for one in free()}


def test_the_doctor_s_calendar_and_hours(people, slot, book, rich, ids):
    rich("li")
    held = book("li", slot)
    people["li"]("POST", f"/api/v1/appointments/{held['id']}/pay", json={"method": "desk"})
    for view in ("day", "week"):
        page = people["zhang"].page(f"/doctor/calendar?view={view}&day=2030-01-02")
        assert page.status_code == 200
        assert "Li Na" in page.text
        assert "09:30" in page.text
    hours = people["zhang"].page("/doctor/availability")
    assert hours.status_code == 200
    assert "DAILY" in hours.text
    doctor = ids.doctors["zhang"]
    typed = {"first_day": "2030-01-07", "opens": "14:00", "closes": "15:00", "recurrence": "WEEKLY Mon,Frei",
             "zone": "Asia/Shanghai", "slot_minutes": "30", "buffer_minutes": "0"}  # fmt: skip
    bad = people["zhang"].form(f"/doctor/availability?doctor_id={doctor}", typed)
    assert bad.status_code == 422
    assert "<mark>F</mark>" in bad.text
    good = people["zhang"].form(f"/doctor/availability?doctor_id={doctor}", typed | {"recurrence": "WEEKLY Mon"})
    assert good.status_code == 303
    block = {
        "kind": "block",
        "starts": "2030-01-03T00:00",
        "ends": "2030-01-04T00:00",
        "zone": "Asia/Shanghai",
        "reason": "休假",
    }
    assert people["zhang"].form(f"/doctor/exceptions?doctor_id={doctor}", block).status_code == 303
    assert "休假" in people["zhang"].page("/doctor/availability").text
    assert "休假" in people["zhang"].page("/doctor/calendar?day=2030-01-03").text
    id = re.search(r"/doctor/availability/([0-9a-f-]{36})\"", people["zhang"].page("/doctor/availability").text).group(
        1
    )
    assert people["zhang"].page(f"/doctor/availability/{id}").status_code == 200
    assert people["chen"].page(f"/doctor/availability/{id}").status_code == 404


@pytest.mark.parametrize(("lang", "longer", "shorter"), [
    ("en", "The end must come after the start, at most 24 hours later.", "The hours are shorter than one visit."),
    ("zh-CN", "结束时间须晚于开始时间，且不超过 24 小时。", "出诊时间短于一次就诊的时长。"),
])  # fmt: skip
def test_hours_that_make_no_sense_are_explained_at_their_field(people, ids, lang, longer, shorter):
    people["zhang"].cookies["lang"] = lang
    typed = {"first_day": "2030-01-07", "opens": "14:00", "closes": "13:00", "zone": "Asia/Shanghai",
             "slot_minutes": "30", "buffer_minutes": "0"}  # fmt: skip
    path = f"/doctor/availability?doctor_id={ids.doctors['zhang']}"
    assert longer in said_at(people["zhang"].form(path, typed), "closes")
    assert shorter in said_at(people["zhang"].form(path, typed | {"closes": "14:10"}), "slot_minutes")
    body = {"kind": "add", "starts": "2030-01-05T14:00", "ends": "2030-01-05T14:10", "zone": "Asia/Shanghai"}
    once = people["zhang"]("POST", f"/api/v1/doctors/{ids.doctors['zhang']}/exceptions", json=body)
    assert list(once.json()["fields"]) == ["slot_minutes"]
    once = people["zhang"].form(path.replace("availability", "exceptions"), body | {"ends": "2030-01-05T13:00"})
    assert ("结束时间必须晚于开始时间。" if lang == "zh-CN" else "The end must come after the start.") in said_at(
        once, "ends"
    )


def said_at(answer, field):
    """What an input points at: its message, its hint."""
    assert answer.status_code == 422
    described = re.search(rf'name="{field}"[^>]*aria-describedby="([^"]+)"', answer.text)
    assert described, f"nothing is said at {field}"
    return " ".join(re.search(rf'id="{id}"[^>]*>(.*)', answer.text).group(1) for id in described[1].split())


def test_the_preview_answers_while_one_types(people, ids):
    base = f"/doctor/availability/preview?doctor_id={ids.doctors['zhang']}"
    headers = {"hx-request": "true", "hx-target": "preview"}
    good = people["zhang"].page(
        f"{base}&first_day=2030-01-07&opens=09:00&closes=10:00&recurrence=WEEKLY Mon&zone=Asia/Shanghai",
        headers=headers,
    )
    assert good.status_code == 200
    assert "09:00–09:30" in good.text
    assert "<html" not in good.text
    bad = people["zhang"].page(
        f"{base}&first_day=2030-01-07&opens=09:00&closes=10:00&recurrence=WEEKLY Mo&zone=Asia/Shanghai", headers=headers
    )
    assert "<mark>M</mark>" in bad.text
    assert people["zhang"].page(f"{base}&first_day=2030", headers=headers).status_code == 200


def test_the_desk_sees_all_visits_and_books_walk_ins(people, slot, book, ids):
    book("li", slot)
    page = people["admin"].page("/admin/appointments?patient=&status=&first=&last=&when=")
    assert page.status_code == 200
    assert "Li Na" in page.text
    assert "Li Na" not in people["admin"].page("/admin/appointments?patient=Wang").text
    search = people["admin"].page(f"/admin/walk-in?person=Wang&doctor_id={ids.doctors['zhang']}")
    assert search.status_code == 200
    assert people["wang"].profiles["self"] in search.text
    typed = {"patient_profile_id": people["wang"].profiles["self"], "doctor_id": ids.doctors["zhang"], "slot_id": "",
             "minutes": "15", "visit_type": "offline", "location_id": ids.location, "symptoms": "发热"}  # fmt: skip
    done = people["admin"].form("/admin/walk-in", typed)
    assert done.status_code == 303
    assert "Wang Wei" in people["admin"].page("/admin/appointments").text


def test_a_week_joins_what_is_free_and_a_day_lists_it(people, open_clinic, free, book, rich):
    day, week = (f"/doctor/calendar?view={view}&day=2030-01-02" for view in ("day", "week"))
    here = re.compile(r'aria-label="[^"]*Jan 2">(.*?)</section>', re.DOTALL)
    line = re.compile(r'calendar-clock">([^<]*)</span> <(?:span|a)[^>]*>([^<]*)<')

    def lines(path):
        return line.findall(here.search(people["zhang"].page(path).text).group(1))

    assert lines(week) == [("09:00–12:00", "6 free")]
    nothing = people["zhang"].page("/doctor/calendar?view=week&day=2029-06-04").text
    assert "No times in this week" in nothing
    assert "calendar-day" not in nothing
    rich("li")
    held = book("li", next(one for one in free() if one["starts_at"] == "2030-01-02T02:00:00Z"))
    people["li"]("POST", f"/api/v1/appointments/{held['id']}/pay", json={"method": "desk"})
    assert lines(week) == [("09:00–10:00", "2 free"), ("10:00", "Li Na 李娜"), ("10:30–12:00", "3 free")]
    assert [clock for clock, _ in lines(day)] == ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]


@pytest.mark.parametrize("path", ["/doctor/calendar", "/doctor/availability", "/admin/appointments", "/admin/walk-in"])
def test_patients_do_not_come_behind_the_desk(people, path):
    assert people["eve"].page(path).status_code == 403
    assert people["guest"].page(path).status_code == 303


def test_who_holds_too_many_times_is_led_to_them_and_a_cancelled_visit_to_the_next(people, open_clinic, free, book):
    li = people["li"]
    times = free()
    visits = [book("li", slot) for slot in times[:6:2]]
    data = {"patient_profile_id": li.profiles["self"]}
    refused = li.form(f"/book/{times[6]['id']}", data)
    assert refused.status_code == 409
    assert "Too many times are being held" in refused.text
    assert "Show the times held" in refused.text
    again = f'href="/doctors/{people["zhang"].doctor_id}"'
    shown = li.page(f"/appointments/{visits[0]['id']}").text
    assert again not in shown
    done = li("POST", f"/api/v1/appointments/{visits[0]['id']}/cancel", json={"reason": "away", "version": 1})
    assert done.status_code == 200, done.text
    assert again in li.page(f"/appointments/{visits[0]['id']}").text
