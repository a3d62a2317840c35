"""The audit trail says what each row was for, in words of ours and never in what somebody typed."""

import ast
from pathlib import Path

import pytest
from sqlalchemy import select

from suwen.core import audit
from suwen.core.audit import AuditEvent
from suwen.portal import rules

SOURCE = Path(rules.__file__).parents[1]


def test_what_somebody_typed_is_not_there(house, people):
    mother = people["li"].profiles["mother"]
    body = {"profile_id": mother, "staff_user_id": people["zhang"].id, "reason": "her heart fails"}
    made = people["admin"]("POST", "/api/v1/care-relations", json=body).json()["id"]
    noted = select(AuditEvent.purpose).where(AuditEvent.object_id == made)
    assert house.db.read(lambda tx: tx.scalars(noted).all()) == ["entrusted"]
    actor = people["admin"].actor

    def as_it_was_before(tx):
        audit.seen(tx, actor, "write", "care", "older", mother, "her heart fails", now=house.clock())
        audit.seen(tx, actor, "write", "appointment", "nothing", mother, now=house.clock())

    house.db.write(as_it_was_before)
    page, file = people["admin"].page("/admin/audit").text, people["admin"].form("/admin/audit.csv").text
    assert "heart" not in page + file
    assert ",write,care,older,for a reason of their own," in file
    assert ",write,appointment,nothing,,Mrs. Li" in file  # where nothing was said nothing is made up


@pytest.mark.parametrize(("lang", "words"), [("en", "opened to somebody"), ("zh-CN", "已授权他人查阅")])
def test_it_speaks_as_the_page_does_whatever_the_account_prefers(house, people, lang, words):
    body = {"profile_id": people["li"].profiles["mother"], "staff_user_id": people["zhang"].id, "reason": "is away"}
    assert people["admin"]("POST", "/api/v1/care-relations", json=body).status_code == 201
    people["admin"].cookies["lang"] = lang
    assert words in people["admin"].page("/admin/audit").text
    assert words in people["admin"].form("/admin/audit.csv").text


@pytest.mark.parametrize(
    ("noted", "words"),
    [
        ("", ""),
        ("cancelled", "cancelled"),
        ("extended by 3", "made to last longer"),
        ("confirmed (password)", "confirmed as the second person"),
        ("checked what was dispensed (password)", "checked what was dispensed"),
        ("paid by hand: cash", "paid by hand"),
        ("status suspended", "account suspended"),
        ("extended", rules.OWN_REASON),
        ("itches at night", rules.OWN_REASON),
    ],
)
def test_words_of_what_is_noted(noted, words):
    assert rules.purpose("prescription", noted) == words


def test_of_the_settings_of_payments_the_names_of_fields_are_not_worth_a_column():
    assert rules.purpose("payment_config", "api_key, -app_id") == "changed"
    assert rules.purpose("payment_config", "not offered") == "not offered"


def test_every_purpose_that_the_house_notes_has_words():
    found = {one for path in SOURCE.rglob("*.py") for one in _noted(ast.parse(path.read_text("utf-8")))}
    assert found > {"refused", "entrusted", "visit ended", "extended by ", "dispensed", "cancelled", "moved"}
    assert [one for one in sorted(found - {""}) if rules.purpose("", one) in ("", rules.OWN_REASON)] == []


WHERE = {"seen": 6, "note": 5, "_noted": 5, "clinical": 4, "_person": 4, "_done": 5}


def _noted(tree):
    """The purposes that are written where rows are noted: words, or how they begin."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        place = WHERE.get(getattr(call.func, "attr", getattr(call.func, "id", "")))
        if place is None:
            continue
        for given in [*call.args[place : place + 1], *(key.value for key in call.keywords if key.arg == "purpose")]:
            first = given.values[0] if isinstance(given, ast.JoinedStr) else given
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value
