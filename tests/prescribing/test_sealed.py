"""What stands sealed in the profile: read for the check, under all accounts of the person, and clear nowhere."""

import pytest
from sqlalchemy import select, update

from suwen.accounts.models import PatientProfile
from suwen.app import SEALED
from suwen.core import sealed
from suwen.core.crypto import FieldKeys
from suwen.core.db import new_id
from suwen.core.sealed import seal
from suwen.prescribing.models import SafetyEvaluation
from suwen.prescribing.service import checking
from suwen.settings import new_field_key
from suwen.tables import metadata
from tests.prescribing.test_signing import PATH, WHY, sign


def test_what_is_sealed_in_the_profile_stands_nowhere_in_the_clear(people, formula, house, ids):
    """Control 5: the whole database, looked through for a word."""
    words = "麝香酮贴膏"
    mother = ids.profiles["li"]["mother"]
    house.db.write(lambda tx: seal(tx, tx.get_one(PatientProfile, mother), "allergies", f"{words}、白术过敏"))
    one = formula(facts={"pregnancy": "no"})
    assert any(words in each["zh"] for each in one["findings"])
    answers = {each["key"]: WHY for each in one["findings"]}
    assert sign(people["zhang"].confirm(), one, answers=answers).status_code == 200

    def dump(tx):
        return {
            table.name: [str(tuple(row)) for row in tx.connection().exec_driver_sql(f"SELECT * FROM {table.name}")]
            for table in metadata().sorted_tables
        }

    there = house.db.read(dump)
    assert len(there["safety_evaluations"]) == 2
    assert [name for name, rows in there.items() if any(words in row or "白术过敏" in row for row in rows)] == []
    page = people["zhang"].page(f"/prescriptions/{one['id']}").text
    assert "陈皮" in page
    history = people["zhang"]("GET", f"{PATH}/{one['id']}/history").json()
    assert words in str(history["evaluations"])
    assert [each["valid"] for each in history["signatures"]] == [True]


def test_evaluations_rotate_and_those_from_before_are_sealed(people, accepted, house):
    one = accepted()
    path = f"{PATH}/{one['id']}"
    kept = people["zhang"]("GET", f"{path}/history").json()["evaluations"]

    def clear(tx):
        """As a release wrote it that sealed none; the table itself forbids to go back to it."""
        found = tx.get(SafetyEvaluation, kept[0]["id"])
        values = {
            name: getattr(found, name)
            for name in ("prescription_id", "rule_set", "reviewed", "input_hash", "worst", "purpose", "created_at")
        }
        said = {name: sealed.unseal_json(tx, found, name) for name in ("input", "findings")}
        made = SafetyEvaluation(id=new_id(), **values, **said)
        tx.add(made)
        tx.flush()
        return made.id

    old = house.db.write(clear)
    assert people["zhang"]("GET", f"{path}/evaluations/{old}/replay").json()["verdict"] == "repeated"
    for column in ("input", "findings"):
        assert (SafetyEvaluation, column) in SEALED
        assert house.db.write(lambda tx, column=column: sealed.rotate(tx, SafetyEvaluation, column)) == 1
        assert house.db.write(lambda tx, column=column: sealed.rotate(tx, SafetyEvaluation, column)) == 0
    newer = FieldKeys(f"{new_field_key()},{house.settings.field_keys}")

    def turn(tx):
        tx.info["keys"] = newer
        return [sealed.rotate(tx, SafetyEvaluation, column) for column in ("input", "findings")]

    def replayed(tx):
        tx.info["keys"] = newer
        found = tx.scalars(select(SafetyEvaluation)).all()
        assert all(each.input.startswith(f"{newer.newest}:") for each in found)
        return [checking.replay(tx, each, None).verdict for each in found]

    assert house.db.write(turn) == [4, 4]
    assert house.db.read(replayed) == ["repeated"] * 4


def test_allergies_in_the_profile_are_read(people, formula, house, ids):
    mother = ids.profiles["li"]["mother"]
    house.db.write(lambda tx: seal(tx, tx.get_one(PatientProfile, mother), "allergies", "白术过敏"))
    one = formula(facts={"pregnancy": "no"})
    refused = sign(people["zhang"].confirm(), one)
    assert refused.status_code == 409
    assert any("allergy" in rule for rule in refused.json()["rules"]), refused.json()["rules"]


def test_allergies_under_another_account_of_the_same_person_are_read(people, formula, house, ids):
    """As their prescriptions are: two accounts, one resident ID."""
    same = (ids.profiles["li"]["mother"], ids.profiles["wang"]["self"])
    marked = update(PatientProfile).where(PatientProfile.id.in_(same)).values(id_number_index="f" * 64)

    def elsewhere(tx):
        tx.execute(marked)
        seal(tx, tx.get_one(PatientProfile, same[0]), "allergies", "无")
        seal(tx, tx.get_one(PatientProfile, same[1]), "allergies", "白术过敏")

    house.db.write(elsewhere)
    refused = sign(people["zhang"].confirm(), formula(facts={"pregnancy": "no"})).json()
    assert refused["rules"] == ["allergy"]
    house.db.write(lambda tx: seal(tx, tx.get_one(PatientProfile, same[0]), "allergies", None))
    assert "allergy_unknown" not in {each["rule"] for each in formula(facts={"pregnancy": "no"})["findings"]}
    house.db.write(lambda tx: setattr(tx.get_one(PatientProfile, same[1]), "id_number_index", "e" * 64))
    assert {each["rule"] for each in formula(facts={"pregnancy": "no"})["findings"]} == {"allergy_unknown"}


@pytest.mark.parametrize(("words", "asks"), [("不详", True), ("unknown", True), ("无", False), ("海鲜", False)])
def test_a_profile_that_says_not_known_is_one_that_nobody_asked(formula, house, ids, words, asks):
    """The doctor's own answer settles it."""
    mother = ids.profiles["li"]["mother"]
    house.db.write(lambda tx: seal(tx, tx.get_one(PatientProfile, mother), "allergies", words))
    rules = {each["rule"] for each in formula(facts={"pregnancy": "no"})["findings"]}
    assert ("allergy_unknown" in rules) is asks
    assert "allergy_unknown" not in {each["rule"] for each in formula()["findings"]}
