"""A call lasts no longer than the session it was joined with."""

import pytest
from sqlalchemy import update

from suwen.accounts.models import SignIn
from suwen.accounts.service import sessions
from tests.consultations.lines import SDP, joined
from tests.consultations.test_signalling import closing, log_of


def test_an_ended_session_ends_its_line(people, begun, house):
    visit = begun()
    with joined(people["li"], visit, "tab-of-li") as li:
        actor = people["li"].actor
        house.db.write(lambda tx: sessions.end(tx, actor.id, actor.session_id, house.clock()))
        li.say(t="ping", at=1, seq=0)
        assert closing(li) == 4401


def test_a_line_ends_with_its_session_also_when_it_says_nothing(people, begun, house):
    with joined(people["li"], begun(), "tab-of-li") as li:
        actor = people["li"].actor
        house.db.write(lambda tx: sessions.end(tx, actor.id, actor.session_id, house.clock()))
        assert closing(li) == 4401


@pytest.mark.parametrize("said", [
    {"t": "signal", "id": "1", "to_tab": "tab-of-doctor", "desc": SDP}, {"t": "show", "muted": True, "camera": False},
    {"t": "event", "name": "mic_off", "data": {}},
])  # fmt: skip
def test_nothing_is_taken_from_a_session_that_has_ended_unheard(people, begun, house, said):
    """In another process, whose news was lost; and by its own time. It went on signalling until the next ping."""
    visit = begun()
    with joined(people["zhang"], visit, "tab-of-doctor") as doctor, joined(people["li"], visit, "tab-of-li") as li:
        assert doctor.next("peer")["state"] == "joined"
        there = log_of(house)
        ended = update(SignIn).where(SignIn.id == people["li"].actor.session_id).values(revoked_at=house.clock())
        house.db.write(lambda tx: tx.execute(ended))
        house.sessions._checked.clear()  # as after half a minute
        li.say(**said)
        assert closing(li) == 4401
        assert doctor.next("peer", "signal", "show", "event")["t"] == "peer"
    assert [one for one in log_of(house)[len(there) :] if one[1] in ("offer", "answer", "ice_candidate")] == []
