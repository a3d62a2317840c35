"""The page on which an order is paid, in each of its states; and filling the wallet."""

import re

import pytest
from sqlalchemy import select

from suwen.payments.models import Order
from tests.payments.test_desk import text
from tests.support.cast import PASSWORD

PHONE = {"user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Mobile/15E148"}


@pytest.fixture
def look(people):
    def at(order, query="", login="li", **options):
        answer = people[login].page(f"/orders/{order.id}{query}", **options)
        assert answer.status_code == 200, answer.text
        return answer

    return at


def state(answer):
    return re.search(r'data-state="(\w+):', answer.text).group(1)


def choose(people, order, gateway, scene, login="li"):
    return people[login].form(f"/orders/{order.id}/attempts", {"gateway": gateway, "scene": scene})


def test_the_ways_that_there_are(till, people, look, desk):
    order = desk.order("li", 8000)
    page = look(order)
    assert state(page) == "choosing"
    offered = re.findall(r'name="gateway" value="(\w+)"><input type="hidden" name="scene" value="(\w+)"', page.text)
    assert offered == [("wechat", "qr"), ("alipay", "page"), ("card", "page")]
    assert "data-poll" not in page.text
    assert people["eve"].page(f"/orders/{order.id}").status_code == 404


def test_on_a_phone_the_wallets_own_app_is_opened(till, look, desk):
    order = desk.order("li", 8000)
    for page in (look(order, headers=PHONE), look(order, "?phone=1")):
        assert 'name="scene" value="phone"' in page.text
        assert 'name="scene" value="qr"' not in page.text


def test_where_no_gateway_is_set_up_there_is_the_balance_and_the_desk(people, look, desk):
    order = desk.order("li", 8000)
    assert 'name="gateway"' not in look(order).text
    assert "Wallets are filled at the desk" in text(people["li"].page("/wallet/top-up"))
    refused = people["li"].form("/wallet/top-up", {"preset": "100.00"})
    assert refused.status_code == 422


def test_a_code_is_drawn_and_paid(till, people, look, desk):
    order = desk.order("li", 8000)
    went = choose(people, order, "wechat", "qr")
    assert (went.status_code, went.headers["location"]) == (303, f"/orders/{order.id}?chosen=1")
    assert state(look(order)) == "asking"
    assert people["li"].page(f"/orders/{order.id}/code").status_code == 409
    till.settle()
    page = look(order)
    assert state(page) == "code"
    assert "data-poll" in page.text
    assert "¥80.00" in text(page)
    square = people["li"].page(f"/orders/{order.id}/code")
    assert square.headers["content-type"].startswith("image/svg+xml")
    assert square.text.startswith("<svg")
    assert people["eve"].page(f"/orders/{order.id}/code").status_code == 404
    till.pay(order.id)
    till.later(seconds=31)
    assert state(look(order)) == "paid"
    assert people["li"].page(f"/orders/{order.id}/code").status_code == 409
    assert "WeChat Pay" in text(people["li"].page(f"/orders/{order.id}/receipt"))


def test_htmx_is_given_the_part_that_changes(till, people, look, desk):
    order = desk.order("li", 8000)
    part = people["li"].page(f"/orders/{order.id}", headers={"HX-Request": "true", "HX-Target": "pay"})
    assert part.text.lstrip().startswith('<div id="pay"')
    assert "<html" not in part.text


def test_who_comes_back_is_not_believed(till, people, look, desk):
    order = desk.order("li", 8000)
    choose(people, order, "alipay", "page")
    till.settle()
    till.open(till.attempt(order.id))
    assert state(look(order)) == "go"
    till.later(seconds=4)
    forged = look(order, "?returned=1&trade_status=TRADE_SUCCESS&total_amount=80.00")
    assert state(forged) == "checking"
    assert "data-ask" in forged.text
    asked = people["li"].form(f"/orders/{order.id}/ask")
    assert asked.headers["location"] == f"/orders/{order.id}?asked=1"
    assert state(look(order, "?asked=1")) == "checking"
    till.settle()
    till.clock.advance(seconds=6)
    page = look(order, "?asked=1")
    assert state(page) == "go"
    assert "knows of no payment yet" in text(page)
    assert till.of(order.id).status == "pending"
    till.pay(order.id)
    people["li"].form(f"/orders/{order.id}/ask")
    till.settle()
    assert state(look(order, "?asked=1")) == "paid"


def test_another_way_and_the_first_is_gone(till, people, look, desk):
    order = desk.order("li", 8000)
    choose(people, order, "wechat", "qr")
    till.settle()
    page = look(order)
    others = re.findall(r'name="gateway" value="(\w+)"', page.text)
    assert others == ["alipay", "card"]
    choose(people, order, "card", "page")
    till.settle()
    assert state(look(order)) == "go"
    assert till.status(order.id)[1] == ["closed", "offered"]


