"""What somebody in a hurry, or with bad intent, sends: two signatures at once, numbers and words that say different
things, units that are no grams, reasons that are none."""

import json
import threading
from datetime import timedelta

import pytest
from sqlalchemy import update

from suwen.accounts.models import PatientProfile
from suwen.core.errors import DomainError
from suwen.core.sealed import unseal_json
from suwen.prescribing import service
from suwen.prescribing.models import Prescription, SafetyEvaluation
from suwen.prescribing.rules import wording
from suwen.prescribing.schemas import SignInput
from tests.prescribing.conftest import ASKED, SEEN, WEEK

PATH = "/api/v1/prescriptions"
LIQUORICE, SARGASSUM = [{"name": "甘草", "amount": "6"}], [{"name": "海藻", "amount": "9"}]


def sign(person, one, **more):
    return person("POST", f"{PATH}/{one['id']}/sign", json={"version": one["version"]} | more)


def state(house, one):
    return house.db.read(lambda tx: tx.get(Prescription, one["id"]))


def effective(people, one):
    answer = sign(people["zhang"].confirm(), one)
    assert answer.status_code == 200, answer.text
    return answer.json()


def meanwhile(house, first, second, wait=0.7):
    """What each got when the second began while the first was not committed yet."""
    got: dict[str, str] = {}

    def run(name, work):
        try:
            got[name] = house.db.write(work).status
        except DomainError as refusal:
            got[name] = refusal.code

    late = threading.Thread(target=run, args=("second", second))

    def begun(tx):
        made = first(tx)
        if not late.ident:
            late.start()
        late.join(wait)
        return made

    run("first", begun)
    late.join(20)
    return got["first"], got["second"]


def signing(one, me, now):
    return lambda tx: service.sign(tx, me, one["id"], SignInput(version=one["version"]), now)


def test_two_signatures_for_one_person_at_once_see_each_other(people, formula, house):
    left, right = formula(medicines=LIQUORICE), formula(medicines=SARGASSUM)
    me, now = people["zhang"].confirm().actor, house.clock()
    assert meanwhile(house, signing(left, me, now), signing(right, me, now)) == ("effective", "needs_resign")
    assert [state(house, one).status for one in (left, right)] == ["effective", "draft"]


def test_so_do_two_under_two_accounts_of_one_person(people, formula, begun, house, ids):
    other = begun(patient="wang", person="self", doctor="chen", minutes=20)[0]
    left = formula(medicines=LIQUORICE)
    body = {"appointment_id": other, "kind": "herbal", "diagnosis": "x", "medicines": SARGASSUM,
            "regimen": {"doses": 7}, "facts": ASKED}  # fmt: skip
    right = people["chen"]("POST", PATH, json=body).json()
    same = (ids.profiles["li"]["mother"], ids.profiles["wang"]["self"])
    marked = update(PatientProfile).where(PatientProfile.id.in_(same)).values(id_number_index="f" * 64)
    house.db.write(lambda tx: tx.execute(marked))
    zhang, chen, now = people["zhang"].confirm().actor, people["chen"].confirm().actor, house.clock()
    assert meanwhile(house, signing(right, chen, now), signing(left, zhang, now)) == ("effective", "needs_resign")


def test_what_is_signed_is_what_was_read(people, formula, house):
    """A version that is not there yet is guessed, and the change that makes it true comes in between."""
    one, me, now = formula(), people["zhang"].confirm().actor, house.clock()
    with pytest.raises(DomainError) as refused:
        house.db.write(lambda tx: service.sign(tx, me, one["id"], SignInput(version=2), now))
    assert refused.value.code == "conflict"
    assert state(house, one).status == "draft"


@pytest.mark.parametrize(
    "line",
    [
        {"name": "附子", "dosage": "9两"},
        {"name": "附子", "amount": "9", "unit": "kg"},
        {"name": "附子", "amount": "9", "unit": "钱"},
    ],
)
def test_a_herb_is_weighed_in_grams(people, formula, line):
    """Nine 两 are 450 g, or 281 g: never nine."""
    one = formula(medicines=[*WEEK, line])
    assert "amount_missing" in {each["rule"] for each in one["findings"]}
    assert sign(people["zhang"].confirm(), one).json()["code"] == "unsafe_prescription"


def test_grams_by_any_name_are_grams(formula):
    one = formula(medicines=[{"name": "陈皮", "amount": "6", "unit": "克"}, {"name": "白术", "dosage": "9 grams"}])
    assert not {"amount_missing", "dose_high"} & {each["rule"] for each in one["findings"]}


