"""The paper: its words, its form, and that every character on it is drawn."""

import io
import re

import pytest
from pypdf import PdfReader

from tests.support.paper import RARE, drawn, missing


@pytest.fixture
def paper(people, signed):
    """`paper(locale="en", diagnosis="…")`: the prescription, its document as Li Na gets it, and its text."""

    def get(locale="zh-CN", **more):
        one = signed(**more)
        people["li"].cookies["lang"] = locale
        answer = people["li"].page(f"/prescriptions/{one['id']}/pdf")
        assert answer.status_code == 200, answer.text
        document = PdfReader(io.BytesIO(answer.content))
        return one, document, "".join(page.extract_text() for page in document.pages)

    return get


def test_every_character_is_drawn(paper):
    _, document, words = paper(diagnosis=f"诊断 {RARE}", instructions=f"忌 {RARE} é ß ≤ ℃ ½")
    assert all(letter in words for letter in RARE)
    assert {char for char, _ in drawn(document)} >= set(RARE)
    assert missing(document) == []


def test_a_character_that_no_font_has_is_found(paper):
    """The test above can fail: nobody draws the last place of Unicode."""
    _, document, _ = paper(diagnosis="a\U0010fffd")
    assert missing(document)


def test_the_form_that_the_norm_asks_for(paper):
    herbs = [
        {"name": "炙甘草", "amount": "6", "unit": "g", "role": "使"},
        {"name": "附子", "amount": "10", "unit": "g", "role": "君", "method": "先煎"},
    ]
    regimen = {"doses": 7, "doses_per_day": "1", "ml": 400, "times_per_day": 2, "timing": "empty_stomach",
               "temperature": "warm", "avoid": "生冷"}  # fmt: skip
    one, document, words = paper(kind="herbal", medicines=herbs, regimen=regimen)
    flat = re.sub(r"\s", "", words)
    for expected in ("中药饮片处方笺", "SuwenClinic", one["code"], "费别自费", "姓名Mrs.Li李老太太", "科别",
                     "临床诊断脾虚", "Rp", "炙甘草6g", "附子10g(先煎)",
                     "共7剂，每日1剂，水煎400ml，分早晚两次空腹温服，忌生冷",
                     "以下空白", "医师签名", "审核药师", "调配药师", "核对、发药药师", "/verify"):  # fmt: skip
        assert expected in flat, expected
    assert flat.index("附子10g") < flat.index("炙甘草6g")
    assert len(document.pages) == 2
    kitchen = document.pages[1].extract_text()
    assert "60 分钟" in kitchen


def test_the_same_in_english(paper):
    _, document, words = paper(locale="en")
    for expected in ("nothing below this line", "Doctor", "Dispensed by", "Is it genuine?"):
        assert expected in words, expected
    assert missing(document) == []


def test_what_was_signed_again_stands_on_the_paper_with_its_reason(paper):
    over = [{"name": "山豆根", "amount": "10", "unit": "g"}]
    _, _, words = paper(kind="herbal", medicines=over, regimen={"doses": 5})
    flat = re.sub(r"\s", "", words)
    assert "用药理由：seenandweighed（医师再次签名：ZhangZhongjing张仲景）" in flat


def test_the_same_sheet_as_data(people, signed):
    last, first = {"name": "炙甘草", "amount": "6", "role": "使"}, {"name": "附子", "amount": "10", "role": "君"}
    herbs = [last, first | {"method": "先煎"}]
    one = signed(kind="herbal", medicines=herbs, regimen={"doses": 7, "ml": 400, "avoid": "生冷"})
    sheet = people["li"]("GET", f"/api/v1/prescriptions/{one['id']}/sheet").json()
    assert [(item["name"], item["amount"]) for item in sheet["items"]] == [("附子", "10g"), ("炙甘草", "6g")]
    assert "附子10g(decoct first)" in sheet["text"]
    assert one["code"] in sheet["text"]
    assert "nothing below this line" in sheet["text"]
    assert [step["minutes"] for step in sheet["cooking"] if step["kind"] == "aconite"] == [[60, 60]]
    assert sheet["reviewed"] is False
    assert people["eve"]("GET", f"/api/v1/prescriptions/{one['id']}/sheet").status_code == 404
