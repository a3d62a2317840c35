"""Money that comes late, twice, or out of order; and browsers that come back and say that they have paid."""

import pytest
from sqlalchemy import func, select

from suwen.core.outbox import OutboxMessage
from suwen.notifications.models import Notification
from suwen.payments import service
from suwen.payments.gateways import RefundOrder
from suwen.payments.models import Refund
from tests.scheduling.conftest import book, free, hours, open_clinic, priced, slot  # noqa: F401

GATEWAYS = ("wechat", "alipay", "card")


def paid_late(till, gateway, order_id):
    """Paid in the last second; its report and every answer are held until the order is given up."""
    till.sim.fault(gateway=gateway, what="drop", times=-1)
    till.sim.pay(till.attempt(order_id).transaction_no, "paid")


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_money_for_a_cancelled_order_is_told_of(till, gateway):
    order = till.order(gateway, subject="thing:late")
    till.sim.fault(gateway=gateway, what="drop", times=-1)
    till.pay(order.id)
    assert till.desk.do(service.void, "thing:late")
    assert till.of(order.id).status == "cancelled"
    till.settle()
    assert till.status(order.id) == ("paid", ["paid"])
    assert till.anomalies() == ["late"]
    said = select(func.count()).where(OutboxMessage.event == "payments.payment_settled")
    assert till.house.db.read(lambda tx: tx.scalar(said)) >= 1


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_cancelled_order_cannot_be_paid_any_more(till, gateway):
    order = till.order(gateway, subject="thing:given up")
    till.desk.do(service.void, "thing:given up")
    till.settle()
    assert till.status(order.id) == ("cancelled", ["closed"])
    out_no = till.attempt(order.id).transaction_no
    answer = till.sim.http.post(f"{till.sim.url}/_sim/pay", json={"out_trade_no": out_no, "outcome": "paid"})
    assert answer.status_code == 409


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_visit_paid_too_late_is_confirmed_where_its_time_is_free(till, gateway, slot, book):  # noqa: F811
    visit, order_id = held(till, book, slot, gateway)
    paid_late(till, gateway, order_id)
    till.later(minutes=15, seconds=1)
    for _ in range(3):
        till.settle()
    assert till.of(order_id).status == "paid"
    assert till.people["li"]("GET", f"/api/v1/appointments/{visit}").json()["status"] == "confirmed"
    mine = (Notification.user_id == till.people["li"].id, Notification.type == "appointment_confirmed")
    assert till.house.db.read(lambda tx: tx.scalar(select(func.count()).where(*mine))) == 1


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_visit_paid_too_late_is_paid_back_where_its_time_is_gone(till, gateway, slot, book, channels):  # noqa: F811
    visit, order_id = held(till, book, slot, gateway)
    paid_late(till, gateway, order_id)
    wire = channels.gateways[gateway].wire
    bases, wire.bases = wire.bases, ("http://127.0.0.1:9",)
    till.later(minutes=15, seconds=1)
    assert till.of(order_id).status == "pending"
    assert try_to_book(till, "wang", slot) == 409  # kept while the gateway has not said that nobody can pay any more
    till.later(minutes=2)
    assert till.of(order_id).status == "cancelled"  # but a gateway that is away keeps no doctor's hour
    book("wang", slot)
    wire.bases = bases
    for _ in range(6):
        till.later(seconds=61)
    order = till.of(order_id)
    assert (order.status, order.refunded_amount) == ("refunded", order.amount)
    assert till.people["li"]("GET", f"/api/v1/appointments/{visit}").json()["status"] == "cancelled"
    assert [one["state"] for one in till.sim.look("state")["refund"]] == ["success"]


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_held_time_is_nobody_elses_before_its_gateway_was_asked(till, gateway, slot, book):  # noqa: F811
    """Paid in the last second: nobody has taken the time when the gateway says so."""
    visit, order_id = held(till, book, slot, gateway)
    paid_late(till, gateway, order_id)
    till.sim.clock(till.clock.advance(minutes=15, seconds=1))
    assert try_to_book(till, "wang", slot) == 409
    till.settle(timed=True)
    assert till.of(order_id).status == "paid"
    assert till.people["li"]("GET", f"/api/v1/appointments/{visit}").json()["status"] == "confirmed"
    assert till.anomalies() == []  # it was never given up, so it is not late


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_held_time_is_free_as_soon_as_its_gateway_has_closed_the_payment(till, gateway, slot, book):  # noqa: F811
    visit, order_id = held(till, book, slot, gateway)
    till.later(minutes=15, seconds=1)
    assert till.status(order_id) == ("expired", ["closed"])
    assert till.people["li"]("GET", f"/api/v1/appointments/{visit}").json()["status"] == "cancelled"
    assert try_to_book(till, "wang", slot) == 201


def test_a_held_time_that_was_moved_waits_for_its_gateway_too(till, slot, free, book):  # noqa: F811
    visit, _ = held(till, book, slot, "wechat")
    other = next(one for one in free("zhang") if one["id"] != slot["id"])
    seen = till.people["li"]("GET", f"/api/v1/appointments/{visit}").json()
    moved = till.people["li"](
        "POST", f"/api/v1/appointments/{visit}/reschedule", json={"slot_id": other["id"], "version": seen["version"]}
    )
    assert moved.status_code in (200, 201), moved.text
    till.sim.clock(till.clock.advance(minutes=15, seconds=1))
    assert try_to_book(till, "wang", other) == 409
    assert try_to_book(till, "wang", slot) == 201


def try_to_book(till, login, wanted):
    return till.people[login]("POST", "/api/v1/appointments", json={"slot_id": wanted["id"]}).status_code


