"""The editor, the page of a prescription, and the paper."""

import io
import re
import sys

import pytest
from pypdf import PdfReader

from suwen.accounts.models import PatientProfile
from suwen.core.press import Press
from suwen.core.sealed import seal
from suwen.prescribing.reference import reference
from tests.support.cast import PASSWORD

LINES = {
    "diagnosis": "脾虚", "instructions": "忌生冷",
    "medicines.0.name": "陈皮", "medicines.0.dosage": "6 g", "medicines.0.frequency": "每日两次",
    "medicines.0.duration_days": "7", "medicines.0.usage": "", "medicines.0.specification": "",
    "medicines.0.notes": "", "medicines.0.duration": "",
    "medicines.1.name": "", "medicines.1.dosage": "", "medicines.1.frequency": "", "medicines.1.duration_days": "",
}  # fmt: skip


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def inputs(answer, key):
    return re.findall(rf'name="medicines\.\d+\.{key}"', answer.text)


def test_writing_and_signing_on_pages_without_a_script(people, visit, house, ids):
    zhang = people["zhang"]
    mother = ids.profiles["li"]["mother"]
    house.db.write(lambda tx: seal(tx, tx.get_one(PatientProfile, mother), "allergies", "无"))
    page = zhang.page(f"/prescriptions/new?appointment={visit}")
    assert page.status_code == 200
    assert len(inputs(page, "name")) == 5
    saved = zhang.form(f"/prescriptions/desk/{visit}", LINES | {"then": "more"})
    assert saved.status_code == 200
    assert len(inputs(saved, "name")) == 6
    assert 'value="陈皮"' in saved.text
    [id] = re.findall(rf'action="/prescriptions/desk/{visit}/([0-9a-f-]+)"', saved.text)
    read = zhang.form(f"/prescriptions/desk/{visit}/{id}", LINES | {"version": "1", "then": "review"})
    assert re.search(r"Rp 陈皮 6g", text(read))
    assert f'action="/prescriptions/desk/{visit}/{id}/sign"' in read.text
    refused = zhang.form(f"/prescriptions/desk/{visit}/{id}/sign", {"version": "2"})
    assert refused.status_code == 403
    assert "Please prove once more that it is you" in text(refused)
    assert f'action="/prescriptions/desk/{visit}/{id}/sign"' in refused.text
    done = zhang.form(f"/prescriptions/desk/{visit}/{id}/sign", {"version": "2", "password": PASSWORD})
    assert "Signed. The patient can read it now." in text(done)
    page = people["li"].page(f"/prescriptions/{id}")
    for words in ("陈皮", "6g", "忌生冷", "Signed by Zhang Zhongjing"):
        assert words in text(page), words
    assert "Make it void" not in text(page)


def test_a_refused_editor_keeps_every_word(people, visit):
    wrong = LINES | {"medicines.0.duration_days": "700", "medicines.1.name": "炙甘草"}
    answer = people["zhang"].form(f"/prescriptions/desk/{visit}", wrong | {"then": "save"})
    assert answer.status_code == 422
    for value in ("脾虚", "陈皮", "炙甘草", "700"):
        assert f'value="{value}"' in answer.text
    assert "忌生冷" in answer.text


def test_a_draft_that_changed_elsewhere_is_not_overwritten(people, visit, draft):
    one = draft()
    path = f"/prescriptions/desk/{visit}/{one['id']}"
    assert people["zhang"].form(path, LINES | {"version": "1"}).status_code == 200
    stale = people["zhang"].form(path, LINES | {"version": "1", "diagnosis": "else"})
    assert stale.status_code == 409
    assert 'value="else"' in stale.text


def test_beside_the_call_only_the_fragment_is_sent(people, visit, waiting):
    htmx = {"hx-request": "true", "hx-target": "prescription_desk"}
    part = people["zhang"].page(f"/prescriptions/desk/{visit}", headers=htmx)
    assert part.status_code == 200
    assert "<html" not in part.text
    assert "<h1" not in part.text
    assert f'hx-post="/prescriptions/desk/{visit}"' in part.text
    early = people["zhang"].page(f"/prescriptions/desk/{waiting(patient='wang')[0]}", headers=htmx)
    assert "as soon as the visit has begun" in text(early)
    assert "<form" not in early.text
    for login, expected in (("chen", 404), ("li", 403), ("admin", 403)):
        assert people[login].page(f"/prescriptions/desk/{visit}").status_code == expected


def test_a_second_one_for_the_same_visit(people, visit, signed):
    one = signed()
    closed = people["zhang"].page(f"/prescriptions/desk/{visit}")
    assert one["code"] in closed.text
    assert "<fieldset" not in closed.text
    assert "Write another one" in text(closed)
    fresh = people["zhang"].page(f"/prescriptions/desk/{visit}?one=new")
    assert len(inputs(fresh, "name")) == 5
    assert one["code"] in fresh.text


