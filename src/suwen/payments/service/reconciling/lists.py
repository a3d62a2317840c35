"""Days and lines as they are shown."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from suwen.core import money
from suwen.core.actor import Actor
from suwen.core.errors import Forbidden
from suwen.core.export import BOM, csv_line
from suwen.core.paging import keyset
from suwen.core.schemas import Slice
from suwen.payments import matching
from suwen.payments.errors import NoSuchLine, NoSuchReconciliation
from suwen.payments.models import Reconciliation, ReconciliationLine
from suwen.payments.queries import reconciliation as asked
from suwen.payments.rules import day_of
from suwen.payments.schemas.reconciliation import ReconciliationDetail, ReconciliationLineView, ReconciliationView

DAYS_SHOWN = 31
BY_KEY = [(ReconciliationLine.line_key, "asc")]
EXPORTED = ("result", "kind", "out_no", "external_id", "local_amount", "bill_amount", "fee", "currency", "local_state",
            "bill_state", "happened_at", "resolution", "note", "resolved_by", "resolved_at")  # fmt: skip
AMOUNTS = ("local_amount", "bill_amount", "fee")


def reconciliations(
    tx: Session, actor: Actor, *, gateway: str | None = None, status: str | None = None, since: date | None = None,
    until: date | None = None, after: str | None = None, limit: int | None = None,
) -> Slice[ReconciliationView]:  # fmt: skip
    """Newest day first. A part ends with a whole day, whose date is the cursor."""
    _desk(actor)
    size, before = max(1, min(limit or DAYS_SHOWN, 100)), day_of(after)
    if before and before > date.min:
        until = min(until or before, before - timedelta(days=1))
    found = asked.some_days(tx, gateway, status, since, until, size)
    wanted = sorted({row.day for row in found}, reverse=True)
    shown = [row for row in found if row.day in wanted[:size]]
    open_ = asked.open_differences(tx, [row.id for row in shown])
    following = wanted[size - 1].isoformat() if len(wanted) > size else None
    return Slice([_view(row, open_.get(row.id, 0)) for row in shown], following)


def open_differences(tx: Session) -> int:
    return asked.all_open_differences(tx)


def days(part: Slice[ReconciliationView]) -> list[tuple[date, dict[str, ReconciliationView]]]:
    """The same as a calendar: each day with its channels."""
    found: dict[date, dict[str, ReconciliationView]] = {}
    for one in part.items:
        found.setdefault(one.day, {})[one.gateway] = one
    return list(found.items())


def reconciliation(tx: Session, actor: Actor, id: str) -> ReconciliationDetail:
    _desk(actor)
    row = tx.execute(asked.DAYS.where(Reconciliation.id == id)).first()
    if row is None:
        raise NoSuchReconciliation()
    view = _view(row, asked.open_differences(tx, [id]).get(id, 0))
    values = {name: getattr(view, name) for name in ReconciliationView.__struct_fields__}
    counted = asked.results(tx, id)
    return ReconciliationDetail(**values, results={result: counted.get(result, 0) for result in matching.RESULTS})


def _view(row: Any, open_: int) -> ReconciliationView:
    values = {name: getattr(row, name) for name in asked.DAY_NAMES}
    return ReconciliationView(**values | {"sums": row.sums or {}, "open": open_})


def lines(
    tx: Session, actor: Actor, id: str, *, result: str | None = None, after: str | None = None, limit: int | None = None
) -> Slice[ReconciliationLineView]:
    """`result` is open (differences that nobody has resolved), differences, or one of the results."""
    _desk(actor)
    if tx.get(Reconciliation, id) is None:
        raise NoSuchReconciliation()
    found, following = keyset(tx, asked.lines_of(id, result), BY_KEY, after, limit)
    return Slice([_line(row) for row in found], following)


def line(tx: Session, actor: Actor, line_id: str) -> ReconciliationLineView:
    _desk(actor)
    row = tx.execute(asked.LINES.where(ReconciliationLine.id == line_id)).first()
    if row is None:
        raise NoSuchLine()
    return _line(row)


def _line(row: Any) -> ReconciliationLineView:
    values = {name: getattr(row, name) for name in asked.LINE_NAMES}
    ways = [] if row.resolved_at else list(matching.ways(row))
    return ReconciliationLineView(
        **values, missing=matching.missing(row), order_id=row.order_id, resolved_by=row.resolved_by, ways=ways
    )


def lines_csv(tx: Session, actor: Actor, id: str, result: str | None = None) -> Iterator[str]:
    """Every line that fits, in pieces."""
    _desk(actor)
    yield BOM + csv_line(EXPORTED)
    after: str | None = None
    while True:
        part = lines(tx, actor, id, result=result, after=after, limit=100)
        yield "".join(csv_line([_cell(one, name) for name in EXPORTED]) for one in part.items)
        after = part.next
        if after is None:
            return


def _cell(one: ReconciliationLineView, name: str) -> Any:
    value = getattr(one, name)
    return money.plain(value) if name in AMOUNTS and value is not None else value


def _desk(actor: Actor) -> None:
    if actor.role not in ("admin", "system"):
        raise Forbidden()
