"""A new password by one-time code: sent by mail, or given at the desk."""

import re

import pytest
from sqlalchemy import func, select

from suwen.accounts.models import OneTimeCode, User
from suwen.core.outbox import OutboxMessage, run_timed
from suwen.notifications.models import EmailLog
from tests.support.cast import PASSWORD
from tests.support.racing import race, statuses
from tests.support.smtp import mailbox

GOOD = "seven lanterns over water"


@pytest.fixture
def box(house):
    with mailbox() as made:
        object.__setattr__(house.settings, "mail_url", made.url)
        yield made
        object.__setattr__(house.settings, "mail_url", "")


def ask(people, login):
    return people["guest"]("POST", "/api/v1/password-resets", json={"login": login})


def reset(people, login, code, ticket=None, password=GOOD):
    body = {"login": login, "code": code, "password": password, "ticket": ticket}
    return people["guest"]("PUT", "/api/v1/password-resets", json=body)


def sign_in(people, login, password=GOOD):
    return people["guest"]("POST", "/api/v1/sessions", json={"login": login, "password": password})


def sent(box):
    return re.search(r"\b(\d{6})\b", box.messages[-1].get_content()).group(1)


def codes(house):
    return house.db.read(lambda tx: tx.scalars(select(OneTimeCode).order_by(OneTimeCode.id)).all())


@pytest.mark.parametrize("login", ["li", "LI@example.org"])
def test_the_code_comes_by_mail_and_sets_a_new_password(people, house, box, settle, login):
    before = people["li"].token
    asked = ask(people, login)
    assert asked.status_code == 202
    settle()
    assert box.messages[-1]["to"] == "li@example.org"
    assert reset(people, "li", sent(box), asked.json()["ticket"]).status_code == 204
    assert sign_in(people, "li").status_code == 201
    assert sign_in(people, "li", PASSWORD).status_code == 401
    old = people["guest"]("GET", "/api/v1/me", headers={"authorization": f"Bearer {before}"})
    assert old.status_code == 401


def test_the_code_stands_nowhere_in_clear(people, house, box, settle):
    ask(people, "li")
    rows = house.db.read(
        lambda tx: [str(tx.execute(select(model.__table__)).all()) for model in (OneTimeCode, EmailLog, OutboxMessage)]
    )
    settle()
    code = sent(box)
    after = house.db.read(
        lambda tx: [str(tx.execute(select(model.__table__)).all()) for model in (OneTimeCode, EmailLog, OutboxMessage)]
    )
    plain = re.compile(rf"(?<![\d.-]){code}(?![\d-])")
    assert not any(plain.search(text) for text in rows + after)


def test_asking_tells_nothing_about_who_has_an_account(people, house, box, settle):
    known, unknown = ask(people, "li"), ask(people, "nobody-here")
    settle()
    assert known.status_code == unknown.status_code == 202
    assert known.json().keys() == unknown.json().keys()
    assert len(known.json()["ticket"]) == len(unknown.json()["ticket"])
    assert len(box.messages) == 1
    assert {ask(people, login).status_code for login in ("li", "nobody-here")} == {429}


def test_it_is_bound_to_the_browser_that_asked(people, box, settle):
    ask(people, "li")
    settle()
    for ticket in (None, "", "another"):
        assert reset(people, "li", sent(box), ticket).json()["code"] == "wrong_code"
    assert sign_in(people, "li", PASSWORD).status_code == 201


def test_it_is_bound_to_the_account(people, box, settle):
    ticket = ask(people, "li").json()["ticket"]
    settle()
    assert reset(people, "wang", sent(box), ticket).status_code == 422
    assert reset(people, "nobody", sent(box), ticket).status_code == 422


def test_ten_minutes(people, box, settle, clock):
    ticket = ask(people, "li").json()["ticket"]
    settle()
    clock.advance(minutes=10, seconds=1)
    assert reset(people, "li", sent(box), ticket).status_code == 422


def test_five_tries_even_at_once(people, house, box, settle):
    ticket = ask(people, "li").json()["ticket"]
    settle()
    wrong = f"{(int(sent(box)) + 1) % 1_000_000:06d}"
    assert statuses(race(*8 * [lambda: reset(people, "li", wrong, ticket)])) == [422] * 8
    assert codes(house)[0].tries == 5
    assert reset(people, "li", sent(box), ticket).status_code == 422


def test_once_even_at_once(people, house, box, settle):
    ticket = ask(people, "li").json()["ticket"]
    settle()
    code = sent(box)
    answers = race(*[lambda n=n: reset(people, "li", code, ticket, f"{GOOD} {n}") for n in range(3)])
    assert statuses(answers) == [204, 422, 422]
    assert reset(people, "li", code, ticket).status_code == 422


def test_a_weak_password_does_not_spend_the_code(people, box, settle):
    ticket = ask(people, "li").json()["ticket"]
    settle()
    weak = reset(people, "li", sent(box), ticket, "12345678")
    assert (weak.status_code, weak.json()["code"]) == (422, "weak_password")
    assert reset(people, "li", sent(box), ticket).status_code == 204


