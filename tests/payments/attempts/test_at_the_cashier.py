"""What a payer does at the gateway's page, or fails to do; a merchant who answers too slowly; a host that is gone."""

import time

import pytest

GATEWAYS = ("wechat", "alipay", "card")
PAID, PENDING = ("paid", ["paid"]), ("pending", ["offered"])


def until(holds):
    ends = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.02)


def paid_once(till, order):
    assert till.status(order.id) == PAID
    assert (len(till.journals(order.id)), till.settled(order.id)) == (1, 1)
    assert till.of(order.id).refunded_amount == 0
    assert till.anomalies() == []


@pytest.mark.parametrize("gateway", GATEWAYS)
@pytest.mark.parametrize("outcome", ["user_cancel", "bank_error", "paying"])
def test_who_does_not_pay_at_first_may_pay_later(till, gateway, outcome):
    order = till.order(gateway)
    till.pay(order.id, outcome)
    till.deliver()
    till.later(seconds=31)
    assert till.status(order.id) == PENDING
    assert till.journals(order.id) == []
    till.pay(order.id)
    till.deliver()
    till.later(seconds=31)
    paid_once(till, order)


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_what_the_gateway_let_run_out_is_paid_another_way(till, gateway):
    order = till.order(gateway)
    till.pay(order.id, "expired")
    till.deliver()
    till.later(seconds=31)
    assert till.status(order.id) == ("pending", ["closed"])
    other = "card" if gateway != "card" else "wechat"
    till.choose(order.id, other)
    till.open(till.attempt(order.id))
    till.pay(order.id)
    till.deliver()
    till.later(seconds=31)
    assert till.status(order.id) == ("paid", ["closed", "paid"])
    assert (len(till.journals(order.id)), till.settled(order.id)) == (1, 1)


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_report_that_was_answered_too_late_comes_again_and_counts_once(till, door, gateway):
    order = till.order(gateway)
    till.sim.settings(patience=0.05)
    kept = door.pass_on

    def slowly(path, headers, body):
        answer = kept(path, headers, body)
        time.sleep(0.2)
        return answer

    door.pass_on = slowly
    till.pay(order.id)
    till.deliver()
    until(lambda: door.answers)  # the gateway has hung up; we have not
    door.pass_on = kept
    till.sim.settings(patience=5)
    till.later(minutes=5)
    till.deliver()
    assert [(one.deliveries, one.outcome) for one in till.reports()] == [(2, "applied")]
    paid_once(till, order)


def test_with_its_first_host_gone_wechat_is_asked_at_the_other(till):
    order = till.order("wechat")
    asked = len(till.sim.calls("/v3/"))
    till.sim.fault(gateway="wechat", path="/v3/", host="primary", what="down", times=-1)
    till.sim.fault(gateway="wechat", what="drop", times=-1)
    till.pay(order.id)
    till.later(seconds=61)
    calls = till.sim.calls("/v3/")[asked:]
    assert {one["host"] for one in calls if not one["cut"]} == {"backup"}
    paid_once(till, order)
