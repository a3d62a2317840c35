"""Refunds at the simulator's gateways: done at once, later, not at all, twice asked and once done."""

import inspect
import re

import pytest
from sqlalchemy import select

from suwen.core.outbox import deliver_one
from suwen.payments import service
from suwen.payments.anomaly_kinds import MEANINGS
from suwen.payments.gateways import RefundAnswer, RefundOrder
from suwen.payments.models import Anomaly, Refund, Transaction
from suwen.payments.service import applying, inbox, refund_answers, refunds

GATEWAYS = ("wechat", "alipay", "card")
EVERYWHERE = ("429", "500", "500_after", "timeout", "timeout_after", "reset", "reset_after", "down")
SIGNED = ("bad_signature", "unsigned", "stale_answer")  # the card gateway's answers are not
ALL = [(name, what) for name in GATEWAYS for what in EVERYWHERE + (SIGNED if name != "card" else ())]
faults = pytest.mark.parametrize(("gateway", "what"), ALL, ids=[f"{name}-{what}" for name, what in ALL])


@pytest.fixture
def back(till):
    return Back(till)


class Back:
    """An order that was paid through a gateway, and what becomes of its refunds."""

    def __init__(self, till):
        self.till, self.desk, self.people = till, till.desk, till.people

    def paid(self, gateway, amount=8000):
        order = self.till.order(gateway, amount=amount)
        self.till.pay(order.id)
        self.till.later(seconds=31)
        assert self.till.of(order.id).status == "paid"
        return order

    def ask(self, order, amount=None):
        """The desk pays back; the job asks the gateway."""
        body = {"reason": "it rained"} | ({"amount": amount} if amount else {})
        answer = self.people["admin"]("POST", f"/api/v1/orders/{order.id}/refunds", json=body)
        assert answer.status_code == 201, answer.text
        self.till.settle()
        return answer.json()["refunds"][-1]["id"]

    def done(self, order, amount=None):
        """The same, and asked about until it has arrived: WeChat Pay never says so at once."""
        refund = self.ask(order, amount)
        self.till.later(seconds=31)
        return refund

    def act(self, refund, verb, **body):
        answer = self.people["admin"]("POST", f"/api/v1/refunds/{refund}/{verb}", json=body)
        self.till.settle()
        return answer

    def row(self, refund):
        return self.till.house.db.read(lambda tx: tx.get_one(Refund, refund))

    def place(self, refund):
        return self.people["admin"]("GET", f"/api/v1/refunds/{refund}").json()["place"]

    def news(self):
        """Titles of what the administrator was told."""
        return [one["title"] for one in self.people["admin"]("GET", "/api/v1/notifications").json()["items"]]

    def sums(self, order):
        found = self.till.of(order.id)
        return found.status, found.refunded_amount, found.refunding_amount

    def there(self):
        """(state, amount) of what the gateways paid back."""
        return [(one["state"], one["amount"]) for one in self.till.sim.look("state")["refund"]]

    def keys(self, order):
        return [key.split(":")[0] for key in self.till.journals(order.id)]


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_part_and_rest_go_back_through_the_gateway(back, gateway):
    order = back.paid(gateway)
    first = back.done(order, 3000)
    assert (back.place(first), back.sums(order)) == ("success", ("partial_refunded", 3000, 0))
    second = back.done(order)
    assert (back.place(second), back.sums(order)) == ("success", ("refunded", 8000, 0))
    assert back.there() == [("success", 3000), ("success", 5000)]
    assert back.keys(order) == ["pay", "refund", "refund-done", "refund", "refund-done"]
    mine = select(Transaction).where(Transaction.transaction_type == "refund").order_by(Transaction.id)
    rows = back.till.house.db.read(lambda tx: tx.scalars(mine).all())
    assert [(one.transaction_no, one.status) for one in rows] == [
        (back.row(id).refund_no, "success") for id in (first, second)
    ]
    assert all(one.external_transaction_id for one in rows)
    assert [back.desk.account(code) for code in (f"asset:{gateway}_clearing", "liability:refund_pending")] == [0, 0]


