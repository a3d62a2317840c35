"""What is taken when: supplies that were fetched late, refills, poisons; rows that were changed behind our back."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from suwen.accounts.models import PatientProfile
from suwen.core.db import new_id
from suwen.core.sealed import seal
from suwen.prescribing import service
from suwen.prescribing.models import Dispensing, Prescription, Signature, SigningKey
from suwen.prescribing.rules import safety
from suwen.prescribing.rules import signing as keys
from suwen.prescribing.service import signatures
from tests.prescribing.conftest import ASKED
from tests.prescribing.test_adversary import LIQUORICE, PATH, SARGASSUM, effective, sign, state


def given_out(people, one, **more):
    return people["zhao"]("POST", f"{PATH}/{one['id']}/dispensings", json={"version": one["version"]} | more)


def test_what_was_collected_late_is_taken_late(people, formula, clock):
    """Seven days of liquorice, fetched after three weeks: it is in the person while 海藻 is prescribed."""
    first = effective(people, formula(medicines=LIQUORICE))
    clock.advance(days=21)
    assert given_out(people, first).status_code == 201
    clock.advance(days=2)
    second = formula(medicines=SARGASSUM)
    refused = sign(people["zhang"].confirm(), second).json()
    assert "F18-2" in refused["rules"]
    clock.advance(days=6)
    assert sign(people["zhang"].confirm(), second | {"version": second["version"]}).status_code == 200


def test_what_does_not_go_with_a_later_prescription_is_not_given_out(people, formula, clock, house):
    first = effective(people, formula(medicines=LIQUORICE))
    clock.advance(days=21)
    effective(people, formula(medicines=SARGASSUM))
    refused = given_out(people, first)
    assert (refused.status_code, refused.json()["rules"]) == (409, ["F18-2"])
    assert state(house, first).status == "effective"
    clock.advance(days=7)
    assert given_out(people, first).status_code == 201


def test_a_pair_that_the_later_doctor_answered_for_is_given_out(people, formula):
    first = effective(people, formula(medicines=LIQUORICE))
    second = formula(medicines=SARGASSUM)
    reasons = {each["key"]: "Both are meant, see notes" for each in second["findings"] if each["needs"] == "reason"}
    assert sign(people["zhang"], second, answers=reasons).status_code == 200
    assert given_out(people, first).status_code == 201


def recorded(house, ids, words):
    mother = ids.profiles["li"]["mother"]
    house.db.write(lambda tx: seal(tx, tx.get_one(PatientProfile, mother), "allergies", words))


def test_an_allergy_that_became_known_after_the_signature_stops_the_hand_over(people, formula, house, ids):
    """The family writes it down on the day it happens; the paper was signed before."""
    one = effective(people, formula())
    recorded(house, ids, "白术过敏")
    refused = given_out(people, one)
    assert (refused.status_code, refused.json()["code"], refused.json()["rules"]) == (
        409, "unsafe_prescription", ["allergy"]
    )  # fmt: skip
    assert "白术" in refused.json()["findings"][0]["en"]
    assert state(house, one).status == "effective"
    moved = people["zhao"].form(f"/pharmacy/take/{one['id']}")
    assert "is recorded, and" in people["zhao"].page(moved.headers["location"]).text
    recorded(house, ids, "花粉")
    assert given_out(people, one).status_code == 201


def test_an_allergy_that_the_doctor_gave_a_reason_for_does_not(people, formula, house, ids, monkeypatch):
    recorded(house, ids, "白术过敏")
    first = formula()
    reasons = {each["key"]: "Taken often since, never a rash" for each in first["findings"]}
    signed = sign(people["zhang"].confirm(), first, answers=reasons)
    assert signed.status_code == 200, signed.text
    plain = safety.key
    monkeypatch.setattr(safety, "key", lambda finding: f"newer:{plain(finding)}")  # a release that names it otherwise
    assert given_out(people, signed.json()).status_code == 201


def test_the_last_supply_of_an_expired_one_is_still_taken(people, formula, clock, house, settle):
    first = effective(people, formula(medicines=LIQUORICE, refill_allowed=1))
    clock.advance(days=364)
    assert given_out(people, first).status_code == 201
    clock.advance(days=3)
    assert house.db.write(lambda tx: service.expire(tx, clock.now)) == 1
    second = formula(medicines=SARGASSUM)
    assert "F18-2" in sign(people["zhang"].confirm(), second).json()["rules"]


def test_what_is_shown_as_taken_is_what_the_engine_looks_at(people, formula, begun, clock, house, ids):
    """Under another account of the person, and in the person though the paper's own days are over."""
    late = effective(people, formula(medicines=LIQUORICE, refill_allowed=1))
    other = begun(patient="wang", person="self", doctor="chen", minutes=20)[0]
    body = {"appointment_id": other, "kind": "herbal", "diagnosis": "x", "medicines": [{"name": "白术", "amount": "9"}],
            "regimen": {"doses": 90}, "facts": ASKED}  # fmt: skip
    there = people["chen"]("POST", PATH, json=body).json()
    assert sign(people["chen"].confirm(), there).status_code == 200
    same = (ids.profiles["li"]["mother"], ids.profiles["wang"]["self"])
    marked = update(PatientProfile).where(PatientProfile.id.in_(same)).values(id_number_index="f" * 64)
    house.db.write(lambda tx: tx.execute(marked))
    clock.advance(days=21)
    assert given_out(people, late).status_code == 201
    clock.advance(days=3)
    desk = people["zhang"].page(f"/prescriptions/desk/{late['appointment_id']}?one=new&kind=herbal").text
    shown = re.search(r'<p class="rx-active">(.*?)</p>', desk, re.DOTALL)[1]
    assert "甘草" in shown
    assert "白术" in shown
    assert f"/prescriptions/{late['id']}" in shown
    assert there["id"] not in shown  # it is another account's: nothing to open
    last = effective(people, formula(medicines=[{"name": "陈皮", "amount": "6"}]))
    moved = people["zhao"].form(f"/pharmacy/take/{last['id']}")
    counter = people["zhao"].page(moved.headers["location"]).text.split("Also taking")[1]
    assert late["code"] in counter
    assert there["code"] in counter


