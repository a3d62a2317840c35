"""The pharmacist's pages: the queue, seven checks, the hand-over."""

import re

import pytest

from suwen.prescribing.models import Prescription
from suwen.prescribing.schemas.counter import CHECKS
from tests.accounts.test_second_factor import digits, enrol
from tests.prescribing.test_pages import text
from tests.support.cast import PASSWORD

ASKED = {"allergies": [], "pregnancy": "no", "follow_up": "2029 年 12 月门诊病历", "long_course": "慢性病，路远"}
FINE = dict.fromkeys(CHECKS, "fine")


@pytest.fixture
def china(house):
    """Where every prescription waits for a pharmacist."""
    before = house.settings.jurisdiction
    object.__setattr__(house.settings, "jurisdiction", "CN")
    yield
    object.__setattr__(house.settings, "jurisdiction", before)


@pytest.fixture
def submitted(china, signed):
    return signed(facts=ASKED)


def stored(house, one):
    return house.db.read(lambda tx: tx.get_one(Prescription, one["id"]))


def version(answer):
    return re.search(r'name="version" value="(\d+)"', answer.text)[1]


def taken(people, one):
    zhao = people["zhao"]
    moved = zhao.form(f"/pharmacy/take/{one['id']}")
    assert moved.status_code == 303
    return zhao.page(moved.headers["location"])


def test_the_queue_names_no_medicine_and_opens_no_record(people, submitted):
    zhao = people["zhao"]
    page = zhao.page("/pharmacy")
    assert "李老太太" in text(page)
    assert "Zhang Zhongjing" in text(page)
    assert "陈皮" not in page.text
    assert "脾虚" not in page.text
    assert zhao.page(f"/pharmacy/review/{submitted['id']}").status_code == 404
    for login in ("li", "zhang", "admin"):
        assert people[login].page("/pharmacy").status_code == 403


def test_the_family_sees_that_it_is_being_checked_and_not_what_it_is(people, submitted):
    page = people["li"].page("/prescriptions")
    assert "A pharmacist is checking it" in text(page)
    assert submitted["id"] not in page.text
    assert "A pharmacist is checking it" not in text(people["wang"].page("/prescriptions"))
    assert people["li"].page(f"/prescriptions/{submitted['id']}").status_code == 404


def test_a_review_shows_what_there_is_to_weigh(people, submitted):
    page = text(taken(people, submitted))
    for words in ("陈皮", "脾虚", "What the rules say", "Whom it is for", "Seven checks",
                  "慢性病，路远", "Demonstration until reviewed", "Your password"):  # fmt: skip
        assert words in page, words


def test_the_doctors_reason_stands_beside_what_it_answers(people, china, signed):
    over = [{"name": "山豆根", "amount": "10", "unit": "g", "role": "君"}]
    one = signed(kind="herbal", medicines=over, regimen={"doses": 5}, facts=ASKED)
    page = text(taken(people, one))
    for words in ("needs a reason", "seen and weighed", "山豆根"):
        assert words in page, words


def test_accepting_is_a_signature(people, submitted, house):
    zhao, page = people["zhao"], taken(people, submitted)
    path = f"/pharmacy/review/{submitted['id']}"
    body = FINE | {"version": version(page), "verdict": "accepted"}
    unproved = zhao.form(path, body)
    assert unproved.status_code in (401, 403)
    assert stored(house, submitted).status == "signed"
    wrong = zhao.form(path, body | {"password": "not the password"})
    assert wrong.status_code in (401, 422)
    assert stored(house, submitted).status == "signed"
    missing = zhao.form(path, body | {"interactions": "", "password": PASSWORD})
    assert missing.status_code == 422
    assert "Please answer this check." in text(missing)
    assert stored(house, submitted).status == "signed"


def test_accepted_with_the_password(people, submitted, house):
    zhao, page = people["zhao"], taken(people, submitted)
    body = FINE | {"version": version(page), "verdict": "accepted", "password": PASSWORD}
    done = zhao.form(f"/pharmacy/review/{submitted['id']}", body)
    assert done.status_code == 303, text(done)
    assert stored(house, submitted).status == "effective"
    assert "李老太太" not in text(zhao.page("/pharmacy"))
    assert "李老太太" in text(zhao.page("/pharmacy?step=dispense"))
    mine = people["li"].page(f"/prescriptions/{submitted['id']}")
    assert "Ready for the pharmacy" in text(mine)
    assert re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}", text(mine))


