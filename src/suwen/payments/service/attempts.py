"""Paying through a gateway, as the payer sees it: choose a way, be shown where to pay, choose another.

An attempt is a row of `payment_transactions`; its number is the order's number at the gateway. There is one live
attempt per order. Whoever chooses another way gives the old one up: it is closed at its gateway before the new one is
offered there (`asking`). Nothing here moves money, and nothing here speaks with a gateway.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from suwen.core import sealed
from suwen.core.actor import Actor
from suwen.core.db import changed, new_id, rows
from suwen.core.errors import Forbidden
from suwen.core.outbox import emit
from suwen.payments import rules, states
from suwen.payments.errors import GatewayNotOffered, NothingToPay
from suwen.payments.events import AttemptBegun, AttemptDue, GatewayChosen
from suwen.payments.gateways.terms import DESCRIPTIONS, Gateway, Purpose
from suwen.payments.models import GATEWAY_OF, METHOD_OF, Order, Transaction
from suwen.payments.schemas import AttemptView, Way
from suwen.payments.service.configs import switched_on
from suwen.payments.service.orders import give_up, own_order, why_not_payable

Scenes = Mapping[str, tuple[str, ...]]
# What our own pages can show on a desktop and on a phone, best first; and what a program can that asks for the ways.
DESKTOP: Scenes = {"wechat": ("qr",), "alipay": ("page", "qr"), "card": ("page",)}
PHONE: Scenes = {"wechat": ("phone",), "alipay": ("phone", "page"), "card": ("phone", "page")}
SCRIPTED: Scenes = {"card": ("client",)}
YUAN_ONLY = ("wechat", "alipay")
LONGEST_REF = 128
SEALED = ("payer_ip", "payer_ref")


def offered(tx: Session) -> Mapping[str, frozenset[str]]:
    """The scenes of each gateway that is configured, and not switched off by the clinic."""
    allowed = switched_on(tx)
    return {name: gateway.scenes & allowed[name] for name, gateway in _gateways(tx).items()}


def ways(tx: Session, currency: str, *, phone: bool, scripted: bool = False) -> list[Way]:
    """The best scene of each gateway that takes this currency, for a desktop or a phone. `scripted`: for whoever brings
    a card form of their own, which our pages do not.
    """
    found, open_ = [], offered(tx)
    for name, scenes in (PHONE if phone else DESKTOP).items():
        there = open_.get(name, frozenset())
        wanted = (*scenes, *(SCRIPTED.get(name, ()) if scripted else ()))
        scene = next((one for one in wanted if one in there), None)
        if scene and _takes(name, currency):
            found.append(Way(gateway=name, scene=scene))
    return found


def ways_of(tx: Session, actor: Actor, order_id: str, *, phone: bool) -> list[Way]:
    """The ways to pay an order of the actor's with a program; none where there is nothing to pay any more."""
    order = own_order(tx, actor, order_id)
    payable = order.status == "pending" and order.amount
    return ways(tx, order.currency, phone=phone, scripted=True) if payable else []


def return_url(tx: Session, order_id: str) -> str:
    """Where a gateway's page sends the payer back to. Coming from there proves nothing."""
    base = str(getattr(tx.info["settings"], "base_url", "")).rstrip("/")
    return f"{base}/orders/{order_id}?returned=1"


def begin(
    tx: Session, actor: Actor, order_id: str, gateway: str, scene: str, now: datetime, *, payer_ip: str = "",
    payer_ref: str = "", return_url: str = "",
) -> AttemptView:  # fmt: skip
    """Choose a way to pay one's own order. The same way chosen again, say by a refresh, is the attempt that lives.

    `payer_ref` is the payer's openid where the scene is inside WeChat. Refused: ways that are not offered, orders that
    are paid, closed, expired, free of charge, or somebody else's.
    """
    order = _payable(tx, actor, order_id, now)
    _suits(tx, order, gateway, scene, payer_ip=payer_ip, payer_ref=payer_ref)
    live = _live(tx, order_id)
    if live is not None and _same(live, gateway, scene, now):
        return attempt_view(live)
    give_up(tx, order_id, now)
    made = _made(order, gateway, scene, now)
    _remember(tx, made, payer_ip=payer_ip, payer_ref=payer_ref[:LONGEST_REF], return_url=return_url)
    tx.add(made)
    tx.flush()
    emit(tx, AttemptBegun(attempt_id=made.id), now)
    emit(tx, GatewayChosen(order_id=order_id, subject=order.subject), now)
    changed(tx, f"order:{order_id}", f"orders:{order.user_id}")
    return attempt_view(made)


def attempts_of(tx: Session, actor: Actor, order_id: str) -> list[AttemptView]:
    """The attempts at gateways on an order of the actor's, newest first."""
    own_order(tx, actor, order_id)
    mine = select(Transaction).where(Transaction.order_id == order_id, Transaction.phase.is_not(None))
    newest = mine.order_by(Transaction.initiated_at.desc(), Transaction.id.desc())
    return [attempt_view(found) for found in tx.scalars(newest, execution_options={"populate_existing": True})]


def attempt(tx: Session, actor: Actor, order_id: str) -> AttemptView | None:
    """The newest attempt, whatever became of it."""
    return next(iter(attempts_of(tx, actor, order_id)), None)


