"""The demonstration's money and the practice cashier beside it agree: days that are compared again are as they were."""

import time
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from suwen.app import build_house
from suwen.core.actor import Actor
from suwen.core.outbox import deliver_one, run_timed
from suwen.payments import service
from suwen.payments.models import Order, Reconciliation, ReconciliationLine, Refund, Transaction
from suwen.payments.service import reconciling
from suwen.payments.service.channels import channels_of
from suwen.paysim import beside
from suwen.settings import Settings
from tests.support.processes import listens
from tests.support.server import suwen

ADMIN = Actor("admin", "admin", strong=True)


@pytest.fixture
def filled(tmp_path, monkeypatch):
    """The house of a filled demonstration, with its practice cashier running."""
    env = {"SUWEN_DATA_DIR": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONPATH": "src"}
    suwen("migrate", env=env)
    suwen("demo", env=env, seconds=600)
    folder = beside.practising(tmp_path)
    assert folder
    with beside.beside(folder, "http://127.0.0.1:9") as running:
        for name, value in running.told.items():
            monkeypatch.setenv(name, value)
        until(lambda: listens(int(running.url.rsplit(":", 1)[1])))
        house = build_house(Settings.from_environment(env))
        yield house
        house.threads.shutdown()
        house.slow.shutdown()
        house.press.close()
        house.db.close()


def until(holds):
    ends = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.05)


def compared(db):
    lines = select(ReconciliationLine.reconciliation_id, ReconciliationLine.result, ReconciliationLine.resolution,
                   func.count(), func.sum(ReconciliationLine.fee)).group_by(
        ReconciliationLine.reconciliation_id, ReconciliationLine.result, ReconciliationLine.resolution)  # fmt: skip
    days = select(
        Reconciliation.id, Reconciliation.gateway, Reconciliation.day, Reconciliation.status, Reconciliation.sums
    )
    return db.read(
        lambda tx: (sorted(map(tuple, tx.execute(lines)), key=str), [tuple(row) for row in tx.execute(days)])
    )


def delivered(db, now):
    while deliver_one(db, now):
        pass


@pytest.mark.slow
def test_the_practice_cashier_knows_what_the_demonstration_made_up(filled):
    db, now = filled.db, filled.clock()
    assert channels_of(db).wrong == {}
    before = compared(db)
    open_days = [row[0] for row in before[1] if row[3] != "settled"]
    assert len(open_days) >= 6
    for id in open_days:
        db.write(lambda tx, id=id: reconciling.ask_again(tx, ADMIN, id, now))
    delivered(db, now + timedelta(seconds=1))
    assert compared(db) == before
    again = db.read(lambda tx: tx.scalars(select(Reconciliation).where(Reconciliation.id.in_(open_days))).all())
    assert {(one.error, one.run_at >= now) for one in again} == {(None, True)}

    # a payment that can be made, and a refund that is on its way: nobody was asked before the server ran
    for seconds in (10, 70, 200):
        run_timed(db, now + timedelta(seconds=seconds))
        delivered(db, now + timedelta(seconds=seconds))
    live = select(Order.status, Transaction.phase).join(Transaction, Transaction.live_order_id == Order.id)
    assert ("pending", "offered") in {tuple(row) for row in db.read(lambda tx: tx.execute(live).all())}
    refunds = db.read(lambda tx: tx.scalars(select(Refund).where(Refund.external_refund_id.is_not(None))).all())
    states = {(one.status, bool(one.abnormal)) for one in refunds}
    assert states == {("success", False), ("processing", True), ("processing", False), ("failed", False)}
    assert db.read(service.check_ledger) == []