def test_a_new_code_ends_the_one_before(people, box, settle, clock):
    first = ask(people, "li").json()["ticket"]
    settle()
    old = sent(box)
    clock.advance(seconds=61)
    second = ask(people, "li").json()["ticket"]
    settle()
    assert reset(people, "li", old, first).status_code == 422
    assert reset(people, "li", sent(box), second).status_code == 204


def test_how_often_one_may_ask(people, house, box, settle, clock):
    """1 a minute, 5 an hour, 10 a day; by whatever name the account is called."""
    granted = 0
    for _ in range(48):
        granted += ask(people, "li").status_code == 202
        clock.advance(minutes=10)
        house.limiter._hits.clear()
    settle()
    assert granted == 10
    assert len(box.messages) == 10
    assert ask(people, "li@example.org").status_code == 202  # looks as if
    settle()
    assert len(box.messages) == 10


def test_many_who_ask_at_once_send_one_mail(people, box, settle):
    answers = race(*6 * [lambda: ask(people, "li")])
    settle()
    assert statuses(answers).count(202) == 1
    assert len(box.messages) == 1


@pytest.mark.parametrize("values", [{"status": "suspended"}, {"is_deleted": True}])
def test_closed_accounts_get_none(people, house, box, settle, values):
    def close(tx):
        for name, value in values.items():
            setattr(tx.get(User, people["li"].id), name, value)

    house.db.write(close)
    assert ask(people, "li").status_code == 202
    settle()
    assert box.messages == []


def test_a_pause_is_over_with_the_new_password(people, house, box, settle):
    for _ in range(6):
        sign_in(people, "li", "wrong wrong wrong")
    ticket = ask(people, "li").json()["ticket"]
    settle()
    assert reset(people, "li", sent(box), ticket).status_code == 204
    assert sign_in(people, "li").status_code == 201


def test_on_pages(people, box, settle):
    guest = people["guest"]
    asked = guest.form("/reset", {"login": "li@example.org"})
    assert asked.status_code == 200
    assert 'value="li@example.org"' in asked.text
    settle()
    wrong = guest.form("/reset/code", {"login": "li", "code": "x", "password": GOOD})
    assert wrong.status_code == 422
    assert GOOD not in wrong.text
    right = guest.form("/reset/code", {"login": "li", "code": f" {sent(box)} ", "password": GOOD})
    assert (right.status_code, right.headers["location"]) == (303, "/sign-in")
    assert sign_in(people, "li").status_code == 201


def test_another_browser_cannot_use_it(people, box, settle):
    people["guest"].form("/reset", {"login": "li"})
    settle()
    people["guest"].cookies.pop("reset-ticket")
    assert people["guest"].form("/reset/code", {"login": "li", "code": sent(box), "password": GOOD}).status_code == 422


# At the desk


def test_a_code_from_the_desk_works_without_a_ticket(people, house, clock):
    given = people["admin"]("POST", f"/api/v1/users/{people['wang'].id}/codes")
    assert given.status_code == 201
    assert re.fullmatch(r"\d{6}", given.json()["code"])
    assert reset(people, "wang", given.json()["code"]).status_code == 204
    assert sign_in(people, "wang").status_code == 201
    assert reset(people, "wang", given.json()["code"]).status_code == 422


def test_nobody_but_an_admin_gives_codes(people, house):
    for login in ("li", "zhang", "zhao"):
        assert people[login]("POST", f"/api/v1/users/{people['wang'].id}/codes").status_code == 403
    assert people["guest"]("POST", f"/api/v1/users/{people['wang'].id}/codes").status_code == 401
    own = people["admin"]("POST", f"/api/v1/users/{people['admin'].id}/codes")
    assert (own.status_code, own.json()["code"]) == (409, "not_yourself")
    assert codes(house) == []


def test_an_invitation_opens_a_new_account(people, house, clock):
    body = {"name": "Nurse Wu", "role": "pharmacist", "email": "wu@example.org"}
    made = people["admin"]("POST", "/api/v1/users/invitations", json=body).json()
    assert sign_in(people, "wu@example.org", "!").status_code == 401
    clock.advance(days=2)
    assert reset(people, "wu@example.org", made["code"].upper()).status_code == 204
    assert sign_in(people, "wu@example.org").json()["role"] == "pharmacist"


def test_an_invitation_ends_after_three_days(people, clock):
    body = {"name": "Nurse Wu", "role": "pharmacist", "email": "wu@example.org"}
    made = people["admin"]("POST", "/api/v1/users/invitations", json=body).json()
    clock.advance(days=3, seconds=1)
    assert reset(people, "wu@example.org", made["code"]).status_code == 422


def test_old_codes_are_forgotten(people, house, clock, box):
    ask(people, "li")
    clock.advance(days=3)
    run_timed(house.db, clock.now)
    assert house.db.read(lambda tx: tx.scalar(select(func.count()).select_from(OneTimeCode))) == 0