# --- rows that were changed behind our back


@pytest.mark.parametrize("change", [{"valid_until": timedelta(days=400)}, {"prescription_date": timedelta(days=-3)}])
def test_a_moment_that_was_moved_breaks_it(people, accepted, house, change):
    one = accepted()
    ((column, by),) = change.items()
    moved = update(Prescription).where(Prescription.id == one["id"])
    house.db.write(
        lambda tx: tx.execute(moved.values(**{column: getattr(tx.get(Prescription, one["id"]), column) + by}))
    )
    assert given_out(people, one).json()["code"] == "signature_broken"


def test_a_state_that_was_put_back_gives_nothing_out_twice(people, accepted, house):
    one = accepted()
    assert given_out(people, one).status_code == 201
    back = update(Prescription).where(Prescription.id == one["id"]).values(status="effective", version=one["version"])
    house.db.write(lambda tx: tx.execute(back))
    assert given_out(people, one).json()["code"] == "already_dispensed"
    assert house.db.read(lambda tx: tx.query(Dispensing).count()) == 1


def test_an_extension_still_verifies(people, accepted):
    one = accepted()
    longer = people["zhang"]("POST", f"{PATH}/{one['id']}/extension", json={"days": 2})
    assert longer.status_code == 200
    assert given_out(people, longer.json()).status_code == 201


TABLETS = [{"name": "对乙酰氨基酚片 0.5 g", "amount": "2", "unit": "片", "frequency_code": "qid", "duration_days": 5}]
ONE_MORE = [{"name": "对乙酰氨基酚片 0.5 g", "amount": "1", "unit": "片", "frequency_code": "qid", "duration_days": 5}]


def test_a_refill_of_a_product_is_taken_too(people, draft, clock):
    """Five days, three times over: on the eighth day somebody still takes it."""
    effective(people, draft(kind="general", medicines=TABLETS, refill_allowed=2))
    clock.advance(days=8)
    assert "ingredient_high" in {each["rule"] for each in draft(kind="general", medicines=ONE_MORE)["findings"]}
    clock.advance(days=8)
    assert "ingredient_high" not in {each["rule"] for each in draft(kind="general", medicines=ONE_MORE)["findings"]}


def test_a_product_that_was_collected_late_is_taken_late(people, draft, clock):
    first = effective(people, draft(kind="general", medicines=TABLETS))
    clock.advance(days=30)
    assert given_out(people, first).status_code == 201
    clock.advance(days=2)
    assert "ingredient_high" in {each["rule"] for each in draft(kind="general", medicines=ONE_MORE)["findings"]}


def test_a_poison_is_given_once(people, booked, house):
    """Two days' largest dose, and never again on the same paper (A-R8)."""
    desk = booked(person="mother", status="checked_in", visit_type="offline")
    body = {"appointment_id": desk, "kind": "herbal", "diagnosis": "x", "facts": ASKED, "refill_allowed": 1,
            "medicines": [{"name": "雄黄", "amount": "0.1", "method": "冲服"}],
            "regimen": {"doses": 2, "form": "pill"}}  # fmt: skip
    twice = people["zhang"]("POST", PATH, json=body).json()
    assert "toxic_days" in {each["rule"] for each in twice["findings"]}
    once = people["zhang"]("POST", PATH, json=body | {"refill_allowed": 0}).json()
    assert "toxic_days" not in {each["rule"] for each in once["findings"]}


def test_a_key_of_ones_own_beside_somebodys_name_proves_nothing(people, accepted, house):
    """Who can write into the tables signs with a key of theirs and says that the private half was thrown away."""
    one = accepted()
    private, public = keys.new_key()

    def forge(tx):
        signature = tx.query(Signature).filter_by(prescription_id=one["id"], role="prescriber").one()
        found = tx.get(Prescription, one["id"])
        medicines = [line | {"amount": "60", "dosage": "60g"} for line in found.medicines]
        key = SigningKey(id=new_id(), user_id=signature.user_id, public_key=public, private_key=None,
                         retired_at=house.clock(), created_at=house.clock())  # fmt: skip
        tx.add(key)
        tx.flush()
        statement = signatures.statement_of(signature)
        statement["content"]["medicines"] = medicines
        statement["signer"]["key"] = public
        content_hash = statement["content_hash"] = keys.digest(statement["content"])
        text = keys.canonical(statement)
        copy = Signature(id=new_id(), prescription_id=one["id"], user_id=signature.user_id, role="prescriber",
                         name=signature.name, key_id=key.id, evaluation_id=signature.evaluation_id,
                         content_hash=content_hash, signed=text, signature=keys.sign(private, text),
                         created_at=signature.created_at)  # fmt: skip
        tx.add(copy)
        tx.flush()
        found.medicines, found.content_hash = medicines, content_hash
        return signatures.valid(tx, found, copy)

    assert house.db.write(forge) is False
