"""What a person settled and what then comes up again is open again, and told again."""

import pytest
from sqlalchemy import select

from suwen.notifications.models import Notification
from suwen.payments.models import Anomaly
from suwen.payments.service import anomalies
from tests.payments.attempts.test_refunds_there import back  # noqa: F401
from tests.support.racing import race

LOOK, NEEDS = "A payment needs a look", "A refund needs you"


@pytest.fixture
def told(house, ids):
    """How often the administrator was told so."""

    def count(title):
        mine = select(Notification.title).where(Notification.user_id == ids.users["admin"])
        return house.db.read(lambda tx: list(tx.scalars(mine))).count(title)

    return count


def resolve(people, id):
    body = {"resolution": "setting_corrected", "note": "key renewed"}
    answer = people["admin"]("POST", f"/api/v1/payment-anomalies/{id}/resolution", json=body)
    assert answer.status_code == 201, answer.text


def test_a_refund_that_is_refused_again_is_told_again(back, people, told):  # noqa: F811
    order = back.paid("alipay")
    back.till.sim.fault(gateway="alipay", path="alipay.trade.refund&", what="forbidden", times=2)
    refund = back.ask(order, 3000)
    [first] = back.till.rows(Anomaly)
    assert (first.kind, first.count, told(LOOK), told(NEEDS)) == ("refund_refused", 1, 1, 1)
    resolve(people, first.id)
    assert back.act(refund, "retry").status_code == 201
    [again] = back.till.rows(Anomaly)
    assert (back.place(refund), again.status, again.count, told(LOOK), told(NEEDS)) == ("abnormal", "open", 2, 2, 2)
    assert back.act(refund, "retry").status_code == 201
    assert (back.place(refund), back.there()) == ("success", [("success", 3000)])


@pytest.mark.parametrize("kind", ["refund_refused", "forged"])
def test_an_anomaly_that_recurs_after_it_was_settled_is_open_again(house, people, clock, told, kind):
    note = lambda **facts: house.db.write(  # noqa: E731
        lambda tx: anomalies.note(tx, kind, "refund-refused:1", clock(), gateway="wechat", facts=facts)
    )
    row = lambda: house.db.read(lambda tx: tx.scalars(select(Anomaly)).one())  # noqa: E731
    assert (note(said="no"), note(said="no")) == (True, False)
    assert (row().count, told(LOOK)) == (2, 1)
    resolve(people, row().id)
    clock.advance(hours=1)
    assert sorted(race(*[lambda: note(said="no again")] * 4)) == [False, False, False, True]
    found = row()
    assert (found.status, found.count, found.facts["said"], told(LOOK)) == ("open", 6, "no again", 2)
    resolve(people, found.id)
    assert note() is True
    assert told(LOOK) == 3
