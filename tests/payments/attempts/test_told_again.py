"""What a person settled and what then comes up again is open again, and told again."""

import pytest
from sqlalchemy import select, update

from suwen.core.i18n import translate
from suwen.notifications.models import Contact, Notification
from suwen.payments.anomaly_kinds import MEANINGS, meaning
from suwen.payments.models import Anomaly
from suwen.payments.service import anomalies
from tests.payments.attempts.test_refunds_there import back  # noqa: F401
from tests.support.racing import race

LOOK, NEEDS = meaning("refund_refused").title, "A refund needs you"


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
    look = meaning(kind).title
    note = lambda **facts: house.db.write(  # noqa: E731
        lambda tx: anomalies.note(tx, kind, "refund-refused:1", clock(), gateway="wechat", facts=facts)
    )
    row = lambda: house.db.read(lambda tx: tx.scalars(select(Anomaly)).one())  # noqa: E731
    assert (note(said="no"), note(said="no")) == (True, False)
    assert (row().count, told(look)) == (2, 1)
    resolve(people, row().id)
    clock.advance(hours=1)
    assert sorted(race(*[lambda: note(said="no again")] * 4)) == [False, False, False, True]
    found = row()
    assert (found.status, found.count, found.facts["said"], told(look)) == ("open", 6, "no again", 2)
    resolve(people, found.id)
    assert note() is True
    assert told(look) == 3


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
@pytest.mark.parametrize("kind", sorted(MEANINGS.keys() - anomalies.QUIET))
def test_administrators_are_told_in_words_what_did_not_fit(house, ids, clock, kind, locale):
    """Not by the word that the database knows it by."""

    def tell(tx):
        tx.execute(update(Contact).where(Contact.user_id == ids.users["admin"]).values(locale=locale))
        anomalies.note(tx, kind, f"{kind}:1", clock(), gateway="wechat", facts={})

    house.db.write(tell)
    mine = select(Notification).where(Notification.user_id == ids.users["admin"])
    [told] = house.db.read(lambda tx: tx.scalars(mine).all())
    assert (told.title, told.content) == (translate(meaning(kind).title, locale), translate(meaning(kind).what, locale))
    assert kind not in told.title + told.content or "_" not in kind
    assert (locale == "zh-CN") == any("\u4e00" <= sign <= "\u9fff" for sign in told.content)
