"""What was, is or will be paid back."""

from typing import Any

from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from suwen.accounts.models import User
from suwen.payments.models import Order, Refund, Transaction
from suwen.payments.queries.people import named
from suwen.payments.schemas import RefundFilters, RefundLine, RefundView

GATEWAY_METHODS = ("wechat", "alipay", "bank_card")
Payment = aliased(Transaction)
# Where it is: with whom it waits, or what became of it.
PLACE = case(
    (Refund.status == "pending", "review"),
    (Refund.status != "processing", Refund.status),
    (Refund.abnormal.is_(True), "abnormal"),
    (Payment.payment_method.in_(GATEWAY_METHODS), "gateway"),
    (Payment.payment_method == "insurance", "insurer"),
    else_="desk",
).label("place")
REFUND_NAMES = [name for name in RefundView.__struct_fields__ if name not in ("place", "payment_method")]
VIEWS = select(*(getattr(Refund, name) for name in REFUND_NAMES), Payment.payment_method, PLACE).join(
    Payment, Payment.id == Refund.transaction_id
)
Requester, Reviewer = aliased(User), aliased(User)
LINES = (
    VIEWS.add_columns(
        Refund.order_id, Order.order_no, Order.description, Refund.user_id, User.name.label("payer"),
        Refund.requested_by, Requester.name.label("requester"), Requester.role.label("requester_role"),
        Refund.reviewed_by, Reviewer.name.label("reviewer"), Refund.external_refund_id, Refund.asks, Refund.ask_at,
        Refund.refund_response,
    )
    .join(Order, Order.id == Refund.order_id)
    .join(User, User.id == Refund.user_id)
    .outerjoin(Requester, Requester.id == Refund.requested_by)
    .outerjoin(Reviewer, Reviewer.id == Refund.reviewed_by)
)  # fmt: skip


def refunds(tx: Session, order_id: str) -> list[RefundView]:
    found = VIEWS.where(Refund.order_id == order_id).order_by(Refund.created_at, Refund.id)
    return [RefundView(**row._mapping) for row in tx.execute(found)]


def waiting_refunds(tx: Session) -> list[Any]:
    """Cash that the desk owes, oldest first."""
    found = (
        select(Refund.id, Refund.order_id, Refund.refund_amount, Refund.currency, Refund.created_at, User.name)
        .join(User, User.id == Refund.user_id)
        .join(Payment, Payment.id == Refund.transaction_id)
        .where(Refund.status == "processing", PLACE.element == "desk")
        .order_by(Refund.created_at, Refund.id)
        .limit(50)
    )
    return list(tx.execute(found))


def refund_lines(filters: RefundFilters) -> Select[Any]:
    found = LINES
    if filters.place:
        found = found.where(PLACE.element == filters.place)
    if filters.method:
        found = found.where(Payment.payment_method == filters.method)
    if filters.since:
        found = found.where(Refund.created_at >= filters.since)
    if filters.until:
        found = found.where(Refund.created_at < filters.until)
    if filters.q:
        wanted = filters.q.strip()
        numbers = (column.startswith(wanted.upper(), autoescape=True) for column in (Refund.refund_no, Order.order_no))
        found = found.where(or_(*numbers, *named(wanted)))
    return found


def refund_line(row: Any) -> RefundLine:
    values = {name: getattr(row, name) for name in RefundLine.__struct_fields__ if name != "trouble"}
    answer = row.refund_response or {}
    return RefundLine(**values, trouble=str(answer.get("detail") or answer.get("state") or "") or None)


def open_places(tx: Session) -> dict[str, int]:
    """How many wait where."""
    found = (
        select(PLACE, func.count())
        .join(Payment, Payment.id == Refund.transaction_id)
        .where(Refund.status.in_(("pending", "processing")))
        .group_by(PLACE)
    )
    return {str(place): int(count) for place, count in tx.execute(found)}
