"""What is said to the people who take it."""

import pytest

from suwen.prescribing.reference import reference
from suwen.prescribing.rules.advice import advice


def said(*codes, locale="en", **person):
    lines = [{"name": code, "code": code} for code in codes]
    return " ".join(one.text for one in advice(lines, reference(), locale, **person))


@pytest.mark.parametrize("code", ["fuzi", "heishunpian", "zhichuanwu", "zhicaowu", "danfupian"])
def test_aconites_are_cooked_for_an_hour(code):
    assert "at least an hour" in said(code)
    assert "一小时" in said(code, locale="zh-CN")
    assert "hour" not in said(code, outside=True)


def test_a_look_alike_is_not_an_aconite():
    assert "hour" not in said("baifuzi")


@pytest.mark.parametrize(
    ("code", "words"),
    [("taoren", "ask the doctor before"), ("sanleng", "Do not take it if you are pregnant"), ("fuling", "")],
)
def test_pregnancy(code, words):
    assert code in reference().pieces
    assert words in said(code, sex="female", age=30)
    assert words in said(code)  # who is not known may be pregnant
    assert "pregnant" not in said(code, sex="male", age=30)
    assert "pregnant" not in said(code, sex="female", age=70)


def test_paracetamol_is_not_taken_twice():
    assert "no other medicine for colds" in said("paracetamol_tab_0p5g")


def test_as_needed_has_a_limit():
    line = {"name": "Ibuprofen", "as_needed": True, "most_per_day": "3.0"}
    assert [one.text for one in advice([line], reference(), "en")] == ["Ibuprofen: at most 3 times a day."]


def test_the_gravest_comes_first():
    lines = [{"name": "桃仁", "code": "taoren"}, {"name": "附子", "code": "fuzi"}]
    assert [one.grave for one in advice(lines, reference(), "en")] == [True, False]
