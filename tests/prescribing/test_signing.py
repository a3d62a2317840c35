"""Who signs, when, and over what: a person just confirmed, findings answered, a signature that any change breaks."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from suwen.accounts.models import ApiToken
from suwen.accounts.service.sessions import TOKEN_PREFIX
from suwen.app import SEALED
from suwen.core import sealed
from suwen.core.db import new_id
from suwen.prescribing.errors import NoSuchSigner
from suwen.prescribing.models import Dispensing, Prescription, SafetyEvaluation, Signature, SigningKey
from suwen.prescribing.rules import signing
from suwen.prescribing.service import signatures, verifying
from tests.prescribing.conftest import ASKED, SEEN, WEEK
from tests.support.cast import PASSWORD

PATH = "/api/v1/prescriptions"


def sign(person, one, **more):
    return person("POST", f"{PATH}/{one['id']}/sign", json={"version": one["version"]} | more)


def row(house, id):
    return house.db.read(lambda tx: tx.get(Prescription, id))


def valid(people, id):
    return [one["valid"] for one in people["zhang"]("GET", f"{PATH}/{id}/history").json()["signatures"]]


def test_the_password_once_more_and_for_five_minutes(people, formula, house, clock):
    zhang, one = people["zhang"], formula()
    refused = sign(zhang, one)
    assert (refused.status_code, refused.json()["code"]) == (403, "confirmation_needed")
    wrong = zhang("POST", "/api/v1/me/confirmation", json={"password": "not this one"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "wrong_password")
    assert zhang("POST", "/api/v1/me/confirmation", json={}).json()["code"] == "proof_missing"
    assert sign(zhang, one).status_code == 403
    proved = zhang("POST", "/api/v1/me/confirmation", json={"password": PASSWORD})
    assert (proved.status_code, proved.json()["confirmed_until"]) == (200, "2030-01-01T00:05:00Z")
    token = zhang.token
    clock.advance(minutes=5)
    header = {"authorization": f"Bearer {token}"}
    late = zhang.client.post(f"{PATH}/{one['id']}/sign", json={"version": 1}, headers=header)
    assert (late.status_code, late.json()["code"]) == (403, "confirmation_needed")
    assert row(house, one["id"]).status == "draft"
    clock.advance(seconds=-1)
    assert zhang.client.post(f"{PATH}/{one['id']}/sign", json={"version": 1}, headers=header).status_code == 200
    assert row(house, one["id"]).status == "effective"


def test_guessing_the_password_ends(people, clock):
    answers = [
        people["zhang"]("POST", "/api/v1/me/confirmation", json={"password": f"guess {n}"}).status_code
        for n in range(12)
    ]
    assert answers[-1] == 429
    right = people["zhang"]("POST", "/api/v1/me/confirmation", json={"password": PASSWORD})
    assert right.status_code in (422, 429)  # paused after so many wrong ones


def test_programs_do_not_sign(people, formula, waiting_one, house, clock):
    one, zhang = formula(), people["zhang"]
    made = zhang.confirm()("POST", "/api/v1/tokens", json={"name": "robot", "password": PASSWORD})
    header = {"authorization": f"Bearer {made.json()['token']}"}
    assert zhang.client.get(f"{PATH}/{one['id']}", headers=header).status_code == 200
    for path, body in (
        (f"{PATH}/{one['id']}/sign", {"version": 1}), ("/api/v1/me/confirmation", {"password": PASSWORD})
    ):  # fmt: skip
        answer = zhang.client.post(path, json=body, headers=header)
        assert (answer.status_code, answer.json()["code"]) == (403, "automation_refused")
    assert row(house, one["id"]).status == "draft"
    assert house.db.read(lambda tx: tx.query(ApiToken).count()) == 1
    assert TOKEN_PREFIX == "t-"


def test_what_forbids_cannot_be_answered_away(people, formula, house):
    one = formula(medicines=[*WEEK, {"name": "生川乌", "amount": "3"}])
    forbidden = sign(people["zhang"].confirm(), one, answers={each["key"]: "I know" for each in one["findings"]})
    assert (forbidden.status_code, forbidden.json()["code"]) == (409, "unsafe_prescription")
    assert "toxic_online" in forbidden.json()["rules"]
    unknown = formula(medicines=[*WEEK, {"name": "千年不见草", "amount": "3"}])
    assert sign(people["zhang"], unknown).json()["rules"] == ["unknown"]
    assert {row(house, id).status for id in (one["id"], unknown["id"])} == {"draft"}


def test_eighteen_incompatibles_need_reasons_and_the_signature_again(people, formula, law, house):
    """A-R4: 409 with rule ids; after reason and re-sign it waits for the pharmacist, who may still return it."""
    law("CN")
    one = formula(medicines=[{"name": "甘草", "amount": "6"}, {"name": "海藻", "amount": "9"}])
    zhang = people["zhang"].confirm()
    refused = sign(zhang, one)
    assert (refused.status_code, refused.json()["code"]) == (409, "needs_resign")
    assert "F18-2" in refused.json()["rules"]
    keys = {each["key"] for each in refused.json()["findings"]}
    assert sign(zhang, one, answers=dict.fromkeys(keys, "no")).status_code == 409  # too short to be a reason
    assert row(house, one["id"]).status == "draft"
    reasons = dict.fromkeys(keys, WHY) | {"nothing:like:this": "ignored"}
    signed = sign(zhang, one, answers=reasons).json()
    assert (signed["status"], signed["answers"]) == (
        "signed",
        dict.fromkeys(keys, WHY),
    )
    queue = people["zhao"]("GET", f"{PATH}/waiting").json()["items"]
    assert [(line["id"], line["overridden"], line["worst"]) for line in queue] == [
        (one["id"], len(keys), "BLOCK_OVERRIDE")
    ]
    checks = dict.fromkeys(("skin_test", "diagnosis", "dosage", "form_route", "duplicate", "other"), "fine")
    body = {
        "version": 2,
        "verdict": "returned",
        "checks": checks | {"interactions": "concern"},
        "reason": "Not yet",
    }
    returned = people["zhao"]("POST", f"{PATH}/{one['id']}/review", json=body).json()
    assert (returned["status"], returned["return_reason"]) == ("returned", "Not yet")


def test_facts_must_be_asked_first(people, formula):
    one = formula(facts={"follow_up": "seen"})
    refused = sign(people["zhang"].confirm(), one)
    assert (refused.status_code, refused.json()["code"]) == (409, "facts_missing")
    assert {each["asks"] for each in refused.json()["findings"]} == {"allergies"}
    change = {"version": 1, "diagnosis": "x", "medicines": WEEK, "regimen": {"doses": 7}, "facts": ASKED}
    again = people["zhang"]("PUT", f"{PATH}/{one['id']}", json=change).json()
    assert sign(people["zhang"], again).status_code == 200


def test_another_active_prescription_is_looked_at(people, formula, law):
    first = formula(medicines=[{"name": "海藻", "amount": "9"}])
    assert sign(people["zhang"].confirm(), first).status_code == 200
    second = formula(medicines=[{"name": "甘草", "amount": "6"}])
    refused = sign(people["zhang"], second).json()
    assert "F18-2" in refused["rules"]
    assert first["code"] in {each["other"] for each in refused["findings"]}


def test_a_preview_stores_nothing(people, formula, visit, house):
    body = {"appointment_id": visit, "medicines": [{"name": "gancao", "amount": "6"}, {"name": "海藻", "amount": "9"}]}
    seen = people["zhang"]("POST", f"{PATH}/checks", json=body)
    assert seen.status_code == 200, seen.text
    assert (seen.json()["kind"], seen.json()["worst"]) == ("herbal", "BLOCK_OVERRIDE")
    assert [line["name"] for line in seen.json()["medicines"]] == ["甘草", "海藻"]
    assert house.db.read(lambda tx: (tx.query(Prescription).count(), tx.query(SafetyEvaluation).count())) == (0, 0)
    assert people["chen"]("POST", f"{PATH}/checks", json=body).status_code == 404


def test_changing_what_waits_makes_its_signature_worthless(people, waiting_one, house):
    """A-R5."""
    one = waiting_one()
    assert valid(people, one["id"]) == [True]
    change = {"version": 2, "diagnosis": "else", "medicines": WEEK, "regimen": {"doses": 5}, "facts": SEEN}
    changed = people["zhang"]("PUT", f"{PATH}/{one['id']}", json=change).json()
    assert (changed["status"], changed["signed_at"], changed["content_hash"]) == ("draft", None, None)
    [old] = people["zhang"]("GET", f"{PATH}/{one['id']}/history").json()["signatures"]
    assert (old["valid"], old["invalidated_at"]) == (False, "2030-01-01T00:00:00Z")
    assert people["zhao"]("GET", f"{PATH}/waiting").json()["items"] == []


WHY = "Goitre, 海藻玉壶汤, watched weekly"
FLIPS = {
    "medicines": [{"name": "白术", "code": "baizhu", "amount": "10"}], "diagnosis": "else", "regimen": {"doses": 70},
    "facts": {"pregnancy": "unknown"}, "instructions": "more", "refill_allowed": 1, "channel": "offline",
    "jurisdiction": "OFF", "patient_name": "Else", "patient_snapshot": {"id": "else"}, "last_day": None,
    "doctor_snapshot": None, "answers": {"a": "b"}, "signed_by": "Else", "content_hash": "0" * 64,
    "signed_at": timedelta(seconds=1), "kind": "general", "code": "RX3001010010000001", "pharmacy": {"name": "Else"},
    "total": 1, "effective_at": timedelta(seconds=1),
}  # fmt: skip


@pytest.mark.parametrize("column", FLIPS)
def test_a_change_anywhere_in_the_row_breaks_it(people, accepted, house, column):
    one = accepted()
    value = FLIPS[column]

    def tamper(tx):
        found = tx.get(Prescription, one["id"])
        setattr(found, column, getattr(found, column) + value if isinstance(value, timedelta) else value)

    assert house.db.read(lambda tx: signatures.genuine(tx, tx.get(Prescription, one["id"]), True))
    house.db.write(tamper)
    assert not house.db.read(lambda tx: signatures.genuine(tx, tx.get(Prescription, one["id"]), True))
    refused = people["zhao"]("POST", f"{PATH}/{one['id']}/dispensings", json={"version": one["version"]})
    assert refused.json()["code"] in ("signature_broken", "prescription_expired")
    assert row(house, one["id"]).status == "effective"


@pytest.mark.parametrize(
    "change",
    [
        {"status": "effective"},
        {"status": "partially_dispensed", "valid_until": timedelta(days=9)},
        {"status": "effective", "valid_until": timedelta(days=9), "effective_at": timedelta(0)},
        {"status": "dispensed"},
        {"status": "expired"},
    ],
)
def test_a_state_set_by_hand_is_no_pharmacists_signature(people, waiting_one, house, change):
    """What waits for the pharmacist, moved on by whoever can write into the table."""
    one = waiting_one()

    def tamper(tx):
        found = tx.get(Prescription, one["id"])
        for column, value in change.items():
            setattr(found, column, house.clock() + value if isinstance(value, timedelta) else value)

    house.db.write(tamper)
    assert not house.db.read(lambda tx: signatures.genuine(tx, tx.get(Prescription, one["id"]), True))
    holder = house.db.read(lambda tx: verifying.holder_code(tx, tx.get(Prescription, one["id"])))
    asked = people["li"]("POST", f"{PATH}/verify", json={"code": one["code"], "holder": holder}).json()
    assert asked["verdict"] == "altered"
    given = people["zhao"]("POST", f"{PATH}/{one['id']}/dispensings", json={"version": one["version"]})
    assert given.status_code == 409
    assert row(house, one["id"]).status == change["status"]
    assert house.db.read(lambda tx: tx.query(Dispensing).count()) == 0


def test_what_was_voided_stays_so(people, accepted, house):
    one = accepted()
    assert people["zhang"]("POST", f"{PATH}/{one['id']}/void", json={"reason": "Another one"}).status_code == 200
    house.db.write(lambda tx: setattr(tx.get(Prescription, one["id"]), "status", "effective"))
    given = people["zhao"]("POST", f"{PATH}/{one['id']}/dispensings", json={"version": row(house, one["id"]).version})
    assert given.json()["code"] == "signature_broken"


@pytest.mark.parametrize("column", ["valid_until", "effective_at"])
def test_a_moment_that_was_taken_out_breaks_it_without_a_pharmacist_too(people, formula, house, column):
    """A paper that is never over, where no pharmacist signs until when it lasts."""
    one = sign(people["zhang"].confirm(), formula()).json()
    assert house.db.read(lambda tx: signatures.genuine(tx, tx.get(Prescription, one["id"]), False))
    house.db.write(lambda tx: setattr(tx.get(Prescription, one["id"]), column, None))
    assert not house.db.read(lambda tx: signatures.genuine(tx, tx.get(Prescription, one["id"]), False))
    given = people["zhao"]("POST", f"{PATH}/{one['id']}/dispensings", json={"version": one["version"]})
    assert given.json()["code"] == "signature_broken"


@pytest.mark.parametrize("place", ["signature", "signed", "name", "content_hash", "key", "evaluation", "findings"])
def test_a_flipped_bit_in_the_signature_or_its_evaluation_breaks_it(house, accepted, place):
    one = accepted()

    def broken(tx):
        found = tx.get(Prescription, one["id"])
        signature = signatures.current(tx, found.id)
        tx.expunge_all()
        found, signature = tx.get(Prescription, found.id), tx.get(Signature, signature.id)
        kept, key = tx.get(SafetyEvaluation, signature.evaluation_id), tx.get(SigningKey, signature.key_id)
        if place == "key":
            key.public_key = signing.new_key()[1]
        elif place == "evaluation":
            sealed.seal_json(tx, kept, "input", sealed.unseal_json(tx, kept, "input") | {"person": {}})
        elif place == "findings":
            sealed.seal_json(tx, kept, "findings", [*sealed.unseal_json(tx, kept, "findings"), {"key": "x"}])
        else:
            for at in range(0, len(getattr(signature, place)), 7):
                before = getattr(signature, place)
                flipped = chr(ord(before[at]) ^ 1)
                with tx.no_autoflush:
                    setattr(signature, place, before[:at] + flipped + before[at + 1 :])
                    assert not signatures.valid(tx, found, signature), at
                    setattr(signature, place, before)
            assert signatures.valid(tx, found, signature)
            tx.rollback()
            return False
        with tx.no_autoflush:
            result = signatures.valid(tx, found, signature)
        tx.rollback()
        return result

    assert house.db.read(broken) is False


def test_the_database_keeps_what_was_signed(house, accepted):
    accepted()
    for sql in (
        "UPDATE prescription_signatures SET signed = 'x'", "UPDATE safety_evaluations SET findings = '[1]'",
        "UPDATE safety_evaluations SET input = '{}'", "UPDATE safety_evaluations SET worst = 1",
        "UPDATE prescription_reviews SET verdict = 'returned'",
    ):  # fmt: skip
        with pytest.raises(DBAPIError, match="append-only"):
            house.db.write(lambda tx, sql=sql: tx.execute(text(sql)))
    house.db.write(lambda tx: tx.execute(update(Signature).values(invalidated_at=house.clock())))


def test_an_evaluation_can_be_run_again(people, accepted, house):
    """A-R16."""
    one = accepted()
    history = people["zhang"]("GET", f"{PATH}/{one['id']}/history").json()
    assert [each["purpose"] for each in history["evaluations"]] == ["draft", "sign", "review"]
    for each in history["evaluations"]:
        again = people["zhang"]("GET", f"{PATH}/{one['id']}/evaluations/{each['id']}/replay").json()
        assert (again["input_intact"], again["same_rules"], again["same_findings"]) == (True, True, True)
        assert again["verdict"] == "repeated"
        assert again["findings_vouched"] is (None if each["purpose"] == "draft" else True)

    def written(tx):
        """As a release wrote it that sealed none."""
        kept = tx.get(SafetyEvaluation, history["evaluations"][1]["id"])
        made = SafetyEvaluation(
            id=new_id(), prescription_id=one["id"], rule_set="older", input=sealed.unseal_json(tx, kept, "input"),
            input_hash=kept.input_hash, findings=[{"key": "x", "rule": "gone"}], worst=1, purpose="sign",
        )  # fmt: skip
        tx.add(made)
        return made

    older = house.db.write(written)
    other = people["zhang"]("GET", f"{PATH}/{one['id']}/evaluations/{older.id}/replay").json()
    assert (other["same_rules"], other["same_findings"], other["rule_set"]) == (False, False, "older")
    assert (other["verdict"], other["input_intact"], other["findings_vouched"]) == ("other_rules", True, None)
    assert (other["gone"], other["appeared"]) == (["x"], [])


def test_keys_are_sealed_and_rotate(house, accepted):
    accepted()
    keys = house.db.read(lambda tx: tx.query(SigningKey).all())
    assert len(keys) == 2
    assert not any(signing.public_half("00" * 32) == key.public_key for key in keys)
    assert all(key.private_key.startswith(house.keys.newest + ":") for key in keys)
    assert (SigningKey, "private_key") in SEALED
    assert house.db.write(lambda tx: sealed.rotate(tx, SigningKey, "private_key")) == 0


def test_canonical_text():
    assert signing.canonical({"b": 1, "a": ["ü", None, True], "\U0001f600": 1, "\ufb33": 2}) == (
        '{"a":["ü",null,true],"b":1,"\U0001f600":1,"\ufb33":2}'
    )
    for wrong in (1.5, {"a": 1.0}, {1: "a"}, object()):
        with pytest.raises(TypeError):
            signing.canonical(wrong)
    private, public = signing.new_key()
    made = signing.sign(private, "text")
    assert signing.fits(public, "text", made)
    assert not signing.fits(public, "texts", made)
    assert not signing.fits(public, "text", made.upper())
    assert not signing.fits("nonsense", "text", made)
    assert json.loads(signing.canonical({"a": "\u2028"})) == {"a": "\u2028"}


def test_a_retired_key_signs_no_more_and_still_verifies(people, formula, house, clock, ids):
    zhang, first = people["zhang"].confirm(), formula()
    assert sign(zhang, first).status_code == 200
    assert house.db.write(lambda tx: signatures.retire(tx, ids.users["zhang"], clock())) == 1
    assert house.db.write(lambda tx: signatures.retire(tx, ids.users["zhang"], clock())) == 0
    second = formula()
    refused = sign(zhang, second).json()  # the same formula twice wants reasons
    reasons = {one["key"]: "wanted" for one in refused.get("findings", [])}
    assert sign(zhang, second, answers=reasons).status_code == 200
    keys = house.db.read(lambda tx: tx.scalars(select(SigningKey).order_by(SigningKey.created_at)).all())
    assert [one.retired_at is None for one in sorted(keys, key=lambda one: one.id)] == [False, True]
    assert valid(people, first["id"]) == [True]
    assert valid(people, second["id"]) == [True]
    with pytest.raises(NoSuchSigner):
        house.db.write(lambda tx: signatures.retire(tx, "nobody", clock()))
