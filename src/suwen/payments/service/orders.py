"""Orders: opened for a subject that payments does not interpret, paid in time or expired, found by their payer."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.db import changed, new_id, rows
from suwen.core.hot import Hot
from suwen.core.i18n import N_
from suwen.core.money import ensure_currency
from suwen.core.outbox import emit
from suwen.core.packed import written
from suwen.payments import rules, states
from suwen.payments.errors import (
    BadSum,
    CancelledElsewhere,
    NoSuchOrder,
    OrderClosed,
    OrderExpired,
    OrderPaid,
    OtherCurrency,
    SubjectHasOrder,
)
from suwen.payments.events import AttemptDue
from suwen.payments.events import OrderExpired as OrderHasExpired
from suwen.payments.models import Claim, Order, Transaction
from suwen.payments.service.wallets import wallet_of

orders_table = Order.__table__
NEW: dict[str, int | str] = {"version": 1, "status": "pending", "refunded_amount": 0, "refunding_amount": 0}
INSERT_ORDER = Hot(insert(orders_table).values({name: written(value) for name, value in NEW.items()}))
DUE_AT_ONCE = 200
TOP_UP_LIVES = timedelta(minutes=30)
FRESH = {"populate_existing": True}  # guarded writes go past the objects that the session knows


@dataclass(frozen=True)
class Opened:
    id: str
    order_no: str
    amount: int
    currency: str
    expires: datetime
    subject: str


def open_order(
    tx: Session, payer_id: str, *, subject: str, amount: int, currency: str, expires: datetime, now: datetime,
    order_type: str = "appointment", appointment_id: str | None = None, patient_profile_id: str | None = None,
    description: str = "", price_config_id: str | None = None, id: str | None = None, new_subject: bool = False,
) -> Opened:  # fmt: skip
    """Ask `payer_id` for an amount. `description` is seen on bills: no complaint, no diagnosis, no medicine in it.

    Refused: a second live order for the same subject; of a `new_subject`, made in this transaction, there is none.
    """
    if not 0 <= amount <= rules.LARGEST_SUM:
        raise BadSum()
    opened = Opened(id or new_id(), rules.number("ORD", now), amount, ensure_currency(currency), expires, subject)
    values = {
        "id": opened.id, "created_at": now, "updated_at": now, "order_no": opened.order_no,
        "user_id": payer_id, "appointment_id": appointment_id, "patient_profile_id": patient_profile_id,
        "subject": subject, "live_subject": subject, "order_type": order_type, "amount": amount,
        "currency": opened.currency, "expire_time": expires, "description": description[:127],
        "metadata": {"price_config_id": price_config_id} if price_config_id else None,
    }  # fmt: skip
    try:
        (INSERT_ORDER.later if new_subject else INSERT_ORDER.run)(tx.connection(), values)
    except IntegrityError as error:
        if "live_subject" in str(error.orig):
            raise SubjectHasOrder() from None
        raise
    changed(tx, f"orders:{payer_id}")
    return opened


def open_top_up(tx: Session, actor: Actor, amount: int, now: datetime, *, currency: str = "CNY") -> Opened:
    """Ask the actor for money into their own wallet, to be paid through a gateway.

    Refused: odd amounts, and a wallet that is kept in another currency.
    """
    kept = wallet_of(tx, actor.id, currency).currency
    if kept != currency:
        raise OtherCurrency(wallet=kept, order=currency)
    if not 0 < amount <= rules.LARGEST_TOP_UP:
        raise BadSum(fields={"amount": BadSum.title})
    id = new_id()
    return open_order(
        tx, actor.id, subject=f"{rules.TOP_UP}{id}", amount=amount, currency=currency, expires=now + TOP_UP_LIVES,
        now=now, order_type="other", id=id,
    )  # fmt: skip


def defer(tx: Session, order_id: str, expires: datetime, now: datetime) -> None:
    """It will be paid at the desk: the order lives until `expires`. Refused: what is paid, closed or expired."""
    mine = update(Order).where(Order.id == order_id, *_payable(now))
    if not rows(tx, mine.values(expire_time=expires, version=Order.version + 1, updated_at=now)):
        raise why_not_payable(tx, order_id, now)
    changed(tx, f"order:{order_id}")


def concern(tx: Session, subject: str, patient_profile_id: str, now: datetime) -> None:
    """What is sold is for somebody else of the account now. An order that is closed stays as it is."""
    mine = update(Order).where(Order.live_subject == subject, Order.status == "pending")
    rows(tx, mine.values(patient_profile_id=patient_profile_id, version=Order.version + 1, updated_at=now))


def settle(tx: Session, order_id: str, method: str, now: datetime) -> None:
    """pending -> paid, once, and not through a gateway. Refused: paid, closed, expired."""
    mine = update(Order).where(Order.id == order_id, *_payable(now))
    paid = {"status": "paid", "payment_method": method, "payment_time": now, "version": Order.version + 1}
    if not rows(tx, mine.values(**paid, updated_at=now)):
        raise why_not_payable(tx, order_id, now)
    give_up(tx, order_id, now)


def settle_late(tx: Session, order_id: str, method: str, at: datetime, now: datetime) -> bool:
    """Verified money of a gateway has come: paid, also when the order was given up meanwhile. False: paid before."""
    mine = update(Order).where(Order.id == order_id, Order.status.in_(states.before(states.ORDER, "paid")))
    paid = {"status": "paid", "payment_method": method, "payment_time": at, "version": Order.version + 1}
    return rows(tx, mine.values(**paid, updated_at=now)) == 1


def void(tx: Session, subject: str, now: datetime) -> bool:
    """Cancel the open order of a subject; False when there is none (paid ones are refunded instead).

    What somebody may be paying at a gateway at this moment is closed there, and counts as late money if it was paid.
    """
    id = tx.scalar(select(Order.id).where(Order.live_subject == subject, Order.status == "pending"))
    return id is not None and _cancelled(tx, id, now)


def cancel(tx: Session, actor: Actor, order_id: str, now: datetime) -> None:
    """The payer gives up a top-up. Refused: orders for something else, which are cancelled with it, and paid ones."""
    order = own_order(tx, actor, order_id)
    if not (order.subject or "").startswith(rules.TOP_UP):
        raise CancelledElsewhere()
    if not _cancelled(tx, order.id, now):
        raise why_not_payable(tx, order.id, now)


def _cancelled(tx: Session, order_id: str, now: datetime) -> bool:
    mine = update(Order).where(Order.id == order_id, Order.status == "pending")
    ended = {"status": "cancelled", "live_subject": None, "version": Order.version + 1, "updated_at": now}
    if not rows(tx, mine.values(**ended)):
        return False
    give_up(tx, order_id, now)
    ask_no_insurer(tx, order_id, N_("The order was cancelled."), now)
    changed(tx, f"order:{order_id}")
    return True


def expire_due(tx: Session, now: datetime) -> int:
    """Close the orders whose time is over, and tell; two workers at once close each of them once.

    One that may be being paid at a gateway is closed there first; until that is answered it stays as it is, and nobody
    can begin to pay it any more.
    """
    late = select(Order.id).where(Order.status == "pending", Order.expire_time <= now)
    unasked = late.where(~_asked_about(*states.OPEN) | _asked_about("begun", "offered"))
    return sum(expire(tx, id, now) for id in tx.scalars(unasked.order_by(Order.expire_time).limit(DUE_AT_ONCE)).all())


def expire(tx: Session, order_id: str, now: datetime) -> bool:
    """pending -> expired if its time is over and no gateway can be paid for it any more."""
    order = tx.get(Order, order_id, with_for_update=True, populate_existing=True)
    if order is None or order.status != "pending" or order.expire_time > now:
        return False
    give_up(tx, order_id, now)
    mine = update(Order).where(Order.id == order_id, Order.status == "pending", ~_asked_about(*states.OPEN))
    if not rows(tx, mine.values(status="expired", live_subject=None, version=Order.version + 1, updated_at=now)):
        return False
    ask_no_insurer(tx, order_id, N_("The time to pay the order was over."), now)
    emit(tx, OrderHasExpired(order_id=order_id, subject=order.subject), now)
    changed(tx, f"order:{order_id}", f"orders:{order.user_id}")
    return True


def payable_elsewhere(tx: Session, subject: str) -> bool:
    """Whether the open order of a subject may be paid at a gateway, or is being closed there."""
    mine = select(Order.id).where(Order.live_subject == subject, Order.status == "pending", _asked_about(*states.OPEN))
    return tx.scalar(mine) is not None


def close_elsewhere(tx: Session, subject: str, now: datetime) -> bool:
    """Have the open order of a subject closed at its gateways. False where nobody can pay it there (any more)."""
    id = tx.scalar(select(Order.id).where(Order.live_subject == subject, Order.status == "pending"))
    if id is not None:
        give_up(tx, id, now)
    return payable_elsewhere(tx, subject)


def give_up(tx: Session, order_id: str, now: datetime) -> int:
    """Nobody shall pay this order at a gateway any more: have its open attempts closed there. How many there were."""
    mine = (Transaction.order_id == order_id, Transaction.phase.in_(states.before(states.ATTEMPT, "closing")))
    done = 0
    for id in tx.scalars(select(Transaction.id).where(*mine)).all():
        closing = {
            "phase": "closing", "live_order_id": None, "ask_at": now + states.CLOSED_AGAIN[0], "asks": 0,
            "request_data": None,
        }  # fmt: skip
        if rows(tx, update(Transaction).where(Transaction.id == id, *mine).values(**closing, updated_at=now)):
            emit(tx, AttemptDue(attempt_id=id), now)
            done += 1
    return done


def ask_no_insurer(tx: Session, order_id: str, why: str, now: datetime) -> None:
    """Nobody is asked for this order any more: a claim that was not answered yet is withdrawn. The order is held."""
    mine = update(Claim).where(Claim.live_order_id == order_id, Claim.status == "submitted")
    said = {"note": why, "decided_at": now, "live_order_id": None}
    if rows(tx, mine.values(status="withdrawn", **said, version=Claim.version + 1, updated_at=now)):
        changed(tx, "claims")


def _asked_about(*phases: str) -> Any:
    return exists().where(Transaction.order_id == Order.id, Transaction.phase.in_(phases))


def own_order(tx: Session, actor: Actor, order_id: str) -> Any:
    """The order, for its payer or an admin; NoSuchOrder for everybody else."""
    found = tx.get(Order, order_id, populate_existing=True)
    if found is None or (actor.role not in ("admin", "system") and found.user_id != actor.id):
        raise NoSuchOrder()
    return found


def order_of(tx: Session, subject: str) -> Order | None:
    """The newest order of a subject, whatever became of it."""
    newest = select(Order).where(Order.subject == subject).order_by(Order.created_at.desc(), Order.id.desc())
    return tx.scalars(newest.limit(1), execution_options=FRESH).first()


def is_paid(tx: Session, order_id: str) -> bool:
    """Paid, and nothing of it paid back or on its way back."""
    whole = (Order.status == "paid", Order.refunding_amount == 0)
    return tx.scalar(select(Order.id).where(Order.id == order_id, *whole)) is not None


def orders_of(tx: Session, appointment_ids: list[str]) -> dict[str, Order]:
    """The newest order of each appointment, for lists."""
    asked = select(Order).where(Order.appointment_id.in_(appointment_ids)).order_by(Order.created_at, Order.id)
    return {str(order.appointment_id): order for order in tx.scalars(asked, execution_options=FRESH)}


def why_not_payable(tx: Session, order_id: str, now: datetime) -> Exception:
    found = tx.execute(select(Order.status, Order.expire_time).where(Order.id == order_id)).first()
    match found and found.status:
        case None:
            return NoSuchOrder()
        case "pending" | "expired":
            return OrderExpired()
        case "cancelled":
            return OrderClosed()
        case _:
            return OrderPaid()


def _payable(now: datetime) -> tuple[Any, Any]:
    return Order.status == "pending", Order.expire_time > now