def test_a_gateway_that_is_away(till, people, look, desk):
    order = desk.order("li", 8000)
    till.sim.fault(gateway="card", what="500", about="http", times=-1)
    choose(people, order, "card", "page")
    till.settle()
    till.later(seconds=3)
    till.later(seconds=6)
    page = look(order)
    assert state(page) == "away"
    assert "does not answer" in text(page)
    assert re.findall(r'name="gateway" value="(\w+)"', page.text) == ["wechat", "alipay"]


def test_time_over(till, people, look, desk):
    order = desk.order("li", 8000)
    till.later(minutes=16)
    page = look(order)
    assert state(page) == "expired"
    assert "Nothing was taken" in text(page)


def test_paid_too_late(till, people, look, desk):
    order = desk.order("li", 8000)
    choose(people, order, "wechat", "qr")
    till.settle()
    till.pay(order.id)
    till.sim.fault(gateway="wechat", what="drop", times=-1)
    till.later(minutes=16)
    page = look(order)
    assert state(page) in ("late", "paid")


def test_a_refused_choice_is_said_on_the_page(till, people, desk):
    order = desk.order("li", 8000)
    refused = choose(people, order, "wechat", "app")
    assert refused.status_code in (303, 422)
    nonsense = choose(people, order, "nothing", "qr")
    assert nonsense.status_code == 422
    assert till.attempts(order.id) == [] or refused.status_code == 303


def test_filling_the_wallet(till, people, look, desk):
    page = people["li"].page("/wallet/top-up")
    assert "¥100.00" in text(page)
    went = people["li"].form("/wallet/top-up", {"preset": "100.00"})
    assert went.status_code == 303
    order = till.house.db.read(lambda tx: tx.scalars(select(Order)).one())
    assert went.headers["location"] == f"/orders/{order.id}"
    assert (order.amount, order.subject) == (10000, f"top_up:{order.id}")
    choose(people, order, "wechat", "qr")
    till.settle()
    till.pay(order.id)
    till.later(seconds=31)
    assert "The money is in your wallet" in text(look(order))
    assert desk.balance("li") == 10000
    assert "Top-up of the wallet" in text(people["li"].page(f"/orders/{order.id}/receipt"))
    line = people["li"]("GET", f"/api/v1/statements/{people['li'].id}").json()["lines"]
    assert [(one["kind"], one["amount"]) for one in line] == [("top_up", 10000)]


@pytest.mark.parametrize("typed", [{"amount": "0.50"}, {"amount": "10000.01"}, {"amount": "ten"}, {}])
def test_sums_that_are_not_taken(till, people, typed):
    refused = people["li"].form("/wallet/top-up", typed)
    assert refused.status_code == 422
    assert till.house.db.read(lambda tx: tx.scalars(select(Order)).all()) == []


def test_an_amount_of_ones_own_counts(till, people):
    people["li"].form("/wallet/top-up", {"preset": "100.00", "amount": "12.34"})
    assert till.house.db.read(lambda tx: tx.scalars(select(Order)).one().amount) == 1234


def test_a_top_up_is_cancelled(till, people, look):
    people["li"].form("/wallet/top-up", {"preset": "100.00"})
    order = till.house.db.read(lambda tx: tx.scalars(select(Order)).one())
    assert people["eve"].form(f"/orders/{order.id}/cancel").status_code == 404
    assert people["li"].form(f"/orders/{order.id}/cancel").status_code == 303
    assert state(look(order)) == "cancelled"


def test_orders_are_listed_by_state(till, people, desk):
    paid, open_one = desk.paid("li", 100), desk.order("li", 7700)
    every = people["li"].page("/orders").text
    assert paid.id in every
    assert open_one.id in every
    some = people["li"].page("/orders?status=paid").text
    assert paid.id in some
    assert open_one.id not in some
    assert paid.id not in people["eve"].page("/orders").text


def test_the_statement_of_a_wallet_by_month_and_kind(people, desk, clock):
    desk.top_up("li", 5000)
    clock.advance(days=40)
    desk.paid("li", 300)
    page = people["li"].page("/wallet?month=2030-01")
    assert ("+CN¥50.00" in text(page), "−CN¥3.00" in text(page)) == (True, False)
    page = people["li"].page("/wallet?kind=expense")
    assert ("+CN¥50.00" in text(page), "−CN¥3.00" in text(page)) == (False, True)
    rows = people["li"].page("/wallet/statement/csv?kind=income").text.strip().splitlines()
    assert len(rows) == 3
    assert "2030-01-01T08:00:00+08:00,income,50.00,50.00,CNY" in rows[2]


