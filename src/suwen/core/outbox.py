"""Events that survive a crash: written with the change, delivered after it. And work that is due by the clock."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import BindParameter, ColumnElement, Index, String, Text, bindparam, delete, insert, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, Session, mapped_column

from suwen.core.db import Database, Instant, Json, Record, changed, lost, new_id, rows
from suwen.core.hot import Hot
from suwen.core.packed import written

LEASE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=1)
LONGEST_PAUSE_OF_THE_PATIENT = timedelta(minutes=5)  # so long at most after the other side has come back
TRIES = 12
SEVERAL = 50
KEPT = timedelta(days=14)  # what was delivered is kept so long, for whoever asks what happened
FORGET = 2000  # at once: SQLite's write lock is held for some hundredths of a second
TOPIC = "outbox"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Event:
    """What happened, in the past tense and small. `name` is stable: stored messages carry it."""

    name: ClassVar[str]


@dataclass(frozen=True)
class Timed:
    name: str
    seconds: float
    job: Callable[..., Any]


JOBS: dict[str, list[Callable[..., None]]] = {}
TIMED: list[Timed] = []
OUTSIDE: set[str] = set()  # of the jobs that run without a transaction
PATIENT: set[str] = set()  # and of those, the ones that are never given up


class OutboxMessage(Record):
    """One event for one job. `attempts` is the fence: only the newest claim may finish the message."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_done_at_due_at", "done_at", "due_at"), Index(None, "failed_at"))

    event: Mapped[str] = mapped_column(String(80))
    job: Mapped[str] = mapped_column(String(160))
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    due_at: Mapped[datetime] = mapped_column(Instant)
    done_at: Mapped[datetime | None] = mapped_column(Instant)
    failed_at: Mapped[datetime | None] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(Text)


MESSAGES = OutboxMessage.__table__
INSERT = Hot(insert(MESSAGES).values(attempts=written(0)))
DUE = (
    select(MESSAGES.c.id, MESSAGES.c.event, MESSAGES.c.job, MESSAGES.c.payload, MESSAGES.c.attempts)
    .where(MESSAGES.c.done_at.is_(None), MESSAGES.c.due_at <= bindparam("now"))
    .order_by(MESSAGES.c.due_at, MESSAGES.c.id)  # ids grow: what was emitted first comes first
    .limit(10)
)
ANY_DUE = select(MESSAGES.c.id).where(MESSAGES.c.done_at.is_(None), MESSAGES.c.due_at <= bindparam("now")).limit(1)


class Lane:
    """Some of the due messages. What waits in one lane for another server delays nothing in the other one."""

    def __init__(self, *only: ColumnElement[bool]) -> None:
        self.due, self.any_due = DUE.where(*only), ANY_DUE.where(*only)


# A job's name says in which lane it is, so nothing about lanes is stored: a release may move a job to the other one.
_THERE: BindParameter[list[str]] = bindparam("there", expanding=True, unique=True, callable_=lambda: sorted(OUTSIDE))
ALL = Lane()
WITHIN = Lane(MESSAGES.c.job.not_in(_THERE))  # the database alone
BEYOND = Lane(MESSAGES.c.job.in_(_THERE))  # what `reach` registered: mail servers, gateways, document stores
_MINE = update(MESSAGES).where(
    MESSAGES.c.id == bindparam("message"), MESSAGES.c.attempts == bindparam("fence"), MESSAGES.c.done_at.is_(None)
)
CLAIM = _MINE.values(due_at=bindparam("due_at"), attempts=bindparam("attempts"))
FINISH = _MINE.values(done_at=bindparam("done_at"), error=None)


class LeaseLost(Exception):
    """Another worker took the message over; what this one wrote is rolled back."""


