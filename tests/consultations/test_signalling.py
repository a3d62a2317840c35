"""The signalling socket: who gets in, what is stored, what arrives, what is refused."""

import json

import pytest
from litestar.exceptions import WebSocketDisconnect
from sqlalchemy import select

from suwen.accounts.models import SignIn
from suwen.consultations.errors import TicketRefused
from suwen.consultations.models import CallEvent, CallSeat, Consultation, Signal
from suwen.consultations.schemas import Hello
from suwen.consultations.service import signalling
from suwen.core.db import new_id
from tests.consultations.lines import AT, CANDIDATE, SDP, joined, refused, ticket_of
from tests.support.racing import race


def log_of(house):
    statement = select(Signal.seq, Signal.signal_type, Signal.from_tab, Signal.to_tab).order_by(Signal.seq)
    return [tuple(row) for row in house.db.read(lambda tx: tx.execute(statement).all())]


def events_of(house):
    statement = select(CallEvent.event_type, CallEvent.user_id).order_by(CallEvent.created_at, CallEvent.id)
    return [tuple(row) for row in house.db.read(lambda tx: tx.execute(statement).all())]


def closing(line):
    """The code with which the server ended this line."""
    try:
        while True:
            line.socket.receive_text(timeout=10)
    except WebSocketDisconnect as closed:
        return closed.code


def test_an_offer_is_stored_before_it_is_answered_and_arrives(people, begun, house):
    visit = begun()
    with joined(people["zhang"], visit, "tab-of-doctor") as doctor, joined(people["li"], visit, "tab-of-li") as li:
        assert doctor.welcome["polite"] is False
        assert doctor.welcome["peer"] is None
        assert (li.welcome["polite"], li.welcome["status"]) == (True, "in_progress")
        assert li.welcome["peer"] == {"tab": "tab-of-doctor", "role": "doctor", "away": False}
        assert doctor.next("peer") == {"t": "peer", "seq": 2, "state": "joined", "tab": "tab-of-li", "role": "patient"}
        doctor.say(t="signal", id="1", to_tab="tab-of-li", desc=SDP)
        assert doctor.next("sent") == {"t": "sent", "ids": ["1"], "refused": []}
        assert log_of(house)[2] == (3, "offer", "tab-of-doctor", "tab-of-li")
        arrived = li.next("signal")
        assert (arrived["seq"], arrived["from_tab"], arrived["desc"]) == (3, "tab-of-doctor", SDP)
        for n in range(5):
            li.say(t="signal", id=f"c{n}", to_tab="tab-of-doctor", cand=CANDIDATE)
        assert [doctor.next("signal")["seq"] for _ in range(5)] == [4, 5, 6, 7, 8]
    row = house.db.read(lambda tx: tx.scalars(select(Signal).where(Signal.seq == 3)).one())
    assert (row.from_user_id, row.to_user_id, row.payload) == (people["zhang"].id, people["li"].id, SDP)


def test_what_was_said_while_away_is_replayed_once(people, begun, house):
    visit = begun()
    with joined(people["zhang"], visit, "tab-of-doctor") as doctor:
        with joined(people["li"], visit, "tab-of-li") as li:
            seen = li.welcome["seq"]
        assert doctor.next("peer")["state"] == "joined"
        assert doctor.next("peer")["state"] == "away"
        doctor.say(t="signal", id="1", to_tab="tab-of-li", desc=SDP)
        doctor.say(t="signal", id="2", to_tab="tab-of-li", cand=CANDIDATE)
        doctor.next("sent")
        with joined(people["li"], visit, "tab-of-li", since=seen) as li:
            assert [one["t"] for one in li.welcome["replay"]] == ["signal", "signal"]
            last = li.welcome["seq"]
            assert doctor.next("peer")["state"] == "resumed"
        assert doctor.next("peer")["state"] == "away"
        with joined(people["li"], visit, "tab-of-li", since=last) as li:
            assert li.welcome["replay"] == []
        assert [doctor.next("peer")["state"] for _ in range(2)] == ["resumed", "away"]
        with joined(people["li"], visit, "another-tab") as li:
            assert li.welcome["replay"] == []
    of_li = [kind for kind, who in events_of(house) if who == people["li"].id]
    assert of_li[:7] == ["joined", *["disconnected", "reconnected"] * 2, "disconnected", "joined"]


