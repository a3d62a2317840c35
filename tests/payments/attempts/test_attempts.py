"""Choosing a way to pay, being shown it, choosing another; and what the payer's bill says."""

import re

import pytest

from tests.payments.attempts.conftest import SCENES
from tests.support.racing import race, statuses

GATEWAYS = ("wechat", "alipay", "card")


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_an_order_is_offered_and_paid_when_the_gateway_is_asked(till, gateway):
    order = till.order(gateway)
    shown = till.people["li"]("GET", f"/api/v1/orders/{order.id}/attempts").json()[0]
    assert (shown["phase"], shown["gateway"], shown["scene"]) == ("offered", gateway, SCENES[gateway])
    assert shown["offer"].get("text") or shown["offer"].get("url")
    till.sim.fault(gateway=gateway, what="drop", times=-1)
    till.pay(order.id)
    assert till.status(order.id) == ("pending", ["offered"])
    till.later(seconds=31)
    assert till.status(order.id) == ("paid", ["paid"])
    assert till.of(order.id).payment_method == till.attempt(order.id).payment_method
    assert till.journals(order.id) == [f"pay:{gateway}:{till.attempt(order.id).external_transaction_id}"]
    assert till.attempt(order.id).offer is None


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_refresh_is_the_same_attempt(till, gateway):
    order = till.order(gateway)
    again = till.choose(order.id, gateway)
    assert [one.id for one in till.attempts(order.id)] == [again.id]


def test_another_way_closes_the_first_at_its_gateway(till):
    order = till.order("wechat")
    till.choose(order.id, "card")
    assert till.status(order.id) == ("pending", ["closed", "offered"])
    out_no = till.attempts(order.id)[0].transaction_no
    assert [one["state"] for one in till.sim.look("state")["payment"] if one["out_no"] == out_no] == ["closed"]


def test_what_was_paid_a_moment_before_another_way_was_chosen_is_paid_and_nothing_new_is_offered(till):
    order = till.order("wechat")
    till.pay(order.id)
    till.choose(order.id, "card")
    assert till.of(order.id).status == "paid"
    assert next(one.phase for one in till.attempts(order.id)) == "paid"
    assert not till.sim.calls("/v1/checkout/sessions")
    till.later(hours=1)
    assert [one.phase for one in till.attempts(order.id)] == ["paid", "closed"]


def test_a_page_that_nobody_opened_does_not_keep_from_paying_otherwise(till):
    order = till.desk.order("li", 8000)
    till.choose(order.id, "alipay")
    till.choose(order.id, "wechat")
    assert till.status(order.id) == ("pending", ["closing", "offered"])
    till.later(minutes=20)
    assert till.status(order.id) == ("expired", ["closed", "closed"])


@pytest.mark.parametrize(("gateway", "scene"), [
    ("wechat", "page"), ("wechat", "inside"), ("card", "qr"), ("alipay", "client"),
])  # fmt: skip
def test_ways_that_are_not_offered_are_refused(till, gateway, scene):
    order = till.desk.order("li", 8000)
    answer = till.people["li"]("POST", f"/api/v1/orders/{order.id}/attempts", json={"gateway": gateway, "scene": scene})
    assert (answer.status_code, answer.json()["code"]) == (422, "gateway_not_offered")
    assert till.attempts(order.id) == []


def test_without_keys_nothing_is_offered(desk, people):
    order = desk.order("li", 8000)
    assert people["li"]("GET", f"/api/v1/orders/{order.id}/ways").json() == []
    answer = people["li"]("POST", f"/api/v1/orders/{order.id}/attempts", json={"gateway": "wechat", "scene": "qr"})
    assert answer.status_code == 422


def test_dollars_are_paid_by_card_only(till):
    order = till.desk.order("li", 8000, currency="USD")
    ways = till.people["li"]("GET", f"/api/v1/orders/{order.id}/ways").json()
    assert ways == [{"gateway": "card", "scene": "page"}]
    till.choose(order.id, "card")
    till.pay(order.id)
    till.later(seconds=31)
    assert till.of(order.id).status == "paid"


@pytest.mark.parametrize(("phone", "scenes"), [(False, ["qr", "page", "page"]), (True, ["phone", "phone", "phone"])])
def test_a_phone_is_sent_there_and_a_desktop_shows_a_code(till, phone, scenes):
    order = till.desk.order("li", 8000)
    ways = till.people["li"]("GET", f"/api/v1/orders/{order.id}/ways?phone={str(phone).lower()}").json()
    assert [way["scene"] for way in ways] == scenes


def test_nobody_pays_what_is_not_theirs_or_not_to_be_paid(till):
    order = till.desk.order("li", 8000)
    choice = {"gateway": "wechat", "scene": "qr"}
    for login, status in (("eve", 404), ("wang", 404), ("zhang", 403), ("admin", 403)):
        answer = till.people[login]("POST", f"/api/v1/orders/{order.id}/attempts", json=choice)
        assert answer.status_code == status
    free = till.desk.order("li", 0)
    answer = till.people["li"]("POST", f"/api/v1/orders/{free.id}/attempts", json=choice)
    assert answer.json()["code"] == "nothing_to_pay"
    till.later(minutes=16)
    answer = till.people["li"]("POST", f"/api/v1/orders/{order.id}/attempts", json=choice)
    assert answer.json()["code"] == "order_expired"
    assert till.attempts(order.id) == []
    assert not till.sim.calls("/v3/pay")


