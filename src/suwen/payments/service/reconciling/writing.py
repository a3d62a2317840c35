"""Lines of a run go into the database by their keys: new ones in, changed ones changed, gone ones out."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session

from suwen.core.db import new_id
from suwen.payments import matching
from suwen.payments.matching import Compared
from suwen.payments.models import Journal, LedgerAccount, Posting, ReconciliationLine

LINES = ReconciliationLine.__table__
NAMES = ("result", "kind", "out_no", "external_id", "transaction_id", "local_amount", "bill_amount", "fee", "currency",
         "local_state", "bill_state", "happened_at")  # fmt: skip
OPENED = {"resolution": None, "note": None, "resolved_by": None, "resolved_at": None}
INSERT = insert(LINES)
REPLACE = update(LINES).where(LINES.c.id == bindparam("line")).values(
    {name: bindparam(f"to_{name}") for name in (*NAMES, *OPENED)}
)  # fmt: skip
REF = "reconciliation_line"


def put(
    tx: Session, day_id: str, part: list[Compared], above: str, upto: str | None, now: datetime
) -> list[Compared]:  # fmt: skip
    """Make the lines with keys in (above, upto] those of `part`; return them as they stand.

    An old line that says the same keeps its resolution. One that says something else is open again, and if money was
    booked for it, that money counts as ours in the new comparison: nothing is taken back behind anybody's back.
    """
    old = _old(tx, day_id, above, upto)
    corrections = _corrections(tx, [row for row in old.values() if _has_booking(row)])
    new, replaced, stand = [], [], []
    for line in part:
        row = old.pop(line.line_key, None)
        if row is None:
            new.append(_values(line) | {"id": new_id(), "created_at": now, "reconciliation_id": day_id})
        else:
            line, change = _against(row, line, corrections.get(row.id, 0))
            replaced += [change] if change else []
        stand.append(line)
    gone = [row for row in old.values() if not corrections.get(row.id)]
    for row in old.values():
        if by := corrections.get(row.id):
            line, change = _alone(row, by)
            replaced += [change] if change else []
            stand.append(line)
    _carry_out(tx, new, replaced, gone)
    return stand


def _carry_out(tx: Session, new: list[Any], replaced: list[Any], gone: list[Any]) -> None:
    if new:
        tx.execute(INSERT, new)
    if replaced:
        tx.connection().execute(REPLACE, replaced)
    if gone:
        tx.execute(delete(ReconciliationLine).where(ReconciliationLine.id.in_([row.id for row in gone])))


def _old(tx: Session, day_id: str, above: str, upto: str | None) -> dict[str, Any]:
    found = select(LINES).where(LINES.c.reconciliation_id == day_id, LINES.c.line_key > above)
    if upto is not None:
        found = found.where(LINES.c.line_key <= upto)
    return {row.line_key: row for row in tx.execute(found)}


def _has_booking(row: Any) -> bool:
    return row.resolution in matching.BOOKED or row.local_state == "corrected"


def _against(row: Any, line: Compared, by: int) -> tuple[Compared, dict[str, Any] | None]:
    if by and matching.signature(row) != line.difference:
        line = matching.corrected(line, by)
    if matching.signature(row) != line.difference:
        return line, _replacing(row, line, OPENED)
    same = all(getattr(row, name) == getattr(line, name) for name in NAMES)
    return line, None if same else _replacing(row, line, {name: getattr(row, name) for name in OPENED})


def _alone(row: Any, by: int) -> tuple[Compared, dict[str, Any] | None]:
    """Neither side names it any more, but we have booked something for it."""
    values = {name: getattr(row, name) for name in NAMES}
    values |= {"result": "local_only", "bill_amount": None, "bill_state": None, "fee": 0}
    line = Compared(line_key=row.line_key, **(values | {"local_amount": by, "local_state": "corrected"}))
    same = matching.signature(row) == line.difference
    return line, None if same else _replacing(row, line, OPENED)


def _values(line: Compared) -> dict[str, Any]:
    return {"line_key": line.line_key} | {name: getattr(line, name) for name in NAMES}


def _replacing(row: Any, line: Compared, rest: dict[str, Any]) -> dict[str, Any]:
    values = {name: getattr(line, name) for name in NAMES} | rest
    return {"line": row.id} | {f"to_{name}": value for name, value in values.items()}


def _corrections(tx: Session, rows: Iterable[Any]) -> dict[str, int]:
    """What was booked into clearing for each of these lines, in the line's own sign."""
    kinds = {row.id: row.kind for row in rows}
    if not kinds:
        return {}
    booked = (
        select(Journal.ref_id, func.sum(Posting.amount_minor))
        .join(Posting, Posting.journal_id == Journal.id)
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .where(Journal.ref_type == REF, Journal.ref_id.in_(list(kinds)))
        .where(LedgerAccount.code.like("asset:%\\_clearing", escape="\\"))
        .group_by(Journal.ref_id)
    )
    found: dict[str, int] = defaultdict(int)
    for id, amount in tx.execute(booked):
        found[str(id)] = int(amount) * matching.sign(kinds[str(id)])
    return found
