"""Who may move an appointment from where to where, and until when."""

from datetime import UTC, datetime, timedelta

import pytest

from suwen.core.errors import DomainError
from suwen.scheduling.errors import (
    NotYours,
    PastTime,
    TooEarly,
    TooLateToCancel,
    TooLateToReschedule,
    TooManyMoves,
    WrongState,
)
from suwen.scheduling.rules import states

START = datetime(2030, 1, 3, 9, tzinfo=UTC)
END = START + timedelta(minutes=30)
POLICY = states.DEFAULT

# action: {status it may start from: status it leads to}, roles that may
TABLE = {
    "promise_to_pay": ({"pending": "scheduled"}, {"patient", "admin", "system"}),
    "confirm": ({"pending": "confirmed", "scheduled": "confirmed"}, {"patient", "admin", "system"}),
    "expire": ({"pending": "cancelled"}, {"system"}),
    "cancel": (
        dict.fromkeys(("pending", "scheduled", "confirmed", "checked_in"), "cancelled"),
        {"patient", "doctor", "admin", "system"},
    ),
    "check_in": (dict.fromkeys(("scheduled", "confirmed"), "checked_in"), {"patient", "doctor", "admin", "system"}),
    "complete": (
        dict.fromkeys(("scheduled", "confirmed", "checked_in"), "completed"),
        {"doctor", "admin", "system"},
    ),
    "miss": (dict.fromkeys(("scheduled", "confirmed"), "no_show"), {"doctor", "admin", "system"}),
}


@pytest.mark.parametrize("action", states.MOVES)
@pytest.mark.parametrize("role", ["guest", "patient", "doctor", "pharmacist", "admin", "system"])
@pytest.mark.parametrize("status", states.STATUSES)
def test_every_move_of_every_role_from_every_state(action: str, role: str, status: str) -> None:
    leads, roles = TABLE[action]
    assert states.may(action, status, role) == (role in roles and status in leads)
    if role not in roles:
        with pytest.raises(NotYours):
            states.move(action, status, role)
    elif status not in leads:
        with pytest.raises(WrongState) as refusal:
            states.move(action, status, role)
        assert refusal.value.data["status"] == status
    else:
        assert states.move(action, status, role) == leads[status]


def test_the_final_states_are_final() -> None:
    assert not {status for rule in states.MOVES.values() for status in rule.sources} & set(states.FINAL)
    assert set(states.ACTIVE) | set(states.FINAL) == set(states.STATUSES)


CANCEL = [
    ("patient", "confirmed", timedelta(hours=2), None),
    ("patient", "confirmed", timedelta(hours=2) - timedelta(seconds=1), TooLateToCancel),
    ("patient", "pending", timedelta(minutes=-10), None),
    ("doctor", "confirmed", timedelta(0), None),
    ("admin", "checked_in", timedelta(minutes=-30), None),
    ("admin", "checked_in", timedelta(minutes=-31), TooLateToCancel),
]


@pytest.mark.parametrize(("role", "status", "notice", "refusal"), CANCEL)
def test_cancelling_in_time(role: str, status: str, notice: timedelta, refusal: type[DomainError] | None) -> None:
    if refusal is None:
        states.cancellable(POLICY, role, status, START, END, START - notice)
    else:
        with pytest.raises(refusal):
            states.cancellable(POLICY, role, status, START, END, START - notice)


REFUNDS = [("patient", 24, 100), ("patient", 23.99, 50), ("patient", 2, 50), ("patient", 1.99, 0), ("patient", -1, 0)]
REFUNDS += [("doctor", 1, 100), ("admin", -1, 100), ("system", 0, 100)]


@pytest.mark.parametrize(("role", "hours", "percent"), REFUNDS)
def test_what_goes_back(role: str, hours: float, percent: int) -> None:
    assert states.refund_percent(POLICY, role, START, START - timedelta(hours=hours)) == percent


MOVED = [
    ("patient", "confirmed", 4, 0, None),
    ("patient", "confirmed", 3.99, 0, TooLateToReschedule),
    ("patient", "pending", 1, 0, None),
    ("patient", "confirmed", 10, 3, TooManyMoves),
    ("patient", "confirmed", 0, 0, PastTime),
    ("patient", "checked_in", 10, 0, WrongState),
    ("admin", "confirmed", 1, 9, None),
    ("admin", "completed", 1, 0, WrongState),
]


@pytest.mark.parametrize(("role", "status", "hours", "moves", "refusal"), MOVED)
def test_moving_in_time(role: str, status: str, hours: float, moves: int, refusal: type[DomainError] | None) -> None:
    now = START - timedelta(hours=hours)
    if refusal is None:
        states.reschedulable(POLICY, role, status, START, moves, now)
    else:
        with pytest.raises(refusal):
            states.reschedulable(POLICY, role, status, START, moves, now)


def test_arriving_around_the_visit() -> None:
    states.arrivable(POLICY, START, END, START - timedelta(minutes=60))
    states.arrivable(POLICY, START, END, END - timedelta(seconds=1))
    with pytest.raises(TooEarly):
        states.arrivable(POLICY, START, END, START - timedelta(minutes=61))
    with pytest.raises(PastTime):
        states.arrivable(POLICY, START, END, END)
    states.missable(START, START)
    with pytest.raises(TooEarly):
        states.missable(START, START - timedelta(seconds=1))
