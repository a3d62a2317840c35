"""Reports: the true one is read, every other one is refused or named for what it is."""

import json
from urllib.parse import parse_qsl, urlencode

import pytest

from suwen.payments.gateways import BadMessage, Forged, Stale, Unreadable
from tests.payments.gateways.conftest import NAMES, later, refund_of

PROOFS = {
    "bad_signature": Forged, "signtest": Forged, "sha1": Forged, "stale": Stale, "future": Stale,
    "unknown_serial": Forged,
    "truncated": BadMessage,
}  # fmt: skip


@pytest.fixture
def report(sim, shop, begin, gateways):
    """What the simulator sends for a payment, with a fault in it: (headers, body)."""

    def one(name: str, **fault) -> tuple[list[tuple[str, str]], bytes]:
        shop.answer = lambda headers, body: (500, b"")
        if fault:
            sim.fault(gateway=name, kind="paid", times=-1, **fault)
        sim.pay(begin(name).out_no, gateway=name)
        [sent] = [one for one in sim.deliver() if one["gateway"] == name]
        assert sent["answers"][-1]["fault"] == fault.get("what", "")
        return shop.last

    return one


@pytest.mark.parametrize("name", NAMES)
def test_a_true_report_says_what_a_query_says(name, report, gateways, clock):
    notice = gateways[name].read_notification(*report(name))
    payment = notice.payment
    assert (notice.kind, notice.foreign, notice.refund) == ("payment", (), None)
    assert (payment.state, payment.amount, payment.currency, payment.at) == ("paid", 8000, "CNY", clock())
    assert payment == gateways[name].query(payment.out_no, payment.external_id)
    assert notice.event_id
    assert len(notice.digest) == 64


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("what", PROOFS)
def test_what_is_not_provably_the_gateways_is_refused(name, what, report, gateways):
    with pytest.raises(PROOFS[what]):
        gateways[name].read_notification(*report(name, what=what))


@pytest.mark.parametrize("what", ["bad_tag", "wrong_aad"])
def test_what_was_sealed_otherwise_is_refused(what, report, wechat):
    with pytest.raises(Forged, match="sealed"):
        wechat.read_notification(*report("wechat", what=what))


def test_the_weaker_signature_of_alipay_is_refused_under_its_own_name(report, alipay):
    headers, body = report("alipay", what="sha1", says="RSA")
    with pytest.raises(Forged, match="not accepted"):
        alipay.read_notification(headers, body)


@pytest.mark.parametrize(
    ("name", "what", "word"),
    [
        ("wechat", "wrong_merchant", "merchant_id"),
        ("wechat", "wrong_app", "app_id"),
        ("alipay", "wrong_merchant", "seller_id"),
        ("alipay", "wrong_app", "app_id"),
        ("card", "wrong_merchant", "livemode"),
    ],
)
def test_signed_but_not_ours_is_named(name, what, word, report, gateways):
    assert gateways[name].read_notification(*report(name, what=what)).foreign == (word,)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("what", "word"), [("wrong_amount", "amount"), ("wrong_currency", "currency"), ("wrong_out_no", "out_no")]
)
def test_signed_but_about_another_order_disagrees(name, what, word, report, gateways):
    payment = gateways[name].read_notification(*report(name, what=what)).payment
    assert payment.disagreements("ORD20300101A1", 8000, "CNY") == [word]


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("wechat", {"amount": None}), ("wechat", {"amount.total": "8000"}), ("wechat", {"amount.total": 80.0}),
        ("wechat", {"amount.total": -1}), ("wechat", {"amount.total": True}), ("wechat", {"trade_state": "PAID"}),
        ("wechat", {"trade_state": None}), ("wechat", {"out_trade_no": None}), ("wechat", {"transaction_id": ""}),
        ("wechat", {"success_time": "yesterday"}), ("wechat", {"success_time": None}), ("wechat",
            {"amount.currency": None}),
        ("alipay", {"total_amount": "8e1"}), ("alipay", {"total_amount": "80.001"}), ("alipay", {"total_amount": ""}),
        ("alipay", {"trade_status": "PAID"}), ("alipay", {"out_trade_no": ""}), ("alipay", {"gmt_payment": "today"}),
        ("alipay", {"notify_id": ""}), ("card", {"amount_received": "8000"}), ("card", {"amount_received": None}),
        ("card", {"status": "paid"}), ("card", {"id": ""}), ("card", {"currency": None}),
    ],
)  # fmt: skip
def test_signed_but_of_another_shape_is_unreadable(name, fields, report, gateways):
    with pytest.raises(Unreadable):
        gateways[name].read_notification(*report(name, what="mutate", fields=fields))


