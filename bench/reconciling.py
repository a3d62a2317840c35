"""Reconciliation of 100,000 rows: seconds and memory, beside what the database itself takes for the same reads and writes."""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from suwen.accounts.models import User
from suwen.app import build_house
from suwen.core import migrate
from suwen.core.db import new_id
from suwen.core.house import House
from suwen.payments import matching
from suwen.payments.gateways import Line
from suwen.payments.models import Order, ReconciliationLine, Transaction
from suwen.payments.service import reconciling
from suwen.payments.service.reconciling import gathering
from suwen.settings import Settings
from tests.support.mariadb import private_mariadb

ROWS, AT_ONCE = 100_000, 5_000
DAY = date(2029, 6, 1)
LINES = ReconciliationLine.__table__


def report(title: str, house: House) -> None:
    """A day of ROWS payments of which one in a thousand differs; the first run writes them, the second finds them so."""
    bill = house.db.write(_payments)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    first = _took(lambda: reconciling.reconcile(house.db, "wechat", DAY, bill, house.clock()))
    again = _took(lambda: reconciling.reconcile(house.db, "wechat", DAY, bill, house.clock()))
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1e3
    pure = _took(lambda: matching.compare(bill, [], DAY))
    reads, writes = _alone(house)
    print(f"{title}, reconciliation of {ROWS} rows, {ROWS // 1000} of them different")
    print(f"{'first run, written':34}{first:10.1f} s   {first / (reads + writes):4.1f} x the database alone")
    print(f"{'again, nothing new':34}{again:10.1f} s   {again / (2 * reads):4.1f} x the database alone")
    print(f"{'the database alone':34}{reads:10.1f} s to read, {writes:.1f} s to write the same rows")
    print(f"{'comparing alone, no database':34}{pure:10.1f} s")
    print(f"{'memory':34}{peak:10.0f} MB more at the highest, beside the bill", flush=True)


def _took(work: Callable[[], Any]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _payments(tx: Session) -> list[Line]:
    payer, start = tx.scalar(select(User.id).where(User.role == "patient").limit(1)), matching.bounds(DAY)[0]
    bill = []
    for first in range(0, ROWS, AT_ONCE):
        orders, transactions = [], []
        for n in range(first, first + AT_ONCE):
            at, order, number = start + timedelta(minutes=30, milliseconds=800 * n), new_id(), f"TXNBENCH{n:08d}"
            orders.append({"id": order, "order_no": f"ORDBENCH{n:08d}", "user_id": payer, "order_type": "other",
                           "amount": 100 + n, "currency": "CNY", "status": "paid", "expire_time": at})  # fmt: skip
            transactions.append({
                "id": new_id(), "transaction_no": number, "order_id": order, "payment_method": "wechat",
                "transaction_type": "payment", "amount": 100 + n, "currency": "CNY", "status": "success",
                "external_transaction_id": f"EXT{number}", "initiated_at": at, "completed_at": at,
            })  # fmt: skip
            off = n % 1000 == 0
            bill.append(Line("payment", number, f"EXT{number}", 100 + n + off, "CNY", at, "SUCCESS", 1))
        tx.execute(insert(Order.__table__), orders)
        tx.execute(insert(Transaction.__table__), transactions)
    return bill


def _alone(house: House) -> tuple[float, float]:
    """The same rows read in one piece, and the same lines written past everything of ours."""

    def read(tx: Session) -> int:
        found = gathering.BOOKED.where(Transaction.payment_method == "wechat", Transaction.status == "success")
        return sum(1 for _ in tx.connection().execute(found))

    rows = house.db.read(lambda tx: [dict(row._mapping) for row in tx.execute(select(LINES).where(_ours()))])
    reads = _took(lambda: house.db.read(read))
    house.db.write(lambda tx: tx.execute(delete(LINES).where(_ours())))
    began = time.monotonic()
    for start in range(0, len(rows), 1000):
        part = rows[start : start + 1000]
        house.db.write(lambda tx, part=part: tx.connection().execute(insert(LINES), part))
    return reads, time.monotonic() - began


def _ours() -> Any:
    return LINES.c.out_no.like("TXNBENCH%")


def alone(engine: str) -> None:
    """`python -m bench.reconciling [mariadb]`: without the rest of the bench."""
    with tempfile.TemporaryDirectory(prefix="suwen-bench-") as folder:
        if engine == "mariadb":
            with private_mariadb() as server:
                _at("MariaDB", server.url("suwen"), Path(folder))
        else:
            _at("SQLite", f"sqlite:///{folder}/bench.db", Path(folder))


def _at(title: str, url: str, folder: Path) -> None:
    environment = os.environ | {"SUWEN_DATABASE_URL": url, "SUWEN_DATA_DIR": str(folder), "SUWEN_WORKER": "0"}
    migrate.upgrade(url)
    house = build_house(Settings.from_environment(environment))
    patient = {"id": new_id(), "account": "patient", "name": "Patient", "password_hash": "-", "role": "patient"}
    house.db.write(lambda tx: tx.execute(insert(User.__table__), patient))
    report(title, house)
    house.db.close()


if __name__ == "__main__":
    alone(sys.argv[-1])
