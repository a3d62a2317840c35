"""The editor's own requests: names, what can be put in, what is found while somebody writes; shelves and prices."""

import json
import re

import pyotp
import pytest

from suwen.accounts.models import PatientProfile
from suwen.accounts.service import second_factor
from suwen.core.sealed import seal
from suwen.prescribing.rules import diagnosis

HERBS = {
    "kind": "herbal", "diagnosis": "痹证", "pattern": "寒湿证", "doses": "3", "no_allergies": "on",
    "medicines.0.name": "附子", "medicines.0.amount": "20", "medicines.1.name": "法半夏", "medicines.1.amount": "9",
}  # fmt: skip


def htmx(target):
    return {"hx-request": "true", "hx-target": target}


def count(house, what):
    return house.db.read(lambda tx: tx.query(what).count())


@pytest.mark.parametrize(
    ("disease", "pattern", "whole"),
    [
        ("不寐", "心脾两虚证", "不寐（心脾两虚证）"),
        ("Insomnia", "deficiency", "Insomnia (deficiency)"),
        ("不寐", "", "不寐"),
    ],
)
def test_a_diagnosis_of_two_parts_is_one_text(disease, pattern, whole):
    assert diagnosis.joined(disease, pattern) == whole
    assert diagnosis.parts(whole) == (disease, pattern)


@pytest.mark.parametrize(("typed", "name"), [("fz", "附子"), ("fuzi", "附子"), ("附", "附子"), ("gcao", "甘草")])
def test_type_ahead(people, typed, name):
    part = people["zhang"].page(f"/prescriptions/names?q={typed}", headers=htmx("rx_names"))
    assert part.status_code == 200
    assert "<html" not in part.text
    assert f'data-name="{name}"' in part.text
    said = people["zhang"]("GET", "/api/v1/medicine-names", params={"q": typed}).json()
    assert name in [one["name"] for one in said]


def test_a_suggestion_says_what_the_line_needs(people):
    [one] = [x for x in people["zhang"]("GET", "/api/v1/medicine-names?q=fuzi").json() if x["name"] == "附子"]
    assert (one["code"], one["low"], one["high"], one["method"], one["unit"]) == ("fuzi", "3", "15", "先煎", "g")
    assert people["zhang"]("GET", "/api/v1/medicine-names?q=").json() == []


def test_what_is_found_while_writing_is_not_stored(people, visit, house):
    from suwen.prescribing.models import Prescription, SafetyEvaluation

    zhang = people["zhang"]
    part = zhang.form(f"/prescriptions/found?appointment={visit}", HERBS, headers=htmx("rx_found_now"))
    assert part.status_code == 200
    assert "<html" not in part.text
    assert 'data-finding="F18-1:fabanxia+fuzi"' in part.text
    assert "20 g a day is more than 15 g" in part.text
    assert count(house, Prescription) == count(house, SafetyEvaluation) == 0
    for login, expected in (("chen", 404), ("li", 403)):
        assert people[login].form(f"/prescriptions/found?appointment={visit}", HERBS).status_code == expected


def test_a_formula_is_put_in_without_a_script(people, visit):
    zhang, place = people["zhang"], f"/prescriptions/desk/{visit}"
    asked = {
        "kind": "herbal",
        "then": "insert",
        "insert_text": "四君子汤",
        "medicines.0.name": "白术",
        "medicines.0.amount": "6",
    }
    page = zhang.form(place, asked)
    assert re.findall(r'name="medicines\.\d+\.name" type="text" value="([^"]*)"', page.text) == [
        "白术", "人参", "茯苓", "炙甘草", "",
    ]  # fmt: skip
    assert 'name="taken_from" value="四君子汤"' in page.text
    wrong = zhang.form(place, asked | {"insert_text": "无此汤"})
    assert wrong.status_code == 422
    assert "There is no template, formula or earlier prescription of this name" in wrong.text
    mixed = zhang.form(place, asked | {"kind": "general", "insert_text": "四君子汤"})
    assert mixed.status_code == 422


