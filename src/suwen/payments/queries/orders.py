"""Orders and what was paid on them."""

from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, aliased

from suwen.accounts.models import User
from suwen.payments.models import Order, Transaction
from suwen.payments.queries.people import named
from suwen.payments.schemas import OrderFilters, OrderView, TransactionView

ORDER_NAMES = [name for name in OrderView.__struct_fields__ if name != "payer"]
ORDERS = select(*(getattr(Order, name) for name in ORDER_NAMES), User.name.label("payer")).join(
    User, User.id == Order.user_id
)


def order_view(row: Any) -> OrderView:
    return OrderView(**{name: getattr(row, name) for name in OrderView.__struct_fields__})


def orders(filters: OrderFilters, payer_id: str | None) -> Select[Any]:
    """The orders of one payer, or of everybody (None)."""
    found = ORDERS
    if payer_id is not None:
        found = found.where(Order.user_id == payer_id)
    if filters.user_id:
        found = found.where(Order.user_id == filters.user_id)
    if filters.status:
        found = found.where(Order.status == filters.status)
    if filters.method:
        found = found.where(Order.payment_method == filters.method)
    if filters.since:
        found = found.where(Order.created_at >= filters.since)
    if filters.until:
        found = found.where(Order.created_at < filters.until)
    if filters.q:
        wanted = filters.q.strip()
        found = found.where(or_(Order.order_no.startswith(wanted.upper(), autoescape=True), *named(wanted)))
    return found


def transactions(tx: Session, order_id: str) -> list[TransactionView]:
    names = [name for name in TransactionView.__struct_fields__ if name != "cashier"]
    cashier = aliased(User)
    found = (
        select(*(getattr(Transaction, name) for name in names), cashier.name.label("cashier"))
        .outerjoin(cashier, cashier.id == Transaction.cashier_id)
        .where(Transaction.order_id == order_id)
        .order_by(Transaction.initiated_at, Transaction.id)
    )
    return [TransactionView(**row._mapping) for row in tx.execute(found)]
