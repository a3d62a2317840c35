"""Journals a second, and an order opened and paid from the balance, each beside what the database gives for its SQL.

The same statements with the same values are sent by the bare driver, one transaction each: what is left between is ours.
"""

import contextlib
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import event, select

from suwen.accounts.models import User
from suwen.core.actor import Actor
from suwen.core.db import new_id
from suwen.core.house import House
from suwen.payments import service
from suwen.payments.service import ledger

SECONDS, MANY = 3.0, 100
Statement = tuple[str, Any, bool]


def report(house: House) -> None:
    admin, payer = house.db.read(lambda tx: (_one(tx, "admin"), _one(tx, "patient")))
    house.db.write(lambda tx: service.top_up(tx, admin, payer.id, 9_000_000, datetime.now(UTC)))
    for name, work, each in (
        ("journals, one a transaction", _journal, 1),
        (f"journals, {MANY} a transaction", _journals, MANY),
        ("order + pay by balance", lambda tx: _order(tx, payer), 1),
    ):
        ours = each * _rate(lambda work=work: house.db.write(work))
        bare = each * _replayed(house, work)
        print(f"{name:34}{ours:10.0f} /s, the database alone {bare:.0f} /s for the same SQL: {ours / bare:.0%}")
    began = time.monotonic()
    examined = house.db.read(service.examine)
    spent = time.monotonic() - began
    print(f"{'all invariants':34}{examined.journals / spent:10.0f} journals/s ({examined.journals} in {spent:.2f} s)")


def _one(tx: Any, role: str) -> Actor:
    return Actor(tx.scalar(select(User.id).where(User.role == role).limit(1)), role)


def _entry() -> ledger.Entry:
    lines = [(ledger.clearing("wechat"), "CNY", 100), (ledger.REVENUE, "CNY", -100)]
    return ledger.Entry(f"bench:{new_id()}", "bench", lines, ("bench", new_id()))


def _journal(tx: Any) -> None:
    ledger.book_all(tx, [_entry()], datetime.now(UTC))


def _journals(tx: Any) -> None:
    ledger.book_all(tx, [_entry() for _ in range(MANY)], datetime.now(UTC))


def _order(tx: Any, payer: Actor) -> None:
    now = datetime.now(UTC)
    made = service.open_order(
        tx,
        payer.id,
        subject=f"bench:{new_id()}",
        amount=1,
        currency="CNY",
        expires=now + timedelta(minutes=15),
        now=now,
    )
    service.pay_from_balance(tx, payer, made.id, now)


def _rate(once: Callable[[], Any]) -> float:
    once()
    began, done = time.monotonic(), 0
    while time.monotonic() - began < SECONDS:
        once()
        done += 1
    return done / (time.monotonic() - began)


def _replayed(house: House, work: Callable[[Any], Any]) -> float:
    """The SQL of `work`, listened to and sent again by the driver; keys are unique, so each run is listened to first."""
    runs: list[list[Statement]] = []

    class Listened(Exception):
        pass

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        runs[-1].append((statement, parameters, many))

    def listen(tx: Any) -> None:
        work(tx)
        raise Listened  # rolled back: the driver does it in earnest

    event.listen(house.db.engine, "before_cursor_execute", note)
    try:
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            runs.append([])
            with contextlib.suppress(Listened):
                house.db.write(listen)
    finally:
        event.remove(house.db.engine, "before_cursor_execute", note)
    raw = house.db.engine.raw_connection()
    try:
        began = time.monotonic()
        for run in runs:
            _send(raw, run, house.db.sqlite)
        return len(runs) / (time.monotonic() - began)
    finally:
        raw.close()


def _send(raw: Any, run: list[Statement], sqlite: bool) -> None:
    cursor = raw.cursor()
    if sqlite:
        cursor.execute("BEGIN IMMEDIATE")
    for statement, parameters, many in run:
        if many:
            cursor.executemany(statement, parameters)
        else:
            cursor.execute(statement, parameters)
        if cursor.description:
            cursor.fetchall()
    if sqlite:
        cursor.execute("COMMIT")
    else:
        raw.commit()
    cursor.close()