def test_what_was_put_in_is_looked_at_before_it_is_signed(people, visit):
    zhang, place = people["zhang"], f"/prescriptions/desk/{visit}"
    lines = {"kind": "herbal", "diagnosis": "胃痞", "then": "insert", "insert": "formula:sijunzi", "no_allergies": "on"}
    page = zhang.form(place, lines)
    [id] = set(re.findall(rf'action="{place}/([0-9a-f-]+)"', page.text))
    one = zhang("GET", f"/api/v1/prescriptions/{id}").json()
    assert one["facts"]["taken_from"] == ["四君子汤"]
    read = [found["key"] for found in one["findings"]]
    said = {"version": one["version"], "acknowledged": read, "answers": {}}
    refused = zhang("POST", f"/api/v1/prescriptions/{id}/sign", json=said)
    assert (refused.status_code, refused.json()["code"]) == (422, "not_looked")
    assert zhang("GET", f"/api/v1/prescriptions/{id}").json()["status"] == "draft"
    signed = zhang.confirm()("POST", f"/api/v1/prescriptions/{id}/sign", json=said | {"looked": True})
    assert signed.status_code == 200, signed.text
    [made] = zhang("GET", f"/api/v1/prescriptions/{id}/history").json()["signatures"]
    assert json.loads(made["signed"])["looked"] is True


def test_reasons_are_kept_with_the_draft_and_count_for_nothing_there(people, visit):
    """Typed beside the finding, found again on the way back, and gone with the amount they were written for."""
    zhang, place, why = people["zhang"], f"/prescriptions/desk/{visit}", "寒饮，先煎一小时，小量试服"
    told = {"allergies": "some syrup", "pregnancy": "no", "follow_up": "seen"}  # no list knows it: to be read
    form = HERBS | told | {"medicines.0.amount": "16"}
    keys = re.findall(r'data-finding="([^"@]+)"[^>]*data-needs="(\w+)"', zhang.form(place, form).text)
    assert {need for _, need in keys} == {"reason", "acknowledgement"}, keys
    said = {f"answers.{n}.key": key for n, (key, _) in enumerate(keys)}
    given = {f"answers.{n}.{'reason' if need == 'reason' else 'read'}": why if need == "reason" else "on"
             for n, (_, need) in enumerate(keys)}  # fmt: skip
    read = zhang.form(place, form | said | given | {"then": "review"})
    [id] = set(re.findall(rf'action="{place}/([0-9a-f-]+)/sign"', read.text))
    lines = zhang.page(f"{place}?one={id}").text
    reasons = sum(need == "reason" for _, need in keys)
    assert lines.count(f'value="{why}"') == reasons
    assert len(re.findall(r'name="answers\.\d+\.read" checked', lines)) == len(keys) - reasons
    one = zhang("GET", f"/api/v1/prescriptions/{id}").json()
    assert [each["answer"] for each in one["findings"] if each["needs"] == "reason"] == [why] * reasons
    zhang.confirm()
    bare = zhang("POST", f"/api/v1/prescriptions/{id}/sign", json={"version": one["version"]})
    assert (bare.status_code, bare.json()["code"]) == (409, "needs_resign")
    more = zhang.form(f"{place}/{id}", HERBS | told | said | given | {"version": str(one["version"])})
    dosed = re.search(r'data-finding="[^"]*:20"[\s\S]*?</li>', more.text)
    assert dosed
    assert why not in dosed.group()