def on(event: type[Event]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run the decorated job whenever `event` was committed: job(tx, now=..., **fields of the event)."""

    def register(job: Callable[..., None]) -> Callable[..., None]:
        JOBS.setdefault(event.name, []).append(job)
        return job

    return register


def reach(event: type[Event], *, gives_up: bool = True) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """As `on`, for what happens outside the database: job(db, now=..., message_id=..., **fields of the event).

    It holds no transaction while it waits for a mail server or a bank, and opens its own for what it has to note.
    It runs at least once, with the same `message_id` each time: the key under which the other side can tell.
    With `gives_up=False` it is tried until it succeeds: for another server that may be away for days.
    """

    def register(job: Callable[..., None]) -> Callable[..., None]:
        OUTSIDE.add(_path(job))
        if not gives_up:
            PATIENT.add(_path(job))
        return on(event)(job)

    return register


def every(*, seconds: float) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Run the decorated job(tx, now=...) about every `seconds`: it does what is due by now and not done."""

    def register(job: Callable[..., Any]) -> Callable[..., Any]:
        TIMED.append(Timed(_path(job), seconds, job))
        return job

    return register


def emit(tx: Session, event: Event, now: datetime, *, due: datetime | None = None) -> None:
    """Write one message for each job, inside the caller's transaction."""
    jobs = JOBS.get(event.name)
    if not jobs:
        return
    payload = dict(vars(event))
    rows_ = [
        {"id": new_id(), "created_at": now, "event": event.name, "job": _path(job), "payload": payload,
         "due_at": due or now}
        for job in jobs
    ]  # fmt: skip
    INSERT.later(tx.connection(), *rows_)
    changed(tx, TOPIC)


def deliver_one(db: Database, now: datetime, lane: Lane = ALL) -> bool:
    """Claim one due message of the lane and run its job. Return False when nothing is due.

    The job's writes and the mark that it is done share one transaction: they happen
    once. What a job does outside the database happens at least once.
    """
    if not db.read(lambda tx: tx.connection().execute(lane.any_due, {"now": now}).first()):
        return False
    message = db.write(lambda tx: _claim(tx, now, lane))
    if message is None:
        return False
    job = _job_of(message)

    def perform(tx: Session) -> None:
        if job is not None and message.job not in OUTSIDE:
            job(tx, now=now, **message.payload)
        if tx.connection().execute(FINISH, _fence(message) | {"done_at": now}).rowcount != 1:
            raise LeaseLost(message.id)

    try:
        if job is not None and message.job in OUTSIDE:
            job(db, now=now, message_id=message.id, **message.payload)
        db.write(perform)
    except Exception as error:
        log.exception("job failed: %s %s", message.job, message.id)
        _keep_failure(db, message, now, repr(error))
    return True


def drain(db: Database, now: datetime) -> None:
    """Deliver all that is due, many messages in one transaction: for whoever is alone with the database.

    Each message has a savepoint: one that fails leaves nothing and stops no other. What failed, and what reaches
    outside the database, goes the ordinary way afterwards. A crash undoes the transaction with the marks in it.
    """
    failed: set[str] = set()
    while db.write(lambda tx: _deliver_several(tx, now, failed)):
        pass
    while deliver_one(db, now):
        pass


def run_timed(db: Database, now: datetime) -> None:
    """Every timed job once. Each has a transaction of its own; one that fails does not stop the others."""
    for timed in TIMED:
        _run_one_timed(db, timed, now)


def work_until(stop: threading.Event, db: Database, clock: Callable[[], datetime]) -> None:
    """Deliver until told to stop; an event of this process wakes us at once, others within a second.

    Two lanes, each with a thread: this one for the database alone and for what is due by the clock, a second for what
    reaches outside. A mail server that hangs delays other mail, and neither a reminder nor the end of a hold.
    It returns when both have ended what they had in hand.
    """
    beyond = threading.Thread(target=_work_in, args=(BEYOND, (), stop, db, clock), name="outbox-beyond")
    beyond.start()
    try:
        _work_in(WITHIN, TIMED, stop, db, clock)
    finally:
        stop.set()  # also when a Ctrl-C ended this lane
        beyond.join()


def _work_in(
    lane: Lane, due_by_clock: Sequence[Timed], stop: threading.Event, db: Database, clock: Callable[[], datetime]
) -> None:
    """One lane. What is due by the clock is done between two messages: there may be thousands of those."""
    wake = threading.Event()

    def hear(topic: str) -> None:
        if topic == TOPIC:
            wake.set()

    db.listeners.append(hear)
    next_run: dict[str, float] = {}
    while not stop.is_set():
        delivered = False
        try:
            delivered = deliver_one(db, clock(), lane)
            for timed in due_by_clock:
                if next_run.get(timed.name, 0) <= time.monotonic() and not stop.is_set():
                    next_run[timed.name] = time.monotonic() + timed.seconds
                    _run_one_timed(db, timed, clock())
        except Exception:
            log.exception("outbox worker")
        if not delivered:
            if wake.wait(1) and lane is BEYOND:
                stop.wait(0.05)  # most events are not for this lane: looking at each would cost half of its delivery
            wake.clear()
    db.listeners.remove(hear)


def _run_one_timed(db: Database, timed: Timed, now: datetime) -> None:
    try:
        db.write(lambda tx: timed.job(tx, now=now))
    except Exception:
        log.exception("timed job failed: %s", timed.name)


def _keep_failure(db: Database, message: Any, now: datetime, error: str) -> None:
    """Try again later, ever more slowly; after TRIES keep it for a person to look at, unless it is never given up."""
    patient = message.job in PATIENT
    longest = LONGEST_PAUSE_OF_THE_PATIENT if patient else LONGEST_PAUSE
    pause = min(timedelta(seconds=2 ** min(message.attempts, 20)), longest)  # 2**50 seconds are no time any more
    values: dict[str, Any] = {"error": error[:2000], "due_at": now + pause}
    if message.attempts >= TRIES and not patient:
        values |= {"done_at": now, "failed_at": now}
    db.write(lambda tx: _change(tx, message, **values))


def _deliver_several(tx: Session, now: datetime, failed: set[str]) -> int:
    """How many were looked at; those that fail are added to `failed` and not looked at again."""
    fit = DUE.where(MESSAGES.c.job.not_in(OUTSIDE), MESSAGES.c.id.not_in(failed)).limit(SEVERAL)
    messages = [_Claimed(*row) for row in tx.connection().execute(fit, {"now": now})]
    for message in messages:
        try:
            with tx.begin_nested():
                _deliver_within(tx, now, message)
        except Exception as error:
            if isinstance(error, DBAPIError) and lost(error):
                raise  # the whole transaction is gone, and is begun anew
            failed.add(message.id)
    return len(messages)


def _deliver_within(tx: Session, now: datetime, message: "_Claimed") -> None:
    """The mark comes first: it is the claim too, until the transaction is over."""
    mine = tx.connection().execute(FINISH, _fence(message) | {"done_at": now}).rowcount == 1
    if mine and (job := _job_of(message)):
        job(tx, now=now, **message.payload)


def _job_of(message: "_Claimed") -> Callable[..., None] | None:
    """None for a job that a newer release no longer has: nothing is left to do."""
    return next((job for job in JOBS.get(message.event, ()) if _path(job) == message.job), None)


@dataclass
class _Claimed:
    id: str
    event: str
    job: str
    payload: dict[str, Any]
    attempts: int


def _claim(tx: Session, now: datetime, lane: Lane = ALL) -> _Claimed | None:
    for row in tx.connection().execute(lane.due, {"now": now}).all():
        message = _Claimed(*row)
        values = {"due_at": now + LEASE, "attempts": message.attempts + 1}
        if tx.connection().execute(CLAIM, _fence(message) | values).rowcount == 1:
            message.attempts += 1
            return message  # otherwise another worker got there first: take the next
    return None


def _fence(message: _Claimed) -> dict[str, Any]:
    return {"message": message.id, "fence": message.attempts}


def _change(tx: Session, message: _Claimed, **values: Any) -> bool:
    mine = (MESSAGES.c.id == message.id, MESSAGES.c.attempts == message.attempts, MESSAGES.c.done_at.is_(None))
    return rows(tx, update(MESSAGES).where(*mine).values(**values)) == 1


def _path(job: Callable[..., Any]) -> str:
    return f"{job.__module__}.{job.__qualname__}"


@every(seconds=300)
def forget_delivered(tx: Session, now: datetime) -> int:
    """Delete what was delivered long ago; return how many. What failed for good waits for a person."""
    old = select(MESSAGES.c.id).where(MESSAGES.c.done_at < now - KEPT, MESSAGES.c.failed_at.is_(None)).limit(FORGET)
    ids = list(tx.scalars(old))
    return rows(tx, delete(MESSAGES).where(MESSAGES.c.id.in_(ids))) if ids else 0
