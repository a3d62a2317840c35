"""Registering, signing in and out: what a browser and a program meet."""

import pytest
from sqlalchemy import select

from suwen.accounts.models import PatientProfile, User
from suwen.notifications.models import Contact

GOOD = "seven lanterns over water"


def user(house, **wanted):
    return house.db.read(lambda tx: tx.scalar(select(User).filter_by(**wanted)))


def register(guest, **given):
    return guest("POST", "/api/v1/users", json={"name": "王小明", "password": GOOD} | given)


def sign_in(guest, login, password=GOOD, **more):
    return guest("POST", "/api/v1/sessions", json={"login": login, "password": password} | more)


@pytest.mark.parametrize(
    ("given", "login"),
    [
        ({"phone": "139 0013 9000"}, "+86 139-0013-9000"),
        ({"phone": "１３９００１３９０００"}, "13900139000"),
        ({"email": " Xiao.Ming@Example.ORG "}, "xiao.ming@example.org"),
        ({"account": "  XiaoMing.01 "}, "xiaoming.01"),
        ({"phone": "+44 20 7946 0958", "email": "a@example.org"}, "+442079460958"),
    ],
)
def test_a_patient_registers_with_one_way_in_and_signs_in_with_it(people, house, given, login):
    made = register(people["guest"], **given)
    assert made.status_code == 201, made.text
    assert made.json()["role"] == "patient"
    answer = sign_in(people["guest"], login)
    assert answer.status_code == 201, answer.text
    me = people["guest"]("GET", "/api/v1/me", headers={"authorization": f"Bearer {answer.json()['token']}"}).json()
    assert me["id"] == made.json()["id"]
    assert (me["name"], me["first_name"], me["last_name"]) == ("王小明", "小明", "王")


def test_registering_makes_the_own_person_and_the_contact(people, house):
    id = register(people["guest"], phone="13900139000").json()["id"]
    found = house.db.read(lambda tx: tx.scalars(select(PatientProfile).filter_by(user_id=id)).all())
    assert [(one.relationship, one.is_default, one.name, one.phone) for one in found] == [
        ("self", True, "王小明", "+8613900139000")
    ]
    assert house.db.read(lambda tx: tx.get(Contact, id)).phone == "+8613900139000"
