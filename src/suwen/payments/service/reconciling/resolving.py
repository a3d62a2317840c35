"""What a person decides about a difference, and the end of a day: its money is on its way to the bank."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from suwen.accounts.service import Witness
from suwen.core import audit
from suwen.core.actor import Actor
from suwen.core.db import changed, rows
from suwen.core.errors import Forbidden
from suwen.core.outbox import emit
from suwen.payments import matching
from suwen.payments.errors import (
    DaySettled,
    DifferencesOpen,
    LineResolved,
    NoSuchLine,
    NoSuchReconciliation,
    StillComparing,
    WrongWay,
)
from suwen.payments.events import BillDue, PaymentDoubted, RefundDue
from suwen.payments.models import Journal, Reconciliation, ReconciliationLine, Refund
from suwen.payments.service import ledger, second
from suwen.payments.service.reconciling.schedule import TOPIC
from suwen.payments.service.reconciling.writing import REF

BANK, FEES = "asset:bank", "expense:gateway_fee"
AGAINST = {"suspense": "suspense:unmatched", "refund": "suspense:unmatched", "write_off": "expense:write_off"}
COMPARED = ("matched", "different")
ASKED_FOR = timedelta(minutes=2)  # so long an answer may take before the bill is compared again


def clearing(gateway: str) -> str:
    return f"asset:{gateway}_clearing"


def resolve(
    tx: Session, actor: Actor, line_id: str, kind: str, note: str, now: datetime, confirmed: Witness | None = None
) -> str:
    """Say what becomes of a difference, and why; return the day's id.

    `suspense`, `write_off` and `refund` book a journal that brings our books to the bill; `accepted` books nothing;
    `ask_gateway` has the gateway asked and the bill compared again, and leaves the difference open. Refused: a way that
    does not fit the difference, a second time, a day that is settled or being compared, and a large sum without another
    admin who has confirmed it.
    """
    if actor.role != "admin":
        raise Forbidden()
    found = tx.get(ReconciliationLine, line_id)
    if found is None:
        raise NoSuchLine()
    day = _lock(tx, found.reconciliation_id, now)
    # a run that came first may have changed the line, or taken it away
    line = tx.get(ReconciliationLine, line_id, populate_existing=True, with_for_update=True)
    if line is None:
        raise NoSuchLine()
    if line.resolved_at is not None or line.result == "match":
        raise LineResolved()
    if kind not in matching.ways(line):
        raise WrongWay(fields={"kind": WrongWay.title})
    if kind in matching.BOOKED:
        second.refuse_alone(tx, actor, matching.missing(line), confirmed)
        _book(tx, day.gateway, line, kind, confirmed, now)
    if kind == "ask_gateway":
        _ask(tx, day.gateway, line, now)
        emit(tx, BillDue(gateway=day.gateway, day=day.day.isoformat()), now, due=now + ASKED_FOR)
    line.resolution, line.note, line.resolved_by = kind, note[:500], actor.id
    line.resolved_at = None if kind == "ask_gateway" else now
    tx.flush()
    audit.seen(tx, actor, "write", REF, line_id, purpose=kind, now=now)
    second.signed(tx, actor, confirmed, REF, line_id, now)
    changed(tx, TOPIC)
    return str(day.id)


def _lock(tx: Session, id: str, now: datetime) -> Any:
    """The row of a day that is neither being compared nor settled; whoever else wants it waits."""
    mine = update(Reconciliation).where(Reconciliation.id == id, Reconciliation.status.in_(COMPARED))
    if not rows(tx, mine.values(version=Reconciliation.version + 1, updated_at=now)):
        raise _why_not(tx, id)
    return tx.execute(select(Reconciliation.id, Reconciliation.gateway, Reconciliation.day).where(
        Reconciliation.id == id)).one()  # fmt: skip


def _why_not(tx: Session, id: str) -> Exception:
    status = tx.scalar(select(Reconciliation.status).where(Reconciliation.id == id))
    if status is None:
        return NoSuchReconciliation()
    return DaySettled() if status == "settled" else StillComparing()


def _book(
    tx: Session, gateway: str, line: ReconciliationLine, kind: str, confirmed: Witness | None, now: datetime
) -> None:
    amount = matching.sign(line.kind) * matching.missing(line)
    if not amount:
        return
    earlier = tx.scalar(select(func.count()).where(Journal.ref_type == REF, Journal.ref_id == line.id)) or 0
    lines = [(clearing(gateway), line.currency, amount), (AGAINST[kind], line.currency, -amount)]
    meta = {"confirmed_by": confirmed.id} if confirmed else None
    ledger.book(tx, f"reconcile:{line.id}:{earlier + 1}", "reconcile", lines, now, ref=(REF, line.id), meta=meta)


def _ask(tx: Session, gateway: str, line: ReconciliationLine, now: datetime) -> None:
    """Outside this transaction, whatever has become of the attempt here."""
    if line.kind == "refund":
        owed = tx.scalar(select(Refund.id).where(Refund.refund_no == line.out_no, Refund.status == "processing"))
        if owed:
            emit(tx, RefundDue(refund_id=owed), now)
    else:
        emit(tx, PaymentDoubted(gateway=gateway, out_no=line.out_no, external_id=line.external_id or ""), now)


@dataclass
class Settlement:
    """Of one currency: what the gateway keeps, and what it pays out."""

    fee: int = 0
    net: int = 0


def settle(tx: Session, actor: Actor, id: str, now: datetime) -> None:
    """Book the day's fees and what the gateway pays out, so that nothing of the day is left in clearing.

    Refused: while a difference is open, while the bill is being compared, and a second time.
    """
    if actor.role != "admin":
        raise Forbidden()
    mine = update(Reconciliation).where(Reconciliation.id == id, Reconciliation.status.in_(COMPARED))
    values = {"status": "settled", "version": Reconciliation.version + 1, "updated_at": now, "error": None}
    if not rows(tx, mine.values(**values)):
        raise _why_not(tx, id)
    open_ = select(ReconciliationLine.id).where(
        ReconciliationLine.reconciliation_id == id, ReconciliationLine.result != "match",
        ReconciliationLine.resolved_at.is_(None),
    )  # fmt: skip
    if tx.scalar(open_.limit(1)):
        raise DifferencesOpen()
    day = tx.execute(select(Reconciliation.gateway, Reconciliation.day).where(Reconciliation.id == id)).one()
    for code, one in settlement(tx, id).items():
        _book_settlement(tx, id, day, code, one, now)
    changed(tx, TOPIC)


def settlement(tx: Session, id: str) -> dict[str, Settlement]:
    """By currency, from the lines as they were resolved."""
    line = ReconciliationLine
    shape = (line.result, line.kind, line.currency, line.bill_state, line.resolution)
    grouped = select(
        *shape, func.sum(line.bill_amount).label("bill_amount"), func.sum(line.fee).label("fee")
    ).where(line.reconciliation_id == id)  # fmt: skip
    made: dict[str, Settlement] = defaultdict(Settlement)
    for row in tx.execute(grouped.group_by(*shape)):  # all lines of one shape count alike, so their sum does
        kept = int(matching.keeps(row) or 0)
        made[row.currency].fee += kept
        made[row.currency].net += int(matching.settles(row)) - kept
    return made


def _book_settlement(tx: Session, id: str, day: Any, code: str, one: Settlement, now: datetime) -> None:
    account, ref = clearing(day.gateway), ("reconciliation", id)
    rest = f"{day.gateway}:{day.day.isoformat()}" + ("" if code == "CNY" else f":{code}")
    for word, against, amount in (("fee", FEES, one.fee), ("settle", BANK, one.net)):
        if amount:
            lines = [(against, code, amount), (account, code, -amount)]
            ledger.book(tx, f"{word}:{rest}", word, lines, now, ref=ref)