def test_reasons_written_while_reading_through_are_there_on_the_way_back(people, visit, house):
    zhang, place, why = people["zhang"], f"/prescriptions/desk/{visit}", "寒饮，先煎一小时，小量试服"
    form = HERBS | {"allergies": "some syrup", "pregnancy": "no", "follow_up": "seen", "medicines.0.amount": "16"}
    read = zhang.form(place, form | {"then": "review"})
    [id] = set(re.findall(rf'action="{place}/([0-9a-f-]+)/sign"', read.text))
    [version] = re.findall(r'name="version" value="(\d+)"', read.text)
    keys = re.findall(r'data-finding="([^"@]+)"[^>]*data-needs="(\w+)"', read.text)
    said = {f"answers.{n}.key": key for n, (key, _) in enumerate(keys)}
    given = {f"answers.{n}.{'reason' if need == 'reason' else 'read'}": why if need == "reason" else "on"
             for n, (_, need) in enumerate(keys)}  # fmt: skip
    back = zhang.form(
        f"{place}/{id}/sign", said | given | {"version": version, "then": "back", "password": "no matter"}
    )
    assert back.status_code == 200
    reasons = sum(need == "reason" for _, need in keys)
    for page in (back.text, zhang.page(f"{place}?one={id}").text):  # and when the page was closed meanwhile
        assert page.count(f'value="{why}"') == reasons > 0
        assert len(re.findall(r'name="answers\.\d+\.read" checked', page)) == len(keys) - reasons > 0
    one = zhang("GET", f"/api/v1/prescriptions/{id}").json()
    assert (one["status"], one["version"]) == ("draft", int(version) + 1)
    fewer = {name: value for name, value in given.items() if value != why}
    zhang.form(f"{place}/{id}/sign", said | fewer | {"version": one["version"], "then": "back"})
    assert why not in zhang.page(f"{place}?one={id}").text, "what was taken out is out"
    stale = zhang.form(f"{place}/{id}/sign", said | given | {"version": version, "then": "back"})
    assert stale.status_code == 409


def test_a_recovery_code_proves_who_signs_and_is_spent(people, visit, house, clock):
    zhang, place = people["zhang"], f"/prescriptions/desk/{visit}"
    me = zhang.actor
    begun = house.db.write(lambda tx: second_factor.begin(tx, me, clock.now))
    shown = pyotp.TOTP(begun.secret).at(clock.now)
    spare = house.db.write(lambda tx: second_factor.confirm(tx, me, shown, clock.now))

    def signed(code):
        read = zhang.form(place, HERBS | {"then": "review", "medicines.0.name": "茯苓", "medicines.1.name": "白术"})
        [id] = set(re.findall(rf'action="{place}/([0-9a-f-]+)/sign"', read.text))
        [version] = re.findall(r'name="version" value="(\d+)"', read.text)
        keys = re.findall(r'name="answers\.(\d+)\.key" value="([^"]+)"', read.text)
        said = {f"answers.{n}.key": key for n, key in keys} | {f"answers.{n}.read": "on" for n, _ in keys}
        said |= {f"answers.{n}.reason": "weighed, and needed" for n in re.findall(r"answers\.(\d+)\.reason", read.text)}
        answer = zhang.form(f"{place}/{id}/sign", said | {"version": version, "code": code})
        return answer, zhang("GET", f"/api/v1/prescriptions/{id}").json()["status"]

    assert [(answer.status_code, status) for answer, status in (signed("aaaaa-aaaaa"),)] == [(401, "draft")]
    answer, status = signed(spare[0])
    assert (answer.status_code, status) == (200, "effective")
    clock.advance(minutes=6)  # the five minutes are over, and so is this code
    answer, status = signed(spare[0])
    assert (answer.status_code, status) == (401, "draft")


def test_what_is_read_through_is_the_paper_itself(people, visit):
    """The form of the norm, as it stands on the prescription's own page: nothing is signed that looked different."""
    zhang, place = people["zhang"], f"/prescriptions/desk/{visit}"
    read = zhang.form(place, HERBS | {"then": "review", "medicines.1.name": "白术"})
    [id] = set(re.findall(rf'action="{place}/([0-9a-f-]+)/sign"', read.text))
    [here] = re.findall(r'<article class="sheet rx-paper">.*?</article>', read.text, re.S)
    for words in ("附子", "Rp", "rx-above", "rx-blank", "3 doses", "Not signed yet", "<dt>Sex</dt>"):
        assert words in here
    assert here in zhang.page(f"/prescriptions/{id}").text
    later = zhang.page(f"{place}?one={id}&step=review")
    assert here in later.text