@pytest.mark.parametrize("gateway", ["wechat", "card"])
def test_processing_and_then_done(back, gateway):
    order = back.paid(gateway)
    back.till.sim.settings(refund_seconds=100)
    refund = back.ask(order, 3000)
    assert (back.place(refund), back.sums(order)) == ("gateway", ("paid", 0, 3000))
    assert back.desk.account("liability:refund_pending") == -3000
    back.till.later(seconds=31)
    assert back.place(refund) == "gateway"
    asked = back.row(refund).asks
    back.till.later(seconds=20)  # not due yet
    assert back.row(refund).asks == asked
    back.till.later(seconds=60)
    back.till.later(seconds=121)
    assert (back.place(refund), back.sums(order)) == ("success", ("partial_refunded", 3000, 0))
    assert back.there() == [("success", 3000)]


@pytest.mark.parametrize("how", ["retry", "by-hand"])
def test_abnormal_waits_for_a_person(back, how):
    order = back.paid("wechat")
    back.till.sim.settings(refund_outcome="abnormal")
    refund = back.ask(order, 3000)
    back.till.later(seconds=31)
    assert (back.place(refund), back.sums(order)) == ("abnormal", ("paid", 0, 3000))
    assert back.till.anomalies() == ["refund_abnormal"]
    asked = back.row(refund).asks
    back.till.later(hours=2)  # nobody asks on by himself
    assert back.row(refund).asks == asked
    assert "A refund needs you" in back.news()
    if how == "retry":
        number = back.row(refund).refund_no
        market = back.till.sim.look("state")["refund"]
        assert [(one["refund_no"], one["state"]) for one in market] == [(number, "abnormal")]
        back.till.sim.lever("refund", {"gateway": "wechat", "refund_no": number, "outcome": "success"})
        assert back.act(refund, "retry").status_code == 201
        assert back.keys(order)[-1] == "refund-done"
        assert back.desk.account("asset:wechat_clearing") == 5000
    else:
        assert back.act(refund, "by-hand", how="bank", note="transfer 77").json()["place"] == "success"
        assert back.desk.account("asset:bank") == -3000
        assert back.desk.account("asset:wechat_clearing") == 8000
        assert back.act(refund, "by-hand", how="cash", note="again").status_code == 409
    assert (back.place(refund), back.sums(order)) == ("success", ("partial_refunded", 3000, 0))
    assert back.desk.account("liability:refund_pending") == 0


def test_paid_by_hand_and_then_by_the_gateway_too_is_told(back):
    order = back.paid("wechat")
    back.till.sim.settings(refund_outcome="abnormal")
    refund = back.ask(order, 3000)
    back.till.later(seconds=31)
    back.act(refund, "by-hand", how="cash", note="receipt 3")
    before = back.desk.postings()
    assert back_reports(back, refund, "success", amount=3000) == "anomaly"
    told = {one.kind: one.facts for one in back.till.rows(Anomaly)}
    assert (back.desk.postings(), told["refund_too_many"]["amount"]) == (before, 3000)


def test_the_gateway_gives_it_up(back):
    order = back.paid("wechat")
    back.till.sim.settings(refund_outcome="closed")
    refund = back.ask(order, 3000)
    back.till.later(seconds=31)
    assert (back.place(refund), back.sums(order)) == ("failed", ("paid", 0, 0))
    assert back.keys(order) == ["pay", "refund", "refund-back"]
    assert back.till.anomalies() == ["refund_closed"]
    back.till.sim.settings(refund_outcome="success")
    again = back.done(order, 8000)
    assert (back.place(again), back.sums(order)) == ("success", ("refunded", 8000, 0))