def offers(people, gateway, *scenes):
    chosen = {"enabled": "on", "scenes": list(scenes), "revision": "0", "password": PASSWORD}
    assert people["admin"].form(f"/admin/payments/gateways/{gateway}/offers", chosen).status_code == 303


def test_a_page_offers_nothing_that_needs_a_script_of_its_own(till, people, look, desk):
    """Cards on phones only: a desktop is offered none, while a program that asks may bring its own card form."""
    offers(people, "card", "phone")
    order = desk.order("li", 8000)
    page = look(order)
    assert re.findall(r'name="gateway" value="(\w+)"', page.text) == ["wechat", "alipay"]
    assert 'name="scene" value="client"' not in page.text
    ways = people["li"]("GET", f"/api/v1/orders/{order.id}/ways").json()
    assert {"gateway": "card", "scene": "client"} in ways


@pytest.mark.parametrize(("gateway", "scene"), [("card", "client"), ("alipay", "app")])
def test_what_a_program_began_is_no_accident_on_the_page(till, people, look, desk, gateway, scene):
    """There is no address to go to: who pays it with the program sees it paid, and the page has ways of its own."""
    order = desk.order("li", 8000)
    till.choose(order.id, gateway, scene)
    page = look(order)
    assert state(page) == "elsewhere"
    assert "data-poll" in page.text
    assert "data-go" not in page.text
    assert re.findall(r'name="gateway" value="(\w+)"', page.text) == ["wechat", "alipay", "card"]
    choose(people, order, "card", "page")
    till.settle()
    assert state(look(order)) == "go"
    if gateway == "card":
        assert till.status(order.id)[1] == ["closed", "offered"]


IN_WECHAT = {"user-agent": PHONE["user-agent"] + " MicroMessenger/8.0.60 NetType/WIFI Language/zh_CN"}
DESKTOP_WECHAT = {"user-agent": "Mozilla/5.0 (Windows NT 10.0; Win64) MicroMessenger/7.0.20 WindowsWechat"}


def test_inside_wechat_its_own_page_is_not_offered_for_it_would_refuse(till, look, desk):
    """The reader is told the way out, and may have a code for another device; a computer is shown the code at once."""
    order = desk.order("li", 8000)
    page = look(order, headers=IN_WECHAT)
    assert re.findall(r'name="gateway" value="(\w+)"', page.text) == ["alipay", "card"]
    assert "Open in browser" in text(page)
    assert f"/orders/{order.id}?phone=0" in page.text
    assert "Open in browser" not in text(look(order, headers=PHONE))
    for with_code in (look(order, headers=DESKTOP_WECHAT), look(order, "?phone=0", headers=IN_WECHAT)):
        assert 'name="gateway" value="wechat"><input type="hidden" name="scene" value="qr"' in with_code.text
        assert "Open in browser" not in text(with_code)


def test_where_wechat_is_not_offered_nobody_is_sent_out_of_it(till, people, look, desk):
    offers(people, "wechat", "qr", "inside")
    page = look(desk.order("li", 8000), headers=IN_WECHAT)
    assert "Open in browser" not in text(page)


def test_what_was_begun_in_a_browser_has_no_link_inside_wechat(till, people, look, desk):
    order = desk.order("li", 8000)
    till.choose(order.id, "wechat", "phone")
    assert state(look(order, headers=PHONE)) == "go"
    page = look(order, headers=IN_WECHAT)
    assert state(page) == "elsewhere"
    assert "data-go" not in page.text


def test_a_link_of_wechat_is_of_use_for_five_minutes(till, people, look, desk):
    """Then there is another one, under a number of its own, and the first is closed: nothing is paid twice."""
    order = desk.order("li", 8000)
    first = till.choose(order.id, "wechat", "phone")
    till.later(minutes=4, seconds=50)
    assert state(look(order, headers=PHONE)) == "go"
    assert till.choose(order.id, "wechat", "phone").id == first.id
    till.later(seconds=11)
    page = look(order, headers=PHONE)
    assert state(page) == "elsewhere"
    assert "data-go" not in page.text
    assert '"gateway" value="wechat"><input type="hidden" name="scene" value="phone"' in page.text
    again = till.choose(order.id, "wechat", "phone")
    assert again.id != first.id
    assert till.status(order.id)[1] == ["closed", "offered"]
    assert state(look(order, headers=PHONE)) == "go"
    till.pay(order.id)
    till.later(seconds=31)
    assert till.of(order.id).status == "paid"
    assert till.settled(order.id) == 1


def test_a_code_of_wechat_lives_as_long_as_its_attempt(till, look, desk):
    order = till.order("wechat")
    till.later(minutes=6)
    assert state(look(order)) == "code"
    assert len(till.attempts(order.id)) == 1
    till.choose(order.id, "wechat")
    assert len(till.attempts(order.id)) == 1