def test_the_words_of_a_dose_are_those_of_its_number(formula, draft):
    """What the family reads is what was checked."""
    (line,) = formula(medicines=[{"name": "陈皮", "amount": "6", "dosage": "600g"}])["medicines"]
    assert line["dosage"] == "6g"
    given = {"name": "对乙酰氨基酚片 0.5 g", "amount": "1", "unit": "片", "dosage": "每次10片", "frequency_code": "tid",
             "frequency": "every hour", "duration_days": 3}  # fmt: skip
    (line,) = draft(kind="general", medicines=[given])["medicines"]
    assert (line["dosage"], line["frequency_code"]) == ("1片", "tid")
    assert "hour" not in line["frequency"]
    same = given | {"dosage": "1 片", "frequency": "每日三次"}
    (line,) = draft(kind="general", medicines=[same])["medicines"]
    assert line["frequency"] == "每日三次"


def test_the_most_in_a_day_is_written_where_it_is_checked(draft):
    given = {"name": "对乙酰氨基酚片 0.5 g", "amount": "2", "unit": "片", "frequency_code": "q4h", "as_needed": True,
             "most_per_day": "1", "duration_days": 3}  # fmt: skip
    (line,) = draft(kind="general", medicines=[given])["medicines"]
    assert line["frequency_code"] == "q4h prn max1"
    one = draft(kind="general", medicines=[given | {"as_needed": None, "frequency_code": "q4h"}])
    assert "ingredient_high" in {each["rule"] for each in one["findings"]}  # six grams a day: not as needed at all


def test_another_strength_than_the_products_is_not_taken_for_it(draft):
    given = {"name": "对乙酰氨基酚片 0.5 g", "amount": "2", "unit": "片", "frequency_code": "tid", "duration_days": 3}
    rules = [
        {each["rule"] for each in draft(kind="general", medicines=[given | {"specification": said}])["findings"]}
        for said in ("5 g × 12", "0.5g*24片", "500 mg")
    ]
    assert ["ingredient_unchecked" in found for found in rules] == [True, False, False]


@pytest.mark.parametrize("a_day", ["0", "0.001", "0.1", "100", "1e3", "１", "-1", "NaN", "1/日"])
def test_doses_a_day_that_nobody_takes(people, visit, a_day):
    """A tenth of a dose a day would make 100 g of 附子 harmless."""
    body = {"appointment_id": visit, "kind": "herbal", "diagnosis": "x", "medicines": WEEK, "facts": ASKED,
            "regimen": {"doses": 7, "doses_per_day": a_day}}  # fmt: skip
    assert people["zhang"]("POST", PATH, json=body).status_code == 422


def test_what_is_drunk_is_not_external(people, formula):
    """External use knows no limits, so nobody may say both."""
    high = [{"name": "附子", "amount": "60"}]
    outside = formula(medicines=high, regimen={"doses": 7, "form": "external", "route": "external"})
    assert "dose_high" not in {each["rule"] for each in outside["findings"]}
    for more in ({"route": "oral"}, {"route": "口服"}):
        one = formula(medicines=high, regimen={"doses": 7, "form": "external"} | more)
        assert sign(people["zhang"].confirm(), one).json()["rules"] == ["dose_high"], more


def test_a_split_dose_is_one(people, formula):
    one = formula(medicines=[{"name": "附子", "amount": "10"}, {"name": "附子", "amount": "25"}])
    found = {each["rule"]: each["severity"] for each in one["findings"]}
    assert found["dose_high"] == "FORBID"
    mixed = formula(medicines=[{"name": "附子", "amount": "15"}, {"name": "黑顺片", "amount": "16"}])
    assert {each["rule"]: each["severity"] for each in mixed["findings"]}["dose_together"] == "FORBID"


@pytest.mark.parametrize("code", ["gancao", "nothing", ""])
def test_the_name_counts_not_the_code_beside_it(people, formula, code):
    (line,) = formula(medicines=[{"name": "附子", "code": code, "amount": "60"}])["medicines"]
    assert (line["name"], line["code"]) == ("附子", "fuzi")
    unknown = formula(medicines=[{"name": "千年不见草", "code": "gancao", "amount": "6"}])
    assert sign(people["zhang"].confirm(), unknown).json()["rules"] == ["unknown"]


