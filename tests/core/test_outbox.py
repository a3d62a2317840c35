import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from suwen.clinics.models import Department
from suwen.core import outbox
from suwen.core.outbox import Event, OutboxMessage, deliver_one, drain, emit, on, reach


@dataclass(frozen=True)
class Opened(Event):
    name = "lab.opened"
    code: str


SEEN, BROKEN = [], set()


@on(Opened)
def open_department(tx, now, code):
    SEEN.append(code)
    tx.add(Department(code=code, name=code))
    tx.flush()
    if code in BROKEN:
        raise RuntimeError("no room")


@pytest.fixture(autouse=True)
def _clean():
    SEEN.clear()
    BROKEN.clear()


def counts(house):
    def read(tx):
        open_ = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.done_at.is_(None))
        return tx.scalar(open_), tx.scalar(select(func.count()).where(Department.name == Department.code))

    return house.db.read(read)


def test_an_event_is_delivered_once(house, clock):
    house.db.write(lambda tx: emit(tx, Opened("A"), clock()))
    assert deliver_one(house.db, clock()) is True
    assert deliver_one(house.db, clock()) is False
    assert (SEEN, counts(house)) == (["A"], (0, 1))


def test_what_one_transaction_says_is_delivered_in_the_order_it_was_said(house, clock):
    """Within a millisecond too: on MariaDB messages that are due at one moment come in the order of their ids."""
    said = [f"{number:02d}" for number in range(30)]
    house.db.write(lambda tx: [emit(tx, Opened(code), clock()) for code in said])
    while deliver_one(house.db, clock()):
        pass
    assert said == SEEN


def test_what_was_rolled_back_was_never_said(house, clock):
    def work(tx):
        emit(tx, Opened("A"), clock())
        raise RuntimeError

    with pytest.raises(RuntimeError):
        house.db.write(work)
    assert deliver_one(house.db, clock()) is False


def test_a_job_that_fails_leaves_nothing_and_is_tried_again_later(house, clock):
    BROKEN.add("A")
    house.db.write(lambda tx: emit(tx, Opened("A"), clock()))
    assert deliver_one(house.db, clock()) is True
    assert counts(house) == (1, 0)
    assert deliver_one(house.db, clock()) is False
    BROKEN.clear()
    clock.advance(seconds=3)
    assert deliver_one(house.db, clock()) is True
    assert (SEEN, counts(house)) == (["A", "A"], (0, 1))


def test_a_worker_that_died_holding_a_message_is_followed_by_another(house, clock):
    house.db.write(lambda tx: emit(tx, Opened("A"), clock()))
    dead = house.db.write(lambda tx: outbox._claim(tx, clock()))
    assert deliver_one(house.db, clock()) is False
    clock.advance(seconds=outbox.LEASE.total_seconds() + 1)
    assert deliver_one(house.db, clock()) is True
    assert house.db.write(lambda tx: outbox._change(tx, dead, done_at=clock())) is False  # the fence
    assert counts(house) == (0, 1)


