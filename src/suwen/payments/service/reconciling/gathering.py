"""Our side of a day: what we booked of a channel, and whatever the bill names, on whatever day that was."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any

from sqlalchemy import and_, case, literal, select
from sqlalchemy.orm import Session, aliased

from suwen.core.db import Database
from suwen.payments import matching
from suwen.payments.matching import Compared, Local
from suwen.payments.models import Reconciliation, ReconciliationLine, Refund, Transaction
from suwen.payments.service.channels import METHOD_OF

ASKED_AT_ONCE = 500
BEGUN_BEFORE = timedelta(days=3)  # an attempt ends that long after it began at most; the index is by its beginning

BOOKED: Any = select(
    Transaction.transaction_type, Transaction.transaction_no, Transaction.id, Transaction.external_transaction_id,
    Transaction.amount, Transaction.currency, Transaction.status, Transaction.completed_at,
)  # fmt: skip
PAID_BACK = aliased(Transaction)
# A refund that was done has a transaction of its own, whose method says which way the money went.
REFUNDS: Any = (
    select(
        literal("refund"), Refund.refund_no, Refund.transaction_id, Refund.external_refund_id, Refund.refund_amount,
        Refund.currency,
        case(
            (and_(Refund.status == "success", PAID_BACK.payment_method != Transaction.payment_method), "by_hand"),
            else_=Refund.status,
        ),
        Refund.completed_at,
    )
    .join(Transaction, Transaction.id == Refund.transaction_id)
    .outerjoin(PAID_BACK, PAID_BACK.transaction_no == Refund.refund_no)
)  # fmt: skip


def local_lines(
    db: Database, gateway: str, day: date, bill: Sequence[matching.BillLine], own_id: str
) -> list[Local]:  # fmt: skip
    """What was booked on the day and close to its ends, and what the bill names besides."""
    found = {(one.kind, one.number): one for one in db.read(lambda tx: list(_of_day(tx, gateway, day)))}
    externals = {(kind, one.external_id) for (kind, _), one in found.items()}
    asked: dict[tuple[str, str], set[str]] = defaultdict(set)
    for line in bill:
        number, external = matching.number_of(line), matching.external_of(line)
        if (line.kind, number) in found or (line.kind, external) in externals:
            continue
        if number:
            asked[line.kind, "number"].add(number)
        if external and (line.kind == "payment" or not number):  # refunds have no index by the gateway's number
            asked[line.kind, "external"].add(external)
    for (kind, by), wanted in asked.items():
        for some in _parts(sorted(wanted)):
            for one in db.read(partial(_named, gateway=gateway, kind=kind, by=by, some=some)):
                found.setdefault((one.kind, one.number), one)
    return db.read(lambda tx: _with_due(tx, gateway, day, list(found.values()), bill, own_id))


def _of_day(tx: Session, gateway: str, day: date) -> Iterator[Local]:
    start, end = matching.bounds(day)
    start, end = start - matching.NEAR_MIDNIGHT, end + matching.NEAR_MIDNIGHT
    done = BOOKED.where(
        Transaction.payment_method == METHOD_OF[gateway], Transaction.status == "success",
        Transaction.initiated_at >= start - BEGUN_BEFORE, Transaction.initiated_at < end,
        Transaction.completed_at >= start, Transaction.completed_at < end,
    )  # fmt: skip
    return _read(tx, done)


def has_bookings(tx: Session, gateway: str, day: date) -> bool:
    """Whether the bill of the day must or may name something."""
    return any(day in matching.days_of(one.at or _never()) for one in _of_day(tx, gateway, day))


def _named(tx: Session, gateway: str, kind: str, by: str, some: Sequence[str]) -> list[Local]:
    of_channel = Transaction.payment_method == METHOD_OF[gateway]
    if kind == "payment":
        column: Any = Transaction.transaction_no if by == "number" else Transaction.external_transaction_id
        return list(_read(tx, BOOKED.where(of_channel, Transaction.transaction_type == "payment", column.in_(some))))
    column = Refund.refund_no if by == "number" else Refund.external_refund_id
    return list(_read(tx, REFUNDS.where(of_channel, column.in_(some))))


def _read(tx: Session, statement: Any) -> Iterator[Local]:
    for kind, number, id, external, amount, currency, state, at in tx.execute(statement):
        yield Local(kind, number, id, external or "", amount, currency, state, at)


def _with_due(
    tx: Session, gateway: str, day: date, found: list[Local], bill: Sequence[matching.BillLine], own_id: str
) -> list[Local]:  # fmt: skip
    """Marks what is missing if this bill does not name it: unless a bill of another day does."""
    named = {(line.kind, matching.number_of(line)) for line in bill}
    open_ = [one for one in found if one.state == "success" and one.at and (one.kind, one.number) not in named]
    before = day - timedelta(days=1)
    compared = [before] if _was_compared(tx, gateway, before) else []
    elsewhere = _on_other_bills(tx, gateway, [one.number for one in open_], own_id)
    due = {
        (one.kind, one.number)
        for one in open_
        if day in matching.days_of(one.at or _never())
        and matching.is_due(one.at or _never(), day, compared)
        and (one.kind, one.number) not in elsewhere
    }
    gone = elsewhere & {(one.kind, one.number) for one in open_}
    return [_marked(one, due) for one in found if (one.kind, one.number) not in gone]


def _never() -> Any:
    raise AssertionError("what was done was done at some time")


def _marked(one: Local, due: set[tuple[Any, str]]) -> Local:
    if (one.kind, one.number) not in due:
        return one
    return Local(one.kind, one.number, one.transaction_id, one.external_id, one.amount, one.currency, one.state,
                 one.at, due=True)  # fmt: skip


def _was_compared(tx: Session, gateway: str, day: date) -> bool:
    there = select(Reconciliation.id).where(
        Reconciliation.gateway == gateway, Reconciliation.day == day, Reconciliation.bill_digest.is_not(None)
    )
    return tx.scalar(there) is not None


def _on_other_bills(tx: Session, gateway: str, numbers: list[str], own_id: str) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for some in _parts(sorted(numbers)):
        there = (
            select(ReconciliationLine.kind, ReconciliationLine.out_no)
            .join(Reconciliation, Reconciliation.id == ReconciliationLine.reconciliation_id)
            .where(Reconciliation.gateway == gateway, Reconciliation.id != own_id)
            .where(ReconciliationLine.out_no.in_(some), ReconciliationLine.bill_amount.is_not(None))
        )
        found.update((kind, number) for kind, number in tx.execute(there))
    return found


def held(local: Iterable[Local], compared: Iterable[Compared], day: date) -> dict[str, list[Local]]:
    """By currency: what was booked so close to the day's end that the next day's bill may name it."""
    paired = {one.line_key for one in compared}
    kept: dict[str, list[Local]] = defaultdict(list)
    for one in local:
        days = matching.days_of(one.at) if one.state == "success" and one.at else {day}
        if day in days and max(days) > day and matching.key_of(one.kind, one.number, "") not in paired:
            kept[one.currency].append(one)
    return kept


def _parts(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), ASKED_AT_ONCE):
        yield values[start : start + ASKED_AT_ONCE]
