"""The second sign-in step: enrolling, signing in with it, recovery codes, and what may be reached without."""

import re

import pyotp
import pytest
from sqlalchemy import select

from suwen.accounts.models import RecoveryCode, SecondFactor, SignIn, User
from tests.support.cast import PASSWORD
from tests.support.racing import race, statuses


def ask(people, token, method, path, **options):
    return people["guest"](method, path, headers={"authorization": f"Bearer {token}"}, **options)


def sign_in(people, login="zhang", password=PASSWORD, **more):
    return people["guest"]("POST", "/api/v1/sessions", json={"login": login, "password": password} | more)


def enrol(people, clock, login="zhang"):
    """The secret and the recovery codes of a fresh enrolment; the next step has begun."""
    token = sign_in(people, login).json()["token"]
    begun = ask(people, token, "POST", "/api/v1/me/second-factor", json={}).json()
    body = {"code": digits(begun["secret"], clock)}
    confirmed = ask(people, token, "PUT", "/api/v1/me/second-factor", json=body)
    assert confirmed.status_code == 200, confirmed.text
    clock.advance(seconds=30)
    return begun["secret"], confirmed.json()


def digits(secret, clock):
    return pyotp.TOTP(secret).at(clock.now)


@pytest.fixture
def strict(house):
    """As in production: staff need their second step."""
    object.__setattr__(house.settings, "second_factor", True)
    yield house
    object.__setattr__(house.settings, "second_factor", False)


def test_enrolling_and_signing_in(people, house, clock):
    secret, confirmed = enrol(people, clock)
    assert len(set(confirmed["recovery_codes"])) == 10
    assert ask(people, confirmed["token"], "GET", "/api/v1/me").json()["strong"] is True
    assert sign_in(people).json()["code"] == "second_factor_code_needed"
    assert sign_in(people, code="000000").json()["code"] == "wrong_second_factor"
    entered = sign_in(people, code=digits(secret, clock))
    assert entered.status_code == 201
    assert ask(people, entered.json()["token"], "GET", "/api/v1/me").json()["strong"] is True
    stored = house.db.read(lambda tx: tx.scalars(select(SecondFactor)).one()).secret
    assert secret not in stored


def test_the_session_is_another_one_after_enrolling(people, clock):
    token = sign_in(people).json()["token"]
    begun = ask(people, token, "POST", "/api/v1/me/second-factor", json={}).json()
    ask(people, token, "PUT", "/api/v1/me/second-factor", json={"code": digits(begun["secret"], clock)})
    assert ask(people, token, "GET", "/api/v1/me").status_code == 401


def test_a_code_works_once(people, clock):
    secret, _ = enrol(people, clock)
    code = digits(secret, clock)
    assert sign_in(people, code=code).status_code == 201
    assert sign_in(people, code=code).json()["code"] == "wrong_second_factor"
    clock.advance(seconds=30)
    earlier = pyotp.TOTP(secret).at(clock.now, counter_offset=-1)
    assert sign_in(people, code=earlier).status_code == 401  # that step was used
    assert sign_in(people, code=digits(secret, clock)).status_code == 201


def test_the_code_that_enrolled_signs_nobody_in(people, clock):
    secret, _ = enrol(people, clock)
    clock.advance(seconds=-30)
    assert sign_in(people, code=digits(secret, clock)).status_code == 401


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 201), (0, 201), (1, 201), (2, 401)])
def test_clocks_may_differ_by_one_step(people, clock, steps, status):
    secret, _ = enrol(people, clock)
    clock.advance(seconds=90)
    assert sign_in(people, code=pyotp.TOTP(secret).at(clock.now, counter_offset=steps)).status_code == status


def test_one_code_given_twice_at_once_enters_once(people, house, clock):
    secret, _ = enrol(people, clock)
    code = digits(secret, clock)
    assert statuses(race(*4 * [lambda: sign_in(people, code=code)])) == [201, 401, 401, 401]


def test_one_recovery_code_given_twice_at_once_enters_once(people, house, clock):
    _, confirmed = enrol(people, clock)
    code = confirmed["recovery_codes"][0].upper()
    assert statuses(race(*4 * [lambda: sign_in(people, code=code)])) == [201, 401, 401, 401]
    assert (
        house.db.read(lambda tx: len(tx.scalars(select(RecoveryCode).where(RecoveryCode.used_at.is_(None))).all())) == 9
    )