def test_eight_workers_share_forty_messages(house, clock):
    house.db.write(lambda tx: [emit(tx, Opened(f"D{n}"), clock()) for n in range(40)])

    def work():
        while deliver_one(house.db, clock()):
            pass

    threads = [threading.Thread(target=work) for _ in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    while deliver_one(house.db, clock()):
        pass
    assert counts(house) == (0, 40)


def test_after_many_failures_a_message_waits_for_a_person(house, clock):
    BROKEN.add("A")
    house.db.write(lambda tx: emit(tx, Opened("A"), clock()))
    for _ in range(outbox.TRIES + 3):
        deliver_one(house.db, clock())
        clock.advance(seconds=3601)
    failed = house.db.read(lambda tx: tx.scalars(select(OutboxMessage)).one())
    assert failed.failed_at is not None
    assert "no room" in failed.error
    assert len(SEEN) == outbox.TRIES


def test_an_event_may_be_due_later(house, clock):
    house.db.write(lambda tx: emit(tx, Opened("A"), clock(), due=clock() + timedelta(hours=1)))
    assert deliver_one(house.db, clock()) is False
    clock.advance(seconds=3600)
    assert deliver_one(house.db, clock()) is True


@dataclass(frozen=True)
class Ordered(Event):
    name = "lab.ordered"
    code: str


@reach(Ordered)
def call_the_supplier(db, now, message_id, code):
    SEEN.append((code, message_id))
    db.write(lambda tx: tx.add(Department(code=code, name=code)))  # it holds no transaction itself, so this can wait
    if code in BROKEN:
        raise RuntimeError("the line is busy")


def test_what_reaches_outside_holds_no_transaction_and_is_done_once(house, clock):
    house.db.write(lambda tx: emit(tx, Ordered("B"), clock()))
    assert deliver_one(house.db, clock()) is True
    assert deliver_one(house.db, clock()) is False
    assert ([code for code, _ in SEEN], counts(house)) == (["B"], (0, 1))


def test_what_fails_outside_comes_again_later_under_the_same_key(house, clock):
    house.db.write(lambda tx: emit(tx, Ordered("C"), clock()))
    BROKEN.add("C")
    deliver_one(house.db, clock())
    assert deliver_one(house.db, clock()) is False
    clock.advance(seconds=3)
    BROKEN.clear()
    house.db.write(lambda tx: tx.query(Department).filter_by(code="C").delete())
    assert deliver_one(house.db, clock()) is True
    assert len({key for _, key in SEEN}) == 1
    assert (len(SEEN), counts(house)) == (2, (0, 1))


def test_many_at_once_are_delivered_once_and_one_that_fails_stops_no_other(house, clock):
    BROKEN.add("D7")
    house.db.write(lambda tx: [emit(tx, Opened(f"D{n}"), clock()) for n in range(60)])
    house.db.write(lambda tx: emit(tx, Ordered("E"), clock()))
    drain(house.db, clock())
    assert counts(house) == (1, 60)  # 59 of the sixty, and the one from outside
    left = house.db.read(lambda tx: tx.scalars(select(OutboxMessage).where(OutboxMessage.done_at.is_(None))).one())
    assert (left.payload, left.attempts) == ({"code": "D7"}, 1)
    assert "no room" in left.error
    BROKEN.clear()
    clock.advance(seconds=3)
    drain(house.db, clock())
    assert counts(house) == (0, 61)
    assert sorted(code for code in SEEN if isinstance(code, str)) == sorted([f"D{n}" for n in range(60)] + ["D7"] * 2)


def test_of_two_who_deliver_many_at_once_each_message_goes_to_one(house, clock):
    house.db.write(lambda tx: [emit(tx, Opened(f"D{n}"), clock()) for n in range(40)])
    threads = [threading.Thread(target=drain, args=(house.db, clock())) for _ in range(3)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert counts(house) == (0, 40)
    assert len(SEEN) == 40


def test_what_was_delivered_long_ago_is_forgotten_and_what_failed_is_not(house, clock, monkeypatch):
    monkeypatch.setattr(outbox, "FORGET", 3)
    BROKEN.add("F")
    house.db.write(lambda tx: [emit(tx, Opened(code), clock()) for code in ["A", "B", "C", "D", "F"]])
    house.db.write(lambda tx: emit(tx, Opened("late"), clock(), due=clock() + timedelta(days=400)))
    for _ in range(outbox.TRIES):
        drain(house.db, clock())
        clock.advance(seconds=3601)
    clock.advance(days=13)
    house.db.write(lambda tx: emit(tx, Opened("new"), clock()))
    drain(house.db, clock())

    def forget():
        return house.db.write(lambda tx: outbox.forget_delivered(tx, now=clock()))

    assert forget() == 0
    clock.advance(days=1)
    assert [forget() for _ in range(3)] == [3, 1, 0]
    left = house.db.read(lambda tx: tx.scalars(select(OutboxMessage.payload)).all())
    assert sorted(one["code"] for one in left) == ["F", "late", "new"]


def test_what_is_due_by_the_clock_does_not_wait_until_the_outbox_is_empty(house, clock, monkeypatch):
    """Twelve mails to a server that hangs held up holds, reminders and the audit seal for minutes."""
    stop = threading.Event()

    def tick(tx, now):
        SEEN.append("tick")
        if "F" in SEEN:
            stop.set()

    monkeypatch.setattr(outbox, "TIMED", [outbox.Timed("lab.tick", 0, tick)])
    house.db.write(lambda tx: [emit(tx, Opened(code), clock()) for code in "DEF"])
    outbox.work_until(stop, house.db, house.clock)
    assert SEEN == ["D", "tick", "E", "tick", "F", "tick"]


LINE, CALLED = threading.Event(), threading.Event()


@dataclass(frozen=True)
class Dialled(Event):
    name = "lab.dialled"
    code: str


@reach(Dialled)
def wait_on_the_line(db, now, message_id, code):
    """A server that takes the call and says nothing."""
    CALLED.set()
    LINE.wait(30)
    SEEN.append((code, message_id))


@contextmanager
def working(house) -> Iterator[threading.Event]:
    LINE.clear()
    CALLED.clear()
    stop = threading.Event()
    worker = threading.Thread(target=outbox.work_until, args=(stop, house.db, house.clock))
    worker.start()
    try:
        yield stop
    finally:
        LINE.set()
        stop.set()
        worker.join(10)
        assert not worker.is_alive()


def soon(holds, seconds=5.0):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it waited for another server"
        time.sleep(0.01)


def test_a_server_that_hangs_delays_no_event_inside_and_nothing_that_is_due_by_the_clock(house, clock, monkeypatch):
    ticks = []
    monkeypatch.setattr(outbox, "TIMED", [outbox.Timed("lab.tick", 0.1, lambda tx, now: ticks.append(now))])
    with working(house):
        house.db.write(lambda tx: [emit(tx, Dialled(f"C{n}"), clock()) for n in range(3)])
        assert CALLED.wait(5)
        before = len(ticks)
        house.db.write(lambda tx: emit(tx, Opened("A"), clock()))
        soon(lambda: "A" in SEEN and len(ticks) > before)
        assert not LINE.is_set()
        LINE.set()
        soon(lambda: counts(house)[0] == 0, 10)
    assert [code for code, *_ in SEEN] == ["A", "C0", "C1", "C2"]


def test_the_worker_ends_when_both_lanes_have_ended_what_they_had_in_hand(house, clock, monkeypatch):
    monkeypatch.setattr(outbox, "TIMED", [])  # they have things to say themselves
    house.db.write(lambda tx: [emit(tx, Dialled(f"C{n}"), clock()) for n in range(2)])
    with working(house) as stop:
        assert CALLED.wait(5)
        stop.set()
        threading.Timer(0.3, LINE.set).start()
    assert [code for code, _ in SEEN] == ["C0"]  # and the next one was not begun
    assert counts(house)[0] == 1
    assert len(house.db.listeners) == len(set(house.db.listeners))
    assert [one for one in house.db.listeners if "hear" in one.__qualname__ and "outbox" in one.__module__] == []


def test_both_lanes_wake_at_once_for_an_event_of_this_process_and_sleep_when_nothing_is_due(house, clock, monkeypatch):
    monkeypatch.setattr(outbox, "TIMED", [])
    looks = []
    whole = outbox.deliver_one

    def counted(db, now, lane):
        looks.append(lane)
        return whole(db, now, lane)

    monkeypatch.setattr(outbox, "deliver_one", counted)
    with working(house):
        LINE.set()
        soon(lambda: len(looks) >= 2)
        time.sleep(0.1)
        seen = len(looks)
        time.sleep(0.5)
        assert len(looks) <= seen + 2  # each lane looks once a second
        house.db.write(lambda tx: (emit(tx, Opened("A"), clock()), emit(tx, Dialled("C"), clock())))
        soon(lambda: len(SEEN) == 2, 0.4)


def test_each_lane_takes_its_own_messages_and_together_they_take_all(house, clock):
    house.db.write(lambda tx: (emit(tx, Ordered("C"), clock()), emit(tx, Opened("A"), clock())))
    assert deliver_one(house.db, clock(), outbox.WITHIN) is True
    assert deliver_one(house.db, clock(), outbox.WITHIN) is False
    assert SEEN == ["A"]
    assert deliver_one(house.db, clock(), outbox.BEYOND) is True
    assert deliver_one(house.db, clock(), outbox.BEYOND) is False
    assert counts(house) == (0, 2)
