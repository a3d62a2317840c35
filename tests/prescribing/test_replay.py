"""An old evaluation: run again by today's rules, and held by its signature where the rules have moved on."""

import pytest

from suwen.core.sealed import seal_json
from suwen.prescribing.models import SafetyEvaluation
from suwen.prescribing.reference import reference
from suwen.prescribing.service import checking, ruleset, signatures
from tests.prescribing.test_pharmacist import PATH


@pytest.fixture
def kept(people, accepted):
    """(prescription, the evaluation that was signed)"""
    one = accepted()
    history = people["zhang"]("GET", f"{PATH}/{one['id']}/history").json()
    [signed] = [each for each in history["evaluations"] if each["purpose"] == "sign"]
    return one, signed


def test_the_name_of_the_rules_says_data_and_engine(kept):
    data, _, engine = kept[1]["rule_set"].rpartition(".")
    assert (data, engine) == (reference().version, ruleset.engine())


def test_rules_that_have_moved_on_are_named_and_the_signature_still_vouches(people, kept, monkeypatch):
    one, signed = kept
    monkeypatch.setattr(ruleset, "engine", lambda: "00000000")
    again = people["zhang"]("GET", f"{PATH}/{one['id']}/evaluations/{signed['id']}/replay").json()
    assert (again["verdict"], again["same_rules"], again["same_findings"]) == ("other_rules", False, True)
    assert (again["input_intact"], again["findings_vouched"]) == (True, True)
    assert again["rule_set_now"] != again["rule_set"] == signed["rule_set"]


@pytest.mark.parametrize(
    ("column", "value", "sealed"),
    [
        ("findings", [{"key": "x"}], True), ("findings", [{"key": "x"}], False), ("findings", "k1:AAAA", False),
        ("input", {"law": 1}, True), ("input", {"law": 1}, False), ("input", "nonsense", False),
        ("rule_set", "suwen-9", False), ("input_hash", "0" * 64, False),
    ],
)  # fmt: skip
def test_what_was_changed_behind_our_back_is_found_out(house, kept, column, value, sealed):
    def said(tx):
        found = tx.get(SafetyEvaluation, kept[1]["id"])
        with tx.no_autoflush:
            setattr(found, column, value)
            if sealed:
                seal_json(tx, found, column, value)
            answer = checking.replay(tx, found, signatures.vouched(tx, found))
        tx.rollback()
        return answer

    again = house.db.read(said)
    assert (again.verdict, again.findings_vouched) == ("altered", False)


def test_the_same_rules_that_find_something_else_contradict(house, people, formula):
    """A draft's, which nobody has signed: there is nothing to hold it but the run itself."""
    one = formula()
    [draft] = people["zhang"]("GET", f"{PATH}/{one['id']}/history").json()["evaluations"]

    def said(tx):
        found = tx.get(SafetyEvaluation, draft["id"])
        with tx.no_autoflush:
            seal_json(tx, found, "findings", [*checking.findings_of(tx, found), {"key": "made_up"}])
            answer = checking.replay(tx, found, signatures.vouched(tx, found))
        tx.rollback()
        return answer

    again = house.db.read(said)
    assert (again.verdict, again.findings_vouched, again.gone) == ("contradicted", None, ["made_up"])
