"""A long random life of a clinic's money, with faults: `python -m tests.payments.storm --operations 100000 --seed 1`.

Everything that moves money is done in any order, by several people at once: top-ups, orders, the balance, cash, three
gateways (late, twice, with wrong amounts, fifty times), insurers, deposits, refunds with every end, expiry. A part of
the operations is cut off before one of their statements, as if the process had died there; others are done twice. All
invariants hold after each stretch.
"""

import argparse
import random
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import event, func, select

from suwen.accounts.models import User
from suwen.core import migrate
from suwen.core.actor import SYSTEM, Actor
from suwen.core.crypto import FieldKeys
from suwen.core.db import Database, new_id
from suwen.core.errors import DomainError
from suwen.payments import service
from suwen.payments.gateways.terms import Answer, RefundAnswer
from suwen.payments.models import METHOD_OF, Claim, Hold, Journal, Order, Refund, Transaction
from suwen.payments.service import applying, attempts, handing, ledger, paying, refund_answers, refunds
from suwen.payments.service.orders import give_up, why_not_payable
from suwen.settings import new_field_key
from suwen.tables import metadata
from tests.support.cast import settle_in

PAYERS, DESK = ("li", "wang", "eve"), "admin"
GATEWAYS = tuple(METHOD_OF)
START = datetime(2030, 1, 1, tzinfo=UTC)


class Killed(Exception):
    """The process died between two statements."""


