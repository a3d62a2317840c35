"""What a second reading of the clients found: words of proxies, odd shapes, packed answers, broken settings."""

import gzip
import json

import httpx
import pytest

from suwen.payments.gateways import Refused, Unauthentic, Unknown
from suwen.payments.gateways.alipay import Alipay
from suwen.payments.gateways.card import Card
from suwen.payments.gateways.configuration import Given, opened, opened_each
from suwen.payments.gateways.wire import Surroundings, Wire


def answering(clock, status, body=b"", **headers):
    """A pool of connections whose other end always says this."""

    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, content=body, headers=headers)

    return Surroundings(httpx.Client(transport=httpx.MockTransport(answer)), clock, lambda n: b"x" * n, b"pepper")


@pytest.mark.parametrize("status", [301, 302, 307, 308, 408])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_proxys_word_is_no_refusal(status, method, clock):
    wire = Wire("card", ("https://gateway.example",), answering(clock, status, location="https://thief.example"))
    with pytest.raises(Unknown, match=str(status)):
        wire.send(method, "/v1/refunds", {})


def test_a_packed_answer_is_not_unpacked(clock):
    bomb = gzip.compress(b"0" * 50_000_000)
    headers = {"content-encoding": "gzip"}
    wire = Wire("card", ("https://gateway.example",), answering(clock, 200, bomb, **headers))
    with pytest.raises(Unknown, match="packs"):
        wire.send("GET", "/v1/refunds", {})


@pytest.mark.parametrize("code", ["ACQ.TRADE_NOT_EXIST", "ACQ.TRADE_HAS_CLOSE", "ACQ.TRADE_STATUS_ERROR"])
def test_what_alipay_says_of_a_trade_must_be_signed(code, sim, around, clock):
    """Or "it does not exist" would let go of a payment that somebody makes at this moment."""
    creds = opened(sim.environment, around, production=False)["alipay"].creds
    told = {"error_response": {"code": "40004", "msg": "Business Failed", "sub_code": code}}
    alipay = Alipay(creds, answering(clock, 200, json.dumps(told).encode()))
    for ask in (alipay.query, alipay.close):
        with pytest.raises(Unauthentic):
            ask("ORD20300101A1")


def test_what_alipay_says_of_the_request_need_not_be(sim, around, clock):
    creds = opened(sim.environment, around, production=False)["alipay"].creds
    told = {"error_response": {"code": "40002", "msg": "Invalid", "sub_code": "isv.invalid-app-id"}}
    with pytest.raises(Refused, match="invalid-app-id"):
        Alipay(creds, answering(clock, 200, json.dumps(told).encode())).query("ORD20300101A1")


@pytest.mark.parametrize("data", ["text", {"a": 1}, ["text"], [None], [[]]])
def test_a_search_of_another_shape_is_unknown(data, sim, around, clock):
    creds = opened(sim.environment, around, production=False)["card"].creds
    card = Card(creds, answering(clock, 200, json.dumps({"data": data}).encode()))
    with pytest.raises(Unknown):
        card.query("ORD20300101A1")


@pytest.mark.parametrize("value", ["sk_live_1\nX-Other: 1", "sk_live_ü", "sk live", "ｓｋ"])
def test_what_would_break_a_header_is_refused_before_and_is_not_repeated(value, sim, around):
    found, wrong = opened_each(sim.environment | {"SUWEN_CARD_SECRET_KEY": value}, around, production=False)
    assert sorted(found) == ["alipay", "wechat"]
    assert wrong == {"card": ["SUWEN_CARD_SECRET_KEY has a character that cannot be in it"]}


def test_spaces_around_a_pasted_value_do_no_harm(sim, around):
    told = {name: f"  {value}\n" for name, value in sim.environment.items()}
    assert list(opened(told, around, production=False)) == ["wechat", "alipay", "card"]


def test_one_gateway_that_cannot_be_opened_closes_no_other(sim, around):
    told = sim.environment | {"SUWEN_WECHAT_PRIVATE_KEY_FILE": "/nowhere.pem", "SUWEN_ALIPAY_SELLER_ID": ""}
    found, wrong = opened_each(told, around, production=False)
    assert list(found) == ["card"]
    assert sorted(wrong) == ["alipay", "wechat"]


def test_a_given_text_is_no_name_of_a_file(sim, around):
    told = sim.environment | {"SUWEN_WECHAT_PRIVATE_KEY_FILE": Given(sim.environment["SUWEN_WECHAT_PRIVATE_KEY_FILE"])}
    assert "wechat" not in opened_each(told, around, production=False)[0]


def test_two_keys_of_alipay_may_be_pasted_one_below_the_other(sim, around):
    both = "\n".join((sim.folder / name).read_text() for name in ("alipay.pub.pem", "wechat-public.pub.pem"))
    alipay = opened(sim.environment | {"SUWEN_ALIPAY_PUBLIC_KEY_FILES": Given(both)}, around, production=False)[
        "alipay"
    ]
    assert len(alipay.creds.alipay_keys) == 2
    assert alipay.query("NOSUCHNUMBER99").state == "absent"