def test_two_windows_begin_one_attempt(till):
    order = till.desk.order("li", 8000)
    choices = [{"gateway": name, "scene": SCENES[name]} for name in ("wechat", "card", "wechat", "alipay")]
    li = till.people["li"]
    answers = race(*[
        lambda one=one: li("POST", f"/api/v1/orders/{order.id}/attempts", json=one) for one in choices
    ])  # fmt: skip
    assert statuses(answers) == [201] * 4
    live = [one for one in till.attempts(order.id) if one.live_order_id]
    assert len(live) == 1
    till.settle()
    assert [one.phase for one in till.attempts(order.id) if one.live_order_id] == ["offered"]


def test_numbers_fit_and_bills_say_nothing_of_what_was_the_matter(till):
    order = till.desk.order("li", 8000, subject="thing:astragalus for chronic fatigue")
    for gateway in GATEWAYS:
        till.choose(order.id, gateway)
    for one in till.attempts(order.id):
        assert re.fullmatch(r"[0-9A-Z]{6,32}", one.transaction_no)
        assert one.request_data is None
    said = str(till.sim.look("state")["payment"]) + str(till.sim.look("log"))
    assert "astragalus" not in said
    assert "Video visit" not in said


def test_who_pays_is_kept_only_until_the_gateway_was_told(till):
    order = till.desk.order("li", 8000)
    body = {"gateway": "wechat", "scene": "inside", "payer_ref": "oPayer-of-a-person"}
    assert till.people["li"]("POST", f"/api/v1/orders/{order.id}/attempts", json=body).status_code == 201
    assert "oPayer" not in str(till.attempt(order.id).request_data)
    till.settle()
    assert (till.attempt(order.id).phase, till.attempt(order.id).request_data) == ("offered", None)
    till.sim.lever("jsapi", till.attempt(order.id).offer["parameters"])
    till.later(seconds=31)
    assert till.of(order.id).status == "paid"


def test_a_program_fills_its_payers_wallet(till, people):
    """Opened, paid through a gateway, and in the wallet; the same request twice is one order."""
    body, once = {"amount": 5000}, {"idempotency-key": "top-up-1"}
    opened = people["li"]("POST", "/api/v1/wallet/top-ups", json=body, headers=once)
    assert opened.status_code == 201, opened.text
    order = opened.json()
    assert people["li"]("POST", "/api/v1/wallet/top-ups", json=body, headers=once).json() == order
    assert (order["status"], order["amount"], order["currency"]) == ("pending", 5000, "CNY")
    till.choose(order["id"], "wechat")
    till.pay(order["id"])
    till.later(seconds=31)
    assert people["li"]("GET", f"/api/v1/orders/{order['id']}").json()["status"] == "paid"
    assert people["li"]("GET", "/api/v1/wallet").json()["balance"] == 5000
    refused = people["li"]("POST", f"/api/v1/orders/{order['id']}/cancellation")
    assert refused.status_code == 409
    assert people["li"]("GET", "/api/v1/wallet").json()["balance"] == 5000


def test_a_program_gives_up_a_top_up(till, people):
    order = people["li"]("POST", "/api/v1/wallet/top-ups", json={"amount": 5000}).json()
    till.choose(order["id"], "wechat")
    assert people["eve"]("POST", f"/api/v1/orders/{order['id']}/cancellation").status_code == 404
    done = people["li"]("POST", f"/api/v1/orders/{order['id']}/cancellation")
    assert (done.status_code, done.json()["status"]) == (201, "cancelled")
    till.settle()
    assert till.status(order["id"]) == ("cancelled", ["closed"])


def test_odd_top_ups_are_refused(till, people, desk):
    for amount in (0, 99, 1_000_001, -100, 1.5, "50.00"):
        refused = people["li"]("POST", "/api/v1/wallet/top-ups", json={"amount": amount})
        assert refused.status_code in (400, 422), amount
    for login, status in (("guest", 401), ("zhang", 403), ("admin", 403)):
        assert people[login]("POST", "/api/v1/wallet/top-ups", json={"amount": 5000}).status_code == status
    visit = desk.order("li", 8000)
    refused = people["li"]("POST", f"/api/v1/orders/{visit.id}/cancellation")
    assert (refused.status_code, refused.json()["code"]) == (409, "cancelled_elsewhere")
    assert [one["id"] for one in people["li"]("GET", "/api/v1/orders").json()["items"]] == [visit.id]
    assert till.of(visit.id).status == "pending"


def test_without_keys_no_wallet_is_filled(people):
    refused = people["li"]("POST", "/api/v1/wallet/top-ups", json={"amount": 5000})
    assert (refused.status_code, refused.json()["code"]) == (422, "gateway_not_offered")
    assert people["li"]("GET", "/api/v1/orders").json()["items"] == []
