"""Every page of accounts opens for whom it is meant."""

import pytest

PAGES = {
    "guest": ["/sign-in", "/sign-in/code", "/register", "/reset", "/reset/code"],
    "li": ["/account", "/account/about", "/account/ways-in", "/account/password", "/account/sessions",
           "/account/second-factor", "/account/tokens", "/family", "/family/new"],
    "zhang": ["/account", "/account/about", "/account/sessions", "/account/second-factor", "/account/tokens"],
    "admin": ["/admin/people", "/admin/people?q=li&role=patient&status=&deleted=", "/admin/people/new",
              "/admin/people?deleted=yes", "/admin/people?q=nobody-of-this-name"],
}  # fmt: skip


@pytest.mark.parametrize(("who", "path"), [(who, path) for who, paths in PAGES.items() for path in paths])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_it_opens(people, who, path, language):
    people[who].cookies["lang"] = language
    answer = people[who].page(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_pages_about_somebody(people):
    li = people["li"]
    assert "Mrs. Li" in li.page(f"/family/{li.profiles['mother']}").text
    for path in ("", "/edit", "/family/new"):
        assert people["admin"].page(f"/admin/people/{li.id}{path}").status_code == 200
    assert people["admin"].page(f"/admin/people/{people['zhang'].id}").status_code == 200