@faults
def test_whatever_befalls_the_request_it_is_paid_back_once(back, silence, gateway, what):
    order = back.paid(gateway)
    path = {"wechat": "/v3/refund", "alipay": "gateway.do", "card": "/v1/refunds"}[gateway]
    back.till.sim.fault(gateway=gateway, path=path, **silence(what))
    refund = back.ask(order, 3000)
    if what not in ("500_after", "down") or gateway == "card":  # Alipay's is answered, WeChat has another host
        assert back.place(refund) == "gateway"
    for _ in range(3):
        back.till.later(seconds=150)
    assert back.till.of(order.id).status == "partial_refunded"
    assert (back.place(refund), back.there()) == ("success", [("success", 3000)])
    assert back.keys(order) == ["pay", "refund", "refund-done"]


@pytest.mark.parametrize("gateway", GATEWAYS)
@pytest.mark.parametrize("what", ["drop", "duplicate", "delay", "bad_signature", "stale", "truncated"])
def test_whatever_befalls_its_report_it_has_arrived_once(back, gateway, what):
    """The gateway takes its time, and its report of the end does not come as it should."""
    order = back.paid(gateway)
    back.till.sim.settings(refund_seconds=0 if gateway == "alipay" else 100)
    back.till.sim.fault(gateway=gateway, what=what, kind="refunded", times=1, times_each=3, seconds=300)
    refund = back.ask(order, 3000)
    for seconds in (31, 101, 301):
        back.till.later(seconds=seconds)
        back.till.deliver()
    assert (back.place(refund), back.sums(order)) == ("success", ("partial_refunded", 3000, 0))
    assert back.there() == [("success", 3000)]
    assert back.keys(order) == ["pay", "refund", "refund-done"]
    noise = {"bad_signature": ["forged"], "truncated": ["forged"], "stale": ["stale"]}
    assert back.till.anomalies() in ([], noise.get(what, []))


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_an_account_without_money_fills_and_pays(back, gateway):
    order = back.paid(gateway)
    back.till.sim.settings(poor=True)
    refund = back.ask(order, 3000)
    assert (back.place(refund), back.till.anomalies()) == ("gateway", ["refund_not_enough"])
    back.till.later(minutes=2)
    back.till.later(minutes=5)
    assert back.there() == []
    back.till.sim.settings(poor=False)
    back.till.later(hours=1)
    back.till.later(hours=1)
    assert (back.place(refund), back.there()) == ("success", [("success", 3000)])


def test_a_refusal_waits_for_a_person(back):
    order = back.paid("wechat")
    paid_by = back.till.attempt(order.id)
    market = {"gateway": "wechat", "out_no": paid_by.transaction_no}
    # somebody has paid it back at the gateway's own counter: ours is more than is left there
    gateway = service_gateways(back)["wechat"]
    gateway.refund(RefundOrder(
        "RFDELSEWHERE1", 8000, 8000, "CNY", market["out_no"], paid_by.external_transaction_id or "",
    ))  # fmt: skip
    refund = back.ask(order, 3000)
    assert (back.place(refund), back.sums(order)) == ("abnormal", ("paid", 0, 3000))
    assert "refund_refused" in back.till.anomalies()
    assert back_reports(back, None, "success", amount=8000, number="RFDELSEWHERE1", order=order) == "anomaly"
    assert "refund_unknown" in back.till.anomalies()


@pytest.mark.parametrize(
    ("gateway", "path"), [("wechat", "/refunds/"), ("alipay", "refund.query"), ("card", "/v1/refunds/")]
)
def test_a_question_that_is_refused_is_no_refund_that_is(back, gateway, path):
    """A key that was changed, or a right that is missing: the refund may be on its way, so nobody pays it by hand."""
    order = back.paid(gateway)
    back.till.sim.settings(refund_seconds=0 if gateway == "alipay" else 100)
    back.till.sim.fault(gateway=gateway, path=path, what="forbidden", times=2)
    refund = back.ask(order, 3000)
    back.till.later(seconds=31)
    assert len(back.there()) == 1
    assert (back.place(refund), back.till.anomalies()) == ("gateway", [])
    assert back.act(refund, "by-hand", how="cash", note="receipt 4").status_code == 409
    for _ in range(3):
        back.till.later(seconds=150)
    assert (back.place(refund), back.there()) == ("success", [("success", 3000)])
    assert back.keys(order) == ["pay", "refund", "refund-done"]