def test_sent_twice_is_stored_once(people, begun, house):
    visit = begun()
    with joined(people["zhang"], visit, "tab-of-doctor") as doctor, joined(people["li"], visit, "tab-of-li") as li:
        for more in ({}, {"re": True}, {}):
            doctor.say(t="signal", id="7", to_tab="tab-of-li", desc=SDP, **more)
            assert doctor.next("sent")["ids"] == ["7"]
        doctor.say(t="signal", id="8", to_tab="tab-of-li", cand=CANDIDATE)
        doctor.next("sent")
        assert [li.next("signal")["seq"] for _ in range(2)] == [3, 4]
    assert [kind for _, kind, *_ in log_of(house)][2:4] == ["offer", "ice_candidate"]


def test_a_newer_page_of_the_same_person_takes_over(people, begun, house):
    visit = begun()
    with joined(people["li"], visit, "first-tab") as first, joined(people["li"], visit, "second-tab") as second:
        assert closing(first) == 4001
        with joined(people["zhang"], visit, "tab-of-doctor") as doctor:
            assert doctor.welcome["peer"]["tab"] == "second-tab"
            assert second.next("peer")["tab"] == "tab-of-doctor"
    seat = house.db.read(lambda tx: tx.scalars(select(CallSeat).where(CallSeat.role == "patient")).one())
    assert seat.tab == "second-tab"


def test_a_reload_hangs_up_nothing_and_a_good_bye_does(people, begun):
    visit = begun()
    with joined(people["zhang"], visit, "tab-of-doctor") as doctor:
        with joined(people["li"], visit, "tab-of-li") as li:
            pass
        doctor.next("peer")
        assert doctor.next("peer")["state"] == "away"
        with joined(people["li"], visit, "tab-again") as li:
            assert doctor.next("peer") | {"seq": 0} == {
                "t": "peer", "seq": 0, "state": "joined", "tab": "tab-again", "role": "patient",
            }  # fmt: skip
            li.say(t="bye")
            assert doctor.next("peer")["state"] == "left"
    with joined(people["zhang"], visit, "tab-of-doctor") as doctor:
        assert doctor.welcome["peer"] is None


def test_the_waiting_room_hears_of_being_admitted_and_of_the_end(people, waiting):
    visit = waiting()
    with joined(people["li"], visit, "tab-of-li") as li:
        assert li.welcome["status"] == "waiting"
        li.say(t="signal", id="1", to_tab="whoever-it-is", desc=SDP)
        assert li.next("sent")["refused"] == ["1"]
        people["zhang"]("POST", f"{AT}/{visit[1]}/admit")
        assert li.next("state") == {"t": "state", "status": "in_progress", "peer": None}
        people["zhang"]("POST", f"{AT}/{visit[1]}/end", json={"diagnosis": "d"})
        assert li.next("state")["status"] == "completed"
        li.say(t="signal", id="2", to_tab="whoever-it-is", desc=SDP)
        assert li.next("sent")["refused"] == ["2"]


def test_the_queue_moves_for_those_who_wait(people, waiting):
    visit = waiting()
    with joined(people["li"], visit, "tab-of-li") as li:
        waiting(patient="wang", minutes=5)
        li.next("queue")


def test_how_a_side_looks_is_told_to_the_other(people, begun, house):
    visit = begun()
    with joined(people["zhang"], visit, "tab-of-doctor") as doctor, joined(people["li"], visit, "tab-of-li") as li:
        li.say(t="show", muted=True, camera=False, sound_only=False)
        assert doctor.next("show") == {"t": "show", "muted": True, "camera": False, "sound_only": False}
        doctor.say(t="event", name="screen_share_start", data={})
        assert li.next("event")["name"] == "screen_share_start"
        li.say(t="event", name="network_poor", data={"sound_only": True})
        assert doctor.next("event")["data"] == {"sound_only": True}
        li.say(t="media", state="connected")
        li.say(t="media", state="reconnecting")
        li.say(t="media", state="connected")
        li.say(t="quality", grade="fair", rtt=120, loss=0.02)
        doctor.say(t="quality", grade="excellent", rtt=5, loss=0)
        li.say(t="signal", id="flush", to_tab="tab-of-doctor", cand=CANDIDATE)
        li.next("sent")
    kinds = [kind for kind, _ in events_of(house)]
    assert {"screen_share_start", "network_poor", "disconnected", "reconnected"} <= set(kinds)
    assert house.db.read(lambda tx: tx.scalar(select(Consultation.connection_quality))) == "fair"


