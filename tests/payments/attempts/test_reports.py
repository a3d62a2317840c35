"""Reports of gateways, with each fault that the simulator knows: what becomes of the payer, the clinic and the ledger.

The fixture `desk` looks at the end of each test that the money adds up.
"""

import logging
import threading
import time

import pytest
from sqlalchemy import func, select

from suwen.core.outbox import OutboxMessage
from suwen.notifications.models import Notification
from suwen.payments.models import Anomaly
from tests.support.racing import race

GATEWAYS = ("wechat", "alipay", "card")
PAID, PENDING = ("paid", ["paid"]), ("pending", ["offered"])

# (fault, gateways it is for, is the order paid by this report, how it is answered, the anomaly it leaves)
SEALED_OR_SIGNED = [
    ("bad_signature", GATEWAYS, False, 400, "forged"),
    ("unknown_serial", GATEWAYS, False, 400, "forged"),
    ("sha1", GATEWAYS, False, 400, "forged"),
    ("signtest", ("wechat",), False, 400, "probe"),
    ("signtest", ("alipay", "card"), False, 400, "forged"),
    ("stale", GATEWAYS, False, 400, "stale"),
    ("future", GATEWAYS, False, 400, "stale"),
    ("bad_tag", ("wechat",), False, 400, "forged"),
    ("wrong_aad", ("wechat",), False, 400, "forged"),
    ("rotated", ("wechat",), False, 400, "forged"),  # a certificate, where only the public key was given
    ("rotated", ("card",), True, 200, None),  # signed with the new secret and the old one
    # cut short, what was signed is not what came; a form without its signature is one that nobody signed
    ("truncated", GATEWAYS, False, 400, "forged"),
    ("wrong_amount", GATEWAYS, False, 200, "mismatch"),
    ("wrong_currency", GATEWAYS, False, 200, "mismatch"),
    ("wrong_merchant", GATEWAYS, False, 200, "foreign"),
    ("wrong_app", GATEWAYS, False, 200, "foreign"),
    ("wrong_out_no", GATEWAYS, False, 200, "unknown_payment"),
    ("nonce_again", GATEWAYS, True, 200, None),  # the first time it is just a nonce
]
ALL = [(gateway, *row) for row in SEALED_OR_SIGNED for gateway in row[1]]


@pytest.mark.parametrize(
    ("gateway", "fault", "of", "paid", "status", "anomaly"), ALL, ids=[f"{one[0]}-{one[1]}" for one in ALL]
)
def test_a_report_with_a_fault(till, door, gateway, fault, of, paid, status, anomaly):
    """Believed or not, the order is right in the end: the gateway is asked, or reports again without the fault."""
    order = till.order(gateway)
    till.sim.fault(gateway=gateway, what=fault, kind="paid", times=1)
    till.pay(order.id)
    till.deliver()
    good = {200, 204} if status == 200 else {status}
    assert set(door.answers) <= good
    assert door.answers
    assert till.status(order.id) == (PAID if paid else PENDING)
    assert till.anomalies() == ([anomaly] if anomaly else [])
    assert len(till.journals(order.id)) == (1 if paid else 0)
    till.later(seconds=31)
    assert till.status(order.id) == PAID
    assert len(till.journals(order.id)) == 1
    assert settled(till) == 1


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_report_pays_the_order_at_once(till, gateway):
    order = till.order(gateway)
    till.pay(order.id)
    till.deliver()
    assert till.status(order.id) == PAID
    assert [(one.outcome, one.deliveries, one.kind) for one in till.reports()] == [("applied", 1, "payment")]
    assert till.attempt(order.id).callback_data["report_id"] == till.reports()[0].id


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_report_that_comes_twice_and_late_changes_nothing_more(till, gateway):
    order = till.order(gateway)
    till.sim.fault(gateway=gateway, what="duplicate", kind="paid", times_each=3)
    till.pay(order.id)
    till.deliver()
    assert [(one.outcome, one.deliveries) for one in till.reports()] == [("applied", 3)]
    assert settled(till) == 1
    assert len(till.journals(order.id)) == 1


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_report_that_never_comes_is_not_needed(till, gateway):
    order = till.order(gateway)
    till.sim.fault(gateway=gateway, what="drop", times=-1)
    till.pay(order.id)
    till.deliver()
    assert till.status(order.id) == PENDING
    till.later(seconds=31)
    assert till.status(order.id) == PAID
    assert till.reports() == []


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_report_after_the_order_was_closed_meets_money_that_is_known(till, gateway):
    """Paid in the last second, reported an hour later: whoever closed the order was told that it is paid."""
    order = till.order(gateway)
    till.sim.fault(gateway=gateway, what="delay", kind="paid", seconds=3600)
    till.later(minutes=14, seconds=59)
    till.pay(order.id)
    till.later(seconds=2)
    assert till.status(order.id) == PAID
    till.sim.clock(till.clock.advance(hours=1))
    till.deliver()
    assert [one.outcome for one in till.reports()] == ["repeated"]
    assert settled(till) == 1


