import json

import pytest
from litestar.exceptions import WebSocketDisconnect

from suwen.accounts.models import SignIn
from suwen.core.db import changed
from suwen.notifications.service import watchable
from suwen.notifications.service.watching import WATCHABLE
from tests.reviews.conftest import visit  # noqa: F401


@pytest.fixture
def live(client, people):
    def join(login):
        headers = {"authorization": f"Bearer {people[login].token}"} if people[login].id else {}
        return client.websocket_connect("/live/inbox", headers=headers)

    return join


def test_the_count_comes_at_once_and_with_each_message(live, tell, people):
    tell("li")
    with live("li") as socket:
        assert socket.receive_json(timeout=5) == {"type": "inbox", "unread": 1, "title": ""}
        tell("li", title="Your doctor is ready")
        assert socket.receive_json(timeout=5) == {"type": "inbox", "unread": 2, "title": "Your doctor is ready"}
        assert socket.receive_json(timeout=5) == {"type": "changed", "topic": f"user:{people['li'].id}"}
        people["li"]("POST", "/api/v1/notifications/read-all")
        assert socket.receive_json(timeout=5) == {"type": "inbox", "unread": 0, "title": ""}


def test_a_page_hears_only_what_its_reader_may_hear(live, house, ids, people):
    zhang, chen = ids.doctors["zhang"], ids.doctors["chen"]
    with live("zhang") as socket:
        assert socket.receive_json(timeout=5)["type"] == "inbox"
        topics = [f"doctor:{chen}", f"user:{people['li'].id}", "outbox", "session-ended:x", f"doctor:{zhang}"]
        socket.send_text(json.dumps({"type": "watch", "topics": topics}))
        socket.send_text(json.dumps({"type": "watch", "topics": topics}))  # naming them again replaces, never doubles
        socket.send_text("{}")  # answered after the others, so they have been taken
        assert socket.receive_json(timeout=5)["problem"]["status"] in (400, 422)
        house.db.write(lambda tx: changed(tx, *topics))
        assert socket.receive_json(timeout=5) == {"type": "changed", "topic": f"doctor:{zhang}"}
        house.db.write(lambda tx: changed(tx, f"user:{people['zhang'].id}"))
        assert socket.receive_json(timeout=5)["type"] == "inbox"


def test_what_changed_while_the_page_was_on_its_way_is_told_once_it_listens(live, house, ids, people, clock):
    zhang = f"doctor:{ids.doctors['zhang']}"
    drawn = clock().isoformat()
    house.db.write(lambda tx: changed(tx, zhang))
    clock.advance(seconds=2)
    later = clock().isoformat()
    with live("zhang") as socket:
        assert socket.receive_json(timeout=5)["type"] == "inbox"
        socket.send_text(json.dumps({"type": "watch", "topics": [zhang, "doctor:other"], "since": drawn}))
        assert socket.receive_json(timeout=5) == {"type": "changed", "topic": zhang}
        for message in ({"since": "2030-01-01T00:00:00"}, {"since": "yesterday"}, {"since": 5}):
            socket.send_text(json.dumps({"type": "watch", "topics": [zhang]} | message))
            assert socket.receive_json(timeout=5)["problem"]["status"] in (400, 422)
        for silent in ({}, {"since": None}, {"since": later}):
            socket.send_text(json.dumps({"type": "watch", "topics": [zhang]} | silent))
        socket.send_text("{}")
        assert socket.receive_json(timeout=5)["type"] == "error"  # nothing was told in between


def test_packages_above_say_who_may_hear_their_topics(live, house, people):
    watchable("lab", lambda tx, me, id, now: me.role == "patient" and id == "1")
    try:
        with live("li") as socket:
            socket.receive_json(timeout=5)
            socket.send_text(json.dumps({"type": "watch", "topics": ["lab:2", "lab:1"]}))
            socket.send_text("no json")
            assert socket.receive_json(timeout=5)["type"] == "error"
            house.db.write(lambda tx: changed(tx, "lab:2", "lab:1"))
            assert socket.receive_json(timeout=5) == {"type": "changed", "topic": "lab:1"}
    finally:
        del WATCHABLE["lab"]


def test_nobody_stays_in_after_signing_out(live, house, people):
    with live("li") as socket:
        socket.receive_json(timeout=5)
        session = people["li"].actor.session_id
        from suwen.core.sessions import ENDED

        house.db.write(lambda tx: changed(tx, ENDED + session))
        assert socket.receive_json(timeout=5)["problem"]["code"] == "session_ended"
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_json(timeout=5)
    assert closed.value.code == 4401


def test_a_guest_is_told_to_sign_in(live):
    with live("guest") as socket:
        assert socket.receive_json(timeout=5)["problem"]["status"] == 401


def test_a_doctors_queue_and_a_visit_are_heard_by_those_concerned(live, house, ids, people, visit):  # noqa: F811
    mine, queue = f"appointment:{visit('li')}", f"queue:{ids.doctors['zhang']}"
    heard = {
        "li": [mine],
        "eve": [],
        "wang": [],
        "zhang": [mine, queue],
        "chen": [],
        "zhao": [],
        "admin": [mine, queue],
    }
    for login, expected in heard.items():
        with live(login) as socket:
            socket.receive_json(timeout=5)
            socket.send_text(json.dumps({"type": "watch", "topics": [mine, queue]}))
            socket.send_text("{}")
            assert socket.receive_json(timeout=5)["type"] == "error"
            last = f"user:{people[login].id}"
            house.db.write(lambda tx, last=last: changed(tx, mine, queue, last))
            got = []
            while (message := socket.receive_json(timeout=5))["type"] == "changed":
                got.append(message["topic"])
            assert got == expected, login


def test_an_open_page_is_no_use_of_the_session_but_whoever_moves_in_it_is(client, house, people, clock):
    li = people["li"]
    token, session = li.token, li.actor.session_id
    began = clock.now

    def seen():
        return house.db.read(lambda tx: tx.get_one(SignIn, session)).last_seen_at

    def later(minutes):
        clock.advance(minutes=minutes)
        house.sessions._checked.clear()  # as after half a minute

    later(20)
    headers = {"authorization": f"Bearer {token}"}
    with client.websocket_connect("/live/inbox", headers=headers) as socket:  # say, after a lost connection
        socket.receive_json(timeout=5)
        socket.send_text(json.dumps({"type": "watch", "topics": []}))
        socket.send_text("{}")
        socket.receive_json(timeout=5)
        assert seen() == began
        socket.send_text(json.dumps({"type": "here"}))
        socket.send_text("{}")
        socket.receive_json(timeout=5)
        assert seen() == clock.now
        later(31)
        socket.send_text(json.dumps({"type": "watch", "topics": []}))
        assert socket.receive_json(timeout=5)["problem"]["code"] == "session_ended"