def test_who_signs_proves_it_by_the_second_step_too(people, china, draft, house, clock):
    """The same two fields at the doctor's signature and at the pharmacist's."""
    secrets = {login: enrol(people, clock, login)[0] for login in ("zhang", "zhao")}
    one, zhang, zhao = draft(facts=ASKED), people["zhang"], people["zhao"]
    place = f"/prescriptions/desk/{one['appointment_id']}"
    read = zhang.page(f"{place}?one={one['id']}&step=review")
    assert {"password", "code"} <= set(re.findall(r'name="(\w+)"', read.text))
    answers = {f"answers.{n}.{key}": value for n, found in enumerate(one["findings"])
               for key, value in (("key", found["key"]), ("reason", "seen and weighed"))}  # fmt: skip
    said = answers | {"version": str(one["version"])}
    wrong = zhang.form(f"{place}/{one['id']}/sign", said | {"code": "000000"})
    assert (wrong.status_code, stored(house, one).status) == (401, "draft")
    done = zhang.form(f"{place}/{one['id']}/sign", said | {"code": digits(secrets["zhang"], clock)})
    assert (done.status_code, stored(house, one).status) == (200, "signed"), text(done)
    page = taken(people, one)
    assert {"password", "code"} <= set(re.findall(r'name="(\w+)"', page.text))
    accept = FINE | {"version": version(page), "verdict": "accepted"}
    wrong = zhao.form(f"/pharmacy/review/{one['id']}", accept | {"code": "000000"})
    assert (wrong.status_code, stored(house, one).status) == (401, "signed")
    assert zhao.form(f"/pharmacy/review/{one['id']}", accept).status_code == 403
    done = zhao.form(f"/pharmacy/review/{one['id']}", accept | {"code": digits(secrets["zhao"], clock)})
    assert (done.status_code, stored(house, one).status) == (303, "effective"), text(done)


def test_a_concern_is_not_accepted(people, submitted, house):
    page = taken(people, submitted)
    body = FINE | {"dosage": "concern", "version": version(page), "verdict": "accepted", "password": PASSWORD}
    refused = people["zhao"].form(f"/pharmacy/review/{submitted['id']}", body)
    assert refused.status_code == 422
    assert stored(house, submitted).status == "signed"


def test_returned_with_a_reason_that_the_doctor_reads(people, submitted, house):
    zhao, page = people["zhao"], taken(people, submitted)
    path = f"/pharmacy/review/{submitted['id']}"
    empty = zhao.form(path, {"version": version(page), "verdict": "returned"})
    assert empty.status_code == 422
    assert stored(house, submitted).status == "signed"
    body = {"version": version(page), "verdict": "returned", "reason": "陈皮用量请核对"}
    assert zhao.form(path, body).status_code == 303
    assert stored(house, submitted).status == "returned"
    assert "陈皮用量请核对" in text(people["zhang"].page(f"/prescriptions/{submitted['id']}"))


@pytest.mark.parametrize("typed", ["{code}", " {code} ", "http://127.0.0.1:8000/verify/{code}", "{bare}"])
def test_found_by_number_or_by_what_a_scanner_reads(people, signed, typed):
    one, zhao = signed(), people["zhao"]
    moved = zhao.form("/pharmacy/dispense", {"code": typed.format(code=one["code"], bare=one["code"][2:])})
    assert moved.status_code == 303
    assert moved.headers["location"] == f"/pharmacy/dispense/{one['id']}"
    assert "陈皮" in text(zhao.page(moved.headers["location"]))


@pytest.mark.parametrize("typed", ["RX3001010019999990", "hello", "/verify/"])
def test_what_is_no_number_of_ours(people, signed, typed):
    signed()
    refused = people["zhao"].form("/pharmacy/dispense", {"code": typed})
    assert refused.status_code == 404
    assert "This prescription is not there." in text(refused)


def test_dispensed_once(people, signed, house):
    one, zhao = signed(), people["zhao"]
    page = taken(people, one)
    path = f"/pharmacy/dispense/{one['id']}"
    assert "Hand it over" in text(page)
    body = {"version": version(page), "note": "配齐"}
    assert zhao.form(path, body).status_code == 303
    assert stored(house, one).status == "dispensed"
    again = zhao.form(path, body)
    assert again.status_code == 409
    after = text(zhao.page(path))
    assert "Hand it over" not in after
    assert "Dispensed, no. 1" in after
    assert "配齐" in after
    more = "If you need more, ask the doctor"
    assert more in text(people["li"].page(f"/prescriptions/{one['id']}"))
    assert more not in text(people["zhang"].page(f"/prescriptions/{one['id']}")), "these are a patient's words"


def test_refills_one_after_the_other(people, signed, house, clock):
    one, zhao = signed(refill_allowed=2), people["zhao"]
    page = taken(people, one)
    path = f"/pharmacy/dispense/{one['id']}"
    assert zhao.form(path, {"version": version(page)}).status_code == 303
    assert stored(house, one).status == "partially_dispensed"
    early = zhao.form(path, {"version": version(zhao.page(path))})
    assert early.status_code == 409
    assert "It can be dispensed 2 more times" in text(people["li"].page(f"/prescriptions/{one['id']}"))
    clock.advance(days=12)
    taken(people, one)
    assert zhao.form(path, {"version": version(zhao.page(path))}).status_code == 303
    assert stored(house, one).refills_used == 1


def test_who_may_listen_to_the_queue(house, people, signed, clock):
    from suwen.notifications.service import watching

    one = signed()
    topics = ["prescriptions:waiting", f"prescription:{one['id']}", "prescriptions:all"]

    def heard(login):
        return house.db.read(lambda tx: watching.allowed(tx, people[login].actor, topics, clock()))

    assert heard("zhao") == ["prescriptions:waiting"]
    assert heard("li") == heard("zhang") == [f"prescription:{one['id']}"]
    assert heard("eve") == heard("admin") == []
