"""The text of a prescription, as the norm asks for it. `golden/` has what was read by a person and found right."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.prescribing.rules.rendering import Foot, Head, Override, age, sheet, text, width
from suwen.prescribing.rules.wording import pace, portions, taken

GOLDEN = Path(__file__).parent / "golden"
DAY = date(2030, 1, 1)
HEAD = Head(
    number="RX3001010014829131", day=DAY, name="李老太太", diagnosis="胸痹，心肾阳虚证", institution="外滩门诊",
    fee="自费", sex="female", born=date(1955, 5, 1), visit="20300101-07", department="中医内科",
)  # fmt: skip
INFANT = Head(
    number="RX3001010014829131", day=DAY, name="王小宝", diagnosis="咳嗽，风热犯肺证", institution="外滩门诊",
    sex="male", born=date(2029, 3, 20), weight_kg="8.50", department="中医儿科",
)  # fmt: skip
FOOT = Foot(doctor="张仲景", amount="¥86.40", reviewer="赵药师", dispenser="钱药师")
HERBS = [
    {"name": "炙甘草", "code": "zhigancao", "amount": "6.0", "unit": "g", "role": "使"},
    {"name": "干姜", "code": "ganjiang", "amount": "9", "unit": "g", "role": "臣"},
    {"name": "附子", "code": "fuzi", "amount": "10", "unit": "g", "role": "君", "method": "先煎"},
    {"name": "车前子", "code": "cheqianzi", "amount": "12", "unit": "g", "role": "佐", "method": "包煎"},
    {"name": "川牛膝", "code": "chuanniuxi", "amount": "9.50", "unit": "g", "role": "佐"},
    {"name": "䗪虫", "code": "tubiechong", "amount": "6", "unit": "g", "notes": "打碎"},
    {"name": "大枣", "amount": "10", "unit": "g", "notes": "掰开去核，与生姜一同浸泡"},
]
REGIMEN = {
    "form": "decoction", "doses": 7, "doses_per_day": "1", "ml": 400, "times_per_day": 2, "timing": "empty_stomach",
    "temperature": "warm", "route": "oral", "avoid": "生冷",
}  # fmt: skip
COMPOUND = [
    {"name": "六味地黄丸", "specification": "200丸/瓶", "amount": "8", "unit": "丸", "frequency": "每日三次",
     "usage": "口服", "duration_days": 14, "quantity": "2", "quantity_unit": "瓶"},
    {"name": "丹参滴丸", "specification": "27mg×180丸", "dosage": "10丸", "frequency": "每日三次", "usage": "舌下含服",
     "duration": "胸痛缓解为止", "quantity": "1", "quantity_unit": "盒", "notes": "随身携带"},
]  # fmt: skip
GENERAL = [
    {"name": "Amoxicillin capsules", "specification": "0.25 g × 24", "amount": "0.5", "unit": "g",
     "frequency": "three times a day", "usage": "by mouth", "duration_days": 7, "quantity": "2",
     "quantity_unit": "boxes"},
    {"name": "布洛芬缓释胶囊", "specification": "0.3g×20粒", "amount": "0.3", "unit": "g", "frequency": "必要时",
     "usage": "口服", "duration_days": 3, "quantity": "1", "quantity_unit": "盒"},
]  # fmt: skip
GLOSSES = {"fuzi": "fu zi", "zhigancao": "zhi gan cao", "ganjiang": "gan jiang"}
OVERRIDE = Override("附子10g与法半夏（RX3001010011111112）配伍禁忌。", "患者长期合用，耐受良好，须再次确认。")
CASES = {
    "herbal": ("herbal", HERBS, HEAD, {"regimen": REGIMEN, "instructions": "服药期间避风寒。", "glosses": GLOSSES}),
    "herbal-signed-again": ("herbal", HERBS[:3], HEAD, {"regimen": REGIMEN, "overrides": [OVERRIDE]}),
    "compound": ("compound", COMPOUND, HEAD, {}),
    "general": ("general", GENERAL, HEAD, {"refills": 2, "instructions": "Finish the whole course."}),
    "infant": ("herbal", HERBS[3:5], INFANT, {"regimen": REGIMEN | {"doses": 3, "times_per_day": 4}}),
}


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("case", CASES)
def test_the_text_is_what_it_was(case, locale):
    kind, medicines, head, more = CASES[case]
    written = text(sheet(kind, medicines, head, FOOT, locale, **more))
    assert written == (GOLDEN / f"{case}.{locale}.txt").read_text()
    assert max(width(line) for line in written.splitlines()) <= 72


def test_what_the_norm_gives_as_examples():
    written = text(sheet("herbal", HERBS, HEAD, FOOT, "zh-CN", regimen=REGIMEN))
    for words in ("炙甘草6g", "附子10g(先煎)", "车前子12g(包煎)", "以下空白",
                  "共7剂，每日1剂，水煎400ml，分早晚两次空腹温服，忌生冷"):  # fmt: skip
        assert words in written


def test_herbs_stand_in_the_order_of_their_offices():
    made = sheet("herbal", HERBS, HEAD, FOOT, "zh-CN")
    assert [item.name for item in made.items] == ["附子", "干姜", "车前子", "川牛膝", "炙甘草", "䗪虫", "大枣"]
    assert sheet("general", HERBS, HEAD, FOOT, "zh-CN").items[0].name == "炙甘草"


@given(st.permutations(HERBS))
def test_the_order_of_offices_does_not_depend_on_the_order_of_writing(herbs):
    names = [item.name for item in sheet("herbal", herbs, HEAD, FOOT, "en").items]
    assert names[:2] == ["附子", "干姜"]
    assert set(names[2:4]) == {"车前子", "川牛膝"}
    assert names[4] == "炙甘草"


@pytest.mark.parametrize(
    ("born", "zh", "en"),
    [
        (DAY, "0天", "0 days"), (date(2029, 12, 31), "1天", "1 day"), (date(2029, 12, 5), "27天", "27 days"),
        (date(2029, 12, 4), "1个月", "1 month"), (date(2029, 3, 20), "9个月", "9 months"),
        (date(2029, 1, 1), "1岁", "1 year"), (date(2028, 9, 1), "1岁4个月", "1 year 4 months"),
        (date(2027, 1, 2), "2岁11个月", "2 years 11 months"), (date(2027, 1, 1), "3岁", "3 years"),
        (date(1960, 2, 29), "69岁", "69 years"),
    ],
)  # fmt: skip
def test_the_age_is_the_real_one(born, zh, en):
    assert age(born, DAY, "zh-CN") == zh
    assert age(born, DAY, "en") == en


@given(st.integers(0, 40_000), st.sampled_from(["zh-CN", "en"]))
def test_every_age_has_words(days, locale):
    assert age(DAY - timedelta(days=days), DAY, locale)


def test_an_infants_weight_is_never_passed_over():
    unweighed = Head(number="", day=DAY, name="王小宝", diagnosis="", born=date(2029, 6, 1))
    assert ("体重", "未测") in sheet("herbal", [], unweighed, FOOT, "zh-CN").header
    assert "体重" not in dict(sheet("herbal", [], HEAD, FOOT, "zh-CN").header)


@pytest.mark.parametrize(
    ("change", "zh"),
    [
        ({"doses_per_day": "0.5"}, "共7剂，每2日1剂，水煎400ml，分早晚两次空腹温服，忌生冷"),
        ({"times_per_day": 3, "timing": "after_meals"}, "共7剂，每日1剂，水煎400ml，分早中晚三次饭后温服，忌生冷"),
        ({"times_per_day": 5, "ml": None, "avoid": None}, "共7剂，每日1剂，水煎，分五次空腹温服"),
        ({"route": "wash", "temperature": None, "timing": None}, "共7剂，每日1剂，水煎400ml，分早晚两次外洗，忌生冷"),
        ({"timing": "发作前", "avoid": "忌辛辣"}, "共7剂，每日1剂，水煎400ml，分早晚两次发作前温服，忌辛辣"),
    ],
)  # fmt: skip
def test_how_it_is_taken(change, zh):
    assert taken(REGIMEN | change, "zh-CN") == zh


def test_the_same_in_english():
    assert taken(REGIMEN, "en") == (
        "7 doses in all, 1 dose a day, decocted in water to 400 ml, taken warm in two portions, morning and evening, "
        "on an empty stomach. Avoid: 生冷"
    )
    assert (pace("0.5", "en"), pace(2, "en"), portions(6, "en")) == (
        "1 dose every 2 days",
        "2 doses a day",
        "in 6 portions",
    )
    assert taken({}, "en") == "decocted in water, taken"