def test_a_template_on_pages_and_in_the_editor(people, visit):
    zhang = people["zhang"]
    form = HERBS | {"name": "寒湿方", "is_active": "on", "medicines.1.name": "白术"}
    form.pop("no_allergies")
    assert zhang.form("/doctor/templates", form).status_code == 303
    [one] = zhang("GET", "/api/v1/prescription-templates").json()["items"]
    assert one["diagnosis"] == "痹证（寒湿证）"
    assert "寒湿方" in zhang.page("/doctor/templates").text
    assert zhang.form("/doctor/templates", form | {"name": ""}).status_code == 422
    offered = zhang.page(f"/prescriptions/offers?appointment={visit}&q=寒湿", headers=htmx("rx_offers"))
    assert f'data-value="template:{one["id"]}"' in offered.text
    value = {"kind": "herbal", "then": "insert", "insert": f"template:{one['id']}"}
    assert 'value="附子"' in zhang.form(f"/prescriptions/desk/{visit}", value).text
    assert zhang("GET", f"/api/v1/prescription-templates/{one['id']}").json()["usage_count"] == 1
    assert people["chen"].page(f"/doctor/templates/{one['id']}").status_code == 404
    assert zhang.form(f"/doctor/templates/{one['id']}/put-away", {}).status_code == 303
    assert "寒湿方" not in zhang.page("/doctor/templates").text
    begun = zhang.page("/doctor/templates/new?formula=guizhi").text
    assert 'value="桂枝"' in begun
    assert "桂枝汤" in zhang.page("/doctor/formulas?q=gzt").text


def test_a_phrase_goes_into_the_advice(people, visit):
    zhang = people["zhang"]
    assert (
        zhang.form("/doctor/phrases", {"category": "advice", "content": "忌生冷。", "is_active": "on"}).status_code
        == 303
    )
    [one] = zhang("GET", "/api/v1/phrases").json()["items"]
    page = zhang.form(
        f"/prescriptions/desk/{visit}", HERBS | {"then": "phrase", "phrase": one["id"], "instructions": "温服"}
    )
    assert re.search(r"<textarea[^>]*name=\"instructions\"[^>]*>温服\s+忌生冷。</textarea>", page.text)
    assert zhang("GET", f"/api/v1/phrases/{one['id']}").json()["usage_count"] == 1


def test_prices_add_up_and_are_the_administrations(people, visit):
    admin, zhang = people["admin"], people["zhang"]
    assert (
        admin.form("/admin/medicine-prices", {"code": "茯苓", "amount": "1.50", "currency": "CNY"}).status_code == 303
    )
    assert admin("PUT", "/api/v1/medicine-prices/gancao", json={"amount": 100}).json()["name"] == "甘草"
    assert admin("PUT", "/api/v1/medicine-prices/nothing", json={"amount": 1}).json()["code"] == "unknown_medicine"
    assert admin("PUT", "/api/v1/medicine-prices/gancao", json={"amount": 1, "currency": "USD"}).status_code == 422
    assert zhang("PUT", "/api/v1/medicine-prices/gancao", json={"amount": 1}).status_code == 403
    listed = {one["name"]: one["amount"] for one in zhang("GET", "/api/v1/medicine-prices").json()}
    assert listed == {"茯苓": 150, "甘草": 100}
    lines = {
        "medicines.0.name": "茯苓",
        "medicines.0.amount": "10",
        "medicines.1.name": "甘草",
        "medicines.1.amount": "5",
    }
    part = zhang.form(f"/prescriptions/found?appointment={visit}", HERBS | lines, headers=htmx("rx_found_now"))
    assert "6.00" in part.text  # (1.50 + 0.50) x 3
    assert admin.form("/admin/medicine-prices/gancao/removal", {}).status_code == 303
    assert "甘草" not in admin.page("/admin/medicine-prices").text


def test_the_names_of_medicines_are_asked_for_before_anything_is_said_to_be_missing(people):
    first = people["zhang"].page("/prescriptions/names")
    assert "The medicines you look for" in first.text
    assert "Nothing of this name" not in first.text
    assert "Nothing of this name" in people["zhang"].page("/prescriptions/names?q=xyzzy").text
    assert "附子" in people["zhang"].page("/prescriptions/names?q=fuzi").text


def test_allergies_stand_in_the_head_of_the_desk(people, visit, ids, house):
    """The card with the rest lies under the call, below the edge of a small screen."""
    page = people["zhang"].page(f"/desk/{visit}").text
    assert "desk-forbid" not in page
    profile = ids.profiles["li"]["mother"]
    house.db.write(lambda tx: seal(tx, tx.get_one(PatientProfile, profile), "allergies", "花生 peanuts"))
    head = people["zhang"].page(f"/desk/{visit}").text.partition('class="desk-tabs"')[0]
    assert "花生 peanuts" in head
