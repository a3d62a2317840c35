"""The simulator itself: that it looks at what it is sent, and refuses in the gateways' own words."""

import base64
import json
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode

import pytest

from suwen.payments.gateways.wechat import signing
from tests.payments.gateways.conftest import attempt, later
from tests.support.paysim import simulator

PATH = "/v3/pay/transactions/native"


@pytest.fixture
def ask(sim, wechat, clock):
    """A signed request, of which one thing may be wrong."""

    def one(method: str = "POST", body: bytes = b"{}", path: str = PATH, **wrong: str):
        signed_path, signed_body = wrong.get("signed_path", path), wrong.get("signed_body", "").encode() or body
        now = clock() + timedelta(seconds=int(wrong.get("seconds", 0)))
        header = signing.authorization(wechat.creds, wechat.key, method, signed_path, signed_body, now, "N" * 32)
        for name in ("mchid", "serial_no", "signature", "scheme"):
            if name in wrong:
                old = dict(part.split("=", 1) for part in header.split(" ", 1)[1].split(",")).get(
                    name, '"' + header.split(" ")[0] + '"'
                )
                header = header.replace(old.strip('"'), wrong[name])
        headers = {"Authorization": header, "Accept": "application/json", "Content-Type": "application/json"}
        return sim.http.request(method, sim.url + path, content=body, headers=headers)

    return one


@pytest.mark.parametrize(
    "wrong",
    [
        {"signed_path": PATH + "?x=1"}, {"signed_body": '{"a":1}'}, {"mchid": "1900000001"}, {"serial_no": "0" * 40},
        {"signature": "AAAA"},
        {"scheme": "WECHATPAY2-SHA1-RSA2048"}, {"seconds": "301"}, {"seconds": "-301"},
    ],
)  # fmt: skip
def test_wechat_refuses_what_is_signed_otherwise(ask, wrong, wechat):
    good, bad = ask(), ask(**wrong)
    assert (good.status_code, good.json()["code"]) == (400, "PARAM_ERROR")  # signed, but says nothing
    assert (bad.status_code, bad.json()["code"]) == (401, "SIGN_ERROR")
    assert {"code", "message", "detail"} == set(bad.json())
    wechat.ring.verify(list(good.headers.items()), good.content)


@pytest.mark.parametrize(
    "change",
    [
        {"out_trade_no": "short"}, {"out_trade_no": "x" * 33}, {"description": ""}, {"description": "预" * 43},
        {"appid": "wx0"},
        {"mchid": "1"}, {"notify_url": "https://a.example/?x=1"}, {"notify_url": "ftp://a.example"},
        {"amount": {"total": 0}},
        {"amount": {"total": "1"}}, {"amount": {"total": 1.5}}, {"amount": {"total": 1, "currency": "USD"}},
        {"unheard": 1},
        {"time_expire": "2030-01-01 08:15:00"}, {"time_expire": "2029-12-31T00:00:00+08:00"}, {"time_expire": "soon"},
    ],
)  # fmt: skip
def test_wechat_refuses_an_order_that_breaks_its_rules(ask, change, wechat, sim):
    body = {"appid": wechat.creds.app_id, "mchid": wechat.creds.mchid, "description": "预约服务费",
        "out_trade_no": "ORD20300101A1",
            "notify_url": "https://a.example/n", "amount": {"total": 1, "currency": "CNY"}}  # fmt: skip
    refused = ask(body=json.dumps(body | change).encode())
    assert (refused.status_code, refused.json()["code"]) == (400, "PARAM_ERROR"), change
    assert sim.look("state")["payment"] == []
    assert ask(body=json.dumps(body).encode()).status_code == 200


def test_a_payer_or_an_address_may_not_be_missing(ask, wechat):
    body = {"appid": wechat.creds.app_id, "mchid": wechat.creds.mchid, "description": "预约服务费",
        "out_trade_no": "ORD20300101A1",
            "notify_url": "https://a.example/n", "amount": {"total": 1}}  # fmt: skip
    for path in ("jsapi", "h5"):
        refused = ask(body=json.dumps(body).encode(), path=f"/v3/pay/transactions/{path}")
        assert refused.json()["code"] == "PARAM_ERROR"