def test_a_nonce_that_comes_with_another_body_is_refused(till, door):
    one, other = till.order("wechat"), till.order("wechat")
    till.sim.fault(gateway="wechat", what="nonce_again", kind="paid", times=2)
    till.pay(one.id)
    till.deliver()
    till.pay(other.id)
    till.deliver()
    assert door.answers == [204, 400]
    assert (till.status(one.id), till.status(other.id)) == (PAID, PENDING)
    assert till.anomalies() == ["nonce_reused"]
    till.later(minutes=11)  # sent again, with a nonce of its own
    till.deliver()
    assert till.status(other.id) == PAID


FIELDS = {
    "wechat": {
        "mchid": "1900000001", "appid": "wx0", "out_trade_no": "SOMEBODYELSE", "amount.total": 7999,
        "amount.currency": "USD", "trade_state": "NOTPAY", "transaction_id": None,
    },
    "alipay": {
        "app_id": "2021000000000001", "seller_id": "2088000000000001", "out_trade_no": "SOMEBODYELSE",
        "total_amount": "79.99", "trans_currency": "USD", "trade_status": "WAIT_BUYER_PAY", "trade_no": "",
    },
    "card": {
        "metadata.out_no": "SOMEBODYELSE", "amount_received": 7999, "currency": "usd",
        "status": "requires_payment_method", "id": "",
    },
}  # fmt: skip
MUTATED = [(gateway, name, value) for gateway, fields in FIELDS.items() for name, value in fields.items()]