@pytest.mark.parametrize("reason", ["     ", "\u200b" * 9, ".........", "　　　　　"])
def test_a_reason_has_words(people, formula, house, reason):
    one = formula(medicines=[*LIQUORICE, *SARGASSUM])
    keys = [each["key"] for each in one["findings"] if each["needs"] == "reason"]
    assert keys
    assert sign(people["zhang"].confirm(), one, answers=dict.fromkeys(keys, reason)).status_code in (409, 422)
    nodded = sign(people["zhang"], one, acknowledged=keys)
    assert nodded.json()["code"] == "needs_resign"
    assert state(house, one).status == "draft"


def test_a_reason_for_less_is_no_reason_for_more(people, formula):
    one = formula(medicines=[{"name": "山豆根", "amount": "7"}])
    keys = [each["key"] for each in one["findings"] if each["needs"] == "reason"]
    change = {"version": 1, "kind": "herbal", "diagnosis": "x", "regimen": {"doses": 7}, "facts": ASKED,
              "medicines": [{"name": "山豆根", "amount": "10"}]}  # fmt: skip
    more = people["zhang"]("PUT", f"{PATH}/{one['id']}", json=change).json()
    answers = dict.fromkeys(keys, "Weighed against the risk")
    assert sign(people["zhang"].confirm(), more, answers=answers).json()["rules"] == ["dose_high"]


def test_what_is_for_external_use_is_never_said_to_be_drunk():
    for locale, drunk in (("zh-CN", "服"), ("en", "taken")):
        assert drunk not in wording.taken({"form": "external", "doses": 3, "times_per_day": 2}, locale)
        assert drunk in wording.taken({"form": "decoction", "doses": 3, "times_per_day": 2}, locale)


@pytest.mark.parametrize("more", [{"channel": "offline"}, {"jurisdiction": "US"}, {"status": "effective"}])
def test_what_is_not_the_clients_to_say(people, visit, more):
    body = {"appointment_id": visit, "kind": "herbal", "diagnosis": "x", "medicines": WEEK, "regimen": {"doses": 7}}
    assert people["zhang"]("POST", PATH, json=body | more).status_code in (400, 422)


@pytest.mark.parametrize("name", ["藿香正气水", "安宫牛黄丸", "天王补心丹", "通宣理肺丸", "小活络丸"])
def test_a_licensed_product_is_not_forbidden_for_what_it_was_licensed_with(people, draft, name):
    one = draft(kind="compound", medicines=[
        {"name": name, "amount": "1", "frequency_code": "bid", "duration_days": 3}])  # fmt: skip
    assert one["medicines"][0]["code"], one["medicines"]
    assert "FORBID" not in {each["severity"] for each in one["findings"]}


def test_but_the_rules_look_inside(people, formula, draft):
    effective(people, formula(medicines=[{"name": "附子", "amount": "9"}]))
    inside = draft(kind="compound", medicines=[
        {"name": "藿香正气水", "amount": "1", "frequency_code": "bid", "duration_days": 3}])  # fmt: skip
    assert "F18-1" in {each["rule"] for each in inside["findings"]}
    pregnant = draft(kind="compound", facts=ASKED | {"pregnancy": "pregnant"}, medicines=[
        {"name": "安宫牛黄丸", "amount": "1", "frequency_code": "qd", "duration_days": 3}])  # fmt: skip
    assert "pregnancy_caution" in {each["rule"] for each in pregnant["findings"]}  # as its label says


@pytest.mark.parametrize("text", ["\ud800", "a\x00b", "䗪" * 100, "𠮷‮abc"])
def test_odd_text_is_answered(people, visit, text):
    body = {"appointment_id": visit, "kind": "herbal", "diagnosis": text, "medicines": WEEK, "regimen": {"doses": 7},
            "facts": ASKED}  # fmt: skip
    answer = people["zhang"]("POST", PATH, content=json.dumps(body), headers={"content-type": "application/json"})
    assert answer.status_code in (201, 400, 422)
    if answer.status_code == 201:
        assert sign(people["zhang"].confirm(), answer.json()).status_code == 200


@pytest.mark.parametrize("said", [" ", "　", "...", "\u200b"])
def test_blanks_are_no_evidence(people, formula, law, said):
    law("CN")
    one = formula(facts=ASKED | {"follow_up": said}, regimen={"doses": 14})
    assert sign(people["zhang"].confirm(), one).json()["rules"] == ["days_usual", "follow_up"]
    one = formula(facts=SEEN | {"long_course": said}, regimen={"doses": 14})
    assert sign(people["zhang"], one).json()["rules"] == ["days_usual"]