def test_confirming_twice_at_once_makes_one_set_of_codes(people, house, clock):
    tokens = [sign_in(people).json()["token"] for _ in range(2)]
    secret = ask(people, tokens[0], "POST", "/api/v1/me/second-factor", json={}).json()["secret"]
    body = {"code": digits(secret, clock)}
    answers = race(*[lambda t=t: ask(people, t, "PUT", "/api/v1/me/second-factor", json=body) for t in tokens])
    assert statuses(answers) == [200, 409]
    assert house.db.read(lambda tx: len(tx.scalars(select(RecoveryCode)).all())) == 10


def test_recovery_codes_are_hashed_and_each_persons_own(people, house, clock):
    _, zhangs = enrol(people, clock)
    enrol(people, clock, "chen")
    code = zhangs["recovery_codes"][3]
    stored = house.db.read(lambda tx: [one.code_hash for one in tx.scalars(select(RecoveryCode))])
    assert not any(code in one or code.replace("-", "") in one for one in stored)
    assert sign_in(people, "chen", code=code).status_code == 401
    assert sign_in(people, code=code).status_code == 201
    assert sign_in(people, code=code).status_code == 401


def test_guessing_pauses_the_account_and_even_a_right_code_is_not_looked_at(people, house, clock):
    secret, _ = enrol(people, clock)
    for _ in range(5):
        assert sign_in(people, code="000000").status_code == 401
    assert house.db.read(lambda tx: tx.get(User, people["zhang"].id)).locked_until > clock.now
    code = digits(secret, clock)
    assert sign_in(people, code=code).json()["code"] == "wrong_credentials"
    clock.advance(seconds=300)
    assert sign_in(people, code=digits(secret, clock)).status_code == 201


def test_a_right_password_does_not_buy_new_guesses(people, house, clock):
    enrol(people, clock)
    for _ in range(3):
        sign_in(people, code="000000")
        assert sign_in(people).json()["code"] == "second_factor_code_needed"
    assert house.db.read(lambda tx: tx.get(User, people["zhang"].id)).failed_logins == 3


@pytest.mark.parametrize("code", ["", "x", "12345", "1234567", "０００００００", "😀", "1" * 40])
def test_odd_codes_break_nothing(people, clock, code):
    enrol(people, clock)
    assert sign_in(people, code=code).status_code == 401


# On pages


def test_the_second_page(people, house, clock):
    secret, _ = enrol(people, clock)
    guest = people["guest"]
    answer = guest.form("/sign-in", {"login": "zhang", "password": PASSWORD, "next": "/account"})
    assert answer.headers["location"] == "/sign-in/code?next=/account"
    assert "session" not in guest.cookies
    assert guest.page("/sign-in/code?next=/account").status_code == 200
    wrong = guest.form("/sign-in/code", {"code": "000000", "next": "/account"})
    assert wrong.status_code == 401
    assert 'value="/account"' in wrong.text
    right = guest.form("/sign-in/code", {"code": digits(secret, clock), "next": "/account"})
    assert (right.status_code, right.headers["location"]) == (303, "/account")
    assert guest.page("/account/sessions").status_code == 200


def test_the_first_step_is_proven_by_its_ticket_only(people, house, clock):
    secret, _ = enrol(people, clock)
    enrol(people, clock, "chen")
    guest = people["guest"]
    assert guest.form("/sign-in/code", {"code": digits(secret, clock)}).status_code == 401
    guest.form("/sign-in", {"login": "chen", "password": PASSWORD})
    ticket = guest.cookies["second-step"].strip('"')
    guest.cookies["second-step"] = ticket.replace(people["chen"].id, people["zhang"].id)
    assert guest.form("/sign-in/code", {"code": digits(secret, clock)}).status_code == 401
    guest.form("/sign-in", {"login": "zhang", "password": PASSWORD})
    clock.advance(minutes=6)
    late = guest.form("/sign-in/code", {"code": digits(secret, clock)})
    assert late.status_code == 401
    assert "session" not in guest.cookies


