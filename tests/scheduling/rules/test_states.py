"""Who may move an appointment from where to where, and until when."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from suwen.settings import Settings

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
        assert refusal.value.data["state"] == status
    else:
        assert states.move(action, status, role) == leads[status]


def test_the_final_states_are_final() -> None:
    assert not {status for rule in states.MOVES.values() for status in rule.sources} & set(states.FINAL)
    assert set(states.ACTIVE) | set(states.FINAL) == set(states.STATUSES)


CANCEL = [
    ("patient", "confirmed", timedelta(hours=2), None),
    ("patient", "confirmed", timedelta(seconds=1), None),
    ("patient", "confirmed", timedelta(0), TooLateToCancel),
    ("patient", "confirmed", timedelta(seconds=-1), TooLateToCancel),
    ("patient", "pending", timedelta(minutes=-10), None),
    ("doctor", "confirmed", timedelta(0), None),
    ("admin", "checked_in", timedelta(minutes=-30), None),
    ("admin", "checked_in", timedelta(minutes=-31), TooLateToCancel),
]


@pytest.mark.parametrize(("role", "status", "notice", "refusal"), CANCEL)
def test_cancelling_in_time(role: str, status: str, notice: timedelta, refusal: type[DomainError] | None) -> None:
    if refusal is None:
        states.cancellable(role, status, START, END, START - notice)
    else:
        with pytest.raises(refusal):
            states.cancellable(role, status, START, END, START - notice)


SECOND = timedelta(seconds=1)
THREE = "24h:100,2h:50,0h:0"
REFUNDS = [
    (states.USUAL, "patient", timedelta(days=9), 100),
    (states.USUAL, "patient", timedelta(hours=2), 100),
    (states.USUAL, "patient", timedelta(hours=2) - SECOND, 50),
    (states.USUAL, "patient", SECOND, 50),
    (states.USUAL, "patient", timedelta(0), 0),
    (states.USUAL, "patient", -SECOND, 0),
    (THREE, "patient", timedelta(hours=24), 100),
    (THREE, "patient", timedelta(hours=24) - SECOND, 50),
    (THREE, "patient", timedelta(hours=2), 50),
    (THREE, "patient", timedelta(hours=2) - SECOND, 0),
    ("1d:30", "patient", timedelta(hours=24), 30),
    ("1d:30", "patient", timedelta(hours=24) - SECOND, 0),
    ("0h:100", "patient", timedelta(0), 0),
    *[(THREE, role, notice, 100) for role in ("doctor", "admin", "system") for notice in (SECOND, -SECOND)],
]


@pytest.mark.parametrize(("windows", "role", "notice", "percent"), REFUNDS)
def test_what_goes_back(windows: str, role: str, notice: timedelta, percent: int) -> None:
    assert states.refund_percent(states.policy_of(windows), role, START, START - notice) == percent


def test_the_usual_windows_are_those_of_the_setting() -> None:
    assert states.policy_of(states.USUAL) == states.DEFAULT
    assert Settings(cancellation=states.USUAL).cancellation == Settings().cancellation


@pytest.mark.parametrize(
    "text", ["", "2h", "2h:101", "2:50", "h:1", "2h:50,3h:40", "3h:40,2h:50", "2h:50,2h:40", "-1h:5"]
)
def test_windows_that_cannot_be(text: str) -> None:
    with pytest.raises(ValueError, match=r"window|notice"):
        states.policy_of(text)
    if text:
        with pytest.raises(SystemExit, match="SUWEN_CANCELLATION"):
            Settings.from_environment({"SUWEN_CANCELLATION": text, "SUWEN_SECRET": "x" * 40, "SUWEN_FIELD_KEYS": "k:x"})


@given(
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 100)), min_size=1, max_size=5),
    st.integers(0, 10**10), st.integers(0, 10**10), st.integers(-10**6, 10**6), st.integers(0, 10**6),
)  # fmt: skip
def test_never_more_than_was_paid_and_never_more_for_waiting(windows, paid, back, seconds, longer) -> None:  # type: ignore[no-untyped-def]
    hours = sorted({hours for hours, _ in windows}, reverse=True)
    percents = sorted((percent for _, percent in windows), reverse=True)
    policy = states.policy_of(",".join(f"{h}h:{p}" for h, p in zip(hours, percents, strict=False)))
    now = START - timedelta(seconds=seconds)
    due = states.refund_due(policy, "patient", START, now, paid, min(back, paid))
    later = states.refund_due(policy, "patient", START, now + timedelta(seconds=longer), paid, min(back, paid))
    assert 0 <= later <= due <= paid - min(back, paid)
    whole = states.refund_due(policy, "doctor", START, now, paid, min(back, paid))
    assert whole == paid - min(back, paid)


@pytest.mark.parametrize(
    ("paid", "back", "due"), [(1, 0, 1), (3, 0, 2), (100, 0, 50), (100, 50, 0), (101, 1, 50), (0, 0, 0)]
)
def test_half_a_unit_is_rounded_up(paid: int, back: int, due: int) -> None:
    assert states.refund_due(states.policy_of("0h:50"), "patient", START, START - SECOND, paid, back) == due


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
    states.arrivable(POLICY, START, END, END + POLICY.enter_after - SECOND)
    with pytest.raises(TooEarly):
        states.arrivable(POLICY, START, END, START - timedelta(minutes=61))
    with pytest.raises(PastTime):
        states.arrivable(POLICY, START, END, END + POLICY.enter_after)
    states.missable(START, START)
    with pytest.raises(TooEarly):
        states.missable(START, START - timedelta(seconds=1))