def test_events_carry_the_program_and_are_shown_to_those_who_may(people, begun):
    visit = begun()
    with joined(people["li"], visit, "tab-of-li") as li:
        li.say(t="event", name="mic_off", data={})
        li.say(t="signal", id="flush", to_tab="nobody-there", cand=CANDIDATE)
        li.next("sent")
    mine = people["li"]("GET", f"{AT}/{visit[1]}/events").json()["items"]
    assert {one["event_type"] for one in mine} >= {"joined", "mic_off"}
    assert mine[0]["user_agent"]
    theirs = people["zhang"]("GET", f"{AT}/{visit[1]}/events").json()["items"]
    assert {(one["ip_address"], one["user_agent"]) for one in theirs} == {(None, None)}
    assert people["admin"]("GET", f"{AT}/{visit[1]}/events").json()["items"][0]["user_agent"]
    assert people["eve"]("GET", f"{AT}/{visit[1]}/events").status_code == 404


def test_a_ticket_opens_once_for_its_owner_and_for_a_minute(people, begun, clock):
    appointment, id = visit = begun()
    ticket = ticket_of(people["li"], id)
    with joined(people["li"], visit, "tab-of-li", ticket=ticket):
        pass
    hello = {"t": "hello", "tab": "tab-of-li", "since": 0}
    assert refused(people["li"], appointment, hello | {"ticket": ticket}) == ("ticket_refused", 4003)
    fresh = ticket_of(people["li"], id)
    assert refused(people["zhang"], appointment, hello | {"ticket": fresh}) == ("ticket_refused", 4003)
    clock.advance(seconds=60)
    assert refused(people["li"], appointment, hello | {"ticket": fresh}) == ("ticket_refused", 4003)
    assert refused(people["li"], appointment, hello | {"ticket": "guess" * 6}) == ("ticket_refused", 4003)


def test_a_ticket_used_by_six_at_once_lets_one_in(people, begun, house, ids, clock):
    _, id = begun()
    ticket, me = ticket_of(people["li"], id), people["li"].actor
    hello = Hello(tab="tab-of-li", ticket=ticket)

    def sit():
        return house.db.write(
            lambda tx: signalling.take_seat(tx, me, clock.now, id, ids.users["zhang"], hello, new_id())
        )

    answers = race(*[sit] * 6)
    assert sum(isinstance(one, signalling.Welcome) for one in answers) == 1
    assert sum(isinstance(one, TicketRefused) for one in answers) == 5
    assert [kind for _, kind, *_ in log_of(house)] == ["join"]


@pytest.mark.parametrize("who", ["eve", "wang", "chen", "admin"])
def test_nobody_else_gets_a_socket(people, begun, house, who):
    appointment, id = begun()
    hello = {"t": "hello", "tab": "tab-of-eve", "since": 0, "ticket": "x" * 32}
    assert refused(people[who], appointment, hello) == ("consultation_not_found", 4003)
    assert people[who]("POST", f"{AT}/{id}/ticket").status_code in (403, 404)
    assert log_of(house) == []


def test_a_guest_or_a_page_of_another_site_gets_no_socket(people, begun):
    appointment, _ = begun()
    hello = {"t": "hello", "tab": "tab-of-eve", "since": 0, "ticket": "x" * 32}
    assert refused(people["guest"], appointment, hello) == ("unauthorized", 4401)
    cookie = {"cookie": f"session={people['li'].token}", "origin": "https://evil.example"}
    assert refused(people["li"], appointment, hello, headers=cookie) == ("forbidden", 4403)


