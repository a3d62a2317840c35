"""Who may open a person's record."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from suwen.accounts import service
from suwen.accounts.models import CareRelation
from suwen.core.audit import AuditEvent
from suwen.core.errors import NotFound


def may(house, people, who, person, now=None):
    actor = people[who].actor
    return house.db.read(lambda tx: service.may_see(tx, actor, person, now or house.clock()))


def relate(house, person, staff, **more):
    now = house.clock()
    given = {"appointment_id": None, "reason": "visit", "now": now} | more
    return house.db.write(lambda tx: service.relate_care(tx, person, staff, **given))


@pytest.fixture
def mother(people):
    return people["li"].profiles["mother"]


def test_only_the_account_at_first(house, people, mother):
    seen = {who: may(house, people, who, mother) for who in people}
    assert [who for who, allowed in seen.items() if allowed] == ["li"]


def test_who_treats_sees_only_that_person_and_only_so_long(house, people, mother, clock):
    relate(house, mother, people["zhang"].id, until=clock.now + timedelta(days=30))
    assert may(house, people, "zhang", mother)
    assert not may(house, people, "chen", mother)
    assert not may(house, people, "zhang", people["li"].profiles["self"])
    assert not may(house, people, "zhang", mother, clock.now - timedelta(seconds=1))
    assert may(house, people, "zhang", mother, clock.now + timedelta(days=29))
    assert not may(house, people, "zhang", mother, clock.now + timedelta(days=30))


def test_loading_with_permission(house, people, mother):
    relate(house, mother, people["zhang"].id)
    for who in ("li", "zhang"):
        actor = people[who].actor
        found = house.db.read(lambda tx, actor=actor: service.profile(tx, actor, mother, house.clock()))
        assert found.id == mother
    for who in ("eve", "wang", "chen", "zhao", "admin", "guest"):
        actor = people[who].actor
        with pytest.raises(NotFound):
            house.db.read(lambda tx, actor=actor: service.profile(tx, actor, mother, house.clock()))
    with pytest.raises(NotFound):
        house.db.read(lambda tx: service.profile(tx, people["li"].actor, "nothing", house.clock()))
    admin = people["admin"].actor
    assert house.db.read(lambda tx: service.desk_profile(tx, admin, mother, house.clock())).id == mother


def test_a_patient_with_a_relation_row_sees_nothing_by_it(house, people, mother):
    relate(house, mother, people["eve"].id)
    assert not may(house, people, "eve", mother)


def test_opening_what_is_sealed_is_noted(house, people, mother):
    zhang = people["zhang"].actor
    relate(house, mother, zhang.id)

    def look(tx):
        person = service.profile(tx, zhang, mother, house.clock())
        return service.clinical(tx, zhang, person, house.clock(), "visit")

    house.db.write(look)
    noted = house.db.read(lambda tx: tx.scalars(select(AuditEvent).filter_by(object_id=mother)).all())
    assert [(one.actor_id, one.action, one.person_id, one.purpose) for one in noted] == [
        (zhang.id, "read", mother, "visit")
    ]


def test_the_record_stays_open_to_who_treats_when_the_account_takes_the_person_off(house, people, mother):
    relate(house, mother, people["zhang"].id)
    people["li"]("DELETE", f"/api/v1/family/{mother}")
    assert may(house, people, "zhang", mother)


# Staff name a colleague


def entrust(people, who, mother, staff="zhang", **more):
    body = {"profile_id": mother, "staff_user_id": people[staff].id, "reason": "second opinion on her heart"} | more
    return people[who]("POST", "/api/v1/care-relations", json=body)


def test_an_admin_names_somebody_for_thirty_days(house, people, mother, clock):
    made = entrust(people, "admin", mother)
    assert made.status_code == 201, made.text
    assert made.json()["until"] == "2030-01-31T00:00:00Z"
    assert may(house, people, "zhang", mother)
    listed = people["li"]("GET", f"/api/v1/people/{mother}/care-relations").json()
    assert [(one["staff_name"], one["reason"]) for one in listed] == [
        ("Zhang Zhongjing 张仲景", "second opinion on her heart")
    ]
    assert "second opinion" in people["li"].page(f"/family/{mother}").text


def test_a_doctor_names_a_colleague_only_for_whom_they_treat(house, people, mother):
    assert entrust(people, "zhang", mother).status_code == 404  # not themselves into a stranger's record
    assert entrust(people, "zhang", mother, "chen").status_code == 404
    relate(house, mother, people["zhang"].id)
    assert entrust(people, "zhang", mother, "zhao").status_code == 201
    assert may(house, people, "zhao", mother)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"reason": "  "}, "reason"),
        ({"until": "2029-12-31T00:00:00Z"}, "until"),
        ({"until": "2032-01-01T00:00:00Z"}, "until"),
    ],
)
def test_what_is_refused(house, people, mother, more, field):
    answer = entrust(people, "admin", mother, **more)
    assert answer.status_code == 422
    assert field in answer.json()["fields"]
    assert not may(house, people, "zhang", mother)


@pytest.mark.parametrize("staff", ["li", "eve", "admin"])
def test_only_who_treats_can_be_named(house, people, mother, staff):
    assert entrust(people, "admin", mother, staff).status_code == 422
    assert not may(house, people, "eve", mother)


@pytest.mark.parametrize(("who", "status"), [("li", 403), ("eve", 403), ("guest", 401), ("chen", 404), ("zhao", 404)])
def test_who_may_not_name(house, people, mother, who, status):
    assert entrust(people, who, mother).status_code == status
    assert not may(house, people, "zhang", mother)


def test_the_account_closes_its_record(house, people, mother):
    id = entrust(people, "admin", mother).json()["id"]
    for who in ("eve", "wang"):
        assert people[who]("DELETE", f"/api/v1/care-relations/{id}").status_code == 404
    assert people["zhang"]("DELETE", f"/api/v1/care-relations/{id}").status_code == 403
    assert may(house, people, "zhang", mother)
    assert people["li"].form(f"/care-relations/{id}/end").status_code == 303
    assert not may(house, people, "zhang", mother)


@pytest.mark.parametrize("who", ["zhang", "zhao"])
def test_nobody_prolongs_what_they_were_given_themselves(house, people, mother, clock, who):
    relate(house, mother, people[who].id, until=clock.now + timedelta(days=3))
    before = house.db.read(lambda tx: tx.scalars(select(CareRelation.id)).all())
    answer = entrust(people, who, mother, who, until="2030-12-31T00:00:00Z")
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["staff_user_id"])
    assert house.db.read(lambda tx: tx.scalars(select(CareRelation.id)).all()) == before
    assert not may(house, people, who, mother, clock.now + timedelta(days=4))


@pytest.mark.parametrize("who", ["eve", "wang", "chen", "zhao"])
def test_nobody_else_learns_who_treats(people, mother, who):
    assert people[who]("GET", f"/api/v1/people/{mother}/care-relations").status_code == 404


def test_taking_a_doctors_access_away_ends_every_reason(house, people, mother, clock):
    """A doctor of two visits is one row of the page; one visit left open would let them in as before."""
    relate(house, mother, people["zhang"].id)
    assert entrust(people, "admin", mother).status_code == 201
    assert entrust(people, "admin", mother, "chen").status_code == 201
    page = people["li"].page(f"/family/{mother}").text
    ends = re.findall(r'action="(/care-relations/[^"]+/end)"', page)
    assert len(ends) == 2  # one for each doctor, not for each reason
    listed = people["li"]("GET", f"/api/v1/people/{mother}/care-relations").json()
    zhangs = next(one["id"] for one in listed if one["staff_name"].startswith("Zhang"))
    assert people["li"].form(f"/care-relations/{zhangs}/end").status_code == 303
    assert not may(house, people, "zhang", mother)
    assert may(house, people, "chen", mother)
    page = people["li"].page(f"/family/{mother}").text
    assert len(re.findall(r'action="/care-relations/[^"]+/end"', page)) == 1
    assert "Who could open it earlier" in page
