"""kill -9 of a real process at every commit, before and after every question to a gateway, and at random statements.

Whatever was cut off, in the end the payer has paid once, has back what was approved, once, and has been told so once;
the gateway agrees, and the ledger adds up (the fixture `desk` looks).
"""

import base64
import os
import random

import pytest
from sqlalchemy import func, select

from suwen.core.errors import DomainError
from suwen.notifications.models import Notification
from suwen.payments import service
from suwen.payments.models import Refund
from suwen.payments.service import refunds
from tests.payments.attempts.conftest import SCENES
from tests.support.mortal import mortals

SEED = int(os.environ.get("SUWEN_STORM_SEED", "20300101"))
STATEMENTS = 4  # of each piece of work, besides its commits and its questions
GATEWAYS = ("wechat", "alipay", "card")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def _dying(settings, template, _simulator):
    with mortals(settings, _simulator.environment) as dying:
        yield dying


@pytest.fixture
def dying(_dying, door):
    """Do a piece of work until it dies at a moment; each life has an order of its own."""

    def moments(work, now, **given):
        return _dying.do(f"tests.payments.attempts.deaths:{work}", now, base_url=door.url, **given)

    return moments


def deaths(lived):
    """The numbers of the moments at which to die."""
    dice = random.Random(SEED)
    statements = [n for n, what in enumerate(lived) if what == "statement"]
    chosen = dice.sample(statements, min(STATEMENTS, len(statements)))
    return sorted({*chosen, *(n for n, what in enumerate(lived) if what != "statement")})


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_killed_while_a_way_is_offered(till, dying, gateway):
    def life(dies_at):
        order = till.desk.order("li", 8000, minutes=60)
        given = {"order_id": order.id, "payer": till.people["li"].id, "gateway": gateway, "scene": SCENES[gateway]}
        return order, dying("offer", till.clock(), dies_at=dies_at, **given)

    lives, lived = lives_of(till, life)
    # Alipay's page is an address that we sign: nobody is asked
    assert ("ask" in lived and "told" in lived) is (gateway != "alipay")
    for order in lives:
        if not till.attempts(order.id):  # it died before anything was written: the payer chooses again
            till.choose(order.id, gateway)
        assert till.status(order.id) == ("pending", ["offered"])
        till.open(till.attempt(order.id))
        till.pay(order.id)
    till.deliver()
    paid_once(till, lives)


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_killed_while_a_report_is_taken_in_and_applied(till, door, dying, gateway):
    def life(dies_at):
        order = till.order(gateway, minutes=60)
        till.pay(order.id)
        door.came.clear()
        kept, door.pass_on = door.pass_on, lambda path, headers, body: Down()
        till.sim.deliver()
        door.pass_on = kept
        _, headers, body = door.came[0]
        given = {"gateway": gateway, "headers": headers, "body": base64.b64encode(body).decode()}
        return order, dying("report", till.clock(), dies_at=dies_at, **given)

    lives, lived = lives_of(till, life)
    assert lived.count("commit") >= 3  # taken in, claimed, applied
    paid_once(till, lives)
    assert {one.outcome for one in till.reports()} <= {"applied", "repeated"}
    assert len(till.reports()) == len(lives)


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_killed_between_the_approval_of_a_refund_and_its_gateway(till, dying, gateway):
    admin, payer, asked = till.people["admin"].actor, till.people["li"].actor, {}

    def life(dies_at):
        order = till.order(gateway, minutes=60)
        till.pay(order.id)
        till.later(seconds=31)
        id = asked[order.id] = till.desk.do(lambda tx, now: refunds.request(tx, payer, order.id, 3000, "rain", now))
        lived = dying("approve", till.clock(), dies_at=dies_at, refund_id=id, admin=admin.id)
        if till.row(Refund, id).status == "pending":  # it died before the approval counted
            till.desk.do(lambda tx, now: refunds.approve(tx, admin, id, now))
        return order, lived

    lives, lived = lives_of(till, life)
    assert "committed" in lived[: lived.index("ask")]  # the approval counted before anybody was asked
    there = till.sim.look("state")["refund"]
    assert {(one["state"], one["amount"]) for one in there} == {("success", 3000)}
    assert len(there) == len(lives)
    for order in lives:
        refund = till.row(Refund, asked[order.id])
        assert (refund.status, [one["refund_no"] for one in there].count(refund.refund_no)) == ("success", 1)
        found = till.of(order.id)
        assert (found.status, found.refunded_amount, found.refunding_amount) == ("partial_refunded", 3000, 0)
        assert [key.split(":")[0] for key in till.journals(order.id)] == ["pay", "refund", "refund-done"]
        assert told(till, "Your money is back", refund.id) == 1


def test_killed_while_the_balance_pays(till, dying):
    payer = till.people["li"]

    def life(dies_at):
        order = till.desk.order("li", 700, minutes=60)
        lived = dying("pay_from_balance", till.clock(), dies_at=dies_at, order_id=order.id, payer=payer.id)
        if till.of(order.id).status == "pending":
            till.desk.do(service.pay_from_balance, payer.actor, order.id)
        else:
            with pytest.raises(DomainError):
                till.desk.do(service.pay_from_balance, payer.actor, order.id)
        return order, lived

    till.desk.top_up("li", 100_000)
    lives, _ = lives_of(till, life)
    for order in lives:
        assert (till.of(order.id).status, till.journals(order.id)) == ("paid", [f"pay:{order.id}"])
        assert till.settled(order.id) == 1
    assert till.desk.balance("li") == 100_000 - 700 * len(lives)


class Down:
    """What a server says that was killed: the report is sent again."""

    status_code, content = 500, b""


def lives_of(till, life):
    """Two lives that are lived to their ends, and one for each death; then whoever comes after has done what was left.

    The first one opens accounts that all others find: the second one tells how many moments there are.
    """
    (first, _), (order, lived) = life(None), life(None)
    assert {"statement", "commit", "committed"} <= {*lived}
    lives = [first, order]
    for moment in deaths(lived):
        order, ended = life(moment)
        assert ended is None
        lives.append(order)
        till.settle()  # what the dead one had not begun, so that the next one finds what the first one found
    # leases run out, reports are sent again, questions fall due
    till.later(minutes=5, seconds=1)
    till.deliver()
    for seconds in (61, 121):
        till.later(seconds=seconds)
    return lives, lived


def paid_once(till, lives):
    there = {one["out_no"]: one["state"] for one in till.sim.look("state")["payment"]}
    for order in lives:
        assert till.status(order.id) == ("paid", ["paid"])
        assert (len(till.journals(order.id)), till.settled(order.id)) == (1, 1)
        assert [there[one.transaction_no] for one in till.attempts(order.id)] == ["paid"]
        assert till.of(order.id).refunded_amount == 0


def told(till, title, refund_id):
    mine = select(func.count()).where(Notification.title == title, Notification.user_id == till.people["li"].id)
    return till.house.db.read(lambda tx: tx.scalar(mine.where(Notification.dedup_key.like(f"refund:{refund_id}:%"))))