@pytest.mark.parametrize("first", [
    "", "{", "[]", '{"t":"signal"}', '{"t":"hello"}', '{"t":"hello","tab":"x","ticket":"yyyyyyyyyyyyyyyyyyyy"}',
    '{"t":"hello","tab":"a-good-tab","ticket":"yyyyyyyyyyyyyyyyyyyy","since":-1}',
    '{"t":"hello","tab":"a-good-tab","ticket":"yyyyyyyyyyyyyyyyyyyy","since":18446744073709551615}',
    '{"t":"hello","tab":"a-good-tab","ticket":"yyyyyyyyyyyyyyyyyyyy","user":"somebody-else"}', "x" * 70_000,
])  # fmt: skip
def test_a_bad_hello_is_4000(people, begun, first):
    appointment, _ = begun()
    assert refused(people["li"], appointment, first)[1] == 4000


BAD = [
    "{", "null", '"x"', '{"t":"nonsense"}', json.dumps({"t": "signal", "id": "1", "to_tab": "tab-of-doctor"}),
    json.dumps({"t": "signal", "id": "1", "to_tab": "tab-of-doctor", "desc": SDP, "cand": CANDIDATE}),
    json.dumps({"t": "signal", "id": "1", "to_tab": "tab-of-doctor", "desc": {"type": "rollback", "sdp": "x"}}),
    json.dumps({"t": "signal", "id": "1", "to_tab": "tab-of-doctor", "desc": SDP | {"sdp": "x" * 60_001}}),
    json.dumps({"t": "signal", "id": "1", "to_tab": "tab-of-doctor", "cand": CANDIDATE | {"more": 1}}),
    json.dumps({"t": "signal", "id": "x" * 41, "to_tab": "tab-of-doctor", "desc": SDP}),
    json.dumps({"t": "signal", "id": "k ", "to_tab": "tab-of-doctor", "desc": SDP}),  # "k" to a database that pads
    json.dumps({"t": "ping", "seq": 2**64 - 1}), json.dumps({"t": "ping", "at": 2**64}),
    json.dumps({"t": "event", "name": "mic_on", "data": {"note": 2**64}}),
    json.dumps({"t": "event", "name": "recording_start", "data": {}}), json.dumps({"t": "event", "name": "joined"}),
    json.dumps({"t": "event", "name": "mic_on", "data": {"note": "the patient says ..."}}),
    json.dumps({"t": "quality", "grade": "superb"}), json.dumps({"t": "media", "state": "ended"}), "y" * 64_001,
    json.dumps({"t": "hello", "tab": "tab-of-li", "ticket": "x" * 30}),
]  # fmt: skip


def test_bad_frames_are_refused_and_the_line_stays(people, begun, house):
    visit = begun()
    with joined(people["li"], visit, "tab-of-li") as li:
        for frame in BAD:
            li.socket.send_text(frame)
            problem = li.next("error")["problem"]
            assert problem["status"] in (400, 422), frame
        li.say(t="signal", id="good", to_tab="tab-of-doctor", desc=SDP)
        assert li.next("sent")["ids"] == ["good"]
    assert [kind for _, kind, *_ in log_of(house)][:2] == ["join", "offer"]


def test_a_flood_is_cut_off(people, begun, house):
    visit = begun()
    with joined(people["li"], visit, "tab-of-li") as li:
        for n in range(400):
            try:
                li.say(t="signal", id=f"n{n}", to_tab="tab-of-doctor", cand=CANDIDATE)
            except (WebSocketDisconnect, RuntimeError):
                break
        assert closing(li) == 4429
    assert len(log_of(house)) < 260


def test_pings_keep_the_seat_and_acknowledge(people, begun, house, clock):
    visit = begun()
    with joined(people["zhang"], visit, "tab-of-doctor") as doctor, joined(people["li"], visit, "tab-of-li") as li:
        doctor.say(t="signal", id="1", to_tab="tab-of-li", desc=SDP)
        seq = li.next("signal")["seq"]
        clock.advance(seconds=20)
        li.say(t="ping", at=5, seq=seq)
        assert li.next("pong") == {"t": "pong", "at": 5, "last": seq}
        li.say(t="signal", id="flush", to_tab="tab-of-doctor", cand=CANDIDATE)
        li.next("sent")
        delivered = house.db.read(lambda tx: tx.scalar(select(Signal.delivered).where(Signal.seq == seq)))
        assert delivered is True
        seen = house.db.read(lambda tx: tx.scalar(select(CallSeat.seen_at).where(CallSeat.role == "patient")))
        assert seen == clock.now


