"""No list, no page asks the database more often because there is more to show."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.access.bodies import ANSWERS, QUERIES
from tests.access.scene import Scene
from tests.access.table import LOGINS, Row, rows
from tests.support.cast import START
from tests.support.database import count_statements

ASKING = ("anonymous", "guardian", "treating", "pharmacist", "admin")
OUTSIDE = {"/metrics", "/readyz", "/healthz"}


@pytest.fixture
def scene(people, ids, clock, settle) -> Scene:
    return Scene(people, ids, clock).build(settle)


@pytest.mark.slow
def test_twice_as_much_takes_as_many_statements(scene, house, settle, monkeypatch):
    monkeypatch.setattr("suwen.core.sessions.CHECK_AGAIN", 1e9)  # by the real clock, and this takes its time
    # once for nothing: what is read once in a process, and a session's first look, shall not count
    asked = [(actor, row) for row in rows().values() for actor in ASKING if wanted(actor, row)]
    assert len(asked) > 100
    settled(scene, house, asked)
    before = settled(scene, house, asked)
    grow(scene, settle)
    settled(scene, house, asked)
    after = settled(scene, house, asked)
    more = [
        f"{row.name} for {actor}: {before[actor, row.name]} statements, then {after[actor, row.name]}"
        for actor, row in asked
        if after[actor, row.name] > before[actor, row.name]
    ]
    assert not more, "\n".join(more)


def wanted(actor: str, row: Row) -> bool:
    return row.method == "GET" and actor in row.through and row.path not in OUTSIDE and not row.path.endswith("/pdf")


def settled(scene: Scene, house: Any, asked: list[tuple[str, Row]]) -> dict[tuple[str, str], int]:
    """How many statements each takes, with nothing kept from before."""
    counted = {}
    for actor, row in asked:
        house.kept = type(house.kept)()
        house.limiter = type(house.limiter)()
        counted[actor, row.name] = len(count_statements(house.db, lambda a=actor, r=row: ask(scene, a, r)))
    return counted


def ask(scene: Scene, actor: str, row: Row) -> None:
    side, person, url = scene.sides["mother"], scene.people[LOGINS[actor]], row.path
    for place, thing in row.places.items():
        url = url.replace(f"{{{place}}}", getattr(side, thing))
    query = {
        name: getattr(side, value[1:-1]) if value.startswith("{") else value
        for name, value in QUERIES.get(row.name, {}).items()
    }
    answer = (person if row.path.startswith("/api/v1") else person.page)(
        *(("GET", url) if row.path.startswith("/api/v1") else (url,)), params=query
    )
    fine = answer.status_code < 400 or answer.status_code in ANSWERS.get(row.name, ())
    assert fine, f"{row.name} for {actor}: {answer.status_code}"


def grow(scene: Scene, settle: Any) -> None:
    """Of everything as much again: visits with all that belongs to them, orders, people, places, sessions."""
    names = {side: dict(scene.sides[side].names) for side in scene.sides}
    shared = dict(scene.shared)
    for login, side, person, doctor, minutes in (
        ("li", "own", "self", "zhang", 180), ("li", "mother", "mother", "zhang", 210),
        ("wang", "wang", "self", "chen", 180), ("li", "own", "self", "zhang", 240),
        ("li", "mother", "mother", "zhang", 270),
    ):  # fmt: skip
        scene._past(login, side, person, doctor, START + timedelta(minutes=minutes))
    more_of_the_house(scene)
    for side, login in (("own", "li"), ("mother", "li"), ("wang", "wang")):
        scene._account(login, scene.sides[side].names)
    scene._coming(3)
    settle()
    for side in names:
        scene.sides[side].names = names[side]
    scene.shared = shared


def more_of_the_house(scene: Scene) -> None:
    def made(path: str, **body: Any) -> Any:
        return scene.does("admin", "POST", path, json=body)

    scene.bill(date(2029, 12, 29), lines=6)
    for n in range(3):
        made("/departments", code=f"NEW{n}", name=f"New {n}")
        made("/specialties", code=f"NEW{n}", name=f"New {n}")
        made("/locations", name=f"New place {n}", timezone="Asia/Shanghai")
        made("/review-tags", name=f"tag {n}")
        made("/prices", service_type=f"thing_{n}", service_name="Thing", price=100)
        made("/top-ups", user_id=scene.ids.users["li"], amount=100)
        made("/users/invitations", name=f"New patient {n}", role="patient", account=f"newpatient{n}")
        user = made("/users/invitations", name=f"New doctor {n}", role="doctor", account=f"newdoctor{n}")["user"]["id"]
        paper = {
            "certificate_type": "passport",
            "hospital": "Suwen Clinic",
            "title": "Physician",
            "id_number": f"E1234567{n}",
        }
        file = made(
            "/admin/doctors",
            user_id=user,
            license_number=f"11{n}",
            license_authority="Health",
            license_valid_until="2040-01-01",
            **paper,
        )
        made(f"/admin/doctors/{file['id']}/approve", version=file["version"])
        scene.does("li", "POST", "/family", json={"name": f"Child {n}", "relationship": "child"})
        rule = {"opens": "18:00", "closes": "19:00", "first_day": f"2030-01-1{n}", "zone": "Asia/Shanghai"}
        scene.does("zhang", "POST", f"/doctors/{scene.ids.doctors['zhang']}/hours", json=rule)
        care = {"profile_id": scene.sides["mother"].person, "reason": f"reason {n}"}
        made("/care-relations", staff_user_id=scene.ids.users["chen"], **care)
