"""Which days are asked for by the clock, and what a person may ask for."""

from datetime import timedelta

from sqlalchemy import func, select

from suwen.payments.models import Reconciliation
from suwen.payments.service import reconciling
from suwen.payments.service.reconciling import running
from tests.payments.reconciling.conftest import DAY, MORNING
from tests.payments.reconciling.test_running import due
from tests.support.racing import race


def test_each_finished_day_is_asked_for_once(books, house, clock):
    books.pay(100)
    clock.set(MORNING - timedelta(minutes=1))
    look = lambda: house.db.write(lambda tx: reconciling.look_for_due(tx, clock()))  # noqa: E731
    look()
    assert {one.day for one in due(house)} == {"2029-12-31"}  # the day before the first payment: see is_due
    clock.advance(minutes=1)
    assert (look(), look()) == (1, 0)
    assert {one.day for one in due(house)} == {"2029-12-31", "2030-01-01"}
    clock.advance(minutes=31)
    assert look() == 2  # nobody has brought the bills in half an hour


def test_a_day_that_a_person_asked_for_hides_no_other(books, house, people, clock):
    books.pay(100)
    clock.set(MORNING + timedelta(days=4))
    body = {"gateway": "wechat", "day": (DAY + timedelta(days=4)).isoformat()}
    assert people["admin"]("POST", "/api/v1/reconciliations", json=body).status_code == 201
    assert house.db.write(lambda tx: reconciling.look_for_due(tx, clock())) == 5
    assert {one.day for one in due(house)} == {(DAY + timedelta(days=n)).isoformat() for n in range(-1, 5)}


def test_a_channel_that_nobody_pays_through_is_left_alone_after_a_month(books, house, clock):
    books.pay(100)
    for day in range(40):
        clock.set(MORNING + timedelta(days=day))
        house.db.write(lambda tx: reconciling.look_for_due(tx, clock()))
    newest = select(func.max(Reconciliation.day))
    assert house.db.read(lambda tx: tx.scalar(newest)) == DAY + timedelta(days=30)


def test_two_workers_ask_once(books, house, clock):
    books.pay(100)
    clock.set(MORNING)
    counts = race(*[lambda: house.db.write(lambda tx: reconciling.look_for_due(tx, clock()))] * 4)
    assert sum(counts) == 2


def test_a_channel_that_is_not_set_up_says_so(books, house, people, settle):
    body = {"gateway": "wechat", "day": "2029-12-31"}
    made = people["admin"]("POST", "/api/v1/reconciliations", json=body)
    assert made.status_code == 201
    settle()
    found = people["admin"]("GET", f"/api/v1/reconciliations/{made.json()['id']}").json()
    assert (found["status"], found["error"]) == ("waiting", running.NOT_HERE)


def test_a_day_that_is_not_over_is_refused(people, house):
    for day in ("2030-01-01", "2030-01-02", "9999-12-31", "0001-01-01"):
        answer = people["admin"]("POST", "/api/v1/reconciliations", json={"gateway": "wechat", "day": day})
        assert (answer.status_code, answer.json()["code"]) == (409, "day_not_over")
    assert house.db.read(lambda tx: tx.scalar(select(func.count()).select_from(Reconciliation))) == 0
