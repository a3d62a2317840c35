"""The appointment's states, who may move them, and when it is too late.

    pending ──► scheduled ──► confirmed ──► checked_in ──► completed
       │            │             │              │
       └────────────┴──► cancelled ◄─────────────┘        scheduled, confirmed ──► no_show

pending: held while paying. scheduled: pays at the desk. confirmed: paid. The last three are final.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from suwen.scheduling.errors import (
    NotYours,
    PastTime,
    TooEarly,
    TooLateToCancel,
    TooLateToReschedule,
    TooManyMoves,
    VisitBegun,
    WrongState,
)
from suwen.settings import cancellation_windows

STATUSES = ("pending", "scheduled", "confirmed", "checked_in", "completed", "cancelled", "no_show")
ACTIVE = ("pending", "scheduled", "confirmed", "checked_in")
FINAL = ("completed", "cancelled", "no_show")
BOOKED = ("scheduled", "confirmed")


@dataclass(frozen=True)
class Move:
    """From which states, to which, and who may: `patient` is the owner, `doctor` the one who treats."""

    sources: tuple[str, ...]
    target: str
    roles: frozenset[str]


PATIENT, STAFF = "patient", frozenset({"doctor", "admin", "system"})
DESK = frozenset({"admin", "system"})

MOVES = {
    "promise_to_pay": Move(("pending",), "scheduled", DESK | {PATIENT}),
    "confirm": Move(("pending", "scheduled"), "confirmed", DESK | {PATIENT}),
    "expire": Move(("pending",), "cancelled", frozenset({"system"})),
    "cancel": Move(ACTIVE, "cancelled", STAFF | {PATIENT}),
    "check_in": Move(BOOKED, "checked_in", STAFF | {PATIENT}),
    "complete": Move((*BOOKED, "checked_in"), "completed", STAFF),
    "miss": Move(BOOKED, "no_show", STAFF),
}
RESCHEDULABLE = ("pending", *BOOKED)


def move(action: str, status: str, role: str) -> str:
    """The state after the action. NotYours for the wrong role, WrongState where the state forbids it."""
    rule = MOVES[action]
    if role not in rule.roles:
        raise NotYours()
    if status not in rule.sources:
        raise WrongState(state=status)
    return rule.target


def may(action: str, status: str, role: str) -> bool:
    """Whether a page should offer it; the move itself is guarded again when it is done."""
    rule = MOVES[action]
    return role in rule.roles and status in rule.sources


@dataclass(frozen=True)
class Policy:
    """The clinic's windows. A table with one row for now; the figures come from settings an admin edits.

    The waiting room opens `enter_before` the start and stays open until `enter_after` the end: a doctor behind schedule
    still sees everybody of the morning.
    `refunds` are (notice of at least, per cent given back), longest notice first: see SUWEN_CANCELLATION.
    """

    hold: timedelta = timedelta(minutes=15)
    most_holds: int = 3
    lead: timedelta = timedelta(minutes=30)
    reschedule_notice: timedelta = timedelta(hours=4)
    most_moves: int = 3
    check_in_before: timedelta = timedelta(minutes=60)
    enter_before: timedelta = timedelta(minutes=60)
    enter_after: timedelta = timedelta(hours=6)
    refunds: tuple[tuple[timedelta, int], ...] = ((timedelta(hours=2), 100), (timedelta(0), 50))


DEFAULT = Policy()
USUAL = "2h:100,0h:50"  # the same windows as a setting


@lru_cache(maxsize=8)
def policy_of(cancellation: str) -> Policy:
    """The policy with the windows of SUWEN_CANCELLATION."""
    return Policy(refunds=cancellation_windows(cancellation))


def cancellable(
    role: str, status: str, start: datetime, end: datetime, now: datetime, *, admitted: bool = False
) -> None:
    """Raise TooLateToCancel or VisitBegun. A hold may be let go at any time, patients cancel until the visit begins,
    staff until its end; nobody once the doctor has called the patient in."""
    if admitted:
        raise VisitBegun()
    if status != "pending" and (now >= start if role == PATIENT else now > end):
        raise TooLateToCancel()


def refund_percent(policy: Policy, role: str, start: datetime, now: datetime) -> int:
    """How much of a paid price goes back: 0..100. All of it when the clinic cancels; nothing once it has begun."""
    if role != PATIENT:
        return 100
    notice = start - now
    if notice <= timedelta(0):
        return 0
    return next((percent for least, percent in policy.refunds if notice >= least), 0)


def refund_due(policy: Policy, role: str, start: datetime, now: datetime, paid: int, back: int) -> int:
    """Minor units that go back when a visit is cancelled: half a unit is rounded up, for the payer. What went back of
    `paid` already (`back`) counts towards it."""
    share = (paid * refund_percent(policy, role, start, now) + 50) // 100
    return max(0, min(share, paid) - back)


def reschedulable(policy: Policy, role: str, status: str, start: datetime, moves: int, now: datetime) -> None:
    """Raise WrongState, TooLateToReschedule, TooManyMoves or PastTime."""
    if status not in RESCHEDULABLE:
        raise WrongState(state=status)
    if role != PATIENT:
        return
    if now >= start:
        raise PastTime()
    if status != "pending" and now > start - policy.reschedule_notice:
        raise TooLateToReschedule(notice_minutes=int(policy.reschedule_notice.total_seconds() // 60))
    if moves >= policy.most_moves:
        raise TooManyMoves(most=policy.most_moves)


def arrivable(policy: Policy, start: datetime, end: datetime, now: datetime) -> None:
    """Raise TooEarly or PastTime for a check-in while the waiting room is closed: who was late, or had to wait for a
    doctor behind schedule, has arrived all the same."""
    if now < start - policy.check_in_before:
        raise TooEarly(opens_at=start - policy.check_in_before)
    if now >= end + policy.enter_after:
        raise PastTime()


def missable(start: datetime, now: datetime) -> None:
    """Nobody has missed a visit that has not begun."""
    if now < start:
        raise TooEarly(opens_at=start)