def test_alipay_refuses_in_its_own_shape(alipay, sim, clock, shop):
    fields = dict(parse_qsl(alipay.create(attempt(clock, shop, scene="app")).parameters["orderString"]))
    for name in fields:
        if name in ("sign",):
            continue
        changed = sim.http.get(f"{sim.url}/gateway.do?{urlencode(fields | {name: fields[name] + 'x'})}")
        assert changed.status_code == 400 or "error_response" in changed.text, name
    assert sim.look("state")["payment"] == []
    asked = sim.http.post(f"{sim.url}/gateway.do", data=fields | {"method": "alipay.trade.query"})
    assert asked.json()["error_response"]["sub_code"] == "isv.invalid-signature"
    assert "sign" not in asked.json()


def test_alipay_takes_both_products_of_the_phone_and_remembers_which(alipay, sim, clock, shop):
    from suwen.payments.gateways.alipay import messages, signing

    for number, product in enumerate(("QUICK_WAP_WAY", "QUICK_WAP_PAY")):
        body = messages.order(attempt(clock, shop, f"ORD20300101A{number}", scene="phone")) | {"product_code": product}
        signed = alipay._signed("alipay.trade.wap.pay", body, notify_url=shop.url)
        assert sim.http.get(f"{sim.url}/gateway.do?{urlencode(signed)}").status_code == 303
        assert sim.look("state")["payment"][number]["product"] == product
    assert signing.message({"b": "2", "a": "1", "c": ""}) == b"a=1&b=2"


def test_cards_want_a_key(sim):
    refused = sim.http.get(f"{sim.url}/v1/payment_intents/pi_1")
    assert (refused.status_code, refused.json()["error"]["type"]) == (401, "invalid_request_error")


def test_a_real_code_of_wechat_can_be_had_too(wechat, sim, clock, shop):
    sim.settings(code_url="weixin")
    assert wechat.create(attempt(clock, shop)).text.startswith("weixin://wxpay/bizpayurl?pr=")


def test_card_events_go_where_the_account_says(tmp_path):
    with simulator(tmp_path, "--card-events", "http://127.0.0.1:9/n") as sim:
        assert {"value": "http://127.0.0.1:9/n"} in sim.look("state")["setting"]


def test_it_remembers_after_it_was_restarted(tmp_path, clock):
    with simulator(tmp_path) as first:
        first.reset(clock())
        key = (tmp_path / "merchant.pem").read_text()
        first.settings(poor=True)
        first.fault(gateway="card", what="drop", times=3)
    with simulator(tmp_path) as second:
        assert (tmp_path / "merchant.pem").read_text() == key
        assert len(second.look("state")["fault"]) == 1
        assert datetime.fromtimestamp(second.look("clock")["now"], clock().tzinfo) == clock()


def test_reports_go_by_themselves_when_nobody_holds_them_back(sim, shop, begin, wechat):
    import threading

    arrived = threading.Event()
    shop.answer = lambda headers, body: (arrived.set(), wechat.acknowledge(True))[1]
    sim.automatic()
    sim.pay(begin("wechat").out_no)
    assert arrived.wait(10)


def test_a_lever_that_is_none_is_refused(sim):
    for verb, body in (
        ("settings", {"nothing": 1}),
        ("faults", {"what": "flood"}),
        ("pull", {}),
        ("pay", {"out_trade_no": "X"}),
    ):
        assert sim.http.post(f"{sim.url}/_sim/{verb}", json=body).status_code in (400, 409), verb


def test_the_levers_are_not_for_pages_of_others(sim):
    """What a browser sends without asking first does nothing."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        headers = {"Content-Type": kind} if kind else {}
        assert sim.http.post(f"{sim.url}/_sim/reset", content=b"{}", headers=headers).status_code == 415


def test_a_prepay_number_lives_two_hours(wechat, sim, clock, shop):
    made = attempt(clock, shop, scene="inside", expires_at=clock() + timedelta(hours=5))
    offer = wechat.create(made)
    later(clock, sim, hours=2, minutes=1)
    assert sim.http.post(f"{sim.url}/_sim/jsapi", json=offer.parameters).status_code == 409


def test_certificates_are_sealed_with_the_merchants_key(sim, wechat):
    reply = wechat._send("GET", "/v3/certificates")
    [one] = json.loads(reply.body)["data"]
    assert one["encrypt_certificate"]["associated_data"] == "certificate"
    assert b"BEGIN" not in base64.b64decode(one["encrypt_certificate"]["ciphertext"])
    assert b"BEGIN CERTIFICATE" in signing.decrypt(wechat.creds.apiv3_key, one["encrypt_certificate"])
