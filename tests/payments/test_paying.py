from datetime import timedelta

import pytest
from sqlalchemy import select

from suwen.core.outbox import on
from suwen.payments import events, service
from suwen.payments.errors import NoSuchOrder, OrderClosed, OrderExpired, RefundTooLarge, SubjectHasOrder
from suwen.payments.models import Order, Transaction

HEARD = []


def listen(event):
    def hear(tx, now, **fields):
        HEARD.append((event.name, fields))

    hear.__qualname__ = f"hear_{event.__name__}"
    on(event)(hear)


for kind in (events.PaymentSettled, events.OrderExpired, events.RefundDone):
    listen(kind)


@pytest.fixture(autouse=True)
def _silence():
    HEARD.clear()


def stored(house, id):
    return house.db.read(lambda tx: tx.get(Order, id))


def test_paying_from_the_balance(desk, house, people, settle):
    desk.top_up("li", 10000)
    order = desk.order("li", 6000, subject="thing:7")
    answer = people["li"]("POST", f"/api/v1/orders/{order.id}/payments", json={"method": "balance"})
    assert answer.status_code == 201
    assert answer.json()["status"] == "paid"
    assert answer.json()["payment_method"] == "balance"
    assert [one["amount"] for one in answer.json()["transactions"]] == [6000]
    wallet = people["li"]("GET", "/api/v1/wallet").json()
    assert wallet == {
        "balance": 4000, "frozen_balance": 0, "total_income": 10000, "total_expense": 6000, "currency": "CNY"
    }  # fmt: skip
    lines = people["li"]("GET", "/api/v1/wallet/entries").json()["items"]
    assert [(e["transaction_type"], e["amount"], e["balance_before"], e["balance_after"]) for e in lines] == [
        ("expense", 6000, 10000, 4000), ("income", 10000, 0, 10000)
    ]  # fmt: skip
    settle()
    assert [("payments.payment_settled", {"order_id": order.id, "subject": "thing:7"})] == HEARD


def test_a_balance_that_is_too_low_takes_nothing(desk, house, people, settle):
    desk.top_up("li", 5999)
    order, before = desk.order("li", 6000), desk.postings()
    answer = people["li"]("POST", f"/api/v1/orders/{order.id}/payments", json={"method": "balance"})
    assert (answer.status_code, answer.json()["code"], answer.json()["missing"]) == (409, "balance_too_low", 1)
    assert (desk.balance("li"), desk.postings(), stored(house, order.id).status) == (5999, before, "pending")
    settle()
    assert HEARD == []


def test_whoever_has_no_wallet_cannot_pay_from_it(desk, people):
    order = desk.order("wang", 100)
    answer = people["wang"]("POST", f"/api/v1/orders/{order.id}/payments", json={"method": "balance"})
    assert (answer.json()["code"], answer.json()["missing"]) == ("balance_too_low", 100)


@pytest.mark.parametrize("method", ["wechat", "alipay", "bank_card", "insurance", "other"])
def test_other_ways_of_paying_are_refused_by_name(desk, people, house, method):
    order = desk.order("li", 100)
    answer = people["li"]("POST", f"/api/v1/orders/{order.id}/payments", json={"method": method})
    assert (answer.status_code, answer.json()["code"]) == (422, "method_not_offered")
    assert answer.json()["offered"] == ["balance", "cash"]
    assert stored(house, order.id).status == "pending"


def test_cash_is_taken_at_the_desk_only(desk, people, house):
    order = desk.order("li", 6000)
    path = f"/api/v1/orders/{order.id}/payments"
    assert people["li"]("POST", path, json={"method": "cash"}).status_code == 403
    assert stored(house, order.id).status == "pending"
    answer = people["admin"]("POST", path, json={"method": "cash"})
    assert answer.json()["transactions"][0]["cashier"] == "Admin"
    assert answer.json()["status"] == "paid"


def test_the_desk_cannot_spend_a_patients_balance(desk, people):
    desk.top_up("li", 6000)
    order = desk.order("li", 6000)
    answer = people["admin"]("POST", f"/api/v1/orders/{order.id}/payments", json={"method": "balance"})
    assert answer.status_code == 403
    assert desk.balance("li") == 6000


def test_an_order_is_paid_once(desk, people):
    order = desk.paid("li", 6000)
    desk.top_up("li", 6000)
    for login, method in (("li", "balance"), ("admin", "cash")):
        answer = people[login]("POST", f"/api/v1/orders/{order.id}/payments", json={"method": method})
        assert (answer.status_code, answer.json()["code"]) == (409, "order_paid")
    assert desk.balance("li") == 6000


def test_a_subject_has_one_live_order(desk, house):
    desk.order("li", 6000, subject="visit:1")
    with pytest.raises(SubjectHasOrder):
        desk.order("li", 6000, subject="visit:1")
    assert desk.do(service.void, "visit:1") is True
    assert desk.do(service.void, "visit:1") is False
    again = desk.order("li", 6000, subject="visit:1")
    assert house.db.read(lambda tx: service.order_of(tx, "visit:1")).id == again.id


