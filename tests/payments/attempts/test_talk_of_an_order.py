"""From an order to what was said about it, and what a gateway that was switched off still does."""

import re

import pytest


@pytest.mark.parametrize("gateway", ["wechat", "alipay", "card"])
def test_the_desk_finds_from_an_order_what_was_said_about_it(gateway, till):
    order = till.order(gateway)
    till.pay(order.id)
    till.later(seconds=31)
    admin = till.people["admin"]
    page = admin.page(f"/admin/orders/{order.id}").text
    [link] = set(re.findall(r'href="(/admin/payments/exchanges\?number=\w+)"', page))
    number = till.attempt(order.id).transaction_no
    assert link.endswith(number)
    said = admin("GET", f"/api/v1/payment-exchanges?number={number}").json()["items"]
    assert {one["gateway"] for one in said} == {gateway}
    assert said[0]["id"] in admin.page(link).text


def test_a_gateway_that_is_switched_off_finishes_what_was_begun_and_begins_nothing(till):
    order = till.order("wechat")
    admin, li = till.people["admin"], till.people["li"]
    admin.confirm()
    off = admin("PUT", "/api/v1/payment-gateways/wechat/offers", json={"enabled": False, "scenes": [], "revision": 0})
    assert off.status_code == 200, off.text
    ways = li("GET", f"/api/v1/orders/{order.id}/ways").json()
    assert {one["gateway"] for one in ways} == {"alipay", "card"}
    refused = li("POST", f"/api/v1/orders/{order.id}/attempts", json={"gateway": "wechat", "scene": "qr"})
    assert refused.status_code == 422
    till.pay(order.id)
    till.later(seconds=31)
    assert till.status(order.id) == ("paid", ["paid"])
