"""A few thousand random operations with faults, in several threads; and processes killed in the middle of them.

The long run is `python -m tests.payments.storm`.
"""

import os
import random
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest

from suwen.core.actor import SYSTEM
from suwen.payments import service
from suwen.payments.gateways.terms import Answer
from suwen.payments.models import Order, Refund, Transaction
from suwen.payments.service import applying, attempts, refunds
from suwen.payments.service.orders import give_up
from tests.payments import storm
from tests.support.database import drop, own_url

SEED = int(os.environ.get("SUWEN_STORM_SEED", "20300101"))


@pytest.fixture
def url(tmp_path):
    made = own_url("storm", tmp_path)
    yield made
    drop(made)


@pytest.mark.slow
def test_thousands_of_operations_with_faults_keep_the_money(url):
    made = storm.opened(url, SEED)
    try:
        for _ in range(3):
            made.go(1000, threads=3)
            assert made.faults() == []
        never = [
            work.__name__ for work in storm.OPERATIONS if not made.done[work.__name__] and work is not storm.by_hand
        ]
        assert never == []
        assert made.done["killed"] > 20
    finally:
        made.close()
        made.db.close()


@pytest.mark.slow
def test_killed_at_any_moment_the_money_adds_up(url):
    """kill -9 of a process whose two threads pay and refund, again and again over the same database."""
    made, dice = storm.opened(url, SEED), random.Random(SEED)
    made.close()
    seen = 0
    try:
        for life in range(4):
            command = [sys.executable, "-m", "tests.payments.storm", "--onward", "--database", url]
            command += ["--operations", "1000000", "--seed", str(life)]
            child = subprocess.Popen(command, stdout=subprocess.PIPE)
            assert child.stdout.readline() == b"begun\n"
            time.sleep(dice.uniform(0.5, 3))
            child.send_signal(signal.SIGKILL)
            assert child.wait(20) == -signal.SIGKILL
            child.stdout.close()
            examined = made.db.read(service.examine)
            assert [str(one) for one in examined.faults] == []
            assert examined.journals > seen
            seen = examined.journals
    finally:
        made.db.close()


def test_a_top_up_that_is_handed_back_in_cash_leaves_the_wallet(desk, people):
    """Found by a storm: the cash went out of income, and the wallet kept the money."""
    admin, li = people["admin"].actor, people["li"].actor
    order = desk.do(lambda tx, now: service.open_top_up(tx, li, 5000, now))
    desk.do(service.settle_cash, admin, order.id)
    assert desk.balance("li") == 5000
    asked = desk.do(lambda tx, now: refunds.request(tx, li, order.id, 2000, "too much", now))
    desk.do(lambda tx, now: refunds.approve(tx, admin, asked, now, handed_out=True))
    assert desk.balance("li") == 3000
    assert desk.account("asset:cash") == 3000


def test_a_refund_is_of_the_payment_that_counts_though_the_second_was_made_before_it(desk, people, house, clock):
    """Found by a storm: the report of a payment came after that of a later one, and was the second therefore."""
    first = desk.order("li", 5000)
    numbers = []

    def begin(tx, now):
        order = tx.get_one(Order, first.id)
        give_up(tx, order.id, now)
        made = attempts._made(order, "wechat", "qr", now)
        made.phase = "offered"
        tx.add(made)
        tx.flush()
        return made.transaction_no

    for _ in range(2):
        numbers.append(desk.do(begin))
        clock.advance(seconds=30)
    for number, ago in ((numbers[1], 5), (numbers[0], 20)):
        at = clock() - timedelta(seconds=ago)
        paid = Answer("paid", number, external_id=f"E{number}", amount=5000, currency="CNY", at=at)
        said = desk.do(lambda tx, now, paid=paid: applying.payment_known(tx, "wechat", paid, now))
        assert said in ("applied", "anomaly")
    id = desk.do(lambda tx, now: refunds.refund(tx, SYSTEM, first.id, 3000, "rules", now))
    of = house.db.read(lambda tx: tx.get_one(Transaction, tx.get_one(Refund, id).transaction_id).transaction_no)
    assert of == numbers[1]
