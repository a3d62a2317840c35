"""Sessions: how long they live, the list of them, long-lived tokens."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from suwen.accounts.models import ApiToken, SignIn, User
from suwen.core.outbox import run_timed
from tests.support.cast import PASSWORD

GOOD = "seven lanterns over water"


def sign_in(people, login, password=PASSWORD):
    answer = people["guest"]("POST", "/api/v1/sessions", json={"login": login, "password": password})
    assert answer.status_code == 201, answer.text
    return answer.json()


def ask(people, token, path="/api/v1/me", method="GET", **options):
    return people["guest"](method, path, headers={"authorization": f"Bearer {token}"}, **options)


def forget(house):
    """Another process, which has not just looked at the session."""
    house.sessions._checked.clear()


@pytest.mark.parametrize(("login", "minutes"), [("li", 30), ("zhang", 15), ("zhao", 15), ("admin", 15)])
def test_idle_sessions_end(people, house, clock, login, minutes):
    token = sign_in(people, login)["token"]
    clock.advance(minutes=minutes - 1)
    forget(house)
    assert ask(people, token).status_code == 200  # and that was a use of it
    clock.advance(minutes=minutes - 1)
    forget(house)
    assert ask(people, token).status_code == 200
    clock.advance(minutes=minutes + 1)
    forget(house)
    answer = ask(people, token)
    assert (answer.status_code, answer.json()["code"]) == (401, "session_ended")
    assert ask(people, token, "/api/v1/sessions/current", "DELETE").status_code == 401


BY_ITSELF = {"x-by-itself": "1"}


@pytest.mark.parametrize(("login", "minutes"), [("li", 30), ("zhang", 15), ("zhao", 15), ("admin", 15)])
def test_what_an_open_page_asks_by_itself_keeps_nobody_signed_in(people, house, clock, login, minutes):
    entered = sign_in(people, login)
    cookie = {"cookie": f"session={entered['token']}"} | BY_ITSELF
    for _ in range(minutes - 1):
        clock.advance(minutes=1)
        forget(house)
        assert people["guest"].page("/inbox", headers=cookie).status_code == 200
    assert seen_at(house, entered) == clock.now - timedelta(minutes=minutes - 1)
    clock.advance(minutes=1)
    forget(house)
    htmx = {"hx-request": "true", "hx-current-url": "http://testserver.local/inbox?kind=visits"}
    answer = people["guest"].page("/inbox", headers=cookie | htmx)
    assert answer.headers["hx-redirect"] == "/sign-in?next=/inbox%3Fkind%3Dvisits"
    forged = people["guest"].page("/inbox", headers=cookie | htmx | {"hx-current-url": "http://[not an address"})
    assert forged.headers["hx-redirect"] == "/sign-in?next=/inbox"


def test_what_a_page_writes_by_itself_is_no_use_of_it_either_but_what_a_person_does_is(people, house, clock):
    entered = sign_in(people, "li")
    begun = clock.now
    clock.advance(minutes=20)
    forget(house)
    body = {"headers": {"authorization": f"Bearer {entered['token']}"} | BY_ITSELF}
    assert people["guest"]("POST", "/api/v1/notifications/read-all", **body).status_code == 200
    assert seen_at(house, entered) == begun
    assert ask(people, entered["token"], "/api/v1/notifications/read-all", "POST").status_code == 200
    assert seen_at(house, entered) == clock.now
    clock.advance(minutes=31)
    forget(house)
    assert people["guest"]("POST", "/api/v1/notifications/read-all", **body).status_code == 401


def seen_at(house, entered):
    return house.db.read(lambda tx: tx.get_one(SignIn, entered["id"])).last_seen_at


def test_every_session_ends_after_twelve_hours_however_busy(people, house, clock):
    token = sign_in(people, "li")["token"]
    for _ in range(35):
        clock.advance(minutes=20)
        forget(house)
        assert ask(people, token).status_code == 200
    clock.advance(minutes=21)
    forget(house)
    assert ask(people, token).status_code == 401


def test_the_list_and_ending_one(people, house):
    here, there = sign_in(people, "li"), sign_in(people, "li")
    listed = ask(people, here["token"], "/api/v1/sessions").json()
    assert {one["id"]: one["current"] for one in listed} == {here["id"]: True, there["id"]: False}
    assert ask(people, there["token"]).status_code == 200
    assert ask(people, here["token"], f"/api/v1/sessions/{there['id']}", "DELETE").status_code == 204
    assert ask(people, there["token"]).status_code == 401
    assert ask(people, here["token"]).status_code == 200
    assert ask(people, here["token"], f"/api/v1/sessions/{there['id']}", "DELETE").status_code == 404


def test_nobody_ends_the_session_of_another(people):
    lis, eves = sign_in(people, "li"), sign_in(people, "eve")
    assert ask(people, eves["token"], f"/api/v1/sessions/{lis['id']}", "DELETE").status_code == 404
    assert ask(people, lis["token"]).status_code == 200
    assert [one["id"] for one in ask(people, eves["token"], "/api/v1/sessions").json()] == [eves["id"]]


def test_ending_all_others(people):
    here, *others = [sign_in(people, "li") for _ in range(4)]
    assert ask(people, here["token"], "/api/v1/sessions", "DELETE").status_code == 204
    assert [ask(people, one["token"]).status_code for one in others] == [401, 401, 401]
    assert ask(people, here["token"]).status_code == 200


def test_the_page_names_device_and_place(people, house):
    guest = people["guest"]
    agent = {"user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) Version/17.0 Mobile Safari/604.1"}
    guest.form("/sign-in", {"login": "li", "password": PASSWORD}, headers=agent)
    other = sign_in(people, "li")
    text = guest.page("/account/sessions").text
    assert "Safari, iPhone" in text
    assert f"/account/sessions/{other['id']}/end" in text
    assert guest.form(f"/account/sessions/{other['id']}/end").status_code == 303
    assert ask(people, other["token"]).status_code == 401
    again = guest.form(f"/account/sessions/{other['id']}/end")
    assert again.status_code == 404
    assert guest.form("/account/sessions/end-others").status_code == 303
    assert guest.page("/account").status_code == 200


def test_a_session_that_ended_elsewhere_is_met_by_every_write(people, house):
    """Another process revoked it: this one has not heard, and still lets no write through."""
    entered = sign_in(people, "li")
    assert ask(people, entered["token"]).status_code == 200
    house.db.write(
        lambda tx: tx.execute(update(SignIn).where(SignIn.id == entered["id"]).values(revoked_at=house.clock()))
    )
    body = {"name": "Mallory", "relationship": "friend"}
    assert ask(people, entered["token"], "/api/v1/family", "POST", json=body).status_code == 401
    assert len(people["li"]("GET", "/api/v1/family").json()) == 2


def test_a_form_of_an_ended_session_shows_nothing_private(people, house):
    guest = people["guest"]
    guest.form("/sign-in", {"login": "li", "password": PASSWORD})
    guest.page("/family")
    house.db.write(lambda tx: tx.execute(update(SignIn).values(revoked_at=house.clock())))
    answer = guest.form(f"/family/{people['li'].profiles['mother']}", {"name": "x"})
    assert answer.status_code == 401
    assert "Mrs. Li" not in answer.text


def test_a_changed_role_ends_what_was_given_before(people, house):
    entered = sign_in(people, "wang")
    house.db.write(lambda tx: tx.execute(update(User).where(User.account == "wang").values(role="pharmacist")))
    forget(house)
    assert ask(people, entered["token"]).status_code == 401


@pytest.mark.parametrize("broken", ["", "x", "a~b", "~" * 9, "{token}x", "x{token}"])
def test_forged_tokens(people, broken):
    token = sign_in(people, "li")["token"]
    assert ask(people, broken.replace("{token}", token)).status_code == 401


def test_a_token_cannot_be_changed_into_another(people):
    parts = sign_in(people, "li")["token"].split("~")
    for place, value in (
        (0, people["wang"].id),
        (1, "admin"),
        (3, people["zhang"].doctor_id),
        (4, "1"),
        (-2, "9999999999"),
    ):
        changed = parts.copy()
        changed[place] = value
        assert ask(people, "~".join(changed)).status_code == 401


# Long-lived tokens


def make(people, who="li", **more):
    return people[who]("POST", "/api/v1/tokens", json={"name": "lab import", "password": PASSWORD} | more)


def test_a_token_for_a_program(people, house, clock):
    made = make(people, days=30).json()
    assert made["token"].count("~") == 9
    assert house.db.read(
        lambda tx: made["token"].split("~")[-1] not in str(tx.execute(select(ApiToken.__table__)).all())
    )
    clock.advance(days=29)
    forget(house)
    assert ask(people, made["token"]).json()["id"] == people["li"].id
    forget(house)
    assert people["li"]("GET", "/api/v1/tokens").json()[0]["last_used_at"] == "2030-01-30T00:00:00Z"
    clock.advance(days=2)
    forget(house)
    assert ask(people, made["token"]).status_code == 401
    assert people["li"]("GET", "/api/v1/tokens").json() == []


def test_revoking_it_works_at_once(people):
    made = make(people).json()
    assert ask(people, made["token"]).status_code == 200
    assert people["eve"]("DELETE", f"/api/v1/tokens/{made['id']}").status_code == 404
    assert people["li"]("DELETE", f"/api/v1/tokens/{made['id']}").status_code == 204
    assert ask(people, made["token"]).status_code == 401
    assert people["li"]("DELETE", f"/api/v1/tokens/{made['id']}").status_code == 404


@pytest.mark.parametrize(
    ("given", "field"), [({"password": "wrong wrong"}, "password"), ({"name": "  "}, "name"), ({"days": 0}, "days")]
)
def test_what_makes_no_token(people, given, field):
    answer = make(people, **given)
    assert answer.status_code == 422
    assert field in answer.text
    assert people["li"]("GET", "/api/v1/tokens").json() == []


def test_there_is_an_end_to_tokens(people, house):
    made = house.clock()
    rows = [{"user_id": people["li"].id, "name": str(n), "created_at": made} for n in range(20)]
    house.db.write(lambda tx: tx.add_all([ApiToken(**row) for row in rows]))
    assert make(people).json()["code"] == "too_many_tokens"


def test_the_page_shows_it_once(people):
    answer = people["li"].form("/account/tokens", {"name": "lab", "days": "30", "password": PASSWORD})
    assert answer.status_code == 200
    assert "data-copy=" in answer.text
    assert "data-copy=" not in people["li"].page("/account/tokens").text


# What ends them


def test_a_new_password_ends_every_other_session_and_token(people, house):
    here, there = sign_in(people, "li"), sign_in(people, "li")
    token = make(people).json()["token"]
    body = {"password": PASSWORD, "new_password": GOOD}
    assert ask(people, here["token"], "/api/v1/me/password", "PUT", json=body).status_code == 204
    assert [ask(people, one).status_code for one in (here["token"], there["token"], token)] == [200, 401, 401]
    assert sign_in(people, "li", GOOD)
    assert people["guest"]("POST", "/api/v1/sessions", json={"login": "li", "password": PASSWORD}).status_code == 401


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [("wrong wrong", GOOD, "password"), (PASSWORD, "short", "new_password"), (PASSWORD, "12345678", "new_password"),
     (PASSWORD, PASSWORD, "new_password")],
)  # fmt: skip
def test_what_changes_no_password(people, house, old, new, field):
    before = house.db.read(lambda tx: tx.get(User, people["li"].id).password_hash)
    answer = people["li"]("PUT", "/api/v1/me/password", json={"password": old, "new_password": new})
    assert answer.status_code == 422
    assert field in answer.json()["fields"]
    assert house.db.read(lambda tx: tx.get(User, people["li"].id).password_hash) == before


def test_old_sessions_are_forgotten_after_half_a_year(people, house, clock):
    sign_in(people, "li")
    clock.advance(days=100)
    run_timed(house.db, clock.now)
    assert house.db.read(lambda tx: len(tx.scalars(select(SignIn)).all())) == 1
    clock.advance(days=100)
    run_timed(house.db, clock.now)
    assert house.db.read(lambda tx: tx.scalars(select(SignIn)).all()) == []
