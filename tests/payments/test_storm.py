"""A few thousand random operations with faults, in several threads; and processes killed in the middle of them.

The long run is `python -m tests.payments.storm`.
"""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from suwen.payments import service
from suwen.payments.service import refunds
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
