"""A visit that has begun, and prescriptions of it."""

from dataclasses import replace
from datetime import date

import pytest

from suwen.accounts.models import PatientProfile
from tests.consultations.conftest import begun, booked, waiting

__all__ = ["begun", "booked", "waiting"]

HERBS = [
    {"name": "陈皮", "dosage": "6 g", "frequency": "每日两次", "duration": "7天", "usage": "水煎服"},
    {
        "name": "炙甘草",
        "dosage": "10 g",
        "frequency": "twice a day",
        "duration_days": 14,
        "notes": "䗪虫粉冲服",
    },
]
ASKED = {"allergies": [], "pregnancy": "no"}


@pytest.fixture
def visit(begun, house, ids):
    """The appointment of a video visit of Li Na's mother, who is grown up, with Dr Zhang that is going on."""
    mother = ids.profiles["li"]["mother"]
    house.db.write(lambda tx: setattr(tx.get_one(PatientProfile, mother), "birthday", date(1985, 3, 12)))
    return begun(person="mother")[0]


@pytest.fixture
def draft(people, visit):
    """`draft(diagnosis="…")` writes one for the visit and answers it."""

    def write(login="zhang", **more):
        body = {"appointment_id": visit, "diagnosis": "脾虚", "medicines": HERBS, "instructions": "忌生冷"}
        body |= {"facts": ASKED} | more
        answer = people[login]("POST", "/api/v1/prescriptions", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return write


@pytest.fixture
def signed(people, draft):
    def sign(**more):
        one = draft(**more)
        body = {"version": one["version"]}
        sign = f"/api/v1/prescriptions/{one['id']}/sign"
        answer = people["zhang"].confirm()("POST", sign, json=body)
        if answer.status_code == 409 and answer.json()["code"] in ("needs_resign", "warnings_unanswered"):
            found = {each["key"]: "seen and weighed" for each in answer.json()["findings"]}
            answer = people["zhang"]("POST", sign, json=body | {"answers": found})
        assert answer.status_code == 200, answer.text
        return answer.json()

    return sign


CHECKS = dict.fromkeys(("skin_test", "diagnosis", "dosage", "form_route", "duplicate", "interactions", "other"), "fine")
WEEK = [
    {"name": "陈皮", "amount": "6", "role": "臣"},
    {"name": "白术", "amount": "10", "role": "君"},
    {"name": "炙甘草", "amount": "6", "role": "使"},
]
SEEN = ASKED | {"follow_up": "Paper record of the city hospital, seen on camera"}


@pytest.fixture
def law(house):
    """`law("CN")`: whose law this house follows from now on."""

    def use(code):
        fresh = replace(house.settings, jurisdiction=code)
        for maker in (house.db._writes, house.db._reads):
            maker.kw["info"]["settings"] = fresh

    return use


@pytest.fixture
def formula(draft):
    """Seven doses of three harmless herbs, as a follow-up."""

    def write(**more):
        given = {"kind": "herbal", "medicines": WEEK, "regimen": {"doses": 7, "times_per_day": 2}, "facts": SEEN}
        return draft(**(given | more))

    return write


@pytest.fixture
def waiting_one(people, law, formula):
    """Signed under the law of China: it waits for the pharmacist."""

    def make(**more):
        law("CN")
        one = formula(**more)
        answer = people["zhang"].confirm()("POST", f"/api/v1/prescriptions/{one['id']}/sign", json={"version": 1})
        assert answer.status_code == 200, answer.text
        assert answer.json()["status"] == "signed"
        return answer.json()

    return make


@pytest.fixture
def accepted(people, waiting_one):
    def make(**more):
        one = waiting_one(**more)
        body = {"version": one["version"], "verdict": "accepted", "checks": CHECKS}
        answer = people["zhao"].confirm()("POST", f"/api/v1/prescriptions/{one['id']}/review", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return make
