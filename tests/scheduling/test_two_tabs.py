"""One account in two tabs: what one does between the other's look and its write. MariaDB shows it; SQLite lets writers
in one by one, so there the second simply comes later."""

import threading
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import event, select

from suwen.payments.models import Order
from suwen.scheduling.models import Appointment, Slot


@pytest.fixture
def between(house) -> Iterator[Callable]:
    """`between(first, second)`: `second` runs when `first` has looked and is about to write an appointment."""
    reached, go_on = threading.Event(), threading.Event()

    def hold(_connection, _cursor, statement, *_more):
        if statement.startswith("UPDATE appointments") and not reached.is_set():
            reached.set()
            go_on.wait(1)

    def run(first, second):
        answers = []
        thread = threading.Thread(target=lambda: answers.append(first()))
        event.listen(house.db.engine, "before_cursor_execute", hold)
        thread.start()
        assert reached.wait(10)
        answers.append(second())
        go_on.set()
        thread.join(20)
        return answers

    yield run
    event.remove(house.db.engine, "before_cursor_execute", hold)


def act(person, visit, verb, **body):
    return person("POST", f"/api/v1/appointments/{visit['id']}/{verb}", json=body)


def one(house, model, id):
    return house.db.read(lambda tx: tx.get_one(model, id))


@pytest.mark.parametrize(("method", "status"), [("balance", "confirmed"), ("desk", "scheduled")])
def test_paying_keeps_the_time_that_the_visit_has_by_then(
    people, open_clinic, free, book, rich, house, between, method, status
):
    rich("li")
    was, wanted = free()[5:7]
    held = book("li", was)
    answers = between(
        lambda: act(people["li"], held, "pay", method=method),
        lambda: act(people["li"], held, "reschedule", slot_id=wanted["id"]),
    )
    assert 200 in {answer.status_code for answer in answers}
    visit = one(house, Appointment, held["id"])
    assert visit.status == status
    kept = one(house, Slot, visit.active_slot_id)
    other = one(house, Slot, (wanted if kept.id == was["id"] else was)["id"])
    assert (kept.is_booked, kept.held_until) == (True, None)
    assert (other.is_booked, other.held_until) == (False, None)
    assert kept.slot_start == visit.appointment_start


def test_letting_a_time_go_leaves_it_to_whoever_has_it_by_then(people, open_clinic, free, book, house, between):
    was, wanted = free()[5:7]
    held = book("li", was)

    def move_and_be_followed():
        moved = act(people["li"], held, "reschedule", slot_id=wanted["id"])
        if moved.status_code == 200:
            book("wang", was)
        return moved

    between(lambda: people["li"].form(f"/book/{was['id']}/release", {}), move_and_be_followed)
    visits = house.db.read(lambda tx: tx.scalars(select(Appointment).where(Appointment.status == "pending")).all())
    booked = house.db.read(lambda tx: tx.scalars(select(Slot.id).where(Slot.is_booked.is_(True))).all())
    assert sorted(booked) == sorted(visit.active_slot_id for visit in visits)
    orders = house.db.read(lambda tx: tx.scalars(select(Order.status).where(Order.status == "pending")).all())
    assert len(orders) == len(visits)


def test_paying_after_the_details_were_changed_in_another_tab_is_no_mistake(
    people, open_clinic, free, book, rich, house, between
):
    rich("li")
    held = book("li", free()[5])
    answers = between(
        lambda: act(people["li"], held, "pay", method="balance"),
        lambda: people["li"]("PATCH", f"/api/v1/appointments/{held['id']}", json={"symptoms": "cough"}),
    )
    assert one(house, Appointment, held["id"]).status == "confirmed"
    assert 200 in {answer.status_code for answer in answers}