def held(till, book, slot, gateway):  # noqa: F811
    """A visit that waits for its payment, and the payment offered."""
    made = book("li", slot)
    till.open(till.choose(made["order_id"], gateway))
    return made["id"], made["order_id"]


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_what_is_paid_twice_goes_back_by_itself(till, gateway):
    """From the balance in one window, by code in the other, at the same moment."""
    till.desk.top_up("li", 8000)
    order = till.order(gateway)
    till.sim.fault(gateway=gateway, what="drop", times=-1)
    till.pay(order.id)
    till.desk.pay("li", order)
    till.later(seconds=31)
    till.later(seconds=61)
    assert till.status(order.id) == ("paid", ["paid"])
    assert (till.of(order.id).payment_method, till.of(order.id).refunded_amount) == ("balance", 0)
    refunds = till.house.db.read(lambda tx: list(tx.scalars(select(Refund))))
    assert [(one.status, one.refund_amount, one.reason_code) for one in refunds] == [("success", 8000, "paid_twice")]
    assert till.anomalies() == ["paid_twice"]
    assert [one["refunded"] for one in till.sim.look("state")["payment"]] == [8000]
    paper = till.people["li"]("GET", f"/api/v1/orders/{order.id}/receipt").json()
    assert (paper["payment_method"], paper["transaction_no"][:3], paper["reference"]) == ("balance", "TXN", None)
    assert (paper["kept"], paper["refunds"]) == (8000, [])


def test_two_codes_that_were_both_paid_are_one_payment_and_one_refund(till):
    """The page of Alipay was open when the payer changed to WeChat, and both were paid."""
    order = till.desk.order("li", 8000)
    till.choose(order.id, "alipay")
    page = till.attempt(order.id)
    till.choose(order.id, "wechat")
    till.pay(order.id)
    till.open(page)
    till.sim.pay(page.transaction_no, "paid")
    till.deliver()
    till.later(seconds=61)
    assert till.status(order.id) == ("paid", ["paid", "paid"])
    refunds = till.house.db.read(lambda tx: list(tx.scalars(select(Refund))))
    assert [(one.status, one.refund_amount) for one in refunds] == [("success", 8000)]
    assert [key.split(":")[1] for key in till.journals(order.id) if key.startswith("pay:")] == ["wechat", "alipay"]


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_refund_that_is_reported_before_its_payment_waits_for_it(till, channels, gateway):
    """Paid, and paid back at the gateway's own counter, before we heard of either."""
    order = till.order(gateway)
    out_no = till.attempt(order.id).transaction_no
    till.sim.fault(gateway=gateway, what="reorder", kind="paid")
    till.pay(order.id)
    external = channels.gateways[gateway].query(out_no, till.attempt(order.id).trade_no or "").external_id
    notify = f"{till.house.db.settings.base_url}/api/v1/payments/{gateway}/notifications"
    channels.gateways[gateway].refund(
        RefundOrder("COUNTER1", 8000, 8000, "CNY", out_no, external, notify_url=notify)
    )  # fmt: skip
    till.deliver()
    till.deliver()
    assert till.status(order.id) == ("paid", ["paid"])
    assert set(till.anomalies()) & {"refund_unknown", "refunded_elsewhere"}
    assert {one.kind: one.outcome for one in till.reports()} == {"payment": "applied", "refund": "anomaly"}
    assert len(till.journals(order.id)) == 1


def test_a_browser_that_says_paid_is_not_believed(till):
    order = till.order("alipay")
    li = till.people["li"]
    forged = f"/orders/{order.id}?returned=1&out_trade_no=1&trade_status=TRADE_SUCCESS&total_amount=80.00&sign=x"
    assert li.page(forged).status_code == 200
    till.later(seconds=4)
    asked = li("POST", f"/api/v1/orders/{order.id}/questions")
    assert (asked.status_code, asked.json()) == (202, {"asking": True})
    till.settle()
    assert till.status(order.id) == ("pending", ["offered"])
    till.sim.fault(gateway="alipay", what="drop", times=-1)
    till.pay(order.id)
    assert li("POST", f"/api/v1/orders/{order.id}/questions").json() == {"asking": False}  # a moment ago
    till.sim.clock(till.clock.advance(seconds=4))
    assert li("POST", f"/api/v1/orders/{order.id}/questions").json() == {"asking": True}
    till.settle()
    assert till.status(order.id) == ("paid", ["paid"])
    assert till.people["eve"]("POST", f"/api/v1/orders/{order.id}/questions").status_code == 404


def test_a_wallet_is_filled_through_a_gateway_once(till):
    order = till.desk.do(service.open_top_up, till.people["li"].actor, 5000)
    till.choose(order.id, "wechat")
    till.sim.fault(gateway="wechat", what="duplicate", kind="paid", times_each=3)
    till.pay(order.id)
    till.deliver()
    till.later(seconds=61)
    assert till.of(order.id).status == "paid"
    assert till.desk.balance("li") == 5000
    shown = str(till.sim.look("log")) + str(till.sim.look("state")["payment"])
    assert "账户充值" in shown or "top" not in shown


def test_a_gateway_is_asked_less_and_less_often(till):
    order = till.order("wechat")
    out_no, seen = till.attempt(order.id).transaction_no, []
    for second in range(0, 14 * 60, 10):
        before = len([one for one in till.sim.calls(out_no) if one["method"] == "GET"])
        till.sim.clock(till.clock.advance(seconds=10))
        till.settle(timed=True)
        if len([one for one in till.sim.calls(out_no) if one["method"] == "GET"]) > before:
            seen.append(second + 10)
    assert seen == [30, 60, 120, 300, 600]
