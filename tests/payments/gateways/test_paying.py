"""From the offer to the money and back, the same for every gateway."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from suwen.payments.gateways import Refused
from tests.payments.gateways.conftest import NAMES, attempt, later, refund_of

TRADES = [("wechat", "qr"), ("wechat", "phone"), ("wechat", "inside"), ("wechat", "app"), ("alipay", "qr"),
          ("alipay", "page"), ("alipay", "phone"), ("alipay", "app"), ("card", "client"), ("card", "page")]  # fmt: skip


def _open(sim, name: str, offer) -> None:
    """What the payer's device does with an offer."""
    if name == "wechat" and offer.kind == "client":
        assert sim.http.get(f"{sim.url}/cashier/wechat", params=offer.parameters).status_code == 200
    elif name == "alipay" and offer.kind == "client":
        assert sim.http.get(f"{sim.url}/gateway.do?{offer.parameters['orderString']}").status_code == 303
    elif offer.kind == "client":
        assert sim.http.get(f"{sim.url}/cashier/card", params=offer.parameters).status_code == 200
    else:
        assert sim.http.get(offer.url or offer.text, follow_redirects=True).status_code == 200


@pytest.mark.parametrize(("name", "scene"), TRADES)
def test_every_way_of_paying_ends_in_the_same_answer(name, scene, gateways, sim, clock, shop):
    gateway = gateways[name]
    made = attempt(clock, shop, scene=scene)
    offer = gateway.create(made)
    _open(sim, name, offer)
    before = gateway.query(made.out_no, offer.external_id)
    assert (before.state, before.amount, before.disagreements(made.out_no, 8000, "CNY")) == ("pending", None, [])
    sim.pay(made.out_no, gateway=name)
    after = gateway.query(made.out_no, offer.external_id)
    assert (after.state, after.amount, after.currency, after.at) == ("paid", 8000, "CNY", clock())
    assert after.external_id
    assert after.disagreements(made.out_no, 8000, "CNY") == []
    assert after.disagreements("ANOTHER", 8001, "USD") == ["out_no", "amount", "currency"]
    assert gateway.query(made.out_no, after.external_id) == after


@pytest.mark.parametrize("name", NAMES)
def test_an_offer_may_be_asked_for_again(name, gateways, clock, shop, sim):
    made = attempt(clock, shop, scene={"wechat": "qr", "alipay": "qr", "card": "client"}[name])
    first, second = gateways[name].create(made), gateways[name].create(made)
    assert first == second
    assert len([one for one in sim.look("state")["payment"] if one["gateway"] == name]) <= 1


@pytest.mark.parametrize("name", NAMES)
def test_what_nobody_has_heard_of_is_absent(name, gateways):
    assert gateways[name].query("ORD20300101XX").state == "absent"
    assert gateways[name].query_refund(refund_of("", number="RFD00000000")).state == "absent"


@pytest.mark.parametrize("name", NAMES)
def test_a_closed_payment_cannot_be_paid(name, gateways, sim, begin):
    made = begin(name)
    number = _external(gateways[name], sim, name)
    assert gateways[name].close(made.out_no, number).state == "closed"
    assert gateways[name].query(made.out_no, number).state == "closed"
    refused = sim.http.post(f"{sim.url}/_sim/pay", json={"out_trade_no": made.out_no, "outcome": "paid"})
    assert refused.status_code == 409


@pytest.mark.parametrize("name", NAMES)
def test_closing_what_was_paid_answers_that_it_was(name, gateways, sim, begin):
    made = begin(name)
    number = _external(gateways[name], sim, name)
    sim.pay(made.out_no)
    answer = gateways[name].close(made.out_no, number)
    assert (answer.state, answer.amount) == ("paid", 8000)


