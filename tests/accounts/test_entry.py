"""Registering, signing in and out: what a browser and a program meet."""

import statistics
import time

import pytest
from sqlalchemy import func, select, update

from suwen.accounts.models import PatientProfile, SignIn, User
from suwen.accounts.service import passwords
from suwen.core.web.identity import SECURE_COOKIE, cookie_name
from suwen.notifications.models import Contact
from tests.support.cast import PASSWORD
from tests.support.racing import race, statuses

GOOD = "seven lanterns over water"


def register(guest, **given):
    return guest("POST", "/api/v1/users", json={"name": "王小明", "password": GOOD} | given)


def sign_in(guest, login, password=GOOD, **more):
    return guest("POST", "/api/v1/sessions", json={"login": login, "password": password} | more)


def bearer(token):
    return {"authorization": f"Bearer {token}"}


def user_of(house, login):
    return house.db.read(lambda tx: tx.scalar(select(User).where(User.account == login)))


def set_cookie(answer, name):
    lines = [value for key, value in answer.headers.multi_items() if key == "set-cookie"]
    return next(line for line in lines if line.startswith(f"{name}="))


def count(house, model, **wanted):
    return house.db.read(lambda tx: tx.scalar(select(func.count()).select_from(model).filter_by(**wanted)))


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
    me = people["guest"]("GET", "/api/v1/me", headers=bearer(answer.json()["token"])).json()
    assert me["id"] == made.json()["id"]
    assert (me["name"], me["first_name"], me["last_name"]) == ("王小明", "小明", "王")


def test_registering_makes_the_own_person_and_the_contact(people, house):
    id = register(people["guest"], phone="13900139000").json()["id"]
    found = house.db.read(lambda tx: tx.scalars(select(PatientProfile).filter_by(user_id=id)).all())
    assert [(one.relationship, one.is_default, one.name, one.phone) for one in found] == [
        ("self", True, "王小明", "+8613900139000")
    ]
    assert house.db.read(lambda tx: tx.get(Contact, id)).phone == "+8613900139000"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"account": "xiaoming", "role": "admin"}, "data"),
        ({"account": "xiaoming", "status": "active"}, "data"),
        ({}, "phone"),
        ({"phone": "12"}, "phone"),
        ({"email": "x"}, "email"),
        ({"account": "13800138000"}, "account"),
        ({"account": "xiaoming", "password": "short"}, "password"),
        ({"account": "xiaoming", "password": "12345678"}, "password"),
        ({"account": "xiaoming", "password": "xiaoming1"}, "password"),
        ({"account": "xiaoming", "name": "\u200b "}, "name"),
        ({"account": "xiaoming", "name": ""}, "name"),
    ],
)
def test_a_bad_registration_is_refused_at_its_field_and_nothing_is_made(people, house, given, field):
    before = count(house, User), count(house, PatientProfile), count(house, Contact)
    answer = register(people["guest"], **given)
    assert answer.status_code == 422, answer.text
    body = answer.json()
    assert field in {*body.get("fields", ()), *(one["key"] for one in body.get("errors", ()))}
    assert (count(house, User), count(house, PatientProfile), count(house, Contact)) == before


@pytest.mark.parametrize(
    "given", [{"account": "LI"}, {"email": "LI@example.org"}, {"account": "lili", "email": "wang@example.org"}]
)
def test_what_is_taken_stays_whose_it_is(people, house, given):
    if given.get("account") == "LI":
        given = {"account": "Zhang"}
    before = count(house, User)
    answer = register(people["guest"], **given)
    assert (answer.status_code, answer.json()["code"]) == (409, "account_taken")
    assert count(house, User) == before


def test_the_same_account_registered_twice_at_once_is_made_once(people, house):
    answers = race(*4 * [lambda: register(people["guest"], phone="13900139000")])
    assert statuses(answers) == [201, 409, 409, 409]
    assert {one.json()["code"] for one in answers if one.status_code == 409} <= {"account_taken", "conflict"}
    assert count(house, User, phone="+8613900139000") == 1


def test_a_repeated_registration_with_one_key_is_answered_alike(people, house):
    key = {"idempotency-key": "once"}
    body = {"name": "王小明", "password": GOOD, "phone": "13900139000"}
    first = people["guest"]("POST", "/api/v1/users", json=body, headers=key)
    again = people["guest"]("POST", "/api/v1/users", json=body, headers=key)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()


