"""The server is killed while it offers, while reports come and while they are applied: every payment counts once."""

import random
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import func, select

from suwen.accounts.models import User
from suwen.core.actor import Actor
from suwen.core.outbox import OutboxMessage
from suwen.payments import service
from suwen.payments.models import Journal, Order, Transaction
from suwen.payments.service.attempts import begin
from suwen.payments.service.channels import Channels
from tests.payments.attempts.conftest import SCENES
from tests.support.server import serving

# test_deaths.py dies at each single moment; here it is whole servers that die, with all that they had in hand
SEED, ROUNDS, SECONDS = 20300101, 2, 90


@pytest.mark.slow
def test_kill_9_at_any_moment(sim):
    dice = random.Random(SEED)
    sim.lever("clock", {"run": True})
    sim.automatic()
    with serving(cast=True, **sim.environment) as server, server.house() as house:
        http = httpx.Client(timeout=5, trust_env=False, verify=False)
        house.db.beside("gateways", lambda: Channels(house.db, environment=sim.environment, http=http))
        sim.settings(card_url=f"{server.url}/api/v1/payments/card/notifications")
        orders = [one for number in range(ROUNDS) for one in one_round(number, sim, server, house, dice)]
        until(lambda: statuses(house, orders) == {"paid"})
        until(lambda: waiting(house) == 0)
        for order_id in orders:
            keys = house.db.read(
                lambda tx, id=order_id: list(tx.scalars(select(Journal.idempotency_key).where(Journal.ref_id == id)))
            )
            assert len(keys) == 1, keys
        said = select(func.count()).where(OutboxMessage.event == "payments.payment_settled")
        said = said.group_by(OutboxMessage.job, OutboxMessage.payload["order_id"].as_string())
        assert house.db.read(lambda tx: set(tx.scalars(said))) == {1}
        assert house.db.read(service.check_ledger) == []


def one_round(number, sim, server, house, dice):
    """Orders at all three gateways, and two deaths: while they are offered, and while they are paid."""
    made = [house.db.write(lambda tx, name=name: opened(tx, f"{number}:{name}", name)) for name in SCENES]
    time.sleep(dice.uniform(0, 0.3))
    server.kill()
    server.start()
    until(lambda: phases(house, made) == {"offered"})
    for one in attempts(house, made):
        if one.payment_method == "alipay":
            sim.http.get(one.offer["url"])
        sim.pay(one.transaction_no)
    time.sleep(dice.uniform(0, 0.4))
    server.kill()
    server.start()
    return made


def opened(tx, subject, gateway):
    now = datetime.now(UTC)
    payer = tx.scalars(select(User.id).where(User.account == "li")).one()
    order = service.open_order(
        tx,
        payer,
        subject=f"killed:{subject}",
        amount=8000,
        currency="CNY",
        expires=now + timedelta(minutes=30),
        now=now,
    )
    begin(tx, Actor(payer, "patient"), order.id, gateway, SCENES[gateway], now, return_url="http://127.0.0.1/back")
    return order.id


def attempts(house, orders):
    mine = select(Transaction).where(Transaction.order_id.in_(orders), Transaction.live_order_id.is_not(None))
    return house.db.read(lambda tx: list(tx.scalars(mine)))


def phases(house, orders):
    return {one.phase for one in attempts(house, orders)}


def statuses(house, orders):
    return house.db.read(lambda tx: set(tx.scalars(select(Order.status).where(Order.id.in_(orders)))))


def waiting(house):
    """Events that nobody has taken yet; those of a worker that was killed are taken again when its lease is over."""
    fresh = select(func.count()).where(OutboxMessage.done_at.is_(None), OutboxMessage.attempts == 0)
    return house.db.read(lambda tx: tx.scalar(fresh.where(OutboxMessage.due_at <= datetime.now(UTC))))


def until(holds):
    ends = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.1)
