"""What the payer is shown while paying: one state of a few, told from the order and its newest attempt.

Nothing here is believed from a browser: who came back from a gateway's page sees that the gateway is being asked.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.notifications.service.watching import watchable
from suwen.payments import states
from suwen.payments.errors import NothingToScan
from suwen.payments.models import GATEWAY_OF, Anomaly, Order, Transaction
from suwen.payments.rules import TOP_UP
from suwen.payments.schemas import Way
from suwen.payments.service.attempts import ways as ways_to_pay
from suwen.payments.service.attempts import worn_out
from suwen.payments.service.orders import own_order

State = Literal[
    "choosing", "asking", "away", "code", "go", "elsewhere", "checking", "failed",
    "paid", "late", "late_back", "refunded", "expired", "cancelled",
]  # fmt: skip
MOBILE = re.compile(r"Mobi|Android|iPhone|iPad|HarmonyOS", re.IGNORECASE)
WECHATS_OWN = re.compile(r"MicroMessenger", re.IGNORECASE)  # its browser; on a computer there is one too
H5 = ("wechat", "phone")
OUTSIDE = "outside"  # the scene of a way that is there in another browser only
ANSWERS_WITHIN = timedelta(seconds=5)  # a gateway that is asked; later it is said that nothing has come
AWAY_AFTER = 2  # questions that nobody answered
PATIENCE = timedelta(seconds=12)  # with a gateway that has not offered anything yet
HELD = timedelta(hours=2)  # an order that lives longer was promised to be paid at the desk


@dataclass(frozen=True)
class Screen:
    """`way` is the gateway of the live attempt. `over` says in which states nothing will change any more.

    `elsewhere`: it was begun, and this page has nowhere to go on to: a program's card form or app, a link of WeChat's
    that is too old, or is looked at inside WeChat.
    `ask`: the gateway has not been asked yet since the payer came back. `nothing_yet`: it was, and knows of no payment.
    """

    state: State
    ways: list[Way] = field(default_factory=list)
    way: str = ""
    attempt_id: str = ""
    offer: dict[str, Any] = field(default_factory=dict)
    until: datetime | None = None
    error_code: str = ""
    ask: bool = False
    nothing_yet: bool = False
    top_up: bool = False
    deferred: bool = False
    phone: bool = False

    @property
    def over(self) -> bool:
        return self.state in ("paid", "late", "late_back", "refunded", "expired", "cancelled")

    @property
    def waiting(self) -> bool:
        return self.state in ("asking", "away", "code", "go", "elsewhere", "checking")

    @property
    def mark(self) -> str:
        """The same as long as the page looks the same: what is unchanged is not drawn anew."""
        return f"{self.state}:{self.attempt_id[-8:]}:{int(self.nothing_yet)}"


def on_a_phone(actor: Actor) -> bool:
    """Whether to send the browser to the wallet's app rather than to show a code to scan with it."""
    return bool(MOBILE.search(actor.agent))


def page_ways(tx: Session, actor: Actor, currency: str, *, phone: bool) -> list[Way]:
    """The ways for the actor's browser. WeChat refuses its own page for phones inside WeChat, where we have no openid
    to pay with otherwise: that way leads `outside`.
    """
    found = ways_to_pay(tx, currency, phone=phone)
    if not WECHATS_OWN.search(actor.agent):
        return found
    return [Way(gateway=way.gateway, scene=OUTSIDE) if (way.gateway, way.scene) == H5 else way for way in found]