def test_enrolling_in_the_browser(people, house, clock, strict):
    guest = people["guest"]
    guest.cookies["lang"] = "en"
    entered = guest.form("/sign-in", {"login": "zhang", "password": PASSWORD, "next": "/account/tokens"})
    assert entered.headers["location"] == "/account/second-factor"
    closed = guest.page("/account/tokens")
    assert (closed.status_code, closed.headers["location"]) == (303, "/account/second-factor")
    assert guest.form("/account/second-factor/begin", {}).status_code == 303
    text = guest.page("/account/second-factor").text
    assert "<svg" in text
    assert " style=" not in text
    secret = re.search(r"<code>([A-Z2-7]{32})</code>", text).group(1)
    assert guest.form("/account/second-factor", {"code": "000000"}).status_code == 401
    done = guest.form("/account/second-factor", {"code": digits(secret, clock)})
    assert len(set(re.findall(r"<code>[2-9a-z]{5}-[2-9a-z]{5}</code>", done.text))) == 10
    assert guest.page("/account/tokens").status_code == 200
    off = guest.form("/account/second-factor/off", {"password": PASSWORD, "code": digits(secret, clock)})
    assert off.status_code == 409
    assert house.db.read(lambda tx: tx.scalars(select(SecondFactor)).one())


# What it opens


@pytest.mark.parametrize("login", ["zhang", "zhao", "admin"])
def test_staff_reach_nothing_else_before_it(people, strict, login):
    entered = sign_in(people, login).json()
    assert entered["second_factor_needed"] is True
    closed = ask(people, entered["token"], "GET", "/api/v1/sessions")
    assert (closed.status_code, closed.json()["code"]) == (403, "second_factor_needed")
    assert ask(people, entered["token"], "GET", "/api/v1/me").json()["second_factor_required"] is True
    assert (
        ask(people, entered["token"], "POST", "/api/v1/tokens", json={"name": "x", "password": PASSWORD}).status_code
        == 403
    )


def test_patients_choose(people, strict, clock):
    token = sign_in(people, "li").json()["token"]
    assert ask(people, token, "GET", "/api/v1/family").status_code == 200
    secret, confirmed = enrol(people, clock, "li")
    body = {"password": PASSWORD, "code": digits(secret, clock)}
    assert ask(people, confirmed["token"], "POST", "/api/v1/me/second-factor/removal", json=body).status_code == 204
    assert sign_in(people, "li").status_code == 201


def test_an_old_session_must_prove_itself_again(people, house, clock):
    token = sign_in(people).json()["token"]
    clock.advance(minutes=6)
    house.sessions._checked.clear()
    refused = ask(people, token, "POST", "/api/v1/me/second-factor", json={})
    assert (refused.status_code, refused.json()["code"]) == (422, "wrong_password")
    assert ask(people, token, "POST", "/api/v1/me/second-factor", json={"password": "wrong wrong"}).status_code == 422
    assert house.db.read(lambda tx: tx.scalars(select(SecondFactor)).all()) == []
    assert ask(people, token, "POST", "/api/v1/me/second-factor", json={"password": PASSWORD}).status_code == 201


def test_an_enrolment_left_lying_is_worth_nothing_later(people, house, clock):
    """Whoever finds the browser open must not end what was begun with a password."""
    token = sign_in(people).json()["token"]
    secret = ask(people, token, "POST", "/api/v1/me/second-factor", json={}).json()["secret"]
    for _ in range(2):
        clock.advance(minutes=8)
        house.sessions._checked.clear()
        assert ask(people, token, "GET", "/api/v1/me").status_code == 200
    answer = ask(people, token, "PUT", "/api/v1/me/second-factor", json={"code": digits(secret, clock)})
    assert (answer.status_code, answer.json()["code"]) == (409, "second_factor_missing")
    people["guest"].cookies["session"] = token
    assert secret not in people["guest"].page("/account/second-factor").text


def test_new_recovery_codes_end_the_old(people, clock):
    _, confirmed = enrol(people, clock)
    fresh = ask(people, confirmed["token"], "POST", "/api/v1/me/recovery-codes", json={"password": PASSWORD}).json()
    assert sign_in(people, code=confirmed["recovery_codes"][0]).status_code == 401
    assert sign_in(people, code=fresh["recovery_codes"][0]).status_code == 201


def test_an_admin_removes_it_for_somebody_who_lost_everything(people, house, clock):
    enrol(people, clock)
    assert people["li"]("DELETE", f"/api/v1/users/{people['zhang'].id}/second-factor").status_code == 403
    assert people["admin"]("DELETE", f"/api/v1/users/{people['zhang'].id}/second-factor").status_code == 204
    alive = house.db.read(
        lambda tx: tx.scalars(select(SignIn).filter_by(user_id=people["zhang"].id, revoked_at=None)).all()
    )
    assert alive == []
    assert sign_in(people).status_code == 201
