"""The pages of a visit, without a browser: forms that work without scripts, fragments, what stands on them."""

import re

from suwen.consultations.models import Consultation

AT = "/api/v1/consultations"


def test_the_patient_enters_from_the_page_and_sees_her_place(people, booked, clock):
    appointment = booked(minutes=90)
    li = people["li"]
    assert "The waiting room opens at" in li.page(f"/visit/{appointment}").text
    clock.advance(minutes=40)
    assert "Enter the waiting room" in li.page(f"/visit/{appointment}").text
    assert li.form(f"/visit/{appointment}/enter").headers["location"] == f"/visit/{appointment}"
    shown = li.page(f"/visit/{appointment}").text
    assert "You are in the waiting room." in shown
    assert "You are next." in shown
    assert 'data-status="waiting"' in shown


def test_entering_too_early_shows_the_page_again_with_the_reason(people, booked):
    appointment = booked(minutes=600)
    answer = people["li"].form(f"/visit/{appointment}/enter")
    assert answer.status_code == 409
    assert "The waiting room is not open yet." in answer.text
    assert "The waiting room opens at" in answer.text


def test_the_place_is_a_fragment_that_counts_who_is_before(people, waiting, booked):
    waiting(patient="wang", minutes=5)
    appointment, _ = waiting(minutes=40)
    fragment = people["li"].page(f"/visit/{appointment}/place", headers={"hx-request": "true", "hx-target": "place"})
    assert fragment.text.lstrip().startswith("<div")
    assert "1 person is before you." in fragment.text
    place = people["li"]("GET", f"{AT}/{appointment}/place").json()
    assert (place["ahead"], place["inside"]) == (1, False)
    assert 30 <= place["wait_from"] <= place["wait_to"]


def test_late_and_rating_are_forms(people, begun, booked, room):
    appointment = booked(minutes=20, patient="wang")
    wang = people["wang"]
    assert wang.form(f"/visit/{appointment}/late", {"minutes": "10"}).status_code == 303
    assert wang.form(f"/visit/{appointment}/late", {"minutes": "ten"}).status_code == 422
    visit, id = begun()
    people["zhang"]("POST", f"{AT}/{id}/end", json={"diagnosis": "d"})
    assert people["li"].form(f"/visit/{visit}/rating", {"rating": "5", "feedback": ""}).status_code == 303
    assert (room(id).patient_rating, room(id).patient_feedback) == (5, None)
    assert "Thank you, we have noted it." in people["li"].page(f"/visit/{visit}").text


def test_the_doctor_is_told_when_the_patient_is_not_there(people, booked):
    appointment = booked()
    zhang = people["zhang"]
    assert "is not in the waiting room yet" in zhang.page(f"/consultations/{appointment}/call").text
    answer = zhang.form(f"/consultations/{appointment}/admit")
    assert answer.status_code == 409
    assert "The patient is not in the waiting room yet." in answer.text
    people["li"].form(f"/visit/{appointment}/enter")
    assert "is in the waiting room." in zhang.page(f"/consultations/{appointment}/arrival").text
    assert zhang.form(f"/consultations/{appointment}/admit").headers["location"] == f"/desk/{appointment}"


def test_notes_save_themselves_and_say_so(people, begun, room):
    _, id = begun()
    zhang, part = people["zhang"], {"hx-request": "true", "hx-target": "notes_status"}
    typed = {"version": "1", "chief_complaint": "tired", "diagnosis": "", "treatment_plan": "", "notes": "<b>n</b>"}
    saved = zhang.form(f"/consultations/{id}/notes/autosave", typed, headers=part)
    assert "Saved at 08:00." in saved.text
    assert 'name="version" value="2"' in saved.text
    assert (room(id).chief_complaint, room(id).diagnosis, room(id).notes) == ("tired", None, "<b>n</b>")
    refused = zhang.form(f"/consultations/{id}/notes/autosave", typed | {"notes": "older"}, headers=part)
    assert refused.status_code == 409
    assert "changed in another window" in refused.text
    assert 'name="version" value="1"' in refused.text, "the next try must be refused as well"
    assert room(id).notes == "<b>n</b>"
    assert "&lt;b&gt;n&lt;/b&gt;" in zhang.page(f"/consultations/{id}/notes").text


def test_the_visit_is_ended_from_the_form_with_what_was_typed(people, begun, room):
    _, id = begun()
    zhang = people["zhang"]
    typed = {"version": "1", "chief_complaint": "c", "diagnosis": "", "treatment_plan": "t", "notes": ""}
    refused = zhang.form(f"/consultations/{id}/end", typed)
    assert refused.status_code == 422
    assert "Please write a diagnosis before you end the visit." in refused.text
    assert re.search(r'name="treatment_plan"[^>]*>t<', refused.text), "what was typed is still there"
    assert (room(id).status, room(id).version) == ("in_progress", 1)
    done = zhang.form(f"/consultations/{id}/end", typed | {"diagnosis": "d"})
    assert done.headers["location"] == "/doctor/today"
    assert (room(id).status, room(id).diagnosis) == ("completed", "d")


def test_the_queue_is_in_order_and_costs_the_same_however_long(people, waiting, booked, statements, clock, house):
    zhang = people["zhang"]
    first, _ = waiting(minutes=10)
    few = len(statements(lambda: zhang("GET", f"{AT}/queue")))
    for n in range(6):
        booked(minutes=60 + 30 * n, patient="wang")
    waiting(minutes=20, patient="wang")
    clock.advance(minutes=15)
    late, _ = waiting(minutes=-10, patient="wang", length=60)
    queue = zhang("GET", f"{AT}/queue").json()
    assert queue["waiting"][0]["appointment_id"] == first
    assert [one["appointment_id"] for one in queue["waiting"]].index(late) == 1
    assert [len(queue[pile]) for pile in ("now", "waiting", "next", "done")] == [0, 3, 6, 0]
    assert len(statements(lambda: zhang("GET", f"{AT}/queue"))) == few
    assert people["chen"]("GET", f"{AT}/queue").json()["waiting"] == []


def test_a_cancelled_visit_says_so(people, booked):
    shown = people["li"].page(f"/visit/{booked(status='cancelled')}").text
    assert "This visit does not take place" in shown
    assert "data-call" not in shown


def test_lists_cost_the_same_however_long(people, begun, statements, house, ids, clock):
    _, id = begun()
    people["zhang"]("POST", f"{AT}/{id}/end", json={"diagnosis": "d"})
    one = len(statements(lambda: people["li"]("GET", AT)))
    for _ in range(3):
        clock.advance(minutes=45)
        _, id = begun()
        people["zhang"]("POST", f"{AT}/{id}/end", json={"diagnosis": "d"})
    assert house.db.read(lambda tx: tx.query(Consultation).count()) == 4
    assert len(statements(lambda: people["li"]("GET", AT))) == one
    page = people["li"]("GET", AT, params={"limit": 3}).json()
    rest = people["li"]("GET", AT, params={"limit": 3, "after": page["next"]}).json()
    assert len({one["id"] for one in page["items"] + rest["items"]}) == 4