@pytest.mark.parametrize(
    ("login", "password"),
    [("li", "not it at all"), ("nobody", PASSWORD), ("li@example.org", ""), ("", ""), ("😀", "😀")],
)
def test_wrong_credentials_are_all_answered_alike(people, house, login, password):
    answer = sign_in(people["guest"], login, password)
    assert answer.status_code == 401
    body = answer.json()
    assert (body["code"], set(body)) == ("wrong_credentials", {"type", "code", "title", "status", "detail"})
    assert count(house, SignIn) == 0


def test_an_unknown_account_takes_as_long_as_a_known_one(house):
    """Medians of CPU time over interleaved tries; a missing hash would make it a hundred times faster."""
    stored = passwords.hashed(GOOD)
    spans = {"known": [], "unknown": [], "unusable": []}
    for _ in range(9):
        for name, known in (("known", stored), ("unknown", None), ("unusable", passwords.UNUSABLE)):
            began = time.thread_time()
            assert not passwords.fits(known, "another password")
            spans[name].append(time.thread_time() - began)
    middle = {name: statistics.median(values) for name, values in spans.items()}
    assert max(middle.values()) < 1.25 * min(middle.values()), middle


def test_an_unknown_account_reaches_the_hash_through_http_too(people, monkeypatch):
    tried = []
    known = passwords.fits
    monkeypatch.setattr(passwords, "fits", lambda *given: tried.append(given[0]) or known(*given))
    for login in ("li", "nobody-at-all", "nobody@example.org", "13912345678"):
        assert sign_in(people["guest"], login, "wrong wrong wrong").status_code == 401
    assert len(tried) == 4
    assert tried[1:] == [None, None, None]


def test_wrong_tries_pause_the_account_longer_and_longer(people, house, clock):
    for _ in range(5):
        assert sign_in(people["guest"], "wang", "wrong wrong wrong").status_code == 401
    assert (user_of(house, "wang").locked_until - clock.now).total_seconds() == 60
    assert sign_in(people["guest"], "wang", PASSWORD).status_code == 401  # right, but paused; and it counts
    assert (user_of(house, "wang").locked_until - clock.now).total_seconds() == 120
    clock.advance(seconds=121)
    assert sign_in(people["guest"], "wang", PASSWORD).status_code == 201
    wang = user_of(house, "wang")
    assert (wang.failed_logins, wang.locked_until, wang.last_login_at) == (0, None, clock.now)


def test_a_right_guess_among_many_at_once_does_not_pass_the_pause(people, house, clock, monkeypatch):
    """Read before the pause, verified, written after it: the guard looks again."""
    verified, later = passwords.fits, {"failed_logins": 9, "locked_until": clock.now.replace(hour=9)}
    others = update(User).where(User.account == "wang").values(**later)

    def slowly(known, password):
        right = verified(known, password)
        house.db.write(lambda tx: tx.execute(others))
        return right

    monkeypatch.setattr(passwords, "fits", slowly)
    assert sign_in(people["guest"], "wang", PASSWORD).status_code == 401
    assert count(house, SignIn) == 0


def test_too_many_tries_from_everywhere_to_one_account(people):
    codes = [sign_in(people["guest"], "nobody-there", "wrong wrong wrong").status_code for _ in range(22)]
    assert codes[:20] == [401] * 20
    assert codes[20:] == [429, 429]


@pytest.mark.parametrize("values", [{"status": "suspended"}, {"status": "inactive"}])
def test_a_closed_account_is_told_so_only_with_its_password(people, house, values):
    house.db.write(lambda tx: tx.execute(update(User).where(User.account == "wang").values(**values)))
    assert sign_in(people["guest"], "wang", "wrong wrong wrong").json()["code"] == "wrong_credentials"
    assert sign_in(people["guest"], "wang", PASSWORD).json()["code"] == "account_closed"


def test_a_deleted_account_looks_like_none(people, house):
    house.db.write(lambda tx: tx.execute(update(User).where(User.account == "wang").values(is_deleted=True)))
    assert sign_in(people["guest"], "wang", PASSWORD).json()["code"] == "wrong_credentials"


def test_old_parameters_are_renewed_at_sign_in(people, house):
    before = user_of(house, "li").password_hash
    assert passwords.outdated(before)
    assert sign_in(people["guest"], "li", PASSWORD).status_code == 201
    after = user_of(house, "li").password_hash
    assert not passwords.outdated(after)
    assert sign_in(people["guest"], "li", PASSWORD).status_code == 201
    assert user_of(house, "li").password_hash == after


def test_passwords_are_never_stored_or_answered(people, house):
    answer = register(people["guest"], account="xiaoming")
    assert GOOD not in answer.text
    assert "hash" not in answer.text
    assert user_of(house, "xiaoming").password_hash.startswith("$argon2id$")


