"""Networks and gateways that fail: each failure has the name that says whether it may have been done."""

import httpx
import pytest

from suwen.payments.gateways import Busy, Refused, Unauthentic, Unknown
from suwen.payments.gateways.configuration import opened
from suwen.payments.gateways.wire import Surroundings, Wire
from tests.payments.gateways.conftest import NAMES, SCENES, attempt, later, refund_of

PATHS = {"wechat": "/v3/", "alipay": "/gateway.do", "card": "/v1/"}
CREATED = {"wechat": "qr", "alipay": "qr", "card": "client"}


def _fault(sim, name: str, what: str, **more) -> None:
    sim.fault(gateway=name, path=PATHS[name], what=what, seconds=3, **more)


@pytest.mark.parametrize("name", NAMES)
def test_too_many_requests_is_busy_and_nothing_was_done(name, gateways, sim, clock, shop):
    _fault(sim, name, "429", times=2)
    made = attempt(clock, shop, scene=CREATED[name])
    with pytest.raises(Busy):
        gateways[name].create(made)
    sim.lever("faults", [])
    assert sim.look("state")["payment"] == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("what", ["500", "500_after", "timeout", "timeout_after", "reset", "reset_after"])
def test_after_an_unknown_end_the_same_question_may_be_asked_again(name, what, gateways, sim, clock, shop):
    """Whether it had been done or not: the same attempt again is the same payment, once."""
    _fault(sim, name, what)
    made = attempt(clock, shop, scene=CREATED[name])
    with pytest.raises(Unknown):
        gateways[name].create(made)
    offer = gateways[name].create(made)
    if name == "alipay":
        sim.http.get(offer.text)
    assert [one["out_no"] for one in sim.look("state")["payment"]] == [made.out_no]
    assert gateways[name].query(made.out_no, offer.external_id).state == "pending"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("what", ["500", "500_after", "timeout_after", "reset_after", "reset"])
def test_a_refund_with_an_unknown_end_is_made_once(name, what, gateways, sim, begin):
    made = begin(name)
    sim.pay(made.out_no)
    number = sim.look("state")["payment"][0]["external_id"]
    order = refund_of(number)
    _fault(sim, name, what)
    with pytest.raises(Unknown):
        gateways[name].refund(order)
    known = gateways[name].query_refund(order)
    assert known.state == ("success" if "after" in what else "absent")
    again = gateways[name].refund(order)
    assert again.out_refund_no == order.out_refund_no
    assert gateways[name].query_refund(order).state == "success"
    assert [one["amount"] for one in sim.look("state")["refund"]] == [3000]


@pytest.mark.parametrize("what", ["bad_signature", "unsigned", "stale_answer"])
def test_an_answer_that_is_not_wechats_is_unknown(what, wechat, sim, begin):
    begin("wechat")
    sim.pay("ORD20300101A1")
    _fault(sim, "wechat", what)
    with pytest.raises(Unauthentic):
        wechat.query("ORD20300101A1")
    assert wechat.query("ORD20300101A1").state == "paid"


@pytest.mark.parametrize("what", ["bad_signature", "unsigned"])
def test_an_answer_that_is_not_alipays_is_unknown(what, alipay, sim, begin):
    begin("alipay")
    sim.pay("ORD20300101A1")
    _fault(sim, "alipay", what)
    with pytest.raises(Unauthentic):
        alipay.query("ORD20300101A1")
    assert alipay.query("ORD20300101A1").state == "paid"


def test_a_brace_in_a_name_is_no_end(alipay, sim, begin):
    """The simulator's buyer is called li}{" and slashes are escaped: what public code stumbles over."""
    begin("alipay")
    sim.pay("ORD20300101A1")
    assert alipay.query("ORD20300101A1").state == "paid"


@pytest.mark.parametrize("what", ["down", "500", "timeout"])
def test_questions_go_to_the_backup_host(what, wechat, sim, begin):
    begin("wechat")
    sim.fault(gateway="wechat", path="/v3/", host="primary", what=what, seconds=3, times=-1)
    assert wechat.query("ORD20300101A1").state == "pending"
    assert sim.calls("out-trade-no")[-1]["host"] == "backup"


def test_a_host_that_takes_no_connection_is_passed_over_for_orders_too(sim, around, clock, shop):
    """Nothing was sent to it, so nothing can be done twice."""
    told = sim.environment | {"SUWEN_WECHAT_BASE": "http://127.0.0.1:9"}
    wechat = opened(told, around, production=False)["wechat"]
    assert wechat.create(attempt(clock, shop)).kind == "qr"
    assert {one["host"] for one in sim.calls("/v3/")} == {"backup"}


def test_an_order_that_may_have_arrived_is_not_sent_to_the_backup(wechat, sim, clock, shop):
    sim.fault(gateway="wechat", path="/v3/", host="primary", what="timeout_after", seconds=3)
    with pytest.raises(Unknown):
        wechat.create(attempt(clock, shop))
    assert [one["host"] for one in sim.calls("/v3/")] == ["primary"]


def test_nobody_there_is_busy(sim, around, clock, shop):
    nowhere = {name: "http://127.0.0.1:9" for name in sim.environment if name.endswith(("_BASE", "_BACKUP"))}
    for name, gateway in opened(sim.environment | nowhere, around, production=False).items():
        with pytest.raises(Busy):
            gateway.create(attempt(clock, shop, scene=CREATED[name]))