@pytest.mark.parametrize("name", NAMES)
def test_no_field_of_the_body_can_be_changed(name, report, gateways):
    """Every field of the true report, one after the other, with another value, without it, and with a byte changed."""
    headers, body = report(name)
    assert gateways[name].read_notification(headers, body)
    changed = list(_alipay_changes(body) if name == "alipay" else _json_changes(body))
    assert len(changed) > 20
    for other in changed:
        with pytest.raises(BadMessage):
            gateways[name].read_notification(headers, other)
    for at in range(0, len(body), 7):
        flipped = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        with pytest.raises(BadMessage):
            gateways[name].read_notification(headers, flipped)


def _alipay_changes(body: bytes):
    form = parse_qsl(body.decode(), keep_blank_values=True)
    for at, (name, value) in enumerate(form):
        for other in (value + "1", ""):
            if other != value:
                yield urlencode([*form[:at], (name, other), *form[at + 1 :]]).encode()
        yield urlencode([*form[:at], *form[at + 1 :]]).encode()
        yield urlencode([*form, (name, value)]).encode()
    yield urlencode([*form, ("more", "1")]).encode()


def _json_changes(body: bytes):
    whole = json.loads(body)

    def walk(inner, path):
        for key in list(inner) if isinstance(inner, dict) else []:
            yield [*path, key]
            yield from walk(inner[key], [*path, key])

    for path in walk(whole, []):
        for value in ("changed", None, 1):
            other = json.loads(body)
            at = other
            for key in path[:-1]:
                at = at[key]
            if at[path[-1]] == value and type(at[path[-1]]) is type(value):
                continue
            at[path[-1]] = value
            yield json.dumps(other).encode()
    yield body + b" "
    yield b" " + body


@pytest.mark.parametrize("name", ["wechat", "card"])
def test_no_header_can_be_changed_missed_or_doubled(name, report, gateways):
    headers, body = report(name)
    signed = [one for one in headers if one[0].lower().startswith(("wechatpay", "stripe")) and "Type" not in one[0]]
    assert len(signed) == (4 if name == "wechat" else 1)
    for one in signed:
        rest = [other for other in headers if other != one]
        for worse in ([*rest], [*headers, one], [*rest, (one[0], _spoiled(one[1]))], [*rest, (one[0], "")]):
            with pytest.raises(BadMessage):
                gateways[name].read_notification(worse, body)
    lower = [(key.lower(), value) for key, value in headers]
    assert gateways[name].read_notification(lower, body)


def _spoiled(value: str) -> str:
    return value.replace("v1=", "v1=0") if "v1=" in value else value + "0"


@pytest.mark.parametrize("name", NAMES)
def test_a_body_without_end_or_without_anything_is_unreadable(name, report, gateways):
    headers, body = report(name)
    for other in (b"", body + b" " * 65_536):
        with pytest.raises(Unreadable):
            gateways[name].read_notification(headers, other)


@pytest.mark.parametrize("name", ["wechat", "card"])
def test_a_report_is_believed_for_five_minutes_either_way(name, report, gateways, clock):
    headers, body = report(name)
    begin = clock()
    for seconds, good in ((299, True), (300, False), (-299, True), (-300, False)):
        clock.set(begin)
        clock.advance(seconds=seconds)
        if good:
            assert gateways[name].read_notification(headers, body)
        else:
            with pytest.raises(Stale):
                gateways[name].read_notification(headers, body)


