"""The public SDKs as second witnesses: what they send, the simulator takes; what we sign, they sign alike; what the
simulator sends, they read as we do. They have no clock to be set, so here it is now.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from suwen.payments.gateways.alipay import signing as alipay_signing
from suwen.payments.gateways.card import signing as card_signing
from suwen.payments.gateways.wechat import signing as wechat_signing
from tests.payments.gateways.conftest import attempt, refund_of

INSTALL = "%s is not installed: pip install %s"


@pytest.fixture
def now(sim, clock) -> datetime:
    """The machine's time, for both sides."""
    sim.lever("clock", {"run": True})
    clock.set(datetime.now(UTC).replace(microsecond=0))
    return clock.now


@pytest.fixture
def wx(sim, now, shop) -> Any:
    sdk = pytest.importorskip("wechatpayv3", reason=INSTALL % (("wechatpayv3",) * 2))
    told, folder = sim.environment, sim.folder

    def text(name: str) -> str:
        pem = (folder / name).read_text()
        return pem[pem.index("-----BEGIN") :]

    made = sdk.WeChatPay(
        wechatpay_type=sdk.WeChatPayType.NATIVE,
        mchid=told["SUWEN_WECHAT_MCHID"],
        private_key=text("merchant.pem"),
        cert_serial_no=told["SUWEN_WECHAT_SERIAL"],
        appid=told["SUWEN_WECHAT_APP_ID"],
        apiv3_key=told["SUWEN_WECHAT_APIV3_KEY"],
        notify_url=shop.url,
        public_key=text("wechat-public.pub.pem"),
        public_key_id=told["SUWEN_WECHAT_PUBLIC_KEY_ID"],
    )
    made._core._gate_way = sim.url
    return made


def test_wechats_sdk_and_ours_speak_to_the_same_simulator(wx, wechat, sim, now, shop, clock):
    """Offered by theirs, seen by ours; paid; closed, refunded and billed by theirs."""
    from wechatpayv3 import WeChatPayType

    expires = (now + timedelta(minutes=15)).isoformat()
    about = {"description": "预约服务费", "amount": {"total": 8000, "currency": "CNY"}, "time_expire": expires}
    more = {
        WeChatPayType.NATIVE: {},
        WeChatPayType.JSAPI: {"payer": {"openid": "oPayer123"}},
        WeChatPayType.H5: {"scene_info": {"payer_client_ip": "10.0.0.7", "h5_info": {"type": "Wap"}}},
        WeChatPayType.APP: {},
    }
    for number, (kind, extra) in enumerate(more.items()):
        code, message = wx.pay(out_trade_no=f"ORD20300101A{number}", pay_type=kind, **about, **extra)
        assert code == 200, message
        assert wechat.query(f"ORD20300101A{number}").state == "pending"
    sim.pay("ORD20300101A0")
    code, message = wx.query(out_trade_no="ORD20300101A0")
    theirs = json.loads(message)
    ours = wechat.query("ORD20300101A0")
    assert (theirs["trade_state"], theirs["amount"]["total"], theirs["transaction_id"]) == (
        "SUCCESS",
        8000,
        ours.external_id,
    )
    code, message = wx.refund(
        out_refund_no="RFD20300101B1",
        out_trade_no="ORD20300101A0",
        amount={"refund": 3000, "total": 8000, "currency": "CNY"},
    )
    assert code == 200, message
    assert wechat.query_refund(refund_of("", out_no="ORD20300101A0")).state == "success"
    assert wx.close("ORD20300101A1")[0] == 204
    assert wechat.query("ORD20300101A1").state == "closed"


def test_our_wechat_requests_are_signed_as_the_sdk_signs(wx, wechat, clock):
    from wechatpayv3.utils import build_authorization

    body = {"mchid": wechat.creds.mchid, "description": "预约服务费"}
    theirs = build_authorization(
        "/v3/x?a=1", "POST", wechat.creds.mchid, wechat.creds.serial, wx._core._private_key, body, "N" * 32
    )
    stamp = int(dict(wechat_parts(theirs))["timestamp"])
    moment = datetime.fromtimestamp(stamp, UTC)
    ours = wechat_signing.authorization(
        wechat.creds, wechat.key, "POST", "/v3/x?a=1", json.dumps(body).encode(), moment, "N" * 32
    )
    assert ours == theirs
    parts = ["wxsim", "1893456000", "NONCE", "prepay_id=wx1"]
    assert wechat_signing.pay_sign(wechat.key, *parts) == wx.sign(parts)


def wechat_parts(header: str):
    import re

    return re.findall(r'(\w+)="([^"]*)"', header)


def test_a_report_is_read_alike(wx, wechat, sim, shop, clock, now):
    shop.answer = lambda headers, body: (204, b"")
    wechat.create(attempt(clock, shop))
    sim.pay("ORD20300101A1")
    sim.deliver()
    headers, body = shop.last
    theirs = wx.callback({name.lower(): value for name, value in headers}, body)["resource"]
    ours = wechat.read_notification(headers, body).payment
    assert (theirs["out_trade_no"], theirs["amount"]["total"]) == (ours.out_no, ours.amount)
    assert theirs["transaction_id"] == ours.external_id


def test_the_sdk_reads_the_simulators_bill(wx, wechat, sim, shop, clock, now):
    wechat.create(attempt(clock, shop))
    sim.pay("ORD20300101A1")
    sim.lever("clock", {"advance": 0})
    tomorrow = now + timedelta(days=2)
    clock.set(tomorrow)
    sim.clock(tomorrow)
    china = (now + timedelta(hours=8)).date()
    [line] = wechat.bill(china)
    assert (line.out_no, line.amount) == ("ORD20300101A1", 8000)