@pytest.mark.parametrize("name", NAMES)
def test_partial_refunds_add_up_to_what_was_paid_and_not_more(name, gateways, sim, begin, shop):
    made = begin(name)
    gateway = gateways[name]
    sim.pay(made.out_no)
    paid = gateway.query(made.out_no, _external(gateway, sim, name))
    one = refund_of(paid.external_id, notify_url=shop.url)
    first = gateway.refund(one)
    assert first.state in ("processing", "success")
    again = gateway.refund(one)
    assert again.external_refund_id == first.external_refund_id
    known = gateway.query_refund(one)
    assert (known.state, known.amount, known.currency, known.out_refund_no) == (
        "success",
        3000,
        "CNY",
        one.out_refund_no,
    )
    assert known.at is not None
    with pytest.raises(Refused):
        gateway.refund(refund_of(paid.external_id, 5001, "RFD20300101B2"))
    # Alipay tells of the whole only
    assert gateway.query(made.out_no, paid.external_id).state == ("paid" if name == "alipay" else "refunded")
    gateway.refund(refund_of(paid.external_id, 5000, "RFD20300101B3"))
    assert gateway.query(made.out_no, paid.external_id).state == "refunded"
    assert gateway.query(made.out_no, paid.external_id).amount == 8000
    assert sum(one["amount"] for one in sim.look("state")["refund"]) == 8000


@pytest.mark.parametrize("name", NAMES)
def test_the_same_number_of_refund_for_another_sum_is_refused(name, gateways, sim, begin):
    made = begin(name)
    sim.pay(made.out_no)
    paid = gateways[name].query(made.out_no, _external(gateways[name], sim, name))
    gateways[name].refund(refund_of(paid.external_id))
    with pytest.raises(Refused):
        gateways[name].refund(refund_of(paid.external_id, 4000))
    assert [one["amount"] for one in sim.look("state")["refund"]] == [3000]


def test_a_refund_that_the_bank_sends_back_is_abnormal(wechat, sim, begin):
    made = begin("wechat")
    sim.pay(made.out_no)
    sim.settings(refund_outcome="abnormal")
    order = refund_of("")
    wechat.refund(order)
    assert wechat.query_refund(order).state == "abnormal"


def test_a_poor_merchant_is_told_so(wechat, alipay, sim, begin):
    for gateway, code in ((wechat, "NOT_ENOUGH"), (alipay, "ACQ.SELLER_BALANCE_NOT_ENOUGH")):
        sim.lever("reset")
        sim.settings(deliver="manual", poor=True)
        sim.clock(wechat.around.clock())
        made = begin(gateway.name)
        sim.pay(made.out_no)
        with pytest.raises(Refused) as refused:
            gateway.refund(refund_of(gateway.query(made.out_no).external_id))
        assert refused.value.code == code


@pytest.mark.parametrize("name", NAMES)
def test_an_order_expires_at_the_gateway_too(name, gateways, sim, clock, begin):
    made = begin(name, scene={"wechat": "qr", "alipay": "page", "card": "page"}[name])
    number = _external(gateways[name], sim, name)
    later(clock, sim, minutes=47)
    assert gateways[name].query(made.out_no, number).state == "closed"


def test_a_code_that_nobody_scanned_in_time_begins_nothing(alipay, sim, clock, shop):
    offer = alipay.create(attempt(clock, shop, scene="qr"))
    assert alipay.close("ORD20300101A1").state == "absent"
    later(clock, sim, minutes=16)
    assert sim.http.get(offer.text).status_code == 404
    assert alipay.query("ORD20300101A1").state == "absent"


def test_alipay_cancels_what_became_of_it(alipay, sim, begin):
    begin("alipay")
    assert alipay.cancel("ORD20300101A1") == "close"
    begin("alipay", "ORD20300101A2")
    sim.pay("ORD20300101A2")
    assert alipay.cancel("ORD20300101A2") == "refund"
    assert alipay.query("ORD20300101A2").state == "refunded"
    assert alipay.cancel("ORD20300101A3") == ""


def test_a_payment_in_work_is_pending(gateways, sim, begin):
    for name in NAMES:
        made = begin(name)
        sim.pay(made.out_no, "paying", name)
        assert gateways[name].query(made.out_no, _external(gateways[name], sim, name)).state == "pending"