def test_a_report_of_alipay_is_believed_while_it_is_repeated(report, alipay, clock):
    headers, body = report("alipay")
    clock.advance(hours=25)
    assert alipay.read_notification(headers, body)
    clock.advance(hours=1)
    with pytest.raises(Stale):
        alipay.read_notification(headers, body)


def test_a_nonce_again_has_another_digest(sim, shop, begin, wechat):
    """Who keeps the inbox can see it: the same nonce, another body."""
    shop.answer = lambda headers, body: (204, b"")
    sim.fault(gateway="wechat", what="nonce_again", times=2)
    for number in ("ORD20300101A1", "ORD20300101A2"):
        sim.pay(begin("wechat", number).out_no)
    sim.deliver()
    one, other = (wechat.read_notification(*got) for got in shop.received)
    assert one.nonce == other.nonce
    assert one.digest != other.digest


def test_copies_of_a_report_are_one_event(sim, shop, begin, gateways):
    shop.answer = lambda headers, body: (200, b"success")
    for name in NAMES:
        shop.received.clear()
        sim.fault(gateway=name, what="duplicate", times_each=3)
        sim.pay(begin(name).out_no, gateway=name)
        sim.deliver()
        assert len(shop.received) == 3
        assert len({gateways[name].read_notification(*got).event_id for got in shop.received}) == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_report_comes_again_until_it_is_acknowledged(name, sim, shop, begin, gateways, clock):
    gateway, good = gateways[name], [False]
    shop.answer = lambda headers, body: gateway.acknowledge(good[0])
    sim.pay(begin(name).out_no, gateway=name)
    sent = 0
    for _ in range(30):
        sent += len([one for one in sim.deliver() if one["gateway"] == name])
        later(clock, sim, hours=13)
    assert sent == {"wechat": 16, "alipay": 8, "card": 11}[name]
    assert sim.look("reports")[0]["state"] == "given up"
    good[0] = True
    sim.pay(begin(name, "ORD20300101A2").out_no, gateway=name)
    sim.deliver()
    assert sim.look("reports")[-1]["state"] == "acknowledged"


def test_wechat_repeats_on_its_own_schedule(sim, shop, begin, clock):
    shop.answer = lambda headers, body: (500, b"")
    sim.pay(begin("wechat").out_no)
    start, waits = clock(), []
    for _ in range(16):
        sim.deliver()
        [report] = sim.look("reports")
        if report["state"] == "given up":
            break
        waits.append(report["due"] - clock().timestamp())
        later(clock, sim, seconds=waits[-1])
    assert waits == [15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600]
    assert (clock() - start).total_seconds() == 24 * 3600 + 4 * 60


def test_a_refund_may_overtake_its_payment(sim, shop, begin, wechat):
    shop.answer = lambda headers, body: wechat.acknowledge(True)
    sim.fault(gateway="wechat", kind="paid", what="reorder")
    sim.pay(begin("wechat").out_no)
    wechat.refund(refund_of("", notify_url=shop.url))
    sim.deliver()
    assert [wechat.read_notification(*got).kind for got in shop.received] == ["refund", "payment"]


def test_a_dropped_or_late_report(sim, shop, begin, clock):
    shop.answer = lambda headers, body: (204, b"")
    sim.fault(gateway="wechat", what="drop")
    sim.fault(gateway="wechat", what="delay", seconds=3600)
    sim.pay(begin("wechat").out_no)
    sim.pay(begin("wechat", "ORD20300101A2").out_no)
    assert sim.deliver() == []
    later(clock, sim, hours=1)
    assert [one["out_no"] for one in sim.deliver()] == ["ORD20300101A2"]


