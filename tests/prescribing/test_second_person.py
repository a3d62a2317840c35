"""A medicine of the order on toxic drugs leaves the pharmacy when a second pharmacist has looked at it, and has proved
to be there."""

import pyotp
import pytest
from sqlalchemy import select, update

from suwen.accounts.models import User
from suwen.accounts.service import second_factor
from suwen.core.audit import AuditEvent
from suwen.core.db import new_id
from suwen.prescribing.models import Dispensing, Prescription
from suwen.scheduling.models import Appointment
from tests.prescribing.conftest import SEEN
from tests.prescribing.test_pharmacist import PATH, dispense, post, state
from tests.support.cast import PASSWORD


@pytest.fixture
def qian(house, people, ids):
    """A second pharmacist with a password of her own: everybody's of the cast."""

    def make(tx):
        own = tx.get(User, ids.users["zhao"]).password_hash
        made = User(id=new_id(), account="qian", name="Qian 钱", password_hash=own, role="pharmacist", status="active")
        tx.add(made)
        return made.id

    id = house.db.write(make)
    return type(people["zhao"])(people["zhao"].client, house, "qian", id, "pharmacist")


@pytest.fixture
def poison(people, law, draft, visit, house):
    """Realgar as a pill, prescribed at the desk: one day of it."""
    house.db.write(lambda tx: tx.execute(update(Appointment).values(visit_type="offline")))
    one = draft(
        kind="herbal", medicines=[{"name": "雄黄", "amount": "0.05", "method": "冲服"}],
        regimen={"doses": 1, "form": "pill"}, facts=SEEN,
    )  # fmt: skip
    answers = {each["key"]: "weighed and needed" for each in one["findings"]}
    signed = post(people["zhang"].confirm(), one, "sign", version=1, answers=answers)
    assert signed.status_code == 200, signed.text
    return signed.json()


def given(house, one):
    stored = select(Dispensing).where(Dispensing.prescription_id == one["id"])
    return house.db.read(lambda tx: tx.scalars(stored).all())


def test_nobody_and_the_same_person_are_not_a_second_one(people, poison, house, ids, qian):
    zhao = people["zhao"]
    for wrong in (None, ids.users["zhao"], ids.users["li"], ids.users["zhang"], "nobody"):
        refused = dispense(zhao, poison, checked_by=wrong, password=PASSWORD)
        assert (refused.status_code, refused.json()["code"]) == (422, "second_checker_needed"), wrong
    house.db.write(lambda tx: tx.execute(update(User).where(User.id == qian.id).values(status="suspended")))
    refused = dispense(zhao, poison, checked_by=qian.id, password=PASSWORD)
    assert refused.json()["code"] == "second_checker_needed"
    assert state(house, poison) == "effective"
    assert given(house, poison) == []


def test_a_name_alone_proves_nothing(people, poison, house, qian):
    zhao = people["zhao"]
    unproved = dispense(zhao, poison, checked_by=qian.id)
    assert (unproved.status_code, unproved.json()["code"]) == (422, "proof_missing")
    guessed = dispense(zhao, poison, checked_by=qian.id, password="a guess of mine")
    assert (guessed.status_code, guessed.json()["code"]) == (422, "wrong_password")
    assert house.db.read(lambda tx: tx.get(User, qian.id).failed_logins) == 1
    wrong = dispense(zhao, poison, checked_by=qian.id, code="123456")
    assert (wrong.status_code, wrong.json()["code"]) == (409, "second_factor_missing")
    assert state(house, poison) == "effective"
    assert given(house, poison) == []


def test_the_second_person_confirms_with_a_password_and_is_written_down(people, poison, house, qian):
    zhao = people["zhao"]
    assert dispense(zhao, poison, checked_by=qian.id, password=PASSWORD).json()["status"] == "dispensed"
    [row] = given(house, poison)
    assert (row.dispensed_by, row.checked_by, row.checked_how) == (zhao.id, qian.id, "password")
    theirs = select(AuditEvent).where(AuditEvent.actor_id == qian.id, AuditEvent.object_id == poison["id"])
    [trace] = house.db.read(lambda tx: tx.scalars(theirs).all())
    assert (trace.action, trace.purpose) == ("sign", "checked what was dispensed (password)")
    [line] = people["zhang"]("GET", f"{PATH}/{poison['id']}/history").json()["dispensings"]
    assert (line["checked_by"], line["checked_how"]) == ("Qian 钱", "password")
    assert house.db.read(lambda tx: tx.get(User, qian.id).failed_logins) == 0


def test_or_with_a_code_that_is_good_once(people, poison, house, clock, qian):
    hers = qian.actor  # begins a session: a write of its own
    begun = house.db.write(lambda tx: second_factor.begin(tx, hers, clock.now))
    first = pyotp.TOTP(begun.secret)
    house.db.write(lambda tx: second_factor.confirm(tx, hers, first.at(clock.now), clock.now))
    clock.advance(seconds=60)
    code = first.at(clock.now)
    assert dispense(people["zhao"], poison, checked_by=qian.id, code=code).json()["status"] == "dispensed"
    [row] = given(house, poison)
    assert (row.checked_by, row.checked_how) == (qian.id, "code")


def test_on_the_page(people, poison, house, qian):
    zhao = people["zhao"]
    page = zhao.form(f"/pharmacy/take/{poison['id']}")
    path = page.headers["location"]
    shown = zhao.page(path).text
    assert "That person&#39;s password" in shown or "那位" in shown or "That person's password" in shown
    version = house.db.read(lambda tx: tx.get(Prescription, poison["id"]).version)
    alone = zhao.form(path, {"version": version})
    assert alone.status_code == 422
    wrong = zhao.form(path, {"version": version, "checked_by": qian.id, "password": "not hers at all"})
    assert wrong.status_code == 422
    assert "not hers at all" not in wrong.text
    assert state(house, poison) == "effective"
    done = zhao.form(path, {"version": version, "checked_by": qian.id, "password": PASSWORD})
    assert done.status_code == 303
    assert "Qian 钱" in zhao.page(path).text


def test_who_is_named_without_need_proves_it_too(people, accepted, house, qian):
    one = accepted()
    assert dispense(people["zhao"], one, checked_by=qian.id).json()["code"] == "proof_missing"
    assert dispense(people["zhao"], one, checked_by=qian.id, password=PASSWORD).status_code == 201
    assert given(house, one)[0].checked_how == "password"


def test_a_program_cannot_bring_a_second_person(people, poison, house, qian):
    token = people["zhao"]("POST", "/api/v1/tokens", json={"name": "robot", "password": PASSWORD})
    assert token.status_code == 201, token.text
    sent = people["guest"](
        "POST", f"{PATH}/{poison['id']}/dispensings", headers={"authorization": f"Bearer {token.json()['token']}"},
        json={"version": poison["version"], "checked_by": qian.id, "password": PASSWORD},
    )  # fmt: skip
    assert sent.status_code == 403
    assert state(house, poison) == "effective"
