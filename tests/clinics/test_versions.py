"""Of several who save at once what they read, one wins, and the others are told. MariaDB shows a missing guard."""

import threading
from contextlib import suppress
from typing import Any

from suwen.accounts.models import PatientProfile, User
from suwen.accounts.schemas import AccountEdit, PersonInput
from suwen.accounts.service.family import change_person
from suwen.accounts.service.people import edit
from suwen.clinics.catalogues import CATALOGUES, DepartmentEntry
from suwen.clinics.models import ClinicLocation, Department
from suwen.clinics.schemas import LocationEntry
from suwen.clinics.service import change_location
from suwen.core.errors import Conflict
from tests.support.racing import race


class Meeting:
    """All have read before anybody writes. SQLite lets them in one by one: there each waits a moment, and goes on."""

    def __init__(self, people: int) -> None:
        self._gate = threading.Barrier(people)

    def read(self, tx: Any, model: Any, id: str) -> Any:
        """The row, to be held: a session forgets what nobody holds, and would read it anew."""
        row = tx.get(model, id)
        with suppress(threading.BrokenBarrierError):
            self._gate.wait(1)
        return row


def one_of(said: list[Any]) -> Any:
    """What the one who won was answered; all others were told of a conflict."""
    [won] = [one for one in said if not isinstance(one, Exception)]
    assert {type(one) for one in said if isinstance(one, Exception)} == {Conflict}
    return won


NAMES = ("Lakeside", "Riverside", "Seaside")


def saved_by_three(house, model, id, save):
    """`save(tx, name)` by three who have read the row before any of them writes; who won, and the row afterwards."""
    meeting = Meeting(3)

    def by(name):
        def work(tx):
            held = meeting.read(tx, model, id)
            save(tx, name)
            return name if held else ""

        return house.db.write(work)

    won = one_of(race(*[lambda name=name: by(name) for name in NAMES]))
    return won, house.db.read(lambda tx: tx.get_one(model, id))


def version_of(house, model, id):
    return house.db.read(lambda tx: tx.get_one(model, id)).version


def test_of_those_who_read_the_same_place_one_changes_it(people, house, ids):
    me, before = people["admin"].actor, version_of(house, ClinicLocation, ids.location)

    def save(tx, name):
        entry = LocationEntry(name=name, timezone="Asia/Shanghai", version=before)
        change_location(tx, me, ids.location, entry, house.clock())

    won, row = saved_by_three(house, ClinicLocation, ids.location, save)
    assert (row.name, row.version) == (won, before + 1)


def test_of_those_who_read_the_same_department_one_changes_it(people, house, ids):
    departments, before = CATALOGUES[0], version_of(house, Department, ids.department)

    def save(tx, name):
        departments.change(tx, ids.department, DepartmentEntry(code="ZY001", name=name, version=before))

    won, row = saved_by_three(house, Department, ids.department, save)
    assert (row.name, row.version) == (won, before + 1)
    entry = {"code": "ZY001", "name": "Hillside"}
    path = f"/api/v1/departments/{ids.department}"
    assert people["admin"]("PUT", path, json=entry | {"version": before}).status_code == 409
    shown = next(one for one in people["admin"]("GET", "/api/v1/departments").json() if one["id"] == ids.department)
    assert (shown["name"], shown["version"]) == (won, before + 1)
    address = f"/admin/departments/{ids.department}"
    page = people["admin"].page(address).text
    assert f'name="version" value="{before + 1}"' in page
    assert people["admin"].form(address, entry | {"version": str(before), "status": "active"}).status_code == 409
    assert people["admin"].form(address, entry | {"version": str(before + 1), "status": "active"}).status_code == 303
    assert people["admin"]("PUT", path, json=entry).status_code == 200  # who names no version speaks the last word
    assert version_of(house, Department, ids.department) == before + 3


def test_of_those_who_read_the_same_account_one_changes_it(people, house, ids):
    me, id = people["admin"].actor, ids.users["chen"]
    before = house.db.read(lambda tx: tx.get_one(User, id))

    def save(tx, name):
        entry = AccountEdit(name=name, account=before.account, phone=before.phone, email=before.email,
                            locale="en", version=before.version)  # fmt: skip
        edit(tx, me, id, entry, house.clock())

    won, row = saved_by_three(house, User, id, save)
    assert (row.name, row.version) == (won, before.version + 1)


def test_of_those_who_read_the_same_person_one_changes_it(people, house):
    me, id = people["li"].actor, people["li"].profiles["mother"]
    before = version_of(house, PatientProfile, id)

    def save(tx, name):
        change_person(tx, me, id, PersonInput(name=name, relationship="parent", version=before), house.clock())

    won, row = saved_by_three(house, PatientProfile, id, save)
    assert (row.name, row.version) == (won, before + 1)