def test_a_small_child_is_not_alone(people, formula, law, house, ids, clock):
    """监护人 beside a child under six, online (互联网诊疗管理办法 art. 19); its sixth birthday ends it."""
    law("CN")
    born = clock.now.date().replace(year=clock.now.year - 6)

    def birthday(day):
        child = update(PatientProfile).where(PatientProfile.id == ids.profiles["li"]["mother"])
        house.db.write(lambda tx: tx.execute(child.values(birthday=day)))

    birthday(born + timedelta(days=1))
    one = formula()
    refused = sign(people["zhang"].confirm(), one).json()
    assert (refused["code"], refused["rules"]) == ("facts_missing", ["guardian"])
    with_it = formula(facts=SEEN | {"guardian": "mother, seen on camera"})
    assert "guardian" not in {each["rule"] for each in with_it["findings"]}
    law("OFF")
    assert "guardian" not in {each["rule"] for each in formula()["findings"]}
    law("CN")
    birthday(born)
    assert "guardian" not in {each["rule"] for each in formula()["findings"]}


def test_somebody_of_unknown_age_may_be_a_small_child(people, formula, law, house, ids):
    """Control 9: without a birthday nobody knows whether a guardian has to be there."""
    law("CN")
    mother = ids.profiles["li"]["mother"]
    house.db.write(lambda tx: setattr(tx.get_one(PatientProfile, mother), "birthday", None))
    refused = sign(people["zhang"].confirm(), formula()).json()
    assert (refused["code"], refused["rules"]) == ("facts_missing", ["guardian"])
    assert "date of birth" in refused["findings"][0]["en"]
    assert "出生日期" in refused["findings"][0]["zh"]
    said = formula(facts=SEEN | {"guardian": "A grown woman, seen on camera"})
    assert "guardian" not in {each["rule"] for each in said["findings"]}
    law("OFF")
    assert "guardian" not in {each["rule"] for each in formula()["findings"]}


def test_a_law_without_online_bans_changes_nothing_for_a_pregnant_woman(people, formula, draft, law, house):
    """三棱 is forbidden online in pregnancy by the engine itself (A-R9); the law may allow what is sold online."""
    law("US")
    one = formula(medicines=[*WEEK, {"name": "三棱", "amount": "6"}], facts=SEEN | {"pregnancy": "pregnant"})
    found = {each["rule"]: each["severity"] for each in one["findings"]}
    assert found["pregnancy_forbidden"] == "FORBID"
    assert sign(people["zhang"].confirm(), one).json()["rules"] == ["pregnancy_forbidden"]
    kept = house.db.read(lambda tx: unseal_json(tx, tx.query(SafetyEvaluation).one(), "input"))
    assert (kept["rx"]["channel"], kept["law"]["online"]) == ("online", True)
    asleep = {"name": "唑吡坦片 10 mg", "amount": "1", "frequency_code": "qn", "duration_days": 3}
    for code, severity in (("US", "WARN"), ("OFF", "FORBID")):
        law(code)
        there = draft(kind="general", medicines=[asleep])["findings"]
        assert {each["rule"]: each["severity"] for each in there}["psychotropic"] == severity, code


def test_a_reason_to_void_has_words(people, formula, house):
    one = formula()
    assert people["zhang"]("POST", f"{PATH}/{one['id']}/void", json={"reason": "   "}).status_code == 422
    assert state(house, one).status == "draft"


@pytest.mark.parametrize(("grams", "times", "high"), [("6", 6, False), ("6", 2, True), ("20", 24, True)])
def test_a_dose_is_not_smaller_for_being_divided_by_the_hour(formula, grams, times, high):
    """细辛 as powder, a gram at one time at most: twenty grams in twenty-four parts are still twenty grams."""
    regimen = {"doses": 7, "form": "powder", "times_per_day": times}
    one = formula(medicines=[{"name": "细辛", "amount": grams}], regimen=regimen)
    assert ("dose_high" in {each["rule"] for each in one["findings"]}) is high


@pytest.mark.parametrize(("amount", "many"), [("12", False), ("13", True), ("100", True)])
def test_a_hundred_tablets_at_once_are_not_passed_over(draft, amount, many):
    """Also of what the reference knows no limit for."""
    given = {"name": "地高辛片 0.25 mg", "amount": amount, "unit": "片", "frequency_code": "qd", "duration_days": 3}
    one = draft(kind="general", medicines=[given])
    assert one["medicines"][0]["code"]
    assert ("amount_many" in {each["rule"] for each in one["findings"]}) is many