@dataclass
class Storm:
    """`go` does some operations; every one of them is a transaction of its own, as a request would be."""

    db: Database
    users: dict[str, str]
    seed: int
    killed_in: float = 0.06  # of the operations
    twice_in: float = 0.04
    done: Counter[str] = field(default_factory=Counter)
    now: datetime = START
    _fuse: threading.local = field(default_factory=threading.local)
    _known: dict[str, list[str]] = field(default_factory=lambda: {"orders": [], "refunds": [], "holds": [], "paid": []})

    def __post_init__(self) -> None:
        event.listen(self.db.engine, "before_cursor_execute", self._burn)
        self.admin = Actor(self.users[DESK], "admin", strong=True)
        self.second = Actor(self.users["zhao"], "admin", strong=True)

    def close(self) -> None:
        event.remove(self.db.engine, "before_cursor_execute", self._burn)

    def go(self, operations: int, threads: int = 1) -> None:
        with ThreadPoolExecutor(threads) as pool:
            share = [operations // threads] * threads
            list(
                pool.map(
                    self._some, share, [random.Random(f"{self.seed}:{self.done.total()}:{n}") for n in range(threads)]
                )
            )

    def faults(self) -> list[str]:
        return self.db.read(service.check_ledger)

    def _some(self, operations: int, dice: random.Random) -> None:
        for _ in range(operations):
            what = dice.choices(OPERATIONS, WEIGHTS)[0]
            fuse = dice.randint(1, 14) if dice.random() < self.killed_in else None
            state = dice.getrandbits(64)
            self._once(what, random.Random(state), fuse)
            if (fuse is not None and dice.random() < 0.5) or dice.random() < self.twice_in:  # whoever asked asks again
                self._once(what, random.Random(state), None)

    def _once(self, what, dice, fuse) -> None:
        self._fuse.left = fuse
        try:
            what(self, dice)
            self.done[what.__name__] += 1
        except DomainError as refusal:
            self.done[f"refused {refusal.code}"] += 1
        except Killed:
            self.done["killed"] += 1
        finally:
            self._fuse.left = None

    def _burn(self, *_arguments) -> None:
        left = getattr(self._fuse, "left", None)
        if left is not None:
            self._fuse.left = left - 1
            if left <= 1:
                raise Killed()

    def write(self, work):
        return self.db.write(lambda tx: work(tx, self.now))

    def one(self, dice, kind):
        """Mostly something recent: old things have mostly ended."""
        known = self._known[kind]
        return known[-1 - min(int(dice.expovariate(0.05)), len(known) - 1)] if known else new_id()

    def keep(self, kind, id):
        self._known[kind].append(id)

    def payer(self, dice):
        return Actor(self.users[dice.choice(PAYERS)], "patient")


def top_up(storm, dice):
    payer, amount = storm.payer(dice), dice.choice((-1, 0, *range(1, 90, 7)))
    storm.write(lambda tx, now: service.top_up(tx, storm.admin, payer.id, amount, now))


def open_order(storm, dice):
    payer, amount, minutes = storm.payer(dice), dice.randint(0, 120), dice.randint(1, 20)
    opened = storm.write(
        lambda tx, now: service.open_order(
            tx, payer.id, subject=f"thing:{new_id()}", amount=amount, currency="CNY",
            expires=now + timedelta(minutes=minutes), now=now, description="Visit",
        )
    )  # fmt: skip
    storm.keep("orders", opened.id)


def open_top_up(storm, dice):
    payer, amount = storm.payer(dice), dice.randint(1, 300)
    storm.keep("orders", storm.write(lambda tx, now: service.open_top_up(tx, payer, amount, now)).id)


def _order(storm, dice):
    id = storm.one(dice, "orders")
    found = storm.db.read(lambda tx: tx.get(Order, id))
    return found, Actor(found.user_id if found else new_id(), "patient")


def pay_from_balance(storm, dice):
    order, payer = _order(storm, dice)
    storm.write(lambda tx, now: service.pay_from_balance(tx, payer, order.id if order else new_id(), now))


def pay_in_cash(storm, dice):
    id = storm.one(dice, "orders")
    storm.write(lambda tx, now: service.settle_cash(tx, storm.admin, id, now))


def begin_attempt(storm, dice):
    """At a gateway: whatever was begun before is given up, though somebody may still pay it."""
    order, _ = _order(storm, dice)
    gateway = dice.choice(GATEWAYS)

    def work(tx, now):
        found = tx.get(Order, order.id, with_for_update=True, populate_existing=True)
        if found.status != "pending" or not found.amount:
            raise why_not_payable(tx, order.id, now)
        give_up(tx, order.id, now)
        made = attempts._made(found, gateway, "qr", now)
        made.phase = "offered"
        tx.add(made)
        tx.flush()
        return made.transaction_no

    if order:
        storm.keep("paid", f"{gateway} {storm.write(work)}")


def gateway_says(storm, dice):
    """Paid, now or long after, once or again; with another amount, currency or number; or closed."""
    gateway, _, number = storm.one(dice, "paid").partition(" ")
    if not number:
        return
    amount = storm.db.read(lambda tx: tx.scalar(select(Transaction.amount).where(Transaction.transaction_no == number)))
    state = dice.choices(("paid", "closed", "refunded", "pending"), (20, 2, 1, 1))[0]
    answer = Answer(
        state, number, external_id=f"E{number}" if dice.random() < 0.97 else f"X{dice.randint(0, 9)}",
        amount=(amount or 0) + dice.choices((0, 1, -1), (30, 1, 1))[0], at=storm.now,
        currency="CNY" if dice.random() < 0.97 else "USD",
    )  # fmt: skip
    storm.write(lambda tx, now: applying.payment_known(tx, gateway, answer, now))


def pay_back_the_second(storm, dice):
    """What was paid twice goes back by itself."""
    gateway, _, number = storm.one(dice, "paid").partition(" ")
    second = (
        select(Transaction.id, Transaction.order_id)
        .join(Journal, Journal.idempotency_key == f"pay:{gateway}:E{number}")
        .where(Transaction.transaction_no == number, Journal.kind == "paid_twice")
    )
    found = storm.db.read(lambda tx: tx.execute(second).first())
    if found:
        back = storm.write(
            lambda tx, now: refunds.refund(
                tx, SYSTEM, found.order_id, None, "Paid twice", now, reason_code=refunds.PAID_TWICE,
                transaction_id=found.id,
            )
        )  # fmt: skip
        storm.keep("refunds", back)


def insure(storm, dice):
    order, _ = _order(storm, dice)
    if order is None or order.amount == 0 or (order.subject or "").startswith("top_up:"):
        return

    def work(tx, now):
        found = tx.get(Order, order.id, with_for_update=True, populate_existing=True)
        paying.settle_insured(tx, storm.admin, found, now)
        claim = {"insurer": "PICC", "holder": "x", "policy_no": "x", "status": "approved"}
        whose = {"order_id": found.id, "user_id": found.user_id, "submitted_by": storm.admin.id}
        tx.add(Claim(claim_no=f"C{new_id()}", amount=found.amount, currency=found.currency, **claim, **whose))

    storm.write(work)


def ask_back(storm, dice):
    order, payer = _order(storm, dice)
    amount = dice.choice((None, dice.randint(-1, 80)))
    who = dice.choice((payer, storm.admin, storm.second))
    if order:
        storm.keep("refunds", storm.write(lambda tx, now: refunds.request(tx, who, order.id, amount, "why", now)))


def refund_by_rules(storm, dice):
    id, amount = storm.one(dice, "orders"), dice.choice((None, dice.randint(-1, 80)))
    storm.keep("refunds", storm.write(lambda tx, now: service.refund(tx, SYSTEM, id, amount, "rules", now)))


def decide(storm, dice):
    id, who, aye = storm.one(dice, "refunds"), dice.choice((storm.admin, storm.second)), dice.random() < 0.75
    if aye:
        storm.write(lambda tx, now: refunds.approve(tx, who, id, now, handed_out=dice.random() < 0.5))
    else:
        storm.write(lambda tx, now: refunds.reject(tx, who, id, "no", now))


def hand_out(storm, dice):
    id = storm.one(dice, "refunds")
    storm.write(lambda tx, now: service.hand_out(tx, storm.admin, id, now))


def by_hand(storm, dice):
    id = storm.one(dice, "refunds")
    storm.write(lambda tx, now: handing.by_hand(tx, storm.admin, id, dice.choice(("cash", "bank")), "by hand", now))


def gateway_says_of_a_refund(storm, dice):
    id = storm.one(dice, "refunds")
    found = storm.db.read(lambda tx: tx.get(Refund, id))
    if found is None:
        return
    paid = storm.db.read(lambda tx: tx.get(Transaction, found.transaction_id))
    gateway = next((name for name, method in METHOD_OF.items() if method == paid.payment_method), "wechat")
    state = dice.choices(("success", "processing", "abnormal", "closed"), (12, 2, 2, 2))[0]
    amount = found.refund_amount + dice.choices((0, 1), (30, 1))[0]
    answer = RefundAnswer(state, found.refund_no, out_no=paid.transaction_no, amount=amount, currency="CNY",
                          external_refund_id=f"R{found.refund_no}", at=storm.now)  # fmt: skip
    storm.write(lambda tx, now: refund_answers.refund_reported(tx, gateway, answer, now))


def hold(storm, dice):
    payer, amount = storm.payer(dice), dice.randint(0, 60)
    storm.keep("holds", storm.write(lambda tx, now: service.hold(tx, storm.admin, payer.id, amount, "pot", now)))


def release(storm, dice):
    id = storm.one(dice, "holds")
    storm.write(lambda tx, now: service.release(tx, storm.admin, id, now))


def capture(storm, dice):
    id, amount = storm.one(dice, "holds"), dice.choice((None, dice.randint(0, 70)))
    storm.keep("orders", storm.write(lambda tx, now: service.capture(tx, storm.admin, id, amount, "lost", now)))


def cancel(storm, dice):
    order, _ = _order(storm, dice)
    if order:
        storm.write(lambda tx, now: service.void(tx, order.subject, now))


def expire(storm, dice):
    storm.now += timedelta(minutes=dice.randint(0, 2))
    storm.write(service.expire_due)


def several_orders_settle(storm, dice):
    """What reconciling does: many movements of the house's own accounts in one go."""
    day, gateway = dice.randint(0, 10**9), dice.choice(GATEWAYS)
    lines = [(ledger.BANK, "CNY", 97), (ledger.FEES, "CNY", 3), (ledger.clearing(gateway), "CNY", -100)]
    many = [ledger.Entry(f"storm:{day}:{n}", "settle", lines, ("day", new_id())) for n in range(dice.randint(1, 4))]
    storm.write(lambda tx, now: ledger.book_all(tx, many, now))


CHANCES = {
    top_up: 7, open_order: 14, open_top_up: 3, pay_from_balance: 14, pay_in_cash: 4, begin_attempt: 9,
    gateway_says: 12, pay_back_the_second: 2, insure: 2, ask_back: 6, refund_by_rules: 5, decide: 6, hand_out: 2,
    by_hand: 1, gateway_says_of_a_refund: 5, hold: 4, release: 2, capture: 2, cancel: 2, expire: 2,
    several_orders_settle: 1,
}  # fmt: skip
OPERATIONS, WEIGHTS = list(CHANCES), list(CHANCES.values())


def opened(url: str, seed: int) -> Storm:
    """A storm over a fresh, migrated database. The pharmacist is made a second admin."""
    migrate.upgrade(url)
    metadata()
    db = Database(url, keys=FieldKeys(new_field_key()))
    ids = db.write(settle_in)
    return Storm(db, dict(ids.users), seed)


def onward(url: str, seed: int) -> Storm:
    """A storm over what another one left behind, whose process may have died in the middle."""
    metadata()
    db = Database(url, keys=FieldKeys(new_field_key()))
    users = db.read(lambda tx: {row.account: row.id for row in tx.execute(select(User.account, User.id))})
    storm = Storm(db, users, seed)
    for kind, model in (("orders", Order), ("refunds", Refund), ("holds", Hold)):
        newest = select(model.id).order_by(model.created_at.desc(), model.id.desc()).limit(200)
        for id in reversed(db.read(lambda tx, newest=newest: list(tx.scalars(newest)))):
            storm.keep(kind, id)
    storm.now = db.read(lambda tx: tx.scalar(select(func.max(Order.created_at)))) or START
    return storm


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--looks", type=int, default=10, help="how often all invariants are looked at")
    parser.add_argument("--database", help="an address of an empty database; left out, a SQLite file")
    parser.add_argument("--onward", action="store_true", help="go on with what is there, until killed")
    given = parser.parse_args()
    if given.onward:
        storm = onward(given.database, given.seed)
        print("begun", flush=True)
        storm.go(given.operations, given.threads)
        return
    with tempfile.TemporaryDirectory(prefix="suwen-storm-") as folder:
        storm = opened(given.database or f"sqlite:///{Path(folder)}/storm.db", given.seed)
        began = time.monotonic()
        for look in range(1, given.looks + 1):
            storm.go(given.operations // given.looks, given.threads)
            spent, examined = time.monotonic() - began, storm.db.read(service.examine)
            count, took = look * given.operations // given.looks, examined.took_ms / 1000
            looked = f"{examined.journals} journals looked at in {took:.2f} s"
            print(f"{count:>8} operations, {spent:6.0f} s; {looked}", flush=True)
            if examined.faults:
                raise SystemExit("\n".join(map(str, examined.faults)))
        print(f"seed {given.seed}: the money adds up after {given.operations} operations")
        for what, count in storm.done.most_common():
            print(f"{count:>9} {what}")
        storm.close()
        storm.db.close()


if __name__ == "__main__":
    main()
