"""Refunds as the desk sees them: what waits where, each with its history."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.core import money
from suwen.core.actor import Actor
from suwen.core.errors import Forbidden
from suwen.core.export import BOM, csv_line
from suwen.core.paging import keyset
from suwen.core.schemas import Slice
from suwen.payments import queries
from suwen.payments.errors import NoSuchRefund
from suwen.payments.models import Refund
from suwen.payments.schemas import RefundFilters, RefundLine
from suwen.payments.service import refunds

NEWEST = [(Refund.created_at, "desc"), (Refund.id, "desc")]
COLUMNS = ("refund_no", "order_no", "created_at", "payer", "payment_method", "refund_amount", "currency", "place",
           "reason_code", "refund_reason", "requester", "reviewer", "reviewed_at", "completed_at",
           "external_refund_id")  # fmt: skip


@dataclass(frozen=True)
class Ways:
    """What this admin may do with a refund now; each is guarded again when it is done."""

    decide: bool
    alone: bool
    hand_out: bool
    retry: bool
    by_hand: bool


def refund_list(
    tx: Session, actor: Actor, filters: RefundFilters, *, after: str | None = None, limit: int | None = None
) -> Slice[RefundLine]:
    """Newest first, for the desk."""
    _desk(actor)
    found, following = keyset(tx, queries.refund_lines(filters), NEWEST, after, limit)
    return Slice([queries.refund_line(row) for row in found], following)


def waiting(tx: Session, actor: Actor) -> dict[str, int]:
    """How many refunds wait where."""
    _desk(actor)
    return queries.open_places(tx)


def one(tx: Session, actor: Actor, id: str) -> RefundLine:
    _desk(actor)
    found = tx.execute(queries.refund_lines(RefundFilters()).where(Refund.id == id)).first()
    if found is None:
        raise NoSuchRefund()
    return queries.refund_line(found)


def ways(tx: Session, actor: Actor, refund: RefundLine) -> Ways:
    decide = refund.place == "review"
    return Ways(
        decide=decide, alone=decide and refunds.may_alone(tx, actor, refund.id), hand_out=refund.place == "desk",
        retry=refund.place in ("gateway", "abnormal"), by_hand=refund.place in ("abnormal", "insurer"),
    )  # fmt: skip


def leaving(tx: Session, order_id: str) -> int:
    """What of an order is back with its payer or was approved, in minor units; requests do not count yet."""
    found = select(Refund.refund_amount).where(
        Refund.order_id == order_id,
        Refund.status.in_(("processing", "success")),
        Refund.reason_code != refunds.PAID_TWICE,
    )
    return sum(tx.scalars(found))


def refunds_csv(tx: Session, actor: Actor, filters: RefundFilters) -> Iterator[str]:
    """Every refund that fits, in pieces."""
    _desk(actor)
    yield BOM + csv_line(COLUMNS)
    after: str | None = None
    while True:
        part = refund_list(tx, actor, filters, after=after, limit=100)
        yield "".join(csv_line(_cell(line, name) for name in COLUMNS) for line in part.items)
        after = part.next
        if after is None:
            return


def _cell(line: RefundLine, name: str) -> str | datetime | None:
    value = getattr(line, name)
    return money.plain(value) if name == "refund_amount" else value


def _desk(actor: Actor) -> None:
    if actor.role not in ("admin", "system"):
        raise Forbidden()
