"""Holding a time, paying for it, and everything that may be wrong with either."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from suwen.accounts.models import CareRelation
from suwen.core.audit import AuditEvent
from suwen.payments.models import Order
from suwen.scheduling.models import Appointment, Slot
from tests.support.racing import race, statuses


def row(house, model, **by):
    def look(tx):
        return tx.scalars(select(model).filter_by(**by)).one()

    return house.db.read(look)


def test_a_booking_holds_the_slot_and_opens_an_order(house, people, slot, book, free, ids):
    held = book("li", slot, person="mother", symptoms="头痛三天 😀", has_visited_before=True)
    assert held["status"] == "pending"
    assert (held["amount"], held["currency"]) == (3000, "CNY")
    assert held["held_until"] == "2030-01-01T00:15:00Z"
    assert slot["id"] not in {one["id"] for one in free()}
    seen = people["li"]("GET", f"/api/v1/appointments/{held['id']}").json()
    assert seen["patient"] == "Mrs. Li 李老太太"
    assert (seen["symptoms"], seen["has_visited_before"]) == ("头痛三天 😀", True)
    assert (seen["time_slot"], seen["appointment_date"], seen["zone"]) == ("09:00-09:30", "2030-01-02", "Asia/Shanghai")
    order = row(house, Order, appointment_id=held["id"])
    assert (order.status, order.amount, order.user_id) == ("pending", 3000, ids.users["li"])
    assert order.expire_time == datetime(2030, 1, 1, 0, 15, tzinfo=UTC)


def test_without_a_person_it_is_for_the_account_s_own(people, slot, book):
    held = book("li", slot)
    assert held["patient_profile_id"] == people["li"].profiles["self"]


def test_booking_by_date_and_time_resolves_to_the_slot(people, slot, ids):
    body = {"doctor_id": ids.doctors["zhang"], "appointment_date": "2030-01-02", "time_slot": "09:00-09:30"}
    answer = people["li"]("POST", "/api/v1/appointments", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["starts_at"] == slot["starts_at"]
    again = people["wang"]("POST", "/api/v1/appointments", json=body)
    assert again.json()["code"] == "slot_taken"


@pytest.mark.parametrize("change", [
    {"time_slot": "09:00-10:00"}, {"time_slot": "08:45"}, {"time_slot": "soon"}, {"time_slot": None},
    {"appointment_date": "2030-03-02"}, {"doctor_id": "nobody"}, {"visit_type": "offline"},
])  # fmt: skip
def test_a_time_that_is_not_offered_is_refused(people, slot, ids, state, change):
    before = state()
    body = {"doctor_id": ids.doctors["zhang"], "appointment_date": "2030-01-02", "time_slot": "09:00-09:30"} | change
    answer = people["li"]("POST", "/api/v1/appointments", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "no_such_time")
    assert state() == before


def test_64_want_one_slot_and_one_gets_it(people, slot, house, clock):
    li, wang = people["li"], people["wang"]
    assert li.token
    assert wang.token
    body = {"slot_id": slot["id"]}
    answers = race(*32 * [lambda: li("POST", "/api/v1/appointments", json=body),
                          lambda: wang("POST", "/api/v1/appointments", json=body)])  # fmt: skip
    assert statuses(answers) == [201] + [409] * 63
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"slot_taken"}
    assert house.db.read(lambda tx: tx.scalar(select(func.count(Appointment.id)))) == 1
    assert house.db.read(lambda tx: tx.scalar(select(func.count(Order.id)))) == 1


def test_64_want_three_slots_and_each_is_had_once(people, open_clinic, free, house):
    wanted = free()[:3]
    three = [people["li"], people["wang"], people["eve"]]
    assert all(one.token for one in three)

    def attempt(number):
        return lambda: three[number % 3](
            "POST", "/api/v1/appointments", json={"slot_id": wanted[number // 3 % 3]["id"]}
        )

    answers = race(*[attempt(number) for number in range(64)])
    assert statuses(answers) == [201] * 3 + [409] * 61
    taken = house.db.read(lambda tx: tx.scalars(select(Appointment.active_slot_id)).all())
    assert sorted(taken) == sorted(one["id"] for one in wanted)


def test_one_person_is_at_one_place_at_a_time(people, open_clinic, hours, free, state):
    hours("chen")
    times = [
        next(one for one in free(login) if one["starts_at"] == "2030-01-02T01:00:00Z") for login in ("zhang", "chen")
    ]
    li = people["li"]
    assert li.token
    answers = race(
        *[lambda slot=slot: li("POST", "/api/v1/appointments", json={"slot_id": slot["id"]}) for slot in times]
    )
    assert statuses(answers) == [201, 409]
    assert next(answer for answer in answers if answer.status_code == 409).json()["code"] == "person_busy"
    assert state()["booked"] == 1
    # Her mother may be elsewhere meanwhile.
    mother = li.profiles["mother"]
    free_one = next(
        slot for slot in times if slot["id"] in {one["id"] for login in ("zhang", "chen") for one in free(login)}
    )
    body = {"slot_id": free_one["id"], "patient_profile_id": mother}
    assert li("POST", "/api/v1/appointments", json=body).status_code == 201


def test_no_more_than_three_times_are_held_for_an_account_even_at_once(people, open_clinic, free, state):
    li = people["li"]
    assert li.token
    wanted = free()[:12]

    def attempt(slot, person):
        body = {"slot_id": slot["id"], "patient_profile_id": li.profiles[person]}
        return lambda: li("POST", "/api/v1/appointments", json=body)

    answers = race(*[attempt(slot, ("self", "mother")[number % 2]) for number, slot in enumerate(wanted)])
    assert statuses(answers) == [201] * 3 + [409] * 9
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"too_many_holds"}
    assert state()["booked"] == 3


REFUSED = [
    ("wang", {"person": "mother"}, 404, "not_found"),
    ("li", {"slot": "nothing"}, 404, "not_found"),
    ("li", {"visit_type": "offline"}, 422, "no_such_time"),
    ("li", {"surprise": True}, 422, "invalid"),
    ("li", {"symptoms": "x" * 2001}, 422, "invalid"),
    ("li", {"symptoms": "a\x00b"}, 422, "bad_text"),
    ("zhang", {}, 403, "forbidden"),
    ("zhao", {}, 403, "forbidden"),
    ("admin", {}, 403, "forbidden"),
    ("guest", {}, 401, "unauthorized"),
]


@pytest.mark.parametrize(("who", "change", "status", "code"), REFUSED)
def test_refused_and_nothing_changed(people, slot, state, who, change, status, code):
    before = state()
    body = {"slot_id": change.pop("slot", slot["id"])}
    if "person" in change:
        body["patient_profile_id"] = people["li"].profiles[change["person"]]
        change = {}
    answer = people[who]("POST", "/api/v1/appointments", json=body | change)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert state() == before


def test_past_and_near_times_cannot_be_booked(people, slot, state, clock):
    before = state()
    clock.set(datetime(2030, 1, 2, 0, 45, tzinfo=UTC))
    assert people["li"]("POST", "/api/v1/appointments", json={"slot_id": slot["id"]}).json()["code"] == "too_soon"
    clock.set(datetime(2030, 1, 2, 1, tzinfo=UTC))
    assert people["li"]("POST", "/api/v1/appointments", json={"slot_id": slot["id"]}).json()["code"] == "past_time"
    assert state() == before


def test_without_a_price_nothing_is_held(people, ids, house, hours, free, state):
    from suwen.payments.models import Price

    hours()
    house.db.write(lambda tx: [tx.delete(price) for price in tx.scalars(select(Price))])
    before = state()
    answer = people["li"]("POST", "/api/v1/appointments", json={"slot_id": free()[0]["id"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "no_price")
    assert state() == before


def test_the_same_request_twice_books_once(people, slot, state):
    headers = {"idempotency-key": "booking-1"}
    first = people["li"]("POST", "/api/v1/appointments", json={"slot_id": slot["id"]}, headers=headers)
    second = people["li"]("POST", "/api/v1/appointments", json={"slot_id": slot["id"]}, headers=headers)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert state()["booked"] == 1


def test_a_booking_takes_at_most_15_statements(people, open_clinic, free, house, statements):
    wanted = iter(free()[:2])

    def book():
        headers = {"idempotency-key": f"key-{house.clock().timestamp()}-{id(wanted)}-{len(keys)}"}
        keys.append(1)
        answer = people["li"]("POST", "/api/v1/appointments", json={"slot_id": next(wanted)["id"]}, headers=headers)
        assert answer.status_code == 201, answer.text

    keys: list[int] = []
    done = statements(book)
    assert 8 <= len(done) <= 15, "\n".join(done)


def test_what_was_not_paid_is_free_again(people, slot, book, free, clock, settle, house, ids):
    held = book("li", slot)
    clock.advance(minutes=15)
    # Lazily on read, before any job has run:
    assert people["li"]("GET", f"/api/v1/appointments/{held['id']}").json()["status"] == "cancelled"
    house.kept.drop(f"doctor:{ids.doctors['zhang']}")
    assert slot["id"] in {one["id"] for one in free()}
    settle()
    assert row(house, Appointment, id=held["id"]).status == "cancelled"
    assert row(house, Appointment, id=held["id"]).cancel_reason == "hold_expired"
    assert row(house, Slot, id=slot["id"]).is_booked is False
    assert row(house, Order, appointment_id=held["id"]).status in ("cancelled", "expired")
    other = book("wang", slot)
    assert other["status"] == "pending"


def test_a_hold_that_ran_out_gives_way_before_the_job_comes(people, slot, book, clock, house, settle):
    old = book("li", slot)
    clock.advance(minutes=16)
    new = book("wang", slot)
    assert row(house, Appointment, id=old["id"]).status == "cancelled"
    assert row(house, Appointment, id=old["id"]).active_slot_id is None
    assert row(house, Appointment, id=new["id"]).active_slot_id == slot["id"]
    settle(timed=True)
    assert row(house, Slot, id=slot["id"]).is_booked is True
    assert row(house, Appointment, id=new["id"]).status == "pending"


def test_paying_from_the_balance_confirms_in_one_step(people, slot, book, rich, house, ids, settle):
    rich("li")
    held = book("li", slot, person="mother")
    answer = people["li"]("POST", f"/api/v1/appointments/{held['id']}/pay", json={"method": "balance"})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["version"]) == ("confirmed", 2)
    assert row(house, Order, appointment_id=held["id"]).status == "paid"
    assert row(house, Slot, id=slot["id"]).held_until is None
    relation = row(house, CareRelation, appointment_id=held["id"])
    assert (relation.profile_id, relation.staff_user_id) == (people["li"].profiles["mother"], ids.users["zhang"])
    settle()
    seen = people["li"]("GET", f"/api/v1/appointments/{held['id']}").json()
    assert (seen["status"], seen["version"]) == ("confirmed", 2)
    told = {who: people[who]("GET", "/api/v1/notifications").json()["items"] for who in ("li", "zhang", "eve")}
    assert len(told["li"]) == len(told["zhang"]) == 1
    assert told["eve"] == []


def test_a_balance_too_low_changes_nothing(people, slot, book, state, rich):
    rich("li", 100)
    held = book("li", slot)
    before = state()
    answer = people["li"]("POST", f"/api/v1/appointments/{held['id']}/pay", json={"method": "balance"})
    assert (answer.status_code, answer.json()["code"]) == (409, "balance_too_low")
    assert state() == before


def test_a_promise_to_pay_at_the_desk_keeps_the_time(people, slot, book, house, clock, settle):
    held = book("li", slot)
    answer = people["li"]("POST", f"/api/v1/appointments/{held['id']}/pay", json={"method": "desk"})
    assert answer.json()["status"] == "scheduled"
    clock.advance(minutes=30)
    settle(timed=True)
    assert row(house, Appointment, id=held["id"]).status == "scheduled"
    order = row(house, Order, appointment_id=held["id"])
    assert order.status == "pending"
    assert order.expire_time > datetime(2030, 1, 2, 1, 30, tzinfo=UTC)


def test_cash_at_the_desk_confirms(people, slot, book, house, settle):
    held = book("li", slot)
    people["li"]("POST", f"/api/v1/appointments/{held['id']}/pay", json={"method": "desk"})
    from suwen.payments.service import settle_cash

    admin = people["admin"].actor
    house.db.write(lambda tx: settle_cash(tx, admin, held["order_id"], house.clock()))
    settle()
    assert row(house, Appointment, id=held["id"]).status == "confirmed"


def test_paying_after_the_hold_is_refused(people, slot, book, rich, clock, house, state):
    rich("li")
    held = book("li", slot)
    clock.advance(minutes=15)
    for method in ("balance", "desk"):
        answer = people["li"]("POST", f"/api/v1/appointments/{held['id']}/pay", json={"method": method})
        assert (answer.status_code, answer.json()["code"]) == (409, "hold_expired")
    assert row(house, Order, appointment_id=held["id"]).status == "pending"


def test_expiry_and_payment_at_once_agree(people, open_clinic, free, book, rich, clock, house):
    """Whoever comes first wins; never a paid visit without its slot, nor a free slot that was paid."""
    rich("li", 100_000)
    from suwen.scheduling.service import holds

    li = people["li"]
    for slot in free()[:6]:
        held = book("li", slot)
        late = house.clock() + timedelta(minutes=15)
        assert li.token
        answers = race(
            lambda held=held: li("POST", f"/api/v1/appointments/{held['id']}/pay", json={"method": "balance"}),
            lambda held=held, late=late: house.db.write(lambda tx: holds.release_expired(tx, held["id"], late)),
        )
        visit, order = row(house, Appointment, id=held["id"]), row(house, Order, appointment_id=held["id"])
        booked = row(house, Slot, id=slot["id"]).is_booked
        assert (visit.status, order.status, booked) in [("confirmed", "paid", True), ("cancelled", "cancelled", False)]
        assert (answers[0].status_code == 200) == (visit.status == "confirmed")


def test_money_that_comes_too_late_takes_the_time_again_or_goes_back(
    people, open_clinic, free, book, clock, house, settle
):
    from suwen.payments.service import paying

    slot, other = free()[:2]
    again, lost = book("li", slot), book("wang", other)
    # The gateway says 'paid' just before the orders' end; the news reaches us after the holds were swept.
    clock.advance(minutes=14)
    admin = people["admin"].actor
    for held in (again, lost):
        house.db.write(lambda tx, held=held: paying.settle_cash(tx, admin, held["order_id"], house.clock()))
    late = house.clock() + timedelta(minutes=2)
    from suwen.scheduling.service import holds

    house.db.write(lambda tx: holds.sweep(tx, late))
    clock.set(late)
    book("eve", other)
    settle()
    assert row(house, Appointment, id=again["id"]).status == "confirmed"
    assert row(house, Appointment, id=again["id"]).active_slot_id == slot["id"]
    assert row(house, Appointment, id=lost["id"]).status == "cancelled"
    from suwen.scheduling.service.paying import confirm

    for _ in range(2):  # the news may come twice
        owed = row(house, Order, id=lost["order_id"])  # cash waits at the desk
        assert (owed.status, owed.refunding_amount, owed.refunded_amount) == ("paid", 3000, 0)
        house.db.write(lambda tx: confirm(tx, lost["id"], lost["order_id"], late))


def test_details_can_change_until_it_is_paid(people, slot, book, state, rich):
    rich("li")
    held = book("li", slot)
    path = f"/api/v1/appointments/{held['id']}"
    body = {"patient_profile_id": people["li"].profiles["mother"], "symptoms": "咳嗽"}
    changed = people["li"]("PATCH", path, json=body)
    assert (changed.status_code, changed.json()["patient"], changed.json()["symptoms"]) == (
        200, "Mrs. Li 李老太太", "咳嗽",
    )  # fmt: skip
    foreign = people["li"]("PATCH", path, json={"patient_profile_id": people["wang"].profiles["self"]})
    assert foreign.status_code == 404
    people["li"]("POST", path + "/pay", json={"method": "balance"})
    before = state()
    assert people["li"]("PATCH", path, json=body).json()["code"] == "wrong_state"
    assert state() == before


def test_an_outsider_sees_and_moves_nothing(people, slot, book, state):
    held = book("li", slot)
    before = state()
    path = f"/api/v1/appointments/{held['id']}"
    for who in ("eve", "wang", "chen"):
        answers = [
            people[who]("GET", path),
            people[who]("POST", path + "/cancel", json={"reason": "mine"}),
            people[who]("POST", path + "/reschedule", json={"slot_id": slot["id"]}),
            people[who]("POST", path + "/check-in"),
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert people[who]("GET", "/api/v1/appointments").json()["items"] == []
    for who in ("eve", "wang"):
        assert people[who]("PATCH", path, json={"symptoms": "x"}).status_code == 404
        assert people[who]("POST", path + "/pay", json={"method": "desk"}).status_code == 404
    assert people["zhao"]("GET", path).status_code == 403
    assert people["guest"]("GET", path).status_code == 401
    assert state() == before


def test_each_look_at_an_appointment_is_noted(people, slot, book, house, ids):
    held = book("li", slot)
    people["zhang"]("GET", f"/api/v1/appointments/{held['id']}")
    people["eve"]("GET", f"/api/v1/appointments/{held['id']}")
    found = house.db.read(
        lambda tx: tx.execute(
            select(AuditEvent.actor_id, AuditEvent.action, AuditEvent.result).where(AuditEvent.object_id == held["id"])
        ).all()
    )
    assert sorted(tuple(one) for one in found) == sorted(
        [
            (ids.users["li"], "write", "done"),
            (ids.users["zhang"], "read", "done"),
            (ids.users["eve"], "read", "denied"),
        ]
    )