def test_a_request_that_is_refused_waits_for_a_person(back):
    order = back.paid("wechat")
    back.till.sim.fault(gateway="wechat", path="/refunds", what="forbidden", times=1)
    refund = back.ask(order, 3000)
    assert (back.place(refund), back.there(), back.till.anomalies()) == ("abnormal", [], ["refund_refused"])
    assert back.act(refund, "retry").status_code == 201
    back.till.later(seconds=150)
    assert (back.place(refund), back.there()) == ("success", [("success", 3000)])


def test_what_a_gateway_reports(back):
    order = back.paid("wechat")
    back.till.sim.settings(refund_seconds=10_000)
    refund = back.ask(order, 3000)
    before = (back.desk.postings(), back.sums(order))
    for wrong in ({"amount": 2999}, {"amount": 3000, "out_no": "TXNOTHER"}, {"amount": 3000, "currency": "USD"}):
        assert back_reports(back, refund, "success", **wrong) == "anomaly"
    assert back_reports(back, refund, "success", gateway="alipay", amount=3000) == "anomaly"
    assert (back.desk.postings(), back.sums(order)) == before
    assert back_reports(back, refund, "success", amount=None) == "applied"  # it is asked: nothing moves by it
    back.till.settle()
    assert back.place(refund) == "gateway"
    assert [back_reports(back, refund, "success", amount=3000) for _ in range(3)] == ["applied", "repeated", "repeated"]
    assert back.sums(order) == ("partial_refunded", 3000, 0)
    # a bank that sends back what had arrived is told of; nothing moves by it
    assert [back_reports(back, refund, state) for state in ("processing", "abnormal", "closed")] == [
        "repeated", "anomaly", "anomaly",
    ]  # fmt: skip
    assert back.sums(order) == ("partial_refunded", 3000, 0)
    assert back_reports(back, None, "success", amount=1, number="RFDUNKNOWN", out_no="TXNUNKNOWN") == "ignored"
    pending = back.till.order("wechat")
    out_no = back.till.attempt(pending.id).transaction_no
    assert back_reports(back, None, "success", amount=1, number="RFDUNKNOWN", out_no=out_no) == "waiting"


def test_a_refund_of_which_alipay_shows_nothing_is_told_of(back):
    """It takes the request each time, and no question finds it."""
    order = back.paid("alipay")
    back.till.sim.settings(refund_seconds=10**9)
    refund = back.ask(order, 3000)
    for _ in range(refund_answers.STUCK - 2):
        back.till.later(hours=1)
    assert (back.place(refund), back.till.anomalies()) == ("gateway", [])
    for _ in range(3):
        back.till.later(hours=1)
    assert (back.place(refund), back.till.anomalies()) == ("gateway", ["refund_unanswered"])
    assert back.news().count("A refund needs you") == 1
    assert back.act(refund, "by-hand", how="cash", note="receipt 5").status_code == 409


def test_a_refund_that_is_on_its_way_for_a_week_is_told_of_once(back):
    order = back.paid("wechat")
    back.till.sim.settings(refund_seconds=9 * 86_400)
    refund = back.ask(order, 3000)
    back.till.later(seconds=31)
    back.till.later(days=6)
    assert (back.place(refund), back.till.anomalies()) == ("gateway", [])
    for _ in range(2):
        back.till.later(days=1)
        assert (back.place(refund), back.till.anomalies()) == ("gateway", ["refund_slow"])
    assert back.news().count("A refund needs you") == 1
    back.till.later(days=2)
    assert (back.place(refund), back.there()) == ("success", [("success", 3000)])