def ask_now(tx: Session, actor: Actor, order_id: str, now: datetime) -> bool:
    """Somebody came back from a gateway's page, which proves nothing: ask there. Not more often than every few seconds.

    The address with which a browser returns is not looked at: whoever wrote it, only the gateway's own answer counts.
    """
    own_order(tx, actor, order_id)
    ids = select(Transaction.id).where(Transaction.order_id == order_id, Transaction.phase.in_(states.OPEN))
    asked = 0
    for id in tx.scalars(ids).all():
        waited = update(Transaction).where(Transaction.id == id, Transaction.updated_at <= now - states.PATIENCE)
        if rows(tx, waited.values(updated_at=now)):
            emit(tx, AttemptDue(attempt_id=id), now)
            asked += 1
    return asked > 0


def replace(tx: Session, old: Transaction, now: datetime) -> None:
    """A new number for an attempt whose gateway will never answer to the old one; nobody was shown that yet."""
    order = tx.get_one(Order, old.order_id, with_for_update=True, populate_existing=True)
    told = remembered(tx, old)
    if order.status != "pending" or order.expire_time <= now or not give_up(tx, order.id, now):
        return
    made = _made(order, GATEWAY_OF[old.payment_method], old.scene or "", now)
    _remember(tx, made, **told)
    tx.add(made)
    emit(tx, AttemptBegun(attempt_id=made.id), now)
    changed(tx, f"order:{order.id}", f"orders:{order.user_id}")


def remembered(tx: Session, attempt: Transaction) -> dict[str, str]:
    """What the gateway is to be told of the payer: kept sealed, and only until the offer is made."""
    kept = attempt.request_data or {}
    opened = {name: sealed.keys(tx).decrypt(kept[name], _place(attempt, name)) for name in SEALED if kept.get(name)}
    return {"payer_ip": "", "payer_ref": "", "return_url": kept.get("return_url", "")} | opened


def worn_out(live: Transaction, now: datetime) -> bool:
    """Whether what the payer was shown leads nowhere any more, before the attempt itself is over."""
    until = (live.offer or {}).get("until")
    return until is not None and datetime.fromisoformat(until) <= now


def attempt_view(found: Transaction) -> AttemptView:
    return AttemptView(
        id=found.id, order_id=found.order_id, gateway=GATEWAY_OF[found.payment_method], scene=found.scene or "",
        phase=found.phase or "", amount=found.amount, currency=found.currency, expires_at=found.expires_at,
        offer=found.offer if found.phase == "offered" else None, error_code=found.error_code,
        created_at=found.created_at,
    )  # fmt: skip


def purpose_of(order: Order) -> Purpose:
    """What the payer's bill calls it: never more than the kind of service."""
    if (order.subject or "").startswith(rules.TOP_UP):
        return "top_up"
    return order.order_type if order.order_type in DESCRIPTIONS else "other"


def _gateways(tx: Session) -> Mapping[str, Gateway]:
    # not before somebody pays: an HTTP client takes a quarter of a second to load
    from suwen.payments.service.channels import gateways_of

    return gateways_of(tx.info["db"])


def _payable(tx: Session, actor: Actor, order_id: str, now: datetime) -> Order:
    """The order, locked: of two who choose at the same moment the second sees the first one's attempt."""
    own_order(tx, actor, order_id)
    order = tx.get_one(Order, order_id, with_for_update=True, populate_existing=True)
    if order.user_id != actor.id:
        raise Forbidden("Only the payer can pay through a gateway.")
    if order.status != "pending" or order.expire_time <= now:
        raise why_not_payable(tx, order_id, now)
    if not order.amount:
        raise NothingToPay()
    return order


def _suits(tx: Session, order: Order, gateway: str, scene: str, *, payer_ip: str, payer_ref: str) -> None:
    there = offered(tx)
    known = scene in there.get(gateway, ()) and _takes(gateway, order.currency)
    # WeChat knows a phone's browser by its address, and a reader inside WeChat by the openid
    told = gateway != "wechat" or ((scene != "phone" or payer_ip) and (scene != "inside" or payer_ref))
    if not known or not told:
        raise GatewayNotOffered(gateway=gateway, scene=scene, offered={name: sorted(there[name]) for name in there})


def _takes(gateway: str, currency: str) -> bool:
    return currency == "CNY" or gateway not in YUAN_ONLY


def _live(tx: Session, order_id: str) -> Transaction | None:
    mine = select(Transaction).where(Transaction.live_order_id == order_id)
    return tx.scalars(mine, execution_options={"populate_existing": True}).first()


def _same(live: Transaction, gateway: str, scene: str, now: datetime) -> bool:
    alike = (GATEWAY_OF[live.payment_method], live.scene) == (gateway, scene) and not worn_out(live, now)
    return alike and live.phase in ("begun", "offered") and live.expires_at is not None and live.expires_at > now


def _made(order: Order, gateway: str, scene: str, now: datetime) -> Transaction:
    ends = min(order.expire_time, now + states.LONGEST_ATTEMPT)
    return Transaction(
        id=new_id(), created_at=now, updated_at=now, transaction_no=rules.number("PAY", now), order_id=order.id,
        payment_method=METHOD_OF[gateway], transaction_type="payment", amount=order.amount, currency=order.currency,
        status="pending", initiated_at=now, scene=scene, phase="begun", live_order_id=order.id, expires_at=ends,
        ask_at=states.ask_next("begun", 0, now, ends, now), asks=0,
    )  # fmt: skip


def _remember(tx: Session, made: Transaction, *, payer_ip: str, payer_ref: str, return_url: str) -> None:
    """Who pays is personal: sealed, and wiped once the gateway has been told."""
    told = {"payer_ip": payer_ip, "payer_ref": payer_ref}
    closed = {name: sealed.keys(tx).encrypt(told[name], _place(made, name)) for name in SEALED if told[name]}
    made.request_data = {"return_url": return_url} | closed


def _place(attempt: Transaction, name: str) -> Any:
    return f"payment_transactions:{attempt.id}:{name}"
