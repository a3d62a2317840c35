"""One run: fetch the bill, compare, write the lines in chunks.

A run owns its day by the number in `runs`: a later one takes it over, and the earlier stops at its next chunk. Lines
are written by their key, so whatever a run that was killed has left is what the next one would have written.
"""

import hashlib
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from suwen.core.db import Database, changed, rows
from suwen.core.i18n import N_
from suwen.core.outbox import emit
from suwen.payments import matching
from suwen.payments.errors import BillUnusable
from suwen.payments.events import BillDue
from suwen.payments.gateways import BadMessage, Busy, Gateway, GatewayError, NoBill, NotReady, Refused, Unauthentic
from suwen.payments.matching import Compared, Local
from suwen.payments.models import Reconciliation
from suwen.payments.service import applying
from suwen.payments.service.channels import gateways_of
from suwen.payments.service.reconciling import gathering, writing
from suwen.payments.service.reconciling.schedule import TOPIC, open_day

CHUNK = 1000
LATE = timedelta(days=3)  # so long a bill that is not there is waited for; then it is taken for an empty one
log = logging.getLogger(__name__)

NOT_HERE = N_("This channel is not set up here, so its bill cannot be fetched.")
NOT_READY = N_("The bill of this day is not there yet. It is asked for again by itself.")
NOT_TAKEN = N_("The gateway did not take the question. It is asked again by itself.")
NOT_GENUINE = N_("What came is not provably the bill that was announced, so nothing was compared.")
NO_ANSWER = N_("No answer came from the gateway. It is asked again by itself.")
REFUSED = N_("The gateway refused to hand out the bill. Look at the channel's keys and rights.")
TOO_LARGE = BillUnusable.title


class Overtaken(Exception):
    """A later run has taken the day over, or it was settled."""


@dataclass
class Run:
    """What one run has counted so far."""

    id: str
    number: int
    gateway: str
    day: date
    bill_lines: int
    local_lines: int = 0
    matched: int = 0
    differences: int = 0
    sums: matching.Sums = field(default_factory=dict)


def fetch_and_reconcile(db: Database, gateway: str, day: date, now: datetime) -> None:
    """Outside any transaction. What keeps the bill from coming is noted in words, and nothing else changes."""
    try:
        client = gateways_of(db).get(gateway)
        bill = _bill(db, client, day, now) if client else None
    except GatewayError as error:
        log.warning("bill of %s, %s: %s", gateway, day, error)
        words = _words(error)
        db.write(lambda tx: _no_bill(tx, gateway, day, words, now))
        return
    if bill is None:
        db.write(lambda tx: _no_bill(tx, gateway, day, NOT_HERE, now))
        return
    reconcile(db, gateway, day, bill, now)


def _bill(db: Database, client: Gateway, day: date, now: datetime) -> Sequence[matching.BillLine]:
    """Nothing, where the gateway has no bill of the day and we have no booking on it."""
    try:
        return client.bill(day)
    except NoBill:
        recent = now < matching.bounds(day)[1] + LATE
        if recent and db.read(lambda tx: gathering.has_bookings(tx, client.name, day)):
            raise
        return []


def ask_gateway(db: Database, gateway: str, out_no: str, external_id: str, now: datetime) -> None:
    """What it answers is applied like any other answer of a gateway."""
    client = gateways_of(db).get(gateway)
    if client is None:
        return
    answer = client.query(out_no, external_id)
    db.write(lambda tx: applying.payment_known(tx, gateway, answer, now))


def _words(error: GatewayError) -> str:
    match error:
        case NotReady():
            return NOT_READY
        case Refused():
            return REFUSED
        case Busy():
            return NOT_TAKEN
        case Unauthentic():
            return NOT_GENUINE
    # a file that cannot be read is unknown to the client: what it could not read stands behind it
    return NOT_GENUINE if isinstance(error.__context__, BadMessage) else NO_ANSWER


def _no_bill(tx: Session, gateway: str, day: date, words: str, now: datetime) -> None:
    """What was compared before stays as it was."""
    open_day(tx, gateway, day, now)
    mine = update(Reconciliation).where(Reconciliation.gateway == gateway, Reconciliation.day == day)
    mine = mine.where(Reconciliation.status != "settled")
    rows(tx, mine.values(error=words, run_at=now, version=Reconciliation.version + 1, updated_at=now))
    changed(tx, TOPIC)


def reconcile(db: Database, gateway: str, day: date, bill: Sequence[matching.BillLine], now: datetime) -> str | None:
    """Hold the lines of a bill against our books; the day's id. None when the day is settled or another run took over.

    The same bill again changes nothing, and a resolved difference stays resolved while it is the same.
    """
    try:
        for one in bill:
            matching.usable(one)
    except BillUnusable:
        db.write(lambda tx: _no_bill(tx, gateway, day, TOO_LARGE, now))
        return None
    run = db.write(lambda tx: _begin(tx, gateway, day, len(bill), now))
    if run is None:
        return None
    local = gathering.local_lines(db, gateway, day, bill, run.id)
    compared = matching.compare(bill, local, day)
    held = gathering.held(local, compared, day)
    try:
        _write(db, run, compared, now)
        db.write(lambda tx: _finish(tx, run, _digest(bill), held, now))
    except Overtaken:
        log.info("reconciliation of %s, %s: run %s was overtaken", gateway, day, run.number)
        return None
    return run.id


