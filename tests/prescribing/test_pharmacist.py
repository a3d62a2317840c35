"""The pharmacist reviews and dispenses; whoever holds a paper asks about it. Of two at once exactly one wins."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from suwen.accounts.models import CareRelation, User
from suwen.core.db import new_id
from suwen.core.errors import DomainError
from suwen.core.limits import TooManyRequests
from suwen.prescribing import service
from suwen.prescribing.models import Dispensing, PharmacistReview, Prescription, Signature
from suwen.prescribing.schemas import ChangeInput, Checks, DispenseInput, ReviewInput, SignInput
from tests.prescribing.conftest import CHECKS, SEEN, WEEK
from tests.support.racing import race

PATH = "/api/v1/prescriptions"


def post(person, one, step, **body):
    return person("POST", f"{PATH}/{one['id']}/{step}", json=body)


def review(person, one, verdict="accepted", checks=CHECKS, **more):
    return post(person, one, "review", version=one["version"], verdict=verdict, checks=checks, **more)


def dispense(person, one, **more):
    return post(person, one, "dispensings", version=one["version"], **more)


def state(house, one):
    return house.db.read(lambda tx: tx.get(Prescription, one["id"]).status)


@pytest.fixture
def qian(house, people, ids):
    """A second pharmacist."""

    def make(tx):
        zhao = tx.get(User, ids.users["zhao"])
        made = User(
            id=new_id(), account="qian", name="Qian 钱", password_hash="!", role="pharmacist", status="active"
        )  # fmt: skip
        assert zhao.role == "pharmacist"
        tx.add(made)
        return made.id

    id = house.db.write(make)
    return type(people["zhao"])(people["zhao"].client, house, "qian", id, "pharmacist")


def test_what_waits_is_seen_taken_up_and_read(people, waiting_one, house, ids):
    one, zhao = waiting_one(), people["zhao"]
    [line] = zhao("GET", f"{PATH}/waiting").json()["items"]
    assert (line["id"], line["lines"], line["worst"]) == (one["id"], 3, None)
    assert not {"medicines", "diagnosis"} & set(line)
    assert zhao("GET", f"{PATH}/{one['id']}").status_code == 404
    assert post(zhao, one, "claim").json()["diagnosis"] == "脾虚"
    assert zhao("GET", f"{PATH}/{one['id']}").status_code == 200
    theirs = select(CareRelation).where(CareRelation.staff_user_id == ids.users["zhao"])
    [relation] = house.db.read(lambda tx: tx.scalars(theirs).all())
    assert relation.until is not None
    assert one["code"] in relation.reason
    assert people["li"]("GET", f"{PATH}/{one['id']}").status_code == 404  # not in effect yet
    for login in ("li", "zhang", "admin"):
        assert people[login]("GET", f"{PATH}/waiting").status_code == 403


def test_the_administration_sees_how_long_they_wait_and_nothing_else(people, waiting_one, clock, house):
    one, admin = waiting_one(), people["admin"]
    clock.advance(days=3, hours=5)
    young = waiting_one(medicines=[{"name": "茯苓", "amount": "10"}])
    assert [(line["code"], line["days"]) for line in admin("GET", f"{PATH}/waiting-times").json()["items"]] == [
        (one["code"], 3), (young["code"], 0)
    ]  # fmt: skip
    for days, found in ((3, [one["code"]]), (4, [])):
        answer = admin("GET", f"{PATH}/waiting-times", params={"days": days})
        assert [line["code"] for line in answer.json()["items"]] == found
        page = admin.page(f"/admin/waiting-prescriptions?days={days}").text
        assert (one["code"] in page, young["code"] in page) == (bool(found), False)
        for secret in ("脾虚", "陈皮", "Mother", "李", one["patient_name"], one["id"]):
            assert secret not in answer.text
            assert secret not in page
    for login in ("zhao", "zhang", "li"):
        assert people[login]("GET", f"{PATH}/waiting-times").status_code == 403
        assert people[login].page("/admin/waiting-prescriptions").status_code == 403
    assert len(admin("GET", f"{PATH}/waiting-times?days=-1").json()["items"]) == 2
    assert admin("GET", f"{PATH}/waiting-times?days=9999999999").json()["items"] == []
    review(people["zhao"].confirm(), one)
    assert [line["code"] for line in admin("GET", f"{PATH}/waiting-times").json()["items"]] == [young["code"]]


def test_a_draft_cannot_be_taken_up(people, formula):
    assert post(people["zhao"], formula(), "claim").status_code == 404


def test_accepting_is_a_signature_and_makes_it_effective(people, waiting_one, house, settle):
    one, zhao = waiting_one(), people["zhao"]
    refused = review(zhao, one)
    assert (refused.status_code, refused.json()["code"]) == (403, "confirmation_needed")
    concern = review(zhao.confirm(), one, checks=CHECKS | {"dosage": "concern"})
    assert (concern.status_code, concern.json()["code"]) == (422, "checks_open")
    assert review(zhao, one, checks={"dosage": "fine"}).status_code == 422
    done = review(zhao, one).json()
    assert (done["status"], done["reviewer"]) == ("effective", "Zhao Jun 赵军")
    assert done["valid_until"] == "2030-01-01T15:59:59Z"  # midnight in Shanghai
    history = people["zhang"]("GET", f"{PATH}/{one['id']}/history").json()
    assert [(each["role"], each["valid"]) for each in history["signatures"]] == [
        ("prescriber", True), ("pharmacist", True)
    ]  # fmt: skip
    assert [each["verdict"] for each in history["reviews"]] == ["accepted"]
    settle()
    assert people["li"]("GET", f"{PATH}/{one['id']}").json()["holder_code"]


def test_returned_corrected_or_signed_once_more(people, waiting_one, house, settle):
    one, zhao, zhang = waiting_one(), people["zhao"], people["zhang"]
    assert review(zhao, one, "returned").json()["code"] == "reason_missing"
    back = review(zhao, one, "returned", reason="Which 白术?").json()
    assert (back["status"], back["return_reason"]) == ("returned", "Which 白术?")
    settle()
    told = zhang("GET", "/api/v1/notifications").json()["items"]
    assert any("came back" in each["title"] or "退回" in each["title"] for each in told)
    again = post(zhang.confirm(), back, "sign", version=back["version"]).json()
    assert (again["status"], again["return_reason"]) == ("signed", None)
    old, new = zhang("GET", f"{PATH}/{one['id']}/history").json()["signatures"]
    assert (old["valid"], bool(old["invalidated_at"]), new["valid"]) == (False, True, True)
    assert review(zhao.confirm(), again).json()["status"] == "effective"


def test_whoever_prescribed_does_not_review(people, waiting_one, house, ids):
    one = waiting_one()
    house.db.write(lambda tx: tx.execute(update(Prescription).values(signer_id=ids.users["zhao"])))
    assert review(people["zhao"].confirm(), one).json()["code"] == "own_prescription"
    assert people["zhao"]("GET", f"{PATH}/waiting").json()["items"] == []


def test_dispensed_once(people, accepted, house):
    one, zhao = accepted(), people["zhao"]
    done = dispense(zhao, one).json()
    assert (done["status"], done["refills_used"]) == ("dispensed", 0)
    again = dispense(zhao, done)
    assert (again.status_code, again.json()["code"]) == (409, "already_dispensed")
    assert post(people["zhang"], one, "void", reason="too late").json()["code"] == "cannot_be_voided"
    assert house.db.read(lambda tx: tx.query(Dispensing).count()) == 1


def test_refills_wait_until_the_supply_is_nearly_used_up(people, law, formula, clock, house):
    law("US")
    one = formula(refill_allowed=2)
    signed = post(people["zhang"].confirm(), one, "sign", version=1).json()
    assert (signed["status"], signed["valid_until"]) == ("effective", "2031-01-01T15:59:59Z")
    zhao = people["zhao"]
    first = dispense(zhao, signed).json()
    assert (first["status"], first["refills_used"]) == ("partially_dispensed", 0)
    clock.set(datetime(2030, 1, 6, 15, 59, tzinfo=UTC))  # the 6th in Shanghai: 5 of 7 days
    early = dispense(zhao, first)
    assert (early.status_code, early.json()["earliest"]) == (409, "2030-01-07")
    clock.set(datetime(2030, 1, 6, 16, 0, tzinfo=UTC))
    second = dispense(zhao, first).json()
    assert (second["status"], second["refills_used"]) == ("partially_dispensed", 1)
    clock.set(datetime(2030, 1, 20, tzinfo=UTC))
    assert dispense(zhao, second).json()["status"] == "dispensed"
    numbers = house.db.read(lambda tx: tx.scalars(select(Dispensing.number).order_by(Dispensing.number)).all())
    assert numbers == [1, 2, 3]


def test_in_china_nothing_is_refilled(people, law, formula):
    law("CN")
    one = formula(refill_allowed=1)
    refused = post(people["zhang"].confirm(), one, "sign", version=1).json()
    assert (refused["code"], refused["rules"]) == ("unsafe_prescription", ["refills"])
    long = formula(regimen={"doses": 14}, facts=SEEN)
    assert post(people["zhang"], long, "sign", version=1).json()["rules"] == ["days_usual"]
    new = formula(facts={"allergies": []})
    assert post(people["zhang"], new, "sign", version=1).json()["rules"] == ["follow_up"]


def test_a_minute_before_midnight(people, waiting_one, clock, house, settle):
    """A-R13: effective at 23:59 local, over a minute later; three days longer at most, by the prescriber."""
    one, zhao, zhang = waiting_one(), people["zhao"], people["zhang"]
    clock.set(datetime(2030, 1, 1, 15, 59, 0, tzinfo=UTC))
    done = review(zhao.confirm(), one).json()
    assert done["valid_until"] == "2030-01-01T15:59:59Z"
    assert post(zhang, one, "extension", days=4).json()["code"] == "cannot_extend"
    longer = post(zhang, one, "extension", days=1).json()
    assert (longer["valid_until"], longer["extended_days"]) == ("2030-01-02T15:59:59Z", 1)
    assert post(zhang, one, "extension", days=3).status_code == 409
    assert post(people["chen"], one, "extension", days=1).status_code == 404
    clock.set(datetime(2030, 1, 2, 15, 59, 59, 900_000, tzinfo=UTC))
    assert people["zhao"]("GET", f"{PATH}/{one['id']}").status_code == 200
    clock.set(datetime(2030, 1, 2, 16, 0, tzinfo=UTC))
    late = dispense(zhao, longer)
    assert (late.status_code, late.json()["code"]) == (409, "prescription_expired")
    assert post(zhang, one, "extension", days=1).json()["code"] == "prescription_expired"
    settle(timed=True)
    assert state(house, one) == "expired"


def verified(client, code, holder):
    return client("POST", f"{PATH}/verify", json={"code": code, "holder": holder})


def test_whoever_holds_the_paper_asks(people, accepted, house):
    one, guest = accepted(), people["guest"]
    holder = people["li"]("GET", f"{PATH}/{one['id']}").json()["holder_code"]
    seen = verified(guest, one["code"], holder.lower().replace("-", " ")).json()
    assert (seen["verdict"], seen["dispensings_left"], seen["patient"]) == ("authentic", 1, "M** L* 李**")
    assert [line["name"] for line in seen["medicines"]] == ["陈皮", "白术", "炙甘草"]
    assert not {"diagnosis", "facts", "patient_name"} & set(seen)
    assert "脾虚" not in str(seen)
    for code, other in ((one["code"], "AAAA-AAAA"), ("RX3001010010000001", holder), ("x", holder)):
        assert verified(guest, code, other).status_code == 404
    dispense(people["zhao"], one)
    assert verified(guest, one["code"], holder).json()["verdict"] == "dispensed"
    house.db.write(lambda tx: tx.execute(update(Prescription).values(diagnosis="else")))
    altered = verified(guest, one["code"], holder).json()
    assert (altered["verdict"], altered["medicines"]) == ("altered", [])


def test_wrong_tries_at_one_paper_do_not_shut_the_pharmacy_out(people, accepted, house):
    """Counted by number and address: of this paper from here, and of no other, nor from elsewhere."""
    one, guest = accepted(), people["guest"]
    holder = people["li"]("GET", f"{PATH}/{one['id']}").json()["holder_code"]
    other = "RX3001010010000001"
    assert {verified(guest, other, "AAAA-AAAA").status_code for _ in range(20)} == {404}
    assert verified(guest, other, "AAAA-AAAA").status_code == 429
    assert verified(guest, other.lower(), "AAAA-AAAA").status_code == 429
    assert verified(guest, one["code"], holder).status_code == 200
    service.count(house.limiter, "198.51.100.7", other)  # from another address


def test_nobody_tries_many_numbers_or_from_many_places(house):
    for number in range(300):
        service.count(house.limiter, "198.51.100.8", f"RX{number}")
    with pytest.raises(TooManyRequests):
        service.count(house.limiter, "198.51.100.8", "RX300")
    for place in range(300):
        service.count(house.limiter, f"198.51.100.{place}x", "RX-9999")
    with pytest.raises(TooManyRequests):
        service.count(house.limiter, "203.0.113.1", "RX9999")


def test_a_void_one_is_void(people, accepted):
    one = accepted()
    holder = people["li"]("GET", f"{PATH}/{one['id']}").json()["holder_code"]
    assert post(people["zhang"], one, "void", reason="a mistake").status_code == 200
    assert verified(people["guest"], one["code"], holder).json()["verdict"] == "void"
    assert dispense(people["zhao"], one).json()["code"] == "already_void"


def brought(house, *works):
    """What each of them got who did this at the same moment."""

    def run(work):
        try:
            return house.db.write(work).status
        except DomainError as refusal:
            return refusal.code

    return race(*(lambda work=work: run(work) for work in works))


def test_two_pharmacists_at_once(people, waiting_one, house, qian):
    one, checks = waiting_one(), Checks(**CHECKS)
    data = ReviewInput(version=one["version"], verdict="accepted", checks=checks)
    back = ReviewInput(version=one["version"], verdict="returned", checks=checks, reason="no")
    zhao, other, now = people["zhao"].confirm().actor, qian.confirm().actor, house.clock()
    got = brought(
        house, *(lambda tx, me=me: service.review(tx, me, one["id"], data, now) for me in (zhao, other, zhao)),
        lambda tx: service.review(tx, other, one["id"], back, now),
    )  # fmt: skip
    assert set(got) <= {"effective", "returned", "conflict", "not_waiting"}
    assert sum(each in ("effective", "returned") for each in got) == 1, got
    assert house.db.read(lambda tx: tx.query(PharmacistReview).count()) == 1
    assert house.db.read(lambda tx: tx.query(Signature).count()) == (2 if "effective" in got else 1)


def test_two_dispensers_at_once(people, accepted, house, qian):
    one, now = accepted(), house.clock()
    data = DispenseInput(version=one["version"])
    actors = [people["zhao"].actor, qian.actor] * 3
    got = brought(house, *(lambda tx, me=me: service.dispense(tx, me, one["id"], data, now) for me in actors))
    assert got.count("dispensed") == 1, got
    assert set(got) <= {"dispensed", "already_dispensed", "conflict"}
    assert house.db.read(lambda tx: tx.query(Dispensing).count()) == 1


def test_signing_against_changing_and_voiding(people, formula, house):
    one, me, now = formula(), people["zhang"].confirm().actor, house.clock()
    change = ChangeInput(version=1, diagnosis="else", medicines=[], facts=None)
    got = brought(
        house, lambda tx: service.sign(tx, me, one["id"], SignInput(version=1), now),
        lambda tx: service.change(tx, me, one["id"], change, now),
    )  # fmt: skip
    assert sorted(each in ("effective", "draft") for each in got) == [False, True], got
    row = house.db.read(lambda tx: tx.get(Prescription, one["id"]))
    assert (row.status, row.diagnosis) in (("effective", "脾虚"), ("draft", "else"))
    assert len(WEEK) == 3


def test_what_an_earlier_release_called_signed_waits_for_nobody(people, formula, house, clock, ids):
    """It has no signature, so that nobody could accept it."""
    one, zhao = formula(), people["zhao"]
    old = update(Prescription).where(Prescription.id == one["id"])
    house.db.write(lambda tx: tx.execute(old.values(status="signed", signed_at=clock(), signer_id=ids.users["zhang"])))
    assert zhao("GET", f"{PATH}/waiting").json()["items"] == []
    assert post(zhao, one, "claim").status_code == 404
    assert review(zhao.confirm(), one).status_code == 409
    assert people["zhang"]("GET", f"{PATH}/{one['id']}").json()["status"] == "signed"


def test_the_doctor_sees_for_how_long_a_prescription_has_waited(people, waiting_one, clock):
    waiting_one()
    assert "waiting for" not in people["zhang"].page("/prescriptions").text
    clock.advance(hours=49)
    assert "waiting for 2 days" in people["zhang"].page("/prescriptions").text
