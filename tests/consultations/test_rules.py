"""What holds of a visit, whatever the database says."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.consultations import rules
from suwen.consultations.rules import Presence

NOW = datetime(2030, 1, 1, 9, 0, tzinfo=UTC)
HERE = Presence(NOW, media="connected")


def ago(seconds: float, **more) -> Presence:
    return Presence(NOW - timedelta(seconds=seconds), **more)


@pytest.mark.parametrize(
    ("status", "doctor", "patient", "phase"),
    [
        ("waiting", Presence(), Presence(), "waiting"),
        ("waiting", HERE, HERE, "waiting"),
        ("in_progress", Presence(), Presence(), "waiting"),
        ("in_progress", ago(1), Presence(), "joined"),
        ("in_progress", ago(1), ago(1), "connecting"),
        ("in_progress", HERE, ago(1), "connecting"),
        ("in_progress", HERE, HERE, "connected"),
        ("in_progress", HERE, ago(1, media="reconnecting"), "reconnecting"),
        ("in_progress", HERE, ago(1, media="connected", away=True), "reconnecting"),
        ("in_progress", HERE, ago(46, media="connected"), "reconnecting"),
        ("in_progress", HERE, ago(1, media="connected", left=True), "joined"),
        ("completed", HERE, HERE, "ended"),
        ("cancelled", Presence(), Presence(), "ended"),
        ("no_show", Presence(), Presence(), "ended"),
    ],
)
def test_a_call_has_one_word_for_its_state(status, doctor, patient, phase):
    assert rules.phase(status, doctor, patient, NOW) == phase


def test_both_sides_away_beyond_the_grace_is_an_interruption():
    assert rules.interrupted_since(ago(70), ago(61), NOW) == NOW - timedelta(seconds=61)
    assert rules.interrupted_since(ago(70), ago(59, away=True), NOW) is None
    assert rules.interrupted_since(ago(300), ago(1), NOW) is None
    assert rules.interrupted_since(ago(300), Presence(), NOW) is None, "a side that never came does not go away"


def test_the_waiting_room_has_hours():
    start, end = NOW, NOW + timedelta(minutes=30)
    assert not rules.in_time("patient", start, end, start - timedelta(minutes=60, seconds=1))
    assert rules.in_time("patient", start, end, start - timedelta(minutes=60))
    assert rules.in_time("doctor", start, end, start - timedelta(hours=2))
    assert rules.in_time("patient", start, end, end + rules.LATE - timedelta(seconds=1))
    assert not rules.in_time("patient", start, end, end + rules.LATE)


def test_duration_is_in_seconds_and_never_negative():
    assert rules.duration_seconds(NOW, NOW + timedelta(seconds=754.6)) == 755
    assert rules.duration_seconds(None, NOW) == 0
    assert rules.duration_seconds(NOW + timedelta(seconds=1), NOW) == 0


def test_a_call_is_as_good_as_its_worse_side():
    assert rules.worse(["excellent", "fair"]) == "fair"
    assert rules.worse([None, "good"]) == "good"
    assert rules.worse([None, "nonsense"]) is None


def test_the_typical_visit_needs_some_to_speak_of():
    assert rules.typical_minutes([600, 600], slot_minutes=25) == 25
    assert rules.typical_minutes([600, 900, 1200, 3]) == 15
    assert rules.typical_minutes([60, 61, 70]) == 5


@pytest.mark.parametrize(
    ("ahead", "running_minutes", "starts_in", "expected"),
    [
        (0, None, 0, (0, 5)),
        (0, None, 30, (30, 35)),
        (1, None, 0, (20, 30)),
        (2, 5, 0, (55, 65)),
        (0, 40, 0, (3, 13)),
        (1, 5, 60, (60, 70)),
    ],
)
def test_the_estimate_is_honest(ahead, running_minutes, starts_in, expected):
    running = None if running_minutes is None else NOW - timedelta(minutes=running_minutes)
    start = NOW + timedelta(minutes=starts_in)
    assert rules.estimate(ahead=ahead, running_since=running, start=start, typical=20, now=NOW) == expected


@given(st.integers(0, 20), st.one_of(st.none(), st.integers(0, 200)), st.integers(-300, 300), st.integers(5, 60))
def test_more_people_ahead_never_shorten_the_wait(ahead, running, starts_in, typical):
    since = None if running is None else NOW - timedelta(minutes=running)
    start = NOW + timedelta(minutes=starts_in)
    one = rules.estimate(ahead=ahead, running_since=since, start=start, typical=typical, now=NOW)
    more = rules.estimate(ahead=ahead + 1, running_since=since, start=start, typical=typical, now=NOW)
    assert 0 <= one[0] <= one[1]
    assert more[0] >= one[0]
    assert one[0] >= starts_in - 1, "nobody is promised a time before the booked one"


def test_coming_late_costs_the_place():
    nine, ten = NOW, NOW + timedelta(hours=1)
    on_time, late = (
        rules.queue_key(nine, nine - timedelta(minutes=5)),
        rules.queue_key(nine, nine + timedelta(minutes=9)),
    )
    assert on_time < late < rules.queue_key(ten, nine)


def test_a_ticket_is_kept_as_a_hash_and_dies_in_a_minute():
    kept = rules.ticket_kept("a-ticket-of-some-length", NOW)
    assert "a-ticket" not in kept
    assert rules.ticket_fits(kept, "a-ticket-of-some-length", NOW + timedelta(seconds=59))
    assert not rules.ticket_fits(kept, "a-ticket-of-some-length", NOW + timedelta(seconds=60))
    assert not rules.ticket_fits(kept, "another", NOW)
    assert not rules.ticket_fits(None, "", NOW)
    assert not rules.ticket_fits("", "", NOW)


def test_turn_credentials_are_what_coturn_computes():
    name, credential = rules.turn_credentials("north", "somebody", NOW, timedelta(hours=1))
    assert name == f"{int(NOW.timestamp()) + 3600}:somebody"
    assert base64.b64decode(credential) == hmac.new(b"north", name.encode(), hashlib.sha1).digest()


def test_without_servers_there_is_nothing_to_hand_out():
    assert rules.ice_servers(stun=[], turn=[], secret="", user="u", now=NOW) == []
    stun, turn = rules.ice_servers(stun=["stun:a"], turn=["turn:b"], secret="s", user="u", now=NOW)
    assert stun == {"urls": ["stun:a"]}
    assert turn["username"].endswith(":u")