def test_an_answer_without_end_is_cut_off(clock):
    def endless(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=_Endless())

    with httpx.Client(transport=httpx.MockTransport(endless)) as client:
        wire = Wire("wechat", ("https://gateway.example",), Surroundings(client, clock, lambda n: b"", b""))
        with pytest.raises(Unknown, match="without end"):
            wire.send("GET", "/v3/certificates", {})


class _Endless(httpx.SyncByteStream):
    def __iter__(self):
        while True:
            yield b"x" * 65_536


def test_a_redirect_is_not_followed(clock):
    def elsewhere(request: httpx.Request) -> httpx.Response:
        assert request.url.host == "gateway.example"
        return httpx.Response(302, headers={"location": "https://thief.example/"})

    with httpx.Client(transport=httpx.MockTransport(elsewhere)) as client:
        wire = Wire("card", ("https://gateway.example",), Surroundings(client, clock, lambda n: b"", b""))
        with pytest.raises(Unknown, match="302"):
            wire.send("POST", "/v1/refunds", {})


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_key_is_refused_by_the_gateway(name, sim, around, clock, shop, tmp_path):
    """The simulator looks at every signature, so what is tested here is tested everywhere."""
    wrong = {
        "wechat": {"SUWEN_WECHAT_PRIVATE_KEY_FILE": str(sim.folder / "stranger.pem")},
        "alipay": {"SUWEN_ALIPAY_PRIVATE_KEY_FILE": str(sim.folder / "stranger.pem")},
        "card": {"SUWEN_CARD_SECRET_KEY": "sk_test_other"},
    }[name]
    gateway = opened(sim.environment | wrong, around, production=False)[name]
    with pytest.raises(Refused) as refused:
        gateway.create(attempt(clock, shop, scene=CREATED[name]))
    assert (
        refused.value.code
        == {"wechat": "SIGN_ERROR", "alipay": "isv.invalid-signature", "card": "api_key_invalid"}[name]
    )
    assert sim.look("state")["payment"] == []


@pytest.mark.parametrize("name", ["wechat", "alipay"])
def test_a_clock_that_is_wrong_is_refused_by_the_gateway(name, gateways, clock, sim, shop):
    later(clock, sim, minutes=1)
    clock.advance(hours=8)
    with pytest.raises(Refused):
        gateways[name].create(attempt(clock, shop, scene=CREATED[name]))


def test_the_same_key_with_another_request_is_refused(card, sim, clock, shop):
    card.create(attempt(clock, shop, scene="client"))
    with pytest.raises(Refused) as refused:
        card.create(attempt(clock, shop, scene="client", amount=9000))
    assert refused.value.code == "idempotency_key_in_use"


def test_a_number_that_was_used_for_another_sum_is_refused(wechat, sim, clock, shop):
    wechat.create(attempt(clock, shop))
    with pytest.raises(Refused) as refused:
        wechat.create(attempt(clock, shop, amount=9000))
    assert refused.value.code == "OUT_TRADE_NO_USED"


@pytest.mark.parametrize("name", NAMES)
def test_what_is_kept_of_a_conversation_names_no_person_and_no_key(name, gateways, sim, begin, exchanges, shop):
    shop.answer = lambda headers, body: (500, b"")
    made = begin(name, scene={"wechat": "inside", "alipay": "page", "card": "client"}[name])
    sim.pay(made.out_no)
    sim.deliver()
    number = sim.look("state")["payment"][0]["external_id"] if name == "card" else ""
    gateways[name].query(made.out_no, number)
    notice = gateways[name].read_notification(*shop.last)
    kept = repr([(one.sent, one.received, one.path) for one in exchanges]) + repr(notice.content)
    assert exchanges
    assert made.out_no in kept
    payment = sim.look("state")["payment"][0]
    secrets = [
        "oPayer123",
        payment["payer"],
        "2088" + payment["payer"][-12:],
        "li}{",
        "_secret_",
        "BEGIN",
        "sk_test",
        "whsec",
        "paySign",
    ]
    assert [word for word in secrets if word in kept] == []
    assert {one.gateway for one in exchanges} == {name}


def test_equal_people_have_equal_hashes_that_nobody_else_can_make():
    from suwen.payments.gateways.redaction import redacted

    said = {"payer": {"openid": "oPayer123"}, "list": [{"buyer_logon_id": "a@b.example"}], "sign": "AAAA", "amount": 5}
    one, other = redacted(said, b"one"), redacted(said, b"other")
    assert one == redacted(said, b"one")
    assert one["payer"]["openid"] != other["payer"]["openid"]
    assert one["sign"] == "(removed)"
    assert one["amount"] == 5
    assert "oPayer123" not in repr(one)


def test_every_scene_has_a_gateway_and_none_takes_what_it_cannot(gateways, clock, shop):
    for name in NAMES:
        assert SCENES[name] in gateways[name].scenes
        for scene in {"qr", "page", "phone", "inside", "app", "client"} - gateways[name].scenes:
            with pytest.raises(ValueError):
                gateways[name].create(attempt(clock, shop, scene=scene))