def screen(
    tx: Session, actor: Actor, order_id: str, now: datetime, *, phone: bool, returned: bool = False, asked: bool = False
) -> Screen:  # fmt: skip
    """What to show the payer of an order. NoSuchOrder for everybody else."""
    order = own_order(tx, actor, order_id)
    about: dict[str, Any] = {
        "top_up": (order.subject or "").startswith(TOP_UP), "phone": phone,
        "deferred": order.expire_time - order.created_at > HELD,
    }  # fmt: skip
    newest = _newest(tx, order_id)
    if order.status != "pending":
        return _ended(tx, order, newest, returned=returned, **about)
    if order.expire_time <= now:
        still = newest is not None and newest.phase in states.OPEN
        return Screen("checking" if still else "expired", way=_gateway(newest) if still else "", **about)
    about |= {"ways": page_ways(tx, actor, order.currency, phone=phone) if order.amount else []}
    if newest is None or newest.phase in ("closing", "closed", "paid"):
        return Screen("choosing", **about)
    about |= {"way": _gateway(newest), "attempt_id": newest.id, "until": newest.expires_at}
    if newest.phase == "failed":
        return Screen("failed", error_code=newest.error_code or "", **about)
    if newest.phase == "begun":
        silent = newest.asks >= AWAY_AFTER or newest.initiated_at <= now - PATIENCE
        return Screen("away" if silent or _silent_before(tx, newest) else "asking", **about)
    return _offered(newest, actor, now, returned=returned, asked=asked, **about)


def _offered(newest: Any, actor: Actor, now: datetime, *, returned: bool, asked: bool, **about: Any) -> Screen:
    offer = newest.offer or {}
    refused = (about["way"], newest.scene) == H5 and WECHATS_OWN.search(actor.agent)
    leads = offer.get("url") and not refused and not worn_out(newest, now)
    shown: State = "code" if offer.get("kind") == "qr" else "go" if leads else "elsewhere"
    if returned and not asked:
        return Screen("checking", ask=True, offer=offer, **about)
    if asked and newest.updated_at > now - ANSWERS_WITHIN:
        return Screen("checking", offer=offer, **about)
    return Screen(shown, offer=offer, nothing_yet=asked, **about)


def _ended(tx: Session, order: Any, newest: Any, *, returned: bool, **about: Any) -> Screen:
    late = order.payment_method in GATEWAY_OF and tx.scalar(
        select(exists().where(Anomaly.order_id == order.id, Anomaly.kind == "late"))
    )
    going_back = order.refunded_amount + order.refunding_amount > 0
    if order.status == "paid":
        if late:
            return Screen("late_back" if going_back else "late", **about)
        return Screen("paid", **about)
    if order.status in ("refunded", "partial_refunded"):
        return Screen("late_back" if late else "refunded", **about)
    open_there = newest is not None and newest.phase in states.OPEN
    if open_there and returned:
        return Screen("checking", way=_gateway(newest), **about)
    return Screen("expired" if order.status == "expired" else "cancelled", **about)


def _newest(tx: Session, order_id: str) -> Any:
    mine = select(Transaction).where(Transaction.order_id == order_id, Transaction.phase.is_not(None))
    newest = mine.order_by(Transaction.initiated_at.desc(), Transaction.id.desc()).limit(1)
    return tx.scalars(newest, execution_options={"populate_existing": True}).first()


def _silent_before(tx: Session, newest: Any) -> bool:
    """Whether the same gateway has not answered to an earlier number either, which waits to be closed there."""
    before = (
        Transaction.order_id == newest.order_id, Transaction.payment_method == newest.payment_method,
        Transaction.phase == "closing", Transaction.asks >= 1, Transaction.offer.is_(None), Transaction.id != newest.id,
    )  # fmt: skip
    return bool(tx.scalar(select(exists().where(*before))))


def _gateway(attempt: Any) -> str:
    return GATEWAY_OF[attempt.payment_method]


def code_text(tx: Session, actor: Actor, order_id: str) -> str:
    """What the code of the live attempt says; NothingToScan where there is none."""
    own_order(tx, actor, order_id)
    live = tx.scalars(select(Transaction).where(Transaction.live_order_id == order_id)).first()
    offer = (live.offer if live is not None and live.phase == "offered" else None) or {}
    if offer.get("kind") != "qr" or not offer.get("text"):
        raise NothingToScan()
    return str(offer["text"])


def _may_hear(tx: Session, me: Actor, id: str, now: datetime) -> bool:
    """Who may hear that something happened to an order: its payer and the desk."""
    payer = tx.scalar(select(Order.user_id).where(Order.id == id))
    return payer is not None and (me.role == "admin" or payer == me.id)


watchable("order", _may_hear)