def _begin(tx: Session, gateway: str, day: date, bill_lines: int, now: datetime) -> Run | None:
    open_day(tx, gateway, day, now)
    this = (Reconciliation.gateway == gateway, Reconciliation.day == day)
    taken = update(Reconciliation).where(*this, Reconciliation.status != "settled")
    values: dict[str, Any] = {
        "status": "running", "runs": Reconciliation.runs + 1, "run_at": now, "error": None, "bill_lines": bill_lines,
        "local_lines": 0, "matched": 0, "differences": 0, "version": Reconciliation.version + 1, "updated_at": now,
    }  # fmt: skip
    if not rows(tx, taken.values(**values)):
        return None
    changed(tx, TOPIC)
    id, number = tx.execute(select(Reconciliation.id, Reconciliation.runs).where(*this)).one()
    return Run(id, number, gateway, day, bill_lines)


def _write(db: Database, run: Run, compared: list[Compared], now: datetime) -> None:
    """In the order of the keys, so that each chunk also knows which older lines between its keys are gone."""
    above = ""
    for start in range(0, max(len(compared), 1), CHUNK):
        part = compared[start : start + CHUNK]
        upto = part[-1].line_key if start + CHUNK < len(compared) else None
        written = db.write(partial(_chunk, run=run, part=part, above=above, upto=upto, now=now))
        _count(run, written)
        above = upto or above


def _chunk(
    tx: Session, run: Run, part: list[Compared], above: str, upto: str | None, now: datetime
) -> list[Compared]:  # fmt: skip
    so_far = {"matched": run.matched, "differences": run.differences, "local_lines": run.local_lines}
    _mine(tx, run, now, **so_far)
    changed(tx, TOPIC)
    return writing.put(tx, run.id, part, above, upto, now)


def _mine(tx: Session, run: Run, now: datetime, **values: Any) -> None:
    """Write to the day as long as this run owns it; the row's lock keeps every other run out until the commit."""
    this = update(Reconciliation).where(
        Reconciliation.id == run.id, Reconciliation.runs == run.number, Reconciliation.status == "running"
    )
    if not rows(tx, this.values(**values, run_at=now, updated_at=now, version=Reconciliation.version + 1)):
        raise Overtaken()


def _count(run: Run, lines: list[Compared]) -> None:
    results = Counter(one.result for one in lines)
    run.matched += results["match"]
    run.differences += len(lines) - results["match"]
    run.local_lines += sum(one.local_amount is not None for one in lines)
    for code, named in matching.sums(lines, {}).items():
        kept = run.sums.setdefault(code, dict.fromkeys(matching.NAMES, 0))
        for name, value in named.items():
            kept[name] += value


def _finish(tx: Session, run: Run, digest: str, held: Mapping[str, list[Local]], now: datetime) -> None:
    sums = {code: dict(named) for code, named in run.sums.items()}
    for code, ones in held.items():
        own = sum(one.at is not None and matching.day_in_china(one.at) == run.day for one in ones)
        if own:
            sums.setdefault(code, dict.fromkeys(matching.NAMES, 0))["held"] = own
    _mine(
        tx, run, now, status="different" if run.differences else "matched", matched=run.matched, sums=sums,
        differences=run.differences, local_lines=run.local_lines, bill_digest=digest,
    )  # fmt: skip
    if any(held.values()):
        _tell_the_next_day(tx, run, now)
    changed(tx, TOPIC)


def _tell_the_next_day(tx: Session, run: Run, now: datetime) -> None:
    """What is held against the next day's bill was left out there, if that was compared before this one."""
    next_day = date.fromordinal(run.day.toordinal() + 1)
    there = select(Reconciliation.id).where(
        Reconciliation.gateway == run.gateway, Reconciliation.day == next_day,
        Reconciliation.status.in_(("matched", "different")),
    )  # fmt: skip
    if tx.scalar(there):
        emit(tx, BillDue(gateway=run.gateway, day=next_day.isoformat()), now)


def _digest(bill: Sequence[matching.BillLine]) -> str:
    """The same for the same lines, in whatever order."""
    words = sorted(
        f"{one.kind}|{one.out_no}|{one.out_refund_no}|{one.external_id}|{one.external_refund_id}|{one.amount}"
        f"|{one.currency}|{one.fee}|{one.state}|{one.at.isoformat()}"
        for one in bill
    )
    return hashlib.sha256("\n".join(words).encode()).hexdigest()
