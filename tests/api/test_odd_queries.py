"""Whatever stands behind the question mark of a page's address: never an accident. (The API has test_openapi.py.)"""

import inspect
import re

import pytest

from tests.access.bodies import QUERIES
from tests.access.scene import Scene
from tests.access.table import LOGINS, rows

ODD = (
    "x",
    "-1",
    "99999999999999999999",
    "2030-13-45",
    "0001-01-01",
    "9999-12-31",
    "😀 \ud7ff",
    "%",
    "'\"<",
    "a" * 2000,
)
OURS = {"tx", "me", "now", "house", "request", "data", "prepared"}
ASKING = ("guardian", "treating", "admin", "pharmacist", "anonymous")


@pytest.mark.slow
def test_odd_queries_of_pages_are_no_accident(app, people, ids, clock, settle, house):
    scene = Scene(people, ids, clock).build(settle)
    table, wrong, tried = rows(), [], 0
    for route in app.routes:
        path = re.sub(r":\w+}", "}", route.path)
        for handler in getattr(route, "route_handlers", ()):
            plan = handler.opt.get("plan")
            if plan is None or not plan.html or plan.method != "GET":
                continue
            row = table[f"GET {path}"]
            names = set(inspect.signature(plan.function).parameters) - OURS - set(re.findall(r"{(\w+)}", path))
            for name in sorted(names):
                actor = next(one for one in ASKING if one in row.through)
                for value in ODD:
                    house.limiter = type(house.limiter)()
                    answer = ask(scene, row, actor, {name: value})
                    tried += 1
                    if answer.status_code >= 500:
                        wrong.append(f"GET {path}?{name}={value[:30]} for {actor}: {answer.status_code}")
    assert tried > 100
    assert not wrong, "\n".join(wrong)


def ask(scene, row, actor, query):
    side, url = scene.sides["mother"], row.path
    for place, thing in row.places.items():
        url = url.replace(f"{{{place}}}", getattr(side, thing))
    given = {
        name: getattr(side, value[1:-1]) if value.startswith("{") else value
        for name, value in QUERIES.get(row.name, {}).items()
    }
    return scene.people[LOGINS[actor]].page(url, params=given | query)