def test_the_list(people, signed, draft):
    one, other = signed(), draft()
    assert f"/prescriptions/{one['id']}" in people["li"].page("/prescriptions").text
    assert other["id"] not in people["li"].page("/prescriptions").text
    assert f"/prescriptions/{other['id']}/edit" in people["zhang"].page("/prescriptions?status=draft").text
    assert "No prescriptions yet" in text(people["wang"].page("/prescriptions"))
    assert people["admin"].page("/prescriptions").status_code == 403
    assert people["zhang"].page(f"/prescriptions/{other['id']}/edit").status_code == 200
    assert people["chen"].page(f"/prescriptions/{other['id']}/edit").status_code == 404


def test_a_prescription_is_found_by_its_number(people, signed):
    """As the link at a finding about another prescription asks for it."""
    one, other = signed(), signed()
    for number in (one["code"], f"{one['code'][:8]} {one['code'][8:]}", one["code"].lower()):
        found = people["zhang"].page(f"/prescriptions?q={number}")
        assert f"/prescriptions/{one['id']}" in found.text
        assert other["id"] not in found.text
    for login, number in (("chen", one["code"]), ("eve", one["code"]), ("zhang", "RX1"), ("zhang", one["code"][:-1])):
        empty = people[login].page(f"/prescriptions?q={number}")
        assert empty.status_code == 200
        assert one["id"] not in empty.text
        assert "No prescription of this number that is open to you." in text(empty)


def test_voiding_on_the_page(people, signed):
    one = signed()
    zhang, path = people["zhang"], f"/prescriptions/{one['id']}"
    empty = zhang.form(f"{path}/void", {"reason": ""})
    assert empty.status_code == 422
    assert zhang.form(f"{path}/void", {"reason": "wrong dose"}).status_code == 303
    page = text(people["li"].page(path))
    assert "This prescription is void" in page
    assert "wrong dose" in page


@pytest.fixture
def paper(people, signed):
    """The document of a prescription as this person gets it: its pages' text, its fonts, the answer."""

    def get(login="li", **more):
        one = signed(**more)
        moved = people[login].page(f"/prescriptions/{one['id']}.pdf")
        assert moved.status_code == 303
        answer = people[login].page(moved.headers["location"])
        assert answer.status_code == 200
        return one, answer, PdfReader(io.BytesIO(answer.content))

    return get


def test_the_paper_carries_its_text_and_its_fonts(paper, house):
    from tests.prescribing.test_prescriptions import seen

    one, answer, document = paper()
    assert answer.headers["content-type"] == "application/pdf"
    assert f"{one['code']}.pdf" in answer.headers["content-disposition"]
    words = "".join(page.extract_text() for page in document.pages)
    for expected in ("陈皮", "炙甘草", "脾虚", "忌生冷", one["code"],
                     "Zhang Zhongjing 张仲景", "李老太太"):  # fmt: skip
        assert expected in words, expected
    fonts = [font.get_object() for page in document.pages for font in page["/Resources"]["/Font"].values()]
    assert fonts
    for font in fonts:
        inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
        described = inner["/FontDescriptor"].get_object()
        assert any(name in described for name in ("/FontFile", "/FontFile2", "/FontFile3")), font["/BaseFont"]
    assert ("patient", "print", "done") in seen(house, one["id"])


def test_a_long_prescription_takes_more_than_one_page(paper):
    pieces = reference().pieces.values()
    plain = [one for one in pieces if not (one.toxicity or one.pregnancy or one.banned or one.narcotic or one.cautions)]
    herbs = [{"name": piece.name, "dosage": "3 g", "notes": "注" * 60, "duration_days": 7} for piece in plain[:30]]
    _, _, document = paper(medicines=herbs, kind="herbal")
    words = "".join(page.extract_text() for page in document.pages)
    assert len(document.pages) > 1
    assert all(piece.name in words for piece in plain[:30])


def test_a_paper_that_cannot_be_made_is_503_with_a_time_to_come_again(people, signed, house, monkeypatch):
    monkeypatch.setattr(house, "press", Press(command=[sys.executable, "-c", "raise SystemExit(3)"]))
    refused = people["li"].page(f"/prescriptions/{signed()['id']}/pdf")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert "The document cannot be made at the moment" in refused.text


def test_nobody_else_gets_the_paper(people, signed):
    one = signed()
    for login, expected in (("eve", 404), ("chen", 404), ("admin", 403), ("guest", 303)):
        assert people[login].page(f"/prescriptions/{one['id']}/pdf").status_code == expected
