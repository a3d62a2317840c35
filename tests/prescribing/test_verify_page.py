"""Whoever holds a paper may ask whether it is genuine."""

import re

import pytest
from sqlalchemy import update

from suwen.prescribing.models import Prescription
from tests.prescribing.test_pages import text


@pytest.fixture
def holder(people):
    def code(one):
        return re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}", text(people["li"].page(f"/prescriptions/{one['id']}")))[0]

    return code


@pytest.fixture(autouse=True)
def in_english(people):
    people["guest"].cookies["lang"] = "en"


def ask(people, one, holder):
    return people["guest"].form("/verify", {"number": one["code"], "holder": holder})


def test_nothing_is_shown_before_the_holders_code(people, signed, house):
    one = signed()
    for path in ("/verify", f"/verify/{one['code']}"):
        page = people["guest"].page(path)
        assert page.status_code == 200
        for secret in ("陈皮", "李老太太", "脾虚", "Zhang"):
            assert secret not in page.text
    assert f'value="{one["code"]}"' in people["guest"].page(f"/verify/{one['code']}").text
    wrong, unknown = ask(people, one, "AAAA-AAAA"), ask(people, {"code": "RX3001010019999990"}, "AAAA-AAAA")
    assert wrong.status_code == unknown.status_code == 404
    assert text(wrong).replace(one["code"], "") == text(unknown).replace("RX3001010019999990", "")
    assert "陈皮" not in wrong.text


def test_genuine_with_what_a_pharmacy_needs_and_no_more(people, signed, holder):
    one = signed()
    page = text(ask(people, one, holder(one)))
    for words in ("Genuine, and it may be dispensed", one["code"], "陈皮", "炙甘草", "Zhang Zhongjing", "李**"):
        assert words in page, words
    for secret in ("李老太太", "脾虚", "忌生冷", "1985"):
        assert secret not in page
    assert "Genuine" in text(ask(people, one, f" {holder(one).lower().replace('-', ' ')} "))


def test_void_altered_and_dispensed(people, signed, holder, house):
    one = signed()
    code = holder(one)
    zhao = people["zhao"]
    zhao("POST", f"/api/v1/prescriptions/{one['id']}/dispensings", json={"version": one["version"]})
    given = text(ask(people, one, code))
    assert "Already dispensed" in given
    assert "陈皮" not in given
    other = signed()
    code = holder(other)
    house.db.write(lambda tx: tx.execute(update(Prescription).where(Prescription.id == other["id"]).values(
        medicines=[{"name": "陈皮", "dosage": "60 g", "frequency": "bid"}])))  # fmt: skip
    assert "Altered: not what was signed" in text(ask(people, other, code))
    third = signed()
    code = holder(third)
    people["zhang"]("POST", f"/api/v1/prescriptions/{third['id']}/void", json={"reason": "wrong person"})
    void = text(ask(people, third, code))
    assert "The doctor has taken it back" in void
    assert "wrong person" not in void


def test_out_of_date(people, signed, holder, clock):
    one = signed()
    code = holder(one)
    clock.advance(days=400)
    assert "It was genuine, and may not be dispensed any more." in text(ask(people, one, code))


def test_nobody_finds_a_code_by_trying(people, signed, holder):
    one = signed()
    code = holder(one)
    answers = [ask(people, one, "AAAA-AAAA").status_code for _ in range(25)]
    assert answers[0] == 404
    assert answers[-1] == 429
    assert ask(people, one, code).status_code == 429