def test_a_worker_that_dies_between_approval_and_gateway(back, clock):
    """Nobody has told the gateway: who looks next does, and a late worker that tells it again changes nothing."""
    order, house = back.paid("wechat"), back.till.house
    refund = back.desk.do(service.refund, back.people["li"].actor, order.id, 3000, "cancelled", reason_code="cancelled")
    house.db.write(lambda tx: refund_answers.question(tx, refund, {}, clock()))  # asked, and died before it heard
    assert (back.there(), back.place(refund)) == ([], "gateway")
    back.till.later(seconds=61)
    assert (back.place(refund), back.there()) == ("success", [("success", 3000)])
    while deliver_one(house.db, clock()):
        pass
    assert back.there() == [("success", 3000)]
    assert back.keys(order) == ["pay", "refund", "refund-done"]


def test_a_top_up_goes_back_out_of_the_wallet(back):
    till, actor = back.till, back.people["li"].actor
    order = back.desk.do(service.open_top_up, actor, 5000)
    till.choose(order.id, "wechat")
    till.pay(order.id)
    till.later(seconds=31)
    assert back.desk.balance("li") == 5000
    refund = back.done(order, 2000)
    assert (back.place(refund), back.desk.balance("li")) == ("success", 3000)
    till.sim.settings(refund_outcome="closed")
    gone = back.ask(order, 1000)
    till.later(seconds=31)
    assert (back.place(gone), back.desk.balance("li")) == ("failed", 3000)
    spent = back.desk.order("li", 3000)
    back.desk.pay("li", spent)
    answer = back.people["admin"]("POST", f"/api/v1/orders/{order.id}/refunds", json={"reason": "x", "amount": 500})
    assert (answer.status_code, answer.json()["code"]) == (409, "balance_too_low")
    assert back.sums(order)[2] == 0


def back_reports(back, refund, state, *, gateway="wechat", number=None, order=None, out_no=None, **said):
    """What `refund_reported` makes of a report."""
    house = back.till.house
    if refund is not None:
        row = back.row(refund)
        paid_by = house.db.read(lambda tx: tx.get_one(Transaction, row.transaction_id))
        number, out_no = row.refund_no, out_no or paid_by.transaction_no
    elif order is not None:
        out_no = back.till.attempt(order.id).transaction_no
    answer = RefundAnswer(state, number, out_no=out_no, external_refund_id="50300X", **said)
    return house.db.write(lambda tx: service.refund_reported(tx, gateway, answer, house.clock()))


def service_gateways(back):
    from suwen.payments.service.channels import gateways_of

    return gateways_of(back.till.house.db)


def test_pauses_grow_to_an_hour():
    seconds = [refund_answers.pause(asks).total_seconds() for asks in range(9)]
    assert seconds == [30, 60, 120, 300, 600, 1800, 3600, 3600, 3600]
    assert refunds.FIRST_QUESTION.total_seconds() == 30


@pytest.mark.parametrize("state", ["abnormal", "closed"])
def test_a_refund_that_comes_back_weeks_later_is_told_of(back, till, state):
    """A bank may return the money of a card that a gateway had called paid back."""
    order = back.paid("card")
    refund = back.done(order)
    assert back.place(refund) == "success"
    before, number = back.sums(order), till.attempt(order.id).transaction_no
    said = RefundAnswer(state, back.row(refund).refund_no, out_no=number, amount=8000, currency="CNY", detail="failed")
    for _ in range(2):
        outcome = till.house.db.write(lambda tx: refund_answers.refund_reported(tx, "card", said, till.clock()))
        assert outcome == "anomaly"
    assert till.anomalies() == ["refund_undone"]
    assert (back.sums(order), back.place(refund)) == (before, "success")


def test_every_kind_of_anomaly_is_explained():
    noted = [inspect.getsource(module) for module in (refund_answers, applying, inbox)]
    kinds = set(re.findall(r'(?:note\(tx, f"[^"]+", |note\(tx, |_anomaly\(tx, |return )"(\w+)"', "".join(noted)))
    kinds -= {"applied", "repeated", "ignored", "anomaly", "waiting"}
    assert {"refund_undone", "refund_differs", "late", "forged", "unknown_payment", "foreign"} <= kinds
    assert kinds <= set(MEANINGS)