@pytest.mark.parametrize(("gateway", "name", "value"), MUTATED, ids=[f"{one[0]}-{one[1]}" for one in MUTATED])
def test_each_field_that_counts_is_compared(till, gateway, name, value):
    """A report that is signed and says something else moves nothing; a state that is not paid is none."""
    order = till.order(gateway)
    till.sim.fault(gateway=gateway, what="mutate", kind="paid", fields={name: value})
    till.pay(order.id)
    till.deliver()
    assert till.status(order.id) == PENDING
    assert till.journals(order.id) == []
    quiet = name in ("trade_state", "trade_status", "status")
    assert bool(till.anomalies()) is not quiet
    till.later(seconds=31)
    assert till.status(order.id) == PAID


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_an_admin_is_told_once_of_what_does_not_fit(till, gateway, ids):
    order = till.order(gateway)
    till.sim.fault(gateway=gateway, what="wrong_amount", kind="paid")
    till.sim.fault(gateway=gateway, what="duplicate", kind="paid", times_each=3)
    till.pay(order.id)
    till.deliver()
    admin = select(Notification).where(Notification.user_id == ids.users["admin"])
    told = till.house.db.read(lambda tx: [one.title for one in tx.scalars(admin)])
    assert len(told) == 1
    found = till.house.db.read(lambda tx: tx.scalars(select(Anomaly)).one())
    assert (found.kind, found.order_id, found.status) == ("mismatch", order.id, "open")
    assert found.facts["wrong"] == ["amount"]


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_every_byte_that_is_changed_is_refused(till, door, gateway):
    order = till.order(gateway)
    till.pay(order.id)
    pass_on, door.pass_on = door.pass_on, lambda path, headers, body: till.people["guest"].client.get("/healthz")
    till.sim.deliver()
    door.pass_on = pass_on
    path, headers, body = door.came[0]
    for at in range(0, len(body), max(1, len(body) // 40)):
        spoiled = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        assert door.pass_on(path, headers, spoiled).status_code == 400, at
    till.settle()
    assert till.status(order.id) == PENDING
    assert till.reports() == []
    assert door.pass_on(path, headers, body).status_code in (200, 204)
    till.settle()
    assert till.status(order.id) == PAID


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_fifty_deliveries_in_eight_threads_are_one_payment(till, door, gateway):
    order = till.order(gateway)
    till.pay(order.id)
    kept = door.pass_on
    door.pass_on = lambda path, headers, body: till.people["guest"].client.get("/healthz")
    till.sim.deliver()
    door.pass_on = kept
    path, headers, body = door.came[0]
    waiting, lock, answers = list(range(50)), threading.Lock(), []

    def deliver():
        while True:
            with lock:
                if not waiting:
                    return 200
                waiting.pop()
            answers.append(door.pass_on(path, headers, body).status_code)
            till.settle()

    race(*[deliver] * 8)
    assert len(answers) == 50
    assert set(answers) <= {200, 204}
    till.settle()
    assert [(one.deliveries, one.outcome) for one in till.reports()] == [(50, "applied")]
    assert till.status(order.id) == PAID
    assert len(till.journals(order.id)) == 1
    assert settled(till) == 1


def test_rubbish_fills_no_table(till, door):
    path = "/api/v1/payments/wechat/notifications"
    for number in range(30):
        assert door.pass_on(path, [("Content-Type", "application/json")], b"{}" * (number + 1)).status_code == 400
    assert till.anomalies() == ["unreadable"]
    assert till.house.db.read(lambda tx: tx.scalars(select(Anomaly)).one()).count == 30
    assert till.reports() == []


def test_answers_tell_nothing_and_are_always_the_same(till, door):
    path = "/api/v1/payments/{}/notifications"
    for gateway in GATEWAYS:
        bodies = [b"", b"{}", b"x" * 65_537, b"\x00\xff", b'{"id":"\\u0000"}']
        answers = [door.pass_on(path.format(gateway), [], body) for body in bodies]
        assert {(one.status_code, one.content) for one in answers} == {(answers[0].status_code, answers[0].content)}
        assert answers[0].status_code == 400
    assert door.pass_on(path.format("nobody"), [], b"{}").status_code == 400


def test_a_header_that_comes_twice_is_refused(till, door):
    order = till.order("wechat")
    till.pay(order.id)
    kept, door.pass_on = door.pass_on, lambda path, headers, body: till.people["guest"].client.get("/healthz")
    till.sim.deliver()
    door.pass_on = kept
    path, headers, body = door.came[0]
    for name in ("Wechatpay-Signature", "wechatpay-serial"):
        value = next(value for one, value in headers if one.lower() == name.lower())
        assert door.pass_on(path, [*headers, (name, value)], body).status_code == 400
    assert door.pass_on(path, [(name.upper(), value) for name, value in headers], body).status_code == 204


def test_neither_session_nor_token_nor_key_matters(till, door):
    """A cookie, a bearer of nothing, a key that was used before: a gateway's report is known by its signature alone."""
    order = till.order("card")
    till.pay(order.id)
    extra = [("Cookie", "session=broken"), ("Authorization", "Bearer nothing"), ("Idempotency-Key", "")]
    kept = door.pass_on
    door.pass_on = lambda path, headers, body: kept(path, [*headers, *extra], body)
    till.deliver()
    door.pass_on = kept
    assert door.answers == [200]
    assert till.status(order.id) == PAID


def test_a_report_is_answered_quickly_and_logs_nobody(till, door, caplog):
    order = till.order("wechat", scene="phone")
    caplog.set_level(logging.DEBUG)
    till.sim.fault(gateway="wechat", what="bad_signature", kind="paid")
    till.pay(order.id)
    began = time.perf_counter()
    till.sim.deliver()
    assert time.perf_counter() - began < 1
    till.later(seconds=31)
    payer = next(one["payer"] for one in till.sim.look("state")["payment"])
    kept = str([one.content for one in till.reports()]) + str(till.attempt(order.id).callback_data)
    for private in (payer, "testclient", till.people["li"].id):
        assert private not in caplog.text
    assert payer not in kept
    assert "refused: forged" in caplog.text


def settled(till):
    """How often each of those who wait for it was told that an order is paid."""
    said = select(OutboxMessage.job, func.count()).where(OutboxMessage.event == "payments.payment_settled")
    counts = till.house.db.read(lambda tx: [count for _, count in tx.execute(said.group_by(OutboxMessage.job))])
    assert len(set(counts)) <= 1
    return counts[0] if counts else 0
