"""Who may come in, for every route there is: nobody has to remember to write this test for a new one.

Whether a route shows a person what is not theirs is another question, and each package's own tests answer it.
"""

import re

import pytest

from suwen.app import create_app
from suwen.core.db import new_id
from suwen.settings import Settings, new_field_key

PLACE = re.compile(r"\{\w+:(\w+)\}")
VALUES = {"str": new_id(), "int": "1", "path": "x", "date": "2030-01-01", "uuid": new_id()}
PEOPLE = {"guest": "guest", "patient": "eve", "doctor": "chen", "pharmacist": "zhao", "admin": "admin"}


def routes():
    """(method, path, who, page?) of every route; the file is never opened."""
    app = create_app(Settings(database_url="sqlite:///var/none.db", secret="x" * 40, field_keys=new_field_key()))
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            for method in sorted(handler.http_methods - {"OPTIONS", "HEAD"}):
                if not route.path.startswith("/api") or "/v1/" in route.path:
                    yield method, route.path, handler.opt.get("who"), bool(handler.opt.get("html"))


ROUTES = list(routes())


def ask(person, method, path, html):
    url = PLACE.sub(lambda place: VALUES[place[1]], path)
    if not html:
        return person(method, url, **({} if method in ("GET", "DELETE") else {"json": {}}))
    return person.page(url) if method == "GET" else person.form(url)


def test_there_are_routes_and_each_says_who_may_come_in():
    assert len(ROUTES) > 50
    assert [path for _, path, who, _ in ROUTES if not who] == []


@pytest.mark.parametrize("role", PEOPLE)
def test_who_is_not_named_is_turned_away_and_who_is_meets_no_fault(people, house, role):
    wrong = []
    for method, path, who, html in ROUTES:
        if path in ("/sign-out",) or path.startswith("/api/v1/sessions"):
            continue  # ends the session that the next one needs
        house.limiter = type(house.limiter)()
        answer = ask(people[PEOPLE[role]], method, path, html)
        if role in who:
            fine = answer.status_code < 500 and (answer.status_code != 401 or "guest" in who)
        elif role == "guest":
            to_sign_in = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
            fine = answer.status_code == 401 or (html and method == "GET" and to_sign_in)
        else:
            fine = answer.status_code == 403
        if not fine:
            wrong.append(f"{method} {path}: {answer.status_code} for {role}: {answer.text[:120]}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("role", PEOPLE)
def test_a_form_without_its_token_is_refused_whoever_sends_it(people, role):
    person = people[PEOPLE[role]]
    for method, path, who, html in ROUTES:
        if html and method == "POST" and role in who:
            person.cookies["csrftoken"] = "x" * 128
            url = PLACE.sub(lambda place: VALUES[place[1]], path)
            assert person.page(url, "POST", data={}).status_code == 403, path
