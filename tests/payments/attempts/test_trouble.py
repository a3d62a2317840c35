"""Gateways that are away, slow or rude, with each fault of HTTP that the simulator knows: nothing is guessed."""

import pytest

GATEWAYS = ("wechat", "alipay", "card")
OFFER = {"wechat": "/transactions/native", "alipay": "alipay.trade.precreate", "card": "/checkout/sessions"}
ASK = {"wechat": "/transactions/", "alipay": "alipay.trade.query", "card": "/checkout/sessions/"}
CLOSE = {"wechat": "/close", "alipay": "alipay.trade.close", "card": "/expire"}
SCENES = {"wechat": "qr", "alipay": "qr", "card": "page"}
EVERYWHERE = ("429", "500", "500_after", "timeout", "timeout_after", "reset", "reset_after", "down")
# the card gateway's answers are not signed
SIGNED = ("bad_signature", "unsigned", "stale_answer")
ALL = [(name, what) for name in GATEWAYS for what in EVERYWHERE + (SIGNED if name != "card" else ())]
faults = pytest.mark.parametrize(("gateway", "what"), ALL, ids=[f"{name}-{what}" for name, what in ALL])


def until(till, order, wanted, steps=20, seconds=31):
    for _ in range(steps):
        if till.status(order.id)[0] == wanted or till.attempt(order.id).phase == wanted:
            return
        till.later(seconds=seconds)
    raise AssertionError(f"never {wanted}: {till.status(order.id)}")


@faults
def test_from_the_offer_to_the_answer(till, silence, gateway, what):
    """A fault when it is offered, another when it is asked about: the payer pays one thing, once."""
    order = till.desk.order("li", 8000)
    till.sim.fault(gateway=gateway, path=OFFER[gateway], **silence(what))
    till.choose(order.id, gateway, SCENES[gateway])
    assert till.attempt(order.id).phase in ("begun", "offered")
    until(till, order, "offered", seconds=3)
    till.open(till.attempt(order.id))
    till.sim.fault(gateway=gateway, what="drop", times=-1)
    till.pay(order.id)
    till.sim.fault(gateway=gateway, path=ASK[gateway], **silence(what))
    until(till, order, "paid")
    assert [one["state"] for one in till.sim.look("state")["payment"]].count("paid") == 1
    assert len(till.journals(order.id)) == 1
    assert till.of(order.id).refunded_amount == 0
    assert till.anomalies() == []


@faults
def test_while_it_is_closed(till, silence, gateway, what):
    """The order expires when its gateway has said that nobody can pay it any more, and not before."""
    order = till.order(gateway, SCENES[gateway])
    till.sim.fault(gateway=gateway, path=CLOSE[gateway], **silence(what))
    till.later(minutes=15, seconds=1)
    until(till, order, "expired", seconds=6)
    assert till.status(order.id) == ("expired", ["closed"])
    assert {one["state"] for one in till.sim.look("state")["payment"]} == {"closed"}
    assert till.journals(order.id) == []


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_gateway_that_is_away_keeps_the_order_and_nobody_can_pay_it(till, channels, gateway):
    """Paid in time, but nobody could say so for two hours."""
    order = till.order(gateway, SCENES[gateway])
    till.sim.pay(till.attempt(order.id).transaction_no, "paid")
    till.sim.fault(gateway=gateway, what="drop", times=-1)
    wire = channels.gateways[gateway].wire
    bases, wire.bases = wire.bases, ("http://127.0.0.1:9",)
    till.later(minutes=16)
    till.later(hours=2)
    assert till.status(order.id) == ("pending", ["closing"])
    choice = {"gateway": "card", "scene": "page"}
    again = till.people["li"]("POST", f"/api/v1/orders/{order.id}/attempts", json=choice)
    assert again.json()["code"] == "order_expired"
    wire.bases = bases
    until(till, order, "paid", seconds=601)
    assert till.status(order.id) == ("paid", ["paid"])
    assert len(till.journals(order.id)) == 1


def test_a_refusal_is_told_and_another_way_is_open(till, channels):
    order = till.desk.order("li", 8000)
    channels.gateways["wechat"].key = channels.gateways["alipay"].key  # signed by somebody else
    attempt = till.choose(order.id, "wechat")
    assert (attempt.phase, attempt.error_code) == ("failed", "SIGN_ERROR")
    assert till.choose(order.id, "card").phase == "offered"


def test_a_number_that_the_card_gateway_will_always_refuse_is_left_behind(till):
    """It repeats a stored 500 to the same key: after three answers another number is tried, nobody having seen one."""
    order = till.desk.order("li", 8000)
    till.sim.fault(gateway="card", path=OFFER["card"], what="500_after", times=3)
    till.choose(order.id, "card")
    until(till, order, "offered", seconds=6)
    phases = [one.phase for one in till.attempts(order.id)]
    assert phases[-1] == "offered"
    assert len(phases) <= 2
    till.pay(order.id)
    until(till, order, "paid")
    assert len(till.journals(order.id)) == 1
