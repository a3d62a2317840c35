"""What is kept for everybody: a page and its parts are told apart by what was really made."""

import pytest

HTMX = {"hx-request": "true"}


@pytest.fixture(params=["home", "doctor"])
def ask(request, people, ids):
    """`ask({"hx-request": "true"})`: a guest asks for the same kept page again, with these headers."""
    path = {"home": "/", "doctor": f"/doctors/{ids.doctors['zhang']}"}[request.param]
    return lambda headers: people["guest"].page(path, headers=headers)


def is_whole(answer):
    assert answer.status_code == 200
    return "<html" in answer.text


def test_what_htmx_was_given_is_not_shown_as_the_page(ask):
    assert not is_whole(ask(HTMX))
    assert is_whole(ask({}))
    assert not is_whole(ask(HTMX))


@pytest.mark.parametrize("target", ["main", "week", "x" * 5000])
def test_a_target_alone_makes_no_part(ask, target):
    assert is_whole(ask({"hx-target": target}))
    assert not is_whole(ask(HTMX | {"hx-target": target}))
    assert is_whole(ask({"hx-target": target}))


def test_the_page_that_is_loaded_again_for_the_way_back_is_whole(ask):
    assert not is_whole(ask(HTMX | {"hx-target": "main"}))
    back = ask(HTMX | {"hx-target": "main", "hx-history-restore-request": "true"})
    assert is_whole(back)
    assert back.headers["etag"] == ask({}).headers["etag"]
    assert not is_whole(ask(HTMX | {"hx-target": "main"}))


def test_whoever_keeps_it_on_the_way_is_told_what_it_depends_on(ask):
    first = ask({})
    again = ask({"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    for answer in (first, again, ask(HTMX)):
        assert {"cookie", "hx-request", "hx-target"} <= set(answer.headers["vary"].split(", "))


def test_a_patient_on_the_way_back_is_given_the_page_in_her_own_frame(people, ids):
    path = f"/doctors/{ids.doctors['zhang']}"
    assert not is_whole(people["li"].page(path, headers=HTMX))
    for headers in ({}, HTMX | {"hx-history-restore-request": "true"}):
        answer = people["li"].page(path, headers=headers)
        assert is_whole(answer)
        assert "/sign-out" in answer.text


@pytest.mark.parametrize("path", ["/", "/doctors/{}"])
def test_what_one_guest_put_into_the_address_stands_in_nobody_elses_page(people, ids, path):
    path = path.format(ids.doctors["zhang"])
    assert "put-there-by-one" in people["guest"].page(f"{path}?x=put-there-by-one").text
    assert "put-there-by-one" not in people["guest"].page(path).text
    assert "put-there-by-one" not in people["li"].page(path).text
