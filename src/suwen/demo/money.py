"""What is being asked back and asked of insurers: a refund and a claim in every state that needs no gateway."""

import random
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.demo.clinic import Clinic
from suwen.demo.visits import Visit
from suwen.payments import service as payments
from suwen.payments.models import Order
from suwen.payments.schemas.claims import ClaimInput
from suwen.payments.service import claims, refunds

WHY = (
    "等了很久 Waited very long", "多收了一次挂号费 Charged once too often",
    "视频一直断线 The line broke again and again", "预约错了医生 Booked the wrong doctor",
)  # fmt: skip
INSURERS = ("中国人民财产保险 PICC", "平安健康 Ping An Health", "Bupa Global")


def play(tx: Session, clinic: Clinic, held: list[Visit], now: datetime, dice: random.Random) -> None:
    """Of the visits that took place: asked back, approved, handed out, not approved; and claims on open orders."""
    _refunds(tx, clinic, held, now)
    _claims(tx, clinic, now, dice)


def _refunds(tx: Session, clinic: Clinic, held: list[Visit], now: datetime) -> None:
    admin, asked = clinic.admin, []
    ids = {visit.id: visit.patient for visit in held}
    paid = select(Order).where(Order.appointment_id.in_(ids), Order.status == "paid", Order.amount > 1000)
    by_method: dict[str, list[Order]] = {"balance": [], "cash": []}
    for order in tx.scalars(paid.order_by(Order.created_at.desc())):
        by_method.get(order.payment_method or "", []).append(order)
    for number, order in enumerate(by_method["balance"][:4] + by_method["cash"][:3]):
        payer = ids[str(order.appointment_id)]
        since = now - timedelta(hours=30 - 3 * number)
        asked.append(refunds.request(tx, payer, order.id, order.amount // 2, WHY[number % 4], since))
    for place, id in enumerate(asked):
        if place in (1, 4, 5):  # into the balance; waits at the desk; handed out
            refunds.approve(tx, admin, id, now - timedelta(hours=5), note="已核实 Checked")
        if place == 5:
            refunds.hand_out(tx, admin, id, now - timedelta(hours=2))
        if place == 2:
            refunds.reject(tx, admin, id, "就诊已按约定完成 The visit took place as agreed.", now - timedelta(hours=4))


def _claims(tx: Session, clinic: Clinic, now: datetime, dice: random.Random) -> None:
    made = [_claim(tx, clinic, clinic.patients[number + 6], now, dice) for number in range(5)]
    admin, answered = clinic.admin, now - timedelta(hours=3)
    claims.approve(tx, admin, made[1], "PA-2030-118", answered)
    claims.approve(tx, admin, made[2], "PA-2030-073", answered)
    claims.settle(tx, admin, made[2], now - timedelta(hours=1))
    claims.reject(tx, admin, made[3], "保单不含门诊 The policy covers no outpatient visits.", answered)
    claims.withdraw(tx, admin, made[4], "患者改为自费 The patient pays.", answered)


def _claim(tx: Session, clinic: Clinic, patient: Actor, now: datetime, dice: random.Random) -> str:
    then = now - timedelta(days=1, hours=dice.randint(1, 20))
    order = payments.open_order(
        tx, patient.id, subject=f"desk:{patient.id}", amount=dice.choice((6800, 9800, 16800)), currency="CNY",
        expires=now + timedelta(days=1), now=then, order_type="consultation",
        description="专家会诊 Expert consultation",
    )  # fmt: skip
    policy = ClaimInput(insurer=dice.choice(INSURERS), holder=patient.name, policy_no=f"P{dice.randint(10**9, 10**10)}")
    return claims.submit(tx, clinic.admin, order.id, policy, then)
