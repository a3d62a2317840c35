"""A visit that has begun, and prescriptions of it."""

import pytest

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
def visit(begun):
    """The appointment of a video visit of Li Na's mother with Dr Zhang that is going on."""
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