def test_a_voided_order_cannot_be_paid(desk):
    desk.top_up("li", 6000)
    order = desk.order("li", 6000, subject="visit:1")
    desk.do(service.void, "visit:1")
    with pytest.raises(OrderClosed):
        desk.pay("li", order)
    assert desk.balance("li") == 6000


def test_time_runs_out(desk, house, clock, settle):
    desk.top_up("li", 12000)
    late, later = desk.order("li", 6000, subject="a"), desk.order("li", 6000, minutes=16, subject="b")
    clock.advance(minutes=15)
    with pytest.raises(OrderExpired):  # the moment itself is too late, whether or not the job has run
        desk.pay("li", late)
    assert house.db.write(lambda tx: service.expire_due(tx, clock())) == 1
    assert house.db.write(lambda tx: service.expire_due(tx, clock())) == 0
    assert (stored(house, late.id).status, stored(house, late.id).live_subject) == ("expired", None)
    assert stored(house, later.id).status == "pending"
    settle()
    assert [("payments.order_expired", {"order_id": late.id, "subject": "a"})] == HEARD
    with pytest.raises(OrderExpired):
        desk.pay("li", late)
    assert desk.balance("li") == 12000


def test_paying_at_the_desk_prolongs_the_order(desk, house, clock, settle):
    order = desk.order("li", 6000)
    desk.do(service.defer, order.id, clock() + timedelta(days=1))
    clock.advance(hours=5)
    settle(timed=True)
    assert stored(house, order.id).status == "pending"
    desk.do(service.settle_cash, desk.people["admin"].actor, order.id)
    with pytest.raises(service_error("OrderPaid")):
        desk.do(service.defer, order.id, clock() + timedelta(days=1))


def service_error(name):
    from suwen.payments import errors

    return getattr(errors, name)


def test_an_order_of_nothing_is_settled_without_moving_money(desk, house):
    order, before = desk.order("li", 0), desk.postings()
    desk.pay("li", order)
    assert (stored(house, order.id).status, desk.postings()) == ("paid", before)


def test_refund_into_the_wallet(desk, house, settle):
    order = desk.paid("li", 6000)
    settle()
    HEARD.clear()
    refund = desk.refund("li", order, 1000)
    assert (desk.balance("li"), stored(house, order.id).status) == (1000, "partial_refunded")
    desk.refund("li", order)
    assert (desk.balance("li"), stored(house, order.id).status) == (6000, "refunded")
    with pytest.raises(RefundTooLarge):
        desk.refund("li", order)
    settle()
    assert [(fields["refund_id"], fields["amount"]) for _, fields in HEARD if fields["amount"] == 1000] == [
        (refund, 1000)
    ]
    assert len(HEARD) == 2


def test_cash_goes_back_in_cash(desk, house, people, settle):
    order = desk.paid_in_cash("li", 6000)
    settle()
    HEARD.clear()
    refund = desk.refund("li", order)  # the patient is at home: the desk owes it
    settle()
    assert (HEARD, desk.balance("li"), desk.faults()) == ([], 0, [])
    shown = people["li"]("GET", f"/api/v1/orders/{order.id}").json()
    assert [(one["status"], one["place"]) for one in shown["refunds"]] == [("processing", "desk")]
    assert (shown["status"], shown["refunded_amount"], shown["refunding_amount"]) == ("paid", 0, 6000)
    assert people["li"]("POST", f"/api/v1/refunds/{refund}/hand-out").status_code == 403
    answer = people["admin"]("POST", f"/api/v1/refunds/{refund}/hand-out")
    assert answer.json()["refunds"][0]["status"] == "success"
    assert [one["transaction_type"] for one in answer.json()["transactions"]] == ["payment", "refund"]
    again = people["admin"]("POST", f"/api/v1/refunds/{refund}/hand-out")
    assert (again.status_code, again.json()["code"]) == (409, "refund_decided")
    settle()
    assert [name for name, _ in HEARD] == ["payments.refund_done"]


def test_refunds_of_the_desk(desk, people, house):
    order = desk.paid_in_cash("li", 6000)
    path = f"/api/v1/orders/{order.id}/refunds"
    too_much = people["admin"]("POST", path, json={"reason": "x", "amount": 6001})
    assert (too_much.status_code, too_much.json()["code"]) == (409, "refund_too_large")
    assert people["admin"]("POST", path, json={"reason": "x", "amount": -1}).status_code == 422
    assert people["li"]("POST", path, json={"reason": "x"}).status_code == 403
    assert stored(house, order.id).refunded_amount == 0
    answer = people["admin"]("POST", path, json={"reason": "the doctor was ill"})
    assert (answer.json()["status"], answer.json()["refunds"][0]["status"]) == ("refunded", "success")


def test_nothing_is_paid_back_that_was_not_paid(desk):
    order = desk.order("li", 6000)
    with pytest.raises(service_error("OrderNotPaid")):
        desk.refund("li", order)