def last_seen(house, person):
    return house.db.read(lambda tx: tx.get_one(SignIn, person.actor.session_id)).last_seen_at


@pytest.mark.parametrize(("who", "status", "uses"), [
    ("zhang", "waiting", False), ("zhang", "in_progress", True), ("li", "waiting", True), ("li", "in_progress", True),
])  # fmt: skip
def test_whoever_is_in_a_call_or_waits_for_it_uses_the_session(people, waiting, house, clock, who, status, uses):
    """A doctor's desk that stands open before the visit is no use of it: nobody may sit there."""
    visit, person = waiting(), people[who]
    if status == "in_progress":
        people["zhang"]("POST", f"{AT}/{visit[1]}/admit")
    with joined(person, visit, "tab-of-person") as line:
        began = last_seen(house, person)
        clock.advance(minutes=4)
        house.sessions._checked.clear()  # as after half a minute
        line.say(t="ping", at=1, seq=0)
        line.next("pong")
        assert last_seen(house, person) == (clock.now if uses else began)


def test_a_desk_that_stands_open_is_left_in_the_end_and_a_call_is_not(people, waiting, house, clock):
    visit, doctor = waiting(), people["zhang"]
    with joined(doctor, visit, "tab-of-doctor") as line:
        people["zhang"]("POST", f"{AT}/{visit[1]}/admit")
        assert line.next("state")["status"] == "in_progress"
        for _ in range(3):
            clock.advance(minutes=14)
            house.sessions._checked.clear()
            line.say(t="ping", at=1, seq=0)
            line.next("pong")
        people["zhang"]("POST", f"{AT}/{visit[1]}/end", json={"diagnosis": "d"})
        assert line.next("state")["status"] == "completed"
        clock.advance(minutes=16)
        house.sessions._checked.clear()
        line.say(t="ping", at=1, seq=0)
        assert closing(line) == 4401


def test_news_that_was_lost_between_processes_is_read_from_the_log(people, begun, house):
    """The hub may lose a message: a gap in the numbers, or the next ping, brings it back."""
    visit = begun()
    with joined(people["zhang"], visit, "tab-of-doctor") as doctor, joined(people["li"], visit, "tab-of-li") as li:
        publish, lost = house.hub.publish, []

        def lossy(topic, message=None):
            first_log = not lost and isinstance(message, dict) and "log" in message
            lost.append(message) if first_log else publish(topic, message)

        house.hub.publish = lossy
        doctor.say(t="signal", id="1", to_tab="tab-of-li", desc=SDP)
        doctor.next("sent")
        assert len(lost) == 1
        doctor.say(t="signal", id="2", to_tab="tab-of-li", cand=CANDIDATE)
        doctor.next("sent")
        assert [li.next("signal")["seq"], li.next("signal")["seq"]] == [3, 4]
        lost.clear()
        doctor.say(t="signal", id="3", to_tab="tab-of-li", cand=CANDIDATE)
        doctor.next("sent")
        li.say(t="ping", at=1, seq=4)
        assert li.next("signal")["seq"] == 5


def test_a_lost_database_costs_the_line_but_not_the_signal(people, begun, house):
    visit = begun()
    with joined(people["li"], visit, "tab-of-li") as li:
        write = house.db.write

        def away(work):
            raise OSError("away")

        house.db.write = away
        li.say(t="signal", id="1", to_tab="tab-of-doctor", desc=SDP)
        try:
            assert closing(li) == 4503
        finally:
            house.db.write = write
    with joined(people["li"], visit, "tab-of-li") as li:
        li.say(t="signal", id="1", to_tab="tab-of-doctor", desc=SDP, re=True)
        assert li.next("sent") == {"t": "sent", "ids": ["1"], "refused": []}