# In the browser


def test_signing_in_with_the_form(people, house):
    guest = people["guest"]
    answer = guest.form("/sign-in", {"login": "li", "password": PASSWORD, "next": "/family"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/family")
    cookie = next(
        value for name, value in answer.headers.multi_items() if name == "set-cookie" and value.startswith("session=")
    )
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert "Max-Age" not in cookie  # ends with the browser
    assert guest.page("/family").status_code == 200


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_no_way_out_by_next(people, target):
    answer = people["guest"].form("/sign-in", {"login": "li", "password": PASSWORD, "next": target})
    assert answer.headers["location"] == "/"
    assert 'action="/register?next=%2F"' in people["guest"].page(f"/register?next={target}").text


def test_the_session_id_is_a_new_one_at_each_sign_in(people, house):
    guest = people["guest"]
    guest.form("/sign-in", {"login": "li", "password": PASSWORD})
    first = guest.cookies["session"]
    guest.form("/sign-in", {"login": "li", "password": PASSWORD})
    assert guest.cookies["session"] != first
    assert count(house, SignIn, revoked_at=None) == 1
    stolen = people["guest"]("GET", "/api/v1/me", headers=bearer(first))
    assert stolen.status_code == 401


def test_a_wrong_password_shows_the_form_again_without_the_password(people):
    answer = people["guest"].form("/sign-in", {"login": "li", "password": "wrong wrong wrong", "next": "/wallet"})
    assert answer.status_code == 401
    assert 'value="li"' in answer.text
    assert 'value="/wallet"' in answer.text
    assert "wrong wrong wrong" not in answer.text


def test_signing_out_ends_the_session_on_the_server(people):
    guest = people["guest"]
    guest.form("/sign-in", {"login": "li", "password": PASSWORD})
    kept = guest.cookies["session"]
    answer = guest.form("/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    guest.cookies["session"] = kept
    gone = guest.page("/family")
    assert (gone.status_code, gone.headers["location"]) == (303, "/sign-in?next=/family")
    assert guest.page("/sign-in").status_code == 200  # with the dead cookie: no loop
    assert guest.form("/sign-in", {"login": "li", "password": PASSWORD}).status_code == 303


def test_forms_without_our_token_are_refused(people, house):
    answer = people["guest"].page("/sign-in", "POST", data={"login": "li", "password": PASSWORD})
    assert answer.status_code == 403
    assert people["li"].page("/account/about", "POST", data={"name": "Eve"}).status_code == 403
    people["guest"].cookies["session"] = people["li"].token
    api = people["guest"].page("/api/v1/sessions/current", "DELETE")  # by cookie, as another site's script would
    assert api.status_code == 403
    assert count(house, SignIn, revoked_at=None) == 1


def test_registering_with_the_form_signs_in(people):
    guest = people["guest"]
    guest.cookies["lang"] = "en"
    answer = guest.form("/register?next=/family", {"name": "Ana Cruz", "email": "ana@example.org", "password": GOOD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/family")
    me = guest.page("/account/about")
    assert "Ana Cruz" in me.text
    refused = people["guest"].form("/register", {"name": "Bo", "password": GOOD, "email": "ana@example.org"})
    assert refused.status_code == 409
    assert 'value="Bo"' in refused.text


def test_production_cookies_are_bound_to_host_and_tls():
    assert (cookie_name(True), cookie_name(False)) == (SECURE_COOKIE, "session")
    assert SECURE_COOKIE == "__Host-session"


def test_production_sets_that_cookie(people, house, monkeypatch):
    monkeypatch.setattr(type(house), "production", True)
    guest = people["guest"]
    answer = guest.form("/sign-in", {"login": "li", "password": PASSWORD})
    cookie = set_cookie(answer, "__Host-session")
    assert "Secure" in cookie
    assert "HttpOnly" in cookie
    assert "Domain" not in cookie


def test_where_a_role_lands(people):
    for login, home in (("zhang", "/doctor/today"), ("admin", "/admin"), ("li", "/")):
        people["guest"].cookies.pop("session", None)
        answer = people["guest"].form("/sign-in", {"login": login, "password": PASSWORD})
        assert answer.headers["location"] == home


def test_the_first_admin_is_made_from_the_command_line(house, people):
    from suwen.accounts import service
    from suwen.accounts.errors import WeakPassword

    with pytest.raises(WeakPassword):
        service.create_admin(house, "root", "Root", "password1")
    service.create_admin(house, "root", "Root", GOOD)
    assert sign_in(people["guest"], "root").json()["role"] == "admin"