def test_another_currency_is_no_balance(desk, people):
    desk.top_up("li", 6000)
    order = desk.order("li", 100, currency="USD")
    answer = people["li"]("POST", f"/api/v1/orders/{order.id}/payments", json={"method": "balance"})
    assert (answer.status_code, answer.json()["code"]) == (409, "other_currency")
    assert desk.balance("li") == 6000


def test_top_up_at_the_desk(desk, people, ids):
    path, body = "/api/v1/top-ups", {"user_id": ids.users["li"], "amount": 5000}
    assert people["li"]("POST", path, json=body).status_code == 403
    answer = people["admin"]("POST", path, json=body)
    assert answer.status_code == 201
    receipt = answer.json()
    assert (receipt["amount"], receipt["balance_after"], receipt["cashier"]) == (5000, 5000, "Admin")
    assert people["li"]("GET", f"{path}/{receipt['id']}").json() == receipt
    assert people["eve"]("GET", f"{path}/{receipt['id']}").status_code == 404
    for wrong in (0, -5, 10_000_001, 1.5, "50.00"):
        assert people["admin"]("POST", path, json=body | {"amount": wrong}).status_code == 422
    assert people["admin"]("POST", path, json=body | {"user_id": "nobody"}).status_code == 404
    assert desk.balance("li") == 5000


def test_a_repeated_top_up_is_taken_once(desk, people, ids):
    body = {"user_id": ids.users["li"], "amount": 5000}
    for _ in range(2):
        answer = people["admin"]("POST", "/api/v1/top-ups", json=body, headers={"idempotency-key": "k"})
        assert answer.status_code == 201
    assert desk.balance("li") == 5000


def test_the_outsider_sees_nothing(desk, people):
    order = desk.paid("li", 6000)
    eve = people["eve"]
    for answer in (
        eve("GET", f"/api/v1/orders/{order.id}"),
        eve("POST", f"/api/v1/orders/{order.id}/payments", json={"method": "balance"}),
        eve.page(f"/orders/{order.id}"),
        eve.form(f"/orders/{order.id}/pay"),
    ):
        assert answer.status_code == 404
    assert eve("GET", "/api/v1/orders").json() == {"items": [], "next": None}
    assert eve("GET", "/api/v1/wallet").json()["balance"] == 0
    for login in ("zhang", "zhao"):
        assert people[login]("GET", f"/api/v1/orders/{order.id}").status_code == 403
    assert people["guest"]("GET", "/api/v1/orders").status_code == 401


def test_services_refuse_who_is_not_the_payer(desk, people, house):
    order = desk.paid("li", 6000)
    with pytest.raises(NoSuchOrder):
        house.db.read(lambda tx: service.order(tx, people["eve"].actor, order.id))


def test_lists_are_paged_and_filtered(desk, people, clock):
    for _ in range(3):
        desk.order("li", 100)
        clock.advance(minutes=1)
    desk.paid("wang", 200)
    first = people["li"]("GET", "/api/v1/orders?limit=2").json()
    rest = people["li"]("GET", f"/api/v1/orders?limit=2&after={first['next']}").json()
    assert [len(first["items"]), len(rest["items"]), rest["next"]] == [2, 1, None]
    assert len({one["id"] for one in first["items"] + rest["items"]}) == 3
    admin = people["admin"]
    assert len(admin("GET", "/api/v1/orders").json()["items"]) == 4
    assert [one["payer"] for one in admin("GET", "/api/v1/orders?status=paid").json()["items"]] == ["Wang Wei 王伟"]
    assert len(admin("GET", "/api/v1/orders?q=0001").json()["items"]) == 3  # the end of Li Na's phone number
    assert len(admin("GET", "/api/v1/orders?q=%25").json()["items"]) == 0
    assert len(admin("GET", "/api/v1/orders?since=2030-01-01&until=2030-01-01").json()["items"]) == 4
    assert admin("GET", "/api/v1/orders?since=2030-01-02").json()["items"] == []
    assert admin("GET", "/api/v1/orders?since=yesterday").status_code == 422


def test_an_order_costs_one_statement_and_paying_few(desk, house, people, statements):
    desk.top_up("li", 100_000)
    assert len(statements(lambda: desk.order("li", 100))) == 1

    def pay():
        order = desk.order("li", 100)
        desk.pay("li", order)

    assert len(statements(pay)) <= 16


def test_a_transaction_is_written_for_each_payment(desk, house):
    order = desk.paid("li", 6000)
    found = house.db.read(lambda tx: tx.scalars(select(Transaction).where(Transaction.order_id == order.id)).all())
    assert [(one.status, one.amount, one.payment_method) for one in found] == [("success", 6000, "balance")]


@pytest.mark.parametrize("method", ["balance", "cash"])
def test_open_pages_hear_of_a_payment_at_once(desk, people, house, method):
    """Whoever looks at the order in another window, or is shown a code at the desk, need not load it again."""
    desk.top_up("li", 8000)
    order = desk.order("li", 8000)
    heard = []
    house.db.listeners.append(heard.append)
    payer = people["li"] if method == "balance" else people["admin"]
    assert payer("POST", f"/api/v1/orders/{order.id}/payments", json={"method": method}).status_code == 201
    assert f"order:{order.id}" in heard