def test_the_card_gateways_own_sdk_speaks_to_the_simulator(card, sim, now, clock, shop):
    stripe = pytest.importorskip("stripe", reason=INSTALL % (("stripe",) * 2))
    told = sim.environment
    http = stripe.RequestsClient()
    client = stripe.StripeClient(told["SUWEN_CARD_SECRET_KEY"], base_addresses={"api": sim.url}, http_client=http)
    made = client.v1.payment_intents.create(
        {"amount": 8000, "currency": "cny", "metadata": {"out_no": "ORD20300101A1"}},
        {"idempotency_key": "ORD20300101A1"},
    )
    assert made.status == "requires_payment_method"
    assert card.query("ORD20300101A1", made.id).state == "pending"
    done = client.v1.payment_intents.confirm(made.id, {"payment_method": "pm_card_visa"})
    assert done.status == "succeeded"
    assert card.query("ORD20300101A1", made.id).state == "paid"
    back = client.v1.refunds.create(
        {"payment_intent": made.id, "amount": 3000, "metadata": {"out_refund_no": "RFD20300101B1"}}
    )
    assert card.query_refund(refund_of(made.id)).external_refund_id == back.id
    [known] = client.v1.refunds.list({"payment_intent": made.id}).data
    assert known.amount == 3000
    other = client.v1.payment_intents.create({"amount": 100, "currency": "usd"})
    with pytest.raises(stripe.CardError):
        client.v1.payment_intents.confirm(other.id, {"payment_method": "pm_card_chargeDeclined"})
    http.close()


def test_an_event_is_verified_alike(card, sim, shop, clock, now):
    stripe = pytest.importorskip("stripe", reason=INSTALL % (("stripe",) * 2))
    shop.answer = lambda headers, body: (200, b"")
    card.create(attempt(clock, shop, scene="client"))
    sim.settings(card_url=shop.url)
    sim.pay("ORD20300101A1")
    sim.deliver()
    headers, body = shop.last
    signature = {name.lower(): value for name, value in headers}["stripe-signature"]
    secret = card.creds.webhook_secrets[0]
    event = stripe.Webhook.construct_event(body, signature, secret)
    assert event.id == card.read_notification(headers, body).event_id
    tomorrow = f"t={int(now.timestamp()) + 86_400}"
    forged = signature.replace(signature.split(",")[0], tomorrow)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, forged, secret)
    # what theirs lets through and ours does not: rightly signed, of tomorrow
    import hashlib
    import hmac

    from suwen.payments.gateways import Stale

    made = hmac.new(secret.encode(), f"{tomorrow[2:]}.".encode() + body, hashlib.sha256).hexdigest()
    assert stripe.Webhook.construct_event(body, f"{tomorrow},v1={made}", secret).id == event.id
    with pytest.raises(Stale):
        card_signing.verify((secret,), [("Stripe-Signature", f"{tomorrow},v1={made}")], body, now)


@pytest.fixture
def ali(sim, now, shop) -> Any:
    reason = INSTALL % ("python-alipay-sdk", "python-alipay-sdk (it has no wheel, so it is in no lock)")
    sdk = pytest.importorskip("alipay", reason=reason)
    told = sim.environment
    keys = [Path(told[f"SUWEN_ALIPAY_{name}"]).read_text() for name in ("PRIVATE_KEY_FILE", "PUBLIC_KEY_FILES")]
    private, public = (text[text.index("-----BEGIN") :] for text in keys)
    made = sdk.AliPay(told["SUWEN_ALIPAY_APP_ID"], shop.url, private, public, "RSA2")
    made._gateway = f"{sim.url}/gateway.do"
    return made


def test_our_alipay_requests_are_signed_as_the_sdk_signs(ali, alipay, clock, shop):
    offer = alipay.create(attempt(clock, shop, scene="app"))
    fields = dict(parse_qsl(offer.parameters["orderString"]))
    sign = fields.pop("sign")
    theirs = dict(parse_qsl(ali.sign_data(dict(fields))))
    assert theirs.pop("sign") == sign
    assert theirs == fields
    text = alipay_signing.message(fields).decode()
    assert ali._sign(text) == sign


def test_a_page_that_the_sdk_signed_is_taken_by_the_simulator(ali, alipay, sim, shop):
    """Its time is the machine's, so only where that is China's it is taken: that trap is the SDK's."""
    import os
    import time

    os.environ["TZ"], before = "Asia/Shanghai", os.environ.get("TZ")
    time.tzset()
    try:
        query = ali.api_alipay_trade_page_pay("预约服务费", "ORD20300101A1", "80.00", notify_url=shop.url)
    finally:
        os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
        time.tzset()
    assert sim.http.get(f"{sim.url}/gateway.do?{query}").status_code == 303
    assert alipay.query("ORD20300101A1").state == "pending"


def test_a_report_of_alipay_is_verified_alike(ali, alipay, sim, shop, clock):
    shop.answer = lambda headers, body: (200, b"success")
    offer = alipay.create(attempt(clock, shop, scene="page"))
    sim.http.get(offer.url)
    sim.pay("ORD20300101A1")
    sim.deliver()
    headers, body = shop.last
    form = dict(parse_qsl(body.decode()))
    sign = form.pop("sign")
    assert ali.verify(form, sign)
    assert alipay.read_notification(headers, body).payment.state == "paid"
