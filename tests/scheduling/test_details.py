"""For whom and why, while the time is held."""

from datetime import date

import pytest

from suwen.accounts.models import PatientProfile
from suwen.payments.models import Order
from suwen.scheduling.models import Appointment


def one(house, model, **by):
    return house.db.read(lambda tx: tx.query(model).filter_by(**by).one())


def test_what_is_not_sent_stays_as_it_was(people, slot, book):
    held = book("li", slot, symptoms="头痛", has_visited_before=True)
    path = f"/api/v1/appointments/{held['id']}"
    answer = people["li"]("PATCH", path, json={"symptoms": "咳嗽"}).json()
    assert (answer["symptoms"], answer["has_visited_before"]) == ("咳嗽", True)
    answer = people["li"]("PATCH", path, json={"has_visited_before": False}).json()
    assert (answer["symptoms"], answer["has_visited_before"]) == ("咳嗽", False)


def test_the_page_s_form_says_all_of_it_a_box_without_a_tick_too(people, slot, book, house):
    held = book("li", slot, has_visited_before=True)
    typed = {"patient_profile_id": people["li"].profiles["self"], "symptoms": "咳嗽"}
    assert people["li"].form(f"/book/{slot['id']}", typed | {"has_visited_before": "on"}).status_code == 303
    assert one(house, Appointment, id=held["id"]).has_visited_before is True
    assert people["li"].form(f"/book/{slot['id']}", typed).status_code == 303
    assert one(house, Appointment, id=held["id"]).has_visited_before is False


def test_the_order_goes_with_the_person(people, slot, book, house):
    held = book("li", slot)
    mother = people["li"].profiles["mother"]
    answer = people["li"]("PATCH", f"/api/v1/appointments/{held['id']}", json={"patient_profile_id": mother})
    assert answer.status_code == 200, answer.text
    order = one(house, Order, appointment_id=held["id"])
    assert (order.patient_profile_id, order.status) == (mother, "pending")


@pytest.fixture
def unknown(house, people):
    """Wang's own entry as it is after registering: nobody has asked for sex and birth date yet."""

    def forget(tx):
        person = tx.get_one(PatientProfile, people["wang"].profiles["self"])
        person.gender = person.birthday = person.id_number = person.id_number_index = None
        return person.id

    return house.db.write(forget)


def person(house, id):
    found = one(house, PatientProfile, id=id)
    return found.gender, found.birthday


def test_the_first_booking_asks_for_sex_and_birth_date(people, slot, book, house, unknown, state, free):
    before = state()
    refused = book("wang", slot, refused=True)
    assert (refused.status_code, refused.json()["code"]) == (422, "person_incomplete")
    assert sorted(refused.json()["fields"]) == ["birthday", "gender"]
    half = book("wang", slot, refused=True, gender="male")
    assert list(half.json()["fields"]) == ["birthday"]
    never = book("wang", slot, refused=True, gender="male", birthday="2031-01-01")
    assert list(never.json()["fields"]) == ["birthday"]
    assert state() == before
    assert person(house, unknown) == (None, None)
    book("wang", slot, gender="male", birthday="1990-05-17")
    assert person(house, unknown) == ("male", date(1990, 5, 17))
    book("wang", free()[3], gender="female", birthday="1991-01-01")  # it is known now, and changed elsewhere
    assert person(house, unknown) == ("male", date(1990, 5, 17))


@pytest.mark.parametrize("lang", ["en", "zh-CN"])
def test_the_booking_page_asks_only_where_it_is_missing(people, slot, house, unknown, lang):
    people["li"].cookies["lang"] = people["wang"].cookies["lang"] = lang
    assert 'name="birthday"' not in people["li"].page(f"/book/{slot['id']}").text
    asked = people["wang"].page(f"/book/{slot['id']}").text
    assert 'name="birthday"' in asked
    assert 'name="gender"' in asked
    typed = {"patient_profile_id": unknown, "symptoms": "咳嗽"}
    again = people["wang"].form(f"/book/{slot['id']}", typed)
    assert again.status_code == 422
    assert ("Please fill this in." if lang == "en" else "请填写") in again.text
    assert "咳嗽" in again.text
    held = people["wang"].form(f"/book/{slot['id']}", typed | {"gender": "male", "birthday": "1990-05-17"})
    assert held.status_code == 303
    assert person(house, unknown) == ("male", date(1990, 5, 17))


def test_whoever_it_is_for_instead_is_asked_too(people, ids, slot, book, house, unknown):
    def adopt(tx):
        tx.get_one(PatientProfile, unknown).user_id = ids.users["li"]
        tx.get_one(PatientProfile, unknown).relationship = "family"

    house.db.write(adopt)
    held = book("li", slot)
    path = f"/api/v1/appointments/{held['id']}"
    refused = people["li"]("PATCH", path, json={"patient_profile_id": unknown})
    assert refused.json()["code"] == "person_incomplete"
    more = {"patient_profile_id": unknown, "gender": "male", "birthday": "1990-05-17"}
    assert people["li"]("PATCH", path, json=more).status_code == 200
    assert person(house, unknown) == ("male", date(1990, 5, 17))
