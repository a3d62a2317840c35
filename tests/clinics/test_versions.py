"""Of several who save at once what they read, one wins, and the others are told. MariaDB shows a missing guard."""

import threading
from contextlib import suppress
from typing import Any

from suwen.clinics.models import ClinicLocation
from suwen.clinics.schemas import LocationEntry
from suwen.clinics.service import change_location
from suwen.core.errors import Conflict
from tests.support.racing import race


class Meeting:
    """All have read before anybody writes. SQLite lets them in one by one: there each waits a moment, and goes on."""

    def __init__(self, people: int) -> None:
        self._gate = threading.Barrier(people)

    def read(self, tx: Any, model: Any, id: str) -> None:
        row = tx.get(model, id)  # held, or the session would forget it
        with suppress(threading.BrokenBarrierError):
            self._gate.wait(1)
        assert row is not None


def one_of(said: list[Any]) -> Any:
    """What the one who won was answered; all others were told of a conflict."""
    [won] = [one for one in said if not isinstance(one, Exception)]
    assert {type(one) for one in said if isinstance(one, Exception)} == {Conflict}
    return won


def test_of_those_who_read_the_same_version_of_a_place_one_changes_it(people, house, ids):
    me, meeting = people["admin"].actor, Meeting(3)
    before = house.db.read(lambda tx: tx.get_one(ClinicLocation, ids.location)).version

    def save(name):
        def work(tx):
            meeting.read(tx, ClinicLocation, ids.location)
            entry = LocationEntry(name=name, timezone="Asia/Shanghai", version=before)
            return change_location(tx, me, ids.location, entry, house.clock()).name

        return house.db.write(work)

    won = one_of(race(*[lambda name=name: save(name) for name in ("Lakeside", "Riverside", "Seaside")]))
    row = house.db.read(lambda tx: tx.get_one(ClinicLocation, ids.location))
    assert (row.name, row.version) == (won, before + 1)
