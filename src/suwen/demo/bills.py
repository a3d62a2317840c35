"""Top-ups through each channel on the last days, and the bills of those days held against them by the service.

Most days fit, and the older ones are settled; on one the bill says something else.
"""

import random
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.db import Database, new_id
from suwen.payments import matching, rules
from suwen.payments import service as payments
from suwen.payments.gateways import Answer, Line
from suwen.payments.models import METHOD_OF, Reconciliation, ReconciliationLine, Transaction
from suwen.payments.service import applying, reconciling

CHANNELS = ("wechat", "alipay", "card")
DAYS, EACH = 4, 3
FEES = {"wechat": (6, 0), "alipay": (6, 0), "card": (29, 30)}  # the practice cashier's: per mille, and minor units more
AMOUNTS = (5000, 10000, 20000, 30000)


def play(db: Database, admin: Actor, patients: list[Actor], now: datetime, dice: random.Random) -> None:
    for gateway in CHANNELS:
        last = matching.last_ready(gateway, now)
        for back in reversed(range(DAYS)):
            day = last - timedelta(days=back)
            noon = matching.bounds(day)[0] + timedelta(hours=11)
            times = [noon + timedelta(minutes=97 * n + dice.randint(0, 60)) for n in range(EACH)]
            for at in times:
                db.write(partial(_paid, gateway=gateway, dice=dice, patients=patients, at=at))
            bill = db.read(partial(_bill, gateway=gateway, day=day))
            spoilt = _spoilt(bill) if (gateway, back) == ("wechat", 1) else bill
            id = reconciling.reconcile(db, gateway, day, spoilt, now)
            if id and back >= 2:
                db.write(partial(_settled, admin=admin, id=id, now=now))


def _settled(tx: Session, admin: Actor, id: str, now: datetime) -> None:
    reconciling.settle(tx, admin, id, now)


def _bill(tx: Session, gateway: str, day: date) -> list[Line]:
    """All that was paid through the gateway on a day in China, visits too, as its bill tells of it."""
    begin, end = matching.bounds(day)
    found = select(Transaction).where(
        Transaction.payment_method == METHOD_OF[gateway], Transaction.transaction_type == "payment",
        Transaction.status == "success", Transaction.completed_at >= begin, Transaction.completed_at < end,
    )  # fmt: skip
    return [
        Line("payment", one.transaction_no, one.external_transaction_id or "", one.amount, one.currency,
             one.completed_at or begin, "SUCCESS", _fee(gateway, one.amount))
        for one in tx.scalars(found.order_by(Transaction.completed_at, Transaction.id))
    ]  # fmt: skip


def _fee(gateway: str, amount: int) -> int:
    mille, more = FEES[gateway]
    return (amount * mille + 500) // 1000 + more


def _paid(tx: Session, gateway: str, dice: random.Random, patients: list[Actor], at: datetime) -> None:
    """Paid as the gateway's answer has it booked."""
    payer, amount = dice.choice(patients), dice.choice(AMOUNTS)
    order = payments.open_top_up(tx, payer, amount, at - timedelta(minutes=2), currency="CNY")
    number, external = rules.number("TXN", at), f"42000{dice.randint(10**20, 10**21 - 1)}"
    tx.add(
        Transaction(
            id=new_id(), transaction_no=number, order_id=order.id, payment_method=METHOD_OF[gateway],
            transaction_type="payment", amount=amount, currency="CNY", initiated_at=at - timedelta(minutes=1),
            scene="qr", phase="offered", live_order_id=order.id, created_at=at,
        )
    )  # fmt: skip
    tx.flush()
    answer = Answer("paid", number, external_id=external, amount=amount, currency="CNY", at=at)
    applying.payment_known(tx, gateway, answer, at)


def _spoilt(bill: list[Line]) -> list[Line]:
    """One is missing, one is there with another amount, one is of somebody else."""
    first, second, *rest = bill
    stranger = replace(first, out_no="SHOP20300099", external_id="4200099900001", amount=8800, fee=52)
    return [replace(second, amount=second.amount + 100), stranger, *rest]


def differences(tx: Session) -> dict[str, dict[str, Any]]:
    """What the practice cashier's bills have to say otherwise than it remembers, so that a day that is compared again
    is as it was. By gateway: {"missing": [numbers], "amount": {number: more}, "extra": [rows]}."""
    found: dict[str, dict[str, Any]] = {}
    wanted = select(Reconciliation.gateway, ReconciliationLine).join(ReconciliationLine)
    for gateway, line in tx.execute(wanted.where(ReconciliationLine.result != "match")):
        told = found.setdefault(gateway, {"missing": [], "amount": {}, "extra": []})
        if line.bill_amount is None:
            told["missing"].append(line.out_no)
        elif line.local_amount is None and line.happened_at:
            told["extra"].append(
                {"out_no": line.out_no, "external_id": line.external_id, "amount": line.bill_amount, "fee": line.fee,
                 "at": line.happened_at.timestamp()}
            )  # fmt: skip
        elif line.local_amount is not None:
            told["amount"][line.out_no] = line.bill_amount - line.local_amount
    return found
