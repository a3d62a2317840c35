"""For whom and why, while the time is held."""

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
