"""What a deployment may set of the rules (A-6, B-R3): read at the start, and kept with every evaluation."""

from dataclasses import replace
from datetime import date

import pytest

from suwen.accounts.models import PatientProfile
from suwen.app import build_house
from suwen.core.sealed import unseal_json
from suwen.prescribing.models import SafetyEvaluation
from suwen.prescribing.rules.findings import Policy, policy_of


@pytest.fixture
def policy(house):
    def use(text):
        fresh = replace(house.settings, policy=text)
        for maker in (house.db._writes, house.db._reads):
            maker.kw["info"]["settings"] = fresh

    return use


def test_the_age_until_which_pregnancy_is_asked_about(people, formula, visit, policy, house, ids):
    mother = ids.profiles["li"]["mother"]

    def older(tx):
        person = tx.get_one(PatientProfile, mother)
        person.gender, person.birthday = "female", date(1972, 5, 1)

    house.db.write(older)
    given = {"medicines": [{"name": "三棱", "amount": "6"}], "facts": {"allergies": []}}
    asked = [{each["asks"] for each in formula(**given)["findings"]}]
    pages = [people["zhang"].page(f"/prescriptions/desk/{visit}?one=new").text]
    policy("fertile_until=60, old_from=70")
    asked.append({each["asks"] for each in formula(**given)["findings"]})
    pages.append(people["zhang"].page(f"/prescriptions/desk/{visit}?one=new").text)
    assert ["pregnancy" in each for each in asked] == [False, True]
    assert ['name="pregnancy"' in each for each in pages] == [False, True]
    kept = house.db.read(
        lambda tx: [unseal_json(tx, one, "input")["policy"]["fertile_until"] for one in tx.query(SafetyEvaluation)]
    )
    assert sorted(kept) == [55, 60]


@pytest.mark.parametrize(
    "wrong",
    ["fertile_until", "fertile_until=", "fertile_until=-1", "fertile_until=x", "toxic_days=9", "ceiling=2",
     "old_from=0", "fertile_from=60", "young_child_below=20", "old_from=17", "paracetamol_limit=1e9"],
)  # fmt: skip
def test_what_cannot_be_set_stops_the_start(house, wrong):
    with pytest.raises(SystemExit, match="SUWEN_POLICY"):
        build_house(replace(house.settings, policy=wrong))


def test_nothing_said_is_our_own():
    assert policy_of("") == policy_of(" , ") == Policy()
    assert policy_of("paracetamol_limit=3000").paracetamol_limit == 3000