def test_a_failed_card_may_be_tried_again(card, sim, begin):
    made = begin("card")
    number = _external(card, sim, "card")
    with pytest.raises(Refused) as refused:
        card.confirm(number, "pm_card_chargeDeclined", "", "c1")
    assert refused.value.code == "card_declined"
    assert card.query(made.out_no, number).state == "pending"
    step = card.confirm(number, "pm_card_threeDSecure2Required", "https://clinic.example/orders/1", "c2")
    assert step["status"] == "requires_action"
    assert urlsplit(step["url"]).path == "/cashier/card"
    sim.pay(made.out_no)
    assert card.query(made.out_no, number).state == "paid"


def test_yen_have_no_cents(card, sim, clock, shop):
    made = attempt(clock, shop, amount=500, currency="JPY", scene="client")
    offer = card.create(made)
    sim.pay(made.out_no)
    answer = card.query(made.out_no, offer.external_id)
    assert (answer.amount, answer.currency) == (500, "JPY")


def test_a_card_payment_whose_number_was_lost_is_searched_for(card, sim, clock, begin):
    made = begin("card")
    sim.pay(made.out_no)
    assert card.query(made.out_no).state == "absent"  # the gateway's search is a minute behind
    later(clock, sim, seconds=61)
    assert card.query(made.out_no).state == "paid"


def test_the_browser_that_comes_back_names_its_order_and_proves_nothing(alipay, sim, begin):
    made = begin("alipay")
    token = sim.look("state")["payment"][0]["token"]
    gone = sim.http.post(f"{sim.url}/cashier/alipay?token={token}", data={"outcome": "user_cancel"})
    query = urlsplit(gone.headers["location"]).query.removeprefix("x=1&")
    assert alipay.read_return(query) == made.out_no
    assert alipay.query(made.out_no).state == "pending"
    with pytest.raises(Exception, match="signature"):
        alipay.read_return(query.replace("total_amount=80.00", "total_amount=81.00"))


def test_a_phone_comes_back_to_the_order(wechat, clock, shop):
    offer = wechat.create(attempt(clock, shop, scene="phone"))
    assert parse_qs(urlsplit(offer.url).query)["redirect_url"] == ["http://127.0.0.1:1/orders/1?x=1"]


def test_scripts_get_parameters_that_wechat_itself_accepts(wechat, sim, clock, shop):
    for number, scene in enumerate(("inside", "app")):
        made = attempt(clock, shop, f"ORD20300101A{number}", scene=scene)
        offer = wechat.create(made)
        wrong = offer.parameters | {"paySign": "AAAA", "sign": "AAAA"}
        assert sim.http.post(f"{sim.url}/_sim/jsapi", json=wrong).status_code == 409
        sim.lever("jsapi", offer.parameters)
        assert wechat.query(made.out_no).state == "paid"


def test_nothing_clinical_can_be_said(clock, shop):
    for purpose in ("appointment", "consultation", "prescription", "top_up", "other"):
        words = attempt(clock, shop, purpose=purpose).description
        assert len(words.encode()) <= 127
        assert not any(word in words for word in ("药", "方", "诊", "病", "症"))
    with pytest.raises(TypeError):
        attempt(clock, shop, description="附子理中汤")


@pytest.mark.parametrize("wrong", [{"out_no": "short"}, {"out_no": "A" * 33}, {"out_no": "ord20300101"}, {"amount": 0},
                                   {"notify_url": "https://clinic.example/n?x=1"}])  # fmt: skip
def test_an_attempt_a_gateway_would_refuse_is_none(wrong, clock, shop):
    with pytest.raises(ValueError):
        attempt(clock, shop, **wrong)


def test_a_refund_of_more_than_the_whole_is_none():
    with pytest.raises(ValueError):
        refund_of("x", 8001)


def _external(gateway, sim, name: str) -> str:
    """What the offer said of it: cards have their number from the beginning."""
    if name != "card":
        return ""
    found = sim.look("state")["payment"][-1]
    return str(found.get("session") or found["external_id"])


def test_times_are_of_china(sim, alipay, clock, begin):
    begin("alipay")
    later(clock, sim, hours=0, minutes=1)
    sim.pay("ORD20300101A1")
    answer = alipay.query("ORD20300101A1")
    assert answer.at == clock()
    assert answer.at is not None
    assert answer.at.utcoffset() == timedelta(hours=8)
