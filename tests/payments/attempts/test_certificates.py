"""A merchant whose platform signs with certificates: they are fetched, and fetched again when they change."""

import pytest


@pytest.fixture
def environment(sim):
    given = dict(sim.environment)
    del given["SUWEN_WECHAT_PUBLIC_KEY_ID"], given["SUWEN_WECHAT_PUBLIC_KEY_FILE"]
    sim.settings(wechat_signer="certificate")
    return given | {"SUWEN_WECHAT_CERTIFICATES": "1"}


def test_a_new_certificate_is_learned_of_from_a_report(till, door):
    order = till.order("wechat")
    till.sim.clock(till.clock.advance(minutes=2))
    till.sim.settings(wechat_certificates=[1, 2], wechat_active=2)
    till.pay(order.id)
    till.deliver()
    assert door.answers == [204]
    assert till.status(order.id) == ("paid", ["paid"])
    assert len(till.sim.calls("/v3/certificates")) == 2


def test_unknown_serials_make_nobody_ask_more_than_once_a_minute(till, door):
    order = till.order("wechat")
    till.sim.clock(till.clock.advance(minutes=2))
    till.sim.fault(gateway="wechat", what="unknown_serial", times=3, kind="paid")
    till.pay(order.id)
    for _ in range(3):
        till.sim.deliver()
        till.sim.clock(till.clock.advance(seconds=15))
    assert door.answers == [400, 400, 400]
    assert len(till.sim.calls("/v3/certificates")) == 2
    assert till.anomalies() == ["forged"]


def test_who_reports_is_not_kept_waiting_by_a_platform_that_is_slow(till, door):
    order = till.order("wechat")
    till.sim.clock(till.clock.advance(minutes=2))
    till.sim.settings(wechat_certificates=[1, 2], wechat_active=2)
    till.sim.fault(gateway="wechat", path="/v3/certificates", what="timeout", seconds=1.5)
    till.pay(order.id)
    sent = till.sim.deliver()
    assert [one["answers"][-1]["status"] for one in sent] == [400]
    till.later(seconds=31)
    till.sim.clock(till.clock.advance(minutes=2))
    till.deliver()
    assert till.status(order.id) == ("paid", ["paid"])
