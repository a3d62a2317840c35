"""Orders: opened for a subject that payments does not interpret, paid in time or expired, found by their payer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.db import changed, new_id, rows
from suwen.core.money import ensure_currency
from suwen.core.outbox import emit
from suwen.payments import rules
from suwen.payments.errors import BadSum, NoSuchOrder, OrderClosed, OrderExpired, OrderPaid, SubjectHasOrder
from suwen.payments.events import OrderExpired as OrderHasExpired
from suwen.payments.models import Order

orders_table = Order.__table__
INSERT_ORDER = insert(orders_table)
DUE_AT_ONCE = 200
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
    description: str = "", price_config_id: str | None = None,
) -> Opened:  # fmt: skip
    """Ask `payer_id` for an amount. `description` is seen on bills: no complaint, no diagnosis, no medicine in it.

    Refused: a second live order for the same subject.
    """
    if not 0 <= amount <= rules.LARGEST_SUM:
        raise BadSum()
    opened = Opened(new_id(), rules.number("ORD", now), amount, ensure_currency(currency), expires, subject)
    values = {
        "id": opened.id, "created_at": now, "updated_at": now, "version": 1, "order_no": opened.order_no,
        "user_id": payer_id, "appointment_id": appointment_id, "patient_profile_id": patient_profile_id,
        "subject": subject, "live_subject": subject, "order_type": order_type, "amount": amount, "refunded_amount": 0,
        "currency": opened.currency, "status": "pending", "expire_time": expires, "description": description[:127],
        "metadata": {"price_config_id": price_config_id} if price_config_id else None,
    }  # fmt: skip
    try:
        tx.connection().execute(INSERT_ORDER, values)
    except IntegrityError as error:
        if "live_subject" in str(error.orig):
            raise SubjectHasOrder() from None
        raise
    changed(tx, f"orders:{payer_id}")
    return opened


def defer(tx: Session, order_id: str, expires: datetime, now: datetime) -> None:
    """It will be paid at the desk: the order lives until `expires`. Refused: what is paid, closed or expired."""
    mine = update(Order).where(Order.id == order_id, *_payable(now))
    if not rows(tx, mine.values(expire_time=expires, version=Order.version + 1, updated_at=now)):
        raise why_not_payable(tx, order_id, now)


def settle(tx: Session, order_id: str, method: str, now: datetime) -> None:
    """pending -> paid, once. Refused: paid, closed, expired."""
    mine = update(Order).where(Order.id == order_id, *_payable(now))
    paid = {"status": "paid", "payment_method": method, "payment_time": now, "version": Order.version + 1}
    if not rows(tx, mine.values(**paid, updated_at=now)):
        raise why_not_payable(tx, order_id, now)


def void(tx: Session, subject: str, now: datetime) -> bool:
    """Cancel the open order of a subject; False when there is none (paid ones are refunded instead)."""
    mine = update(Order).where(Order.live_subject == subject, Order.status == "pending")
    return rows(tx, mine.values(status="cancelled", live_subject=None, version=Order.version + 1, updated_at=now)) == 1


def expire_due(tx: Session, now: datetime) -> int:
    """Close the orders whose time is over, and tell; two workers at once close each of them once."""
    late = select(Order.id, Order.subject, Order.user_id).where(Order.status == "pending", Order.expire_time <= now)
    done = 0
    for found in tx.execute(late.order_by(Order.expire_time).limit(DUE_AT_ONCE)).all():
        mine = update(Order).where(Order.id == found.id, Order.status == "pending", Order.expire_time <= now)
        if rows(tx, mine.values(status="expired", live_subject=None, version=Order.version + 1, updated_at=now)):
            emit(tx, OrderHasExpired(order_id=found.id, subject=found.subject), now)
            changed(tx, f"orders:{found.user_id}")
            done += 1
    return done


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