def test_a_slow_merchant_is_asked_again(sim, shop, begin):
    import threading

    sim.settings(patience=0.2)
    done = threading.Event()
    shop.answer = lambda headers, body: (done.wait(2), (204, b""))[1]
    sim.pay(begin("wechat").out_no)
    [sent] = sim.deliver()
    done.set()
    assert (sent["state"], sent["answers"][0]["status"]) == ("waiting", 0)


@pytest.mark.parametrize("name", NAMES)
def test_a_refund_is_reported(name, sim, shop, begin, gateways):
    gateway = gateways[name]
    shop.answer = lambda headers, body: gateway.acknowledge(True)
    made = begin(name)
    sim.pay(made.out_no)
    sim.deliver()
    number = sim.look("state")["payment"][0]["external_id"]
    order = refund_of(number, notify_url=shop.url)
    gateway.refund(order)
    sim.deliver()
    notice = gateway.read_notification(*shop.last)
    assert (notice.kind, notice.foreign) == ("refund", ())
    assert (notice.refund.state, notice.refund.out_refund_no) == ("success", order.out_refund_no)
    assert notice.refund.out_no == made.out_no
    # Alipay reports the sum of all refunds; what this one was has to be asked
    assert notice.refund.amount == (None if name == "alipay" else 3000)


def test_a_trade_that_closed_after_it_was_paid_is_a_refund(sim, shop, begin, alipay):
    shop.answer = lambda headers, body: alipay.acknowledge(True)
    made = begin("alipay")
    sim.pay(made.out_no)
    sim.deliver()
    alipay.refund(refund_of("", 8000))
    sim.deliver()
    notice = alipay.read_notification(*shop.last)
    assert (notice.payment.detail, notice.payment.state, notice.kind) == ("TRADE_CLOSED", "refunded", "refund")
    sim.pay(begin("alipay", "ORD20300101A2").out_no, "expired")
    sim.deliver()
    notice = alipay.read_notification(*shop.last)
    assert (notice.payment.detail, notice.payment.state, notice.kind) == ("TRADE_CLOSED", "closed", "payment")


def test_a_card_that_was_declined_is_reported_as_still_open(sim, shop, begin, card):
    shop.answer = lambda headers, body: card.acknowledge(True)
    sim.pay(begin("card").out_no, "bank_error")
    sim.deliver()
    notice = card.read_notification(*shop.last)
    assert (notice.event_type, notice.payment.state) == ("payment_intent.payment_failed", "pending")
    assert card.event(notice.event_id)["type"] == notice.event_type


def test_somebody_elses_event_on_the_same_account_is_other(sim, report, card):
    headers, body = report("card", what="mutate", fields={"metadata": {}})
    assert card.read_notification(headers, body).kind == "other"


def test_a_secret_that_is_being_rolled(sim, report, around, gateways):
    """The event carries two signatures; who has either secret, or both, reads it."""
    from suwen.payments.gateways.card import Card, Credentials

    headers, body = report("card", what="rotated")
    folder = sim.folder
    old, new = ((folder / f"{name}.secret").read_text() for name in ("webhook", "webhook-2"))
    for secrets in ((old,), (new,), (new, old)):
        assert Card(Credentials("sk_test_x", "pk_test_x", secrets), around).read_notification(headers, body)
    with pytest.raises(Forged):
        Card(Credentials("sk_test_x", "pk_test_x", ("whsec_other",)), around).read_notification(headers, body)


def test_answers_to_reports(gateways):
    assert gateways["wechat"].acknowledge(True) == (204, b"")
    assert gateways["wechat"].acknowledge(False) == (400, '{"code":"FAIL","message":"失败"}'.encode())
    assert gateways["alipay"].acknowledge(True) == (200, b"success")
    assert gateways["alipay"].acknowledge(False)[1] != b"success"
    assert gateways["card"].acknowledge(True)[0] == 200
    assert gateways["card"].acknowledge(False)[0] == 400
