"""Money through gateways at the demonstration clinic: visits and wallets paid with WeChat, Alipay and cards, and tries
that came to nothing. What a gateway would have answered is said by us; the simulator is told of it afterwards."""

import random
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.demo.clinic import Clinic
from suwen.payments import service as payments
from suwen.payments.gateways.terms import Answer, State
from suwen.payments.models import GATEWAY_OF, Transaction
from suwen.payments.service.applying import payment_known
from suwen.payments.service.orders import expire

SCENES = {"wechat": "qr", "alipay": "page", "card": "page"}
LIKED = ("wechat", "wechat", "wechat", "alipay", "alipay", "card")


def at_a_gateway(tx: Session, me: Actor, order_id: str, now: datetime, dice: random.Random, name: str = "") -> bool:
    """The payer pays at once; False where no gateway is set up."""
    if not payments.offered(tx):
        return False
    name = name or dice.choice(LIKED)
    attempt = payments.begin_attempt(tx, me, order_id, name, SCENES[name], now)
    _answered(tx, attempt.id, name, "paid", now + timedelta(seconds=dice.randint(15, 90)), dice)
    return True


def wallets(tx: Session, clinic: Clinic, now: datetime, dice: random.Random) -> None:
    """Wallets filled through gateways; one order let run out, one given up, one still to be paid."""
    if not payments.offered(tx):
        return
    visitor = clinic.patients[0]
    fillings = (
        (visitor, "wechat", 10_000, 50), (visitor, "alipay", 20_000, 30), (clinic.patients[3], "card", 50_000, 26),
        (clinic.patients[7], "wechat", 5_000, 5),
    )  # fmt: skip
    for me, name, amount, hours in fillings:
        at = now - timedelta(hours=hours)
        at_a_gateway(tx, me, payments.open_top_up(tx, me, amount, at).id, at, dice, name)
    for hours, name in ((74, "wechat"), (20, "alipay"), (0, "wechat")):
        at = now - timedelta(hours=hours, minutes=4)
        order = payments.open_top_up(tx, visitor, 10_000, at)
        attempt = payments.begin_attempt(tx, visitor, order.id, name, SCENES[name], at)
        _answered(tx, attempt.id, name, "closed", at + timedelta(minutes=2), dice)
        if hours == 74:
            expire(tx, order.id, at + timedelta(hours=1))
        elif hours:
            payments.cancel(tx, visitor, order.id, at + timedelta(minutes=3))


def paid_at_gateways(tx: Session) -> list[dict[str, Any]]:
    """For the simulator, so that it can be asked about them, pay them back and put them on its bills."""
    names = (
        Transaction.payment_method, Transaction.transaction_no, Transaction.external_transaction_id, Transaction.amount,
        Transaction.currency, Transaction.completed_at,
    )  # fmt: skip
    found = select(*names).where(Transaction.phase == "paid").order_by(Transaction.completed_at)
    return [
        {"gateway": GATEWAY_OF[row.payment_method], "out_no": row.transaction_no, "amount": row.amount,
         "external_id": row.external_transaction_id, "currency": row.currency, "at": row.completed_at.timestamp()}
        for row in tx.execute(found)
    ]  # fmt: skip


def _answered(tx: Session, attempt_id: str, name: str, state: State, at: datetime, dice: random.Random) -> None:
    attempt = tx.get_one(Transaction, attempt_id)
    number = "".join(dice.choice("0123456789") for _ in range(18))
    known: dict[str, Any] = {}
    if state == "paid":
        external = f"pi_3Sim{number}" if name == "card" else f"4200{number}"
        known = {"external_id": external, "amount": attempt.amount, "currency": attempt.currency, "at": at}
    payment_known(tx, name, Answer(state, attempt.transaction_no, **known), at)
