import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.prescribing.rules.decocting import ACONITES, cooking
from suwen.prescribing.rules.steps import TEXTS, TITLES

REGIMEN = {"form": "decoction", "doses": 7, "doses_per_day": "1", "ml": 400, "times_per_day": 2,
           "timing": "after_meals", "temperature": "warm", "route": "oral"}  # fmt: skip


def herb(name, amount="9", method="", **more):
    return {"name": name, "amount": amount, "unit": "g", "method": method, **more}


PLAIN = [herb("陈皮"), herb("法半夏"), herb("茯苓", "15")]
EVERYTHING = [*PLAIN, herb("附子", "15", "先煎"), herb("石膏", "30", "先煎"), herb("薄荷", "6", "后下"),
              herb("车前子", "12", "包煎"), herb("人参", "6", "另煎"), herb("阿胶", "9", "烊化"),
              herb("芒硝", "6", "冲服"), herb("番泻叶", "3", "泡服"),
              herb("灶心土", "30", "煎汤代水"), herb("砂仁", "6", "打碎")]  # fmt: skip


def kinds(made):
    return [step.kind for step in made.steps]


def step(made, kind):
    return next(one for one in made.steps if one.kind == kind)


def test_a_plain_formula():
    made = cooking(PLAIN, REGIMEN, "zh-CN")
    assert kinds(made) == ["soak", "all", "strain", "again", "measured", "take"]
    assert step(made, "soak").minutes == (30, 30)
    assert step(made, "all").minutes == (25, 25)
    assert step(made, "all").herbs == ("陈皮 9g", "法半夏 9g", "茯苓 15g")
    assert "400毫升" in step(made, "measured").text
    assert step(made, "take").text.startswith("分早晚两次，饭后，温服。")
    assert made.minutes == (75, 80)


def test_every_method_has_its_place():
    made = cooking(EVERYTHING, REGIMEN, "en")
    assert kinds(made) == [
        "打碎", "包煎", "煎汤代水", "soak", "另煎", "aconite", "先煎", "main", "后下", "strain", "again", "measured",
        "烊化", "冲服", "泡服", "take",
    ]  # fmt: skip
    assert step(made, "后下").minutes == (5, 10)
    assert step(made, "main").minutes == (15, 20)
    assert {"车前子 12g", "砂仁 6g"} <= set(step(made, "main").herbs)
    assert step(made, "另煎").beside
    assert made.minutes == (170, 205)


@given(st.lists(st.sampled_from(EVERYTHING), min_size=1, unique_by=lambda one: one["name"]))
def test_every_herb_is_in_a_step_and_none_in_the_pot_that_is_not_to_be_cooked(herbs):
    made = cooking(herbs, REGIMEN, "zh-CN")
    named = {name.split()[0] for one in made.steps for name in one.herbs}
    assert named == {one["name"] for one in herbs}
    pot = {
        name.split()[0]
        for one in made.steps
        if one.kind in ("all", "main", "先煎", "aconite", "后下")
        for name in one.herbs
    }
    assert not pot & {"人参", "阿胶", "芒硝", "番泻叶", "灶心土"}
    assert kinds(made)[-1] == "take"


@pytest.mark.parametrize("name", sorted(ACONITES))
@pytest.mark.parametrize("method", ["先煎", "", "后下"])
def test_aconites_cook_first_and_for_an_hour_whatever_the_line_says(name, method):
    made = cooking([herb(name, "9", method), *PLAIN], REGIMEN, "zh-CN")
    assert step(made, "aconite").minutes == (60, 60)
    assert kinds(made).index("aconite") < kinds(made).index("main")


@pytest.mark.parametrize("name", ["白附子", "关白附", "附地菜"])
def test_what_only_looks_like_an_aconite(name):
    assert "aconite" not in kinds(cooking([herb(name)], REGIMEN, "zh-CN"))


@pytest.mark.parametrize(
    ("method", "notes", "kind", "minutes"),
    [
        ("先煎", "先煎40分钟", "先煎", (40, 40)), ("后下", "后下 3 min", "后下", (3, 3)),
        ("另煎", "另煎2小时", "另煎", (120, 120)), ("先煎", None, "先煎", (20, 30)),
    ],
)  # fmt: skip
def test_a_time_that_the_doctor_wrote_counts(method, notes, kind, minutes):
    assert step(cooking([herb("龙骨", "30", method, notes=notes), *PLAIN], REGIMEN, "en"), kind).minutes == minutes


def test_an_aconites_hour_is_never_made_shorter():
    made = cooking([herb("附子", "9", "先煎", notes="先煎30分钟"), *PLAIN], REGIMEN, "en")
    assert step(made, "aconite").minutes == (60, 60)
    assert step(cooking([herb("附子", notes="先煎2小时")], REGIMEN, "en"), "aconite").minutes == (120, 120)


def test_formulas_for_the_surface_cook_short_and_tonics_long():
    surface = [herb("麻黄", "9"), herb("桂枝", "6"), herb("苦杏仁", "9", "后下"), herb("炙甘草", "3")]
    assert step(cooking(surface, REGIMEN, "en"), "all").minutes == (5, 15)
    assert step(cooking(surface[:2], REGIMEN, "en"), "all").minutes == (15, 20)
    tonic = [herb("党参", "15"), herb("白术", "12"), herb("茯苓", "10"), herb("炙甘草", "6")]
    assert step(cooking(tonic, REGIMEN, "en"), "all").minutes == (40, 60)
    assert step(cooking([herb("水牛角", "30", "先煎"), *PLAIN], REGIMEN, "en"), "horn").minutes == (180, 180)


def test_what_is_not_cooked():
    for form in ("powder", "pill", "paste", "tablet"):
        assert cooking(PLAIN, REGIMEN | {"form": form}, "en") is None
    assert cooking([], REGIMEN, "en") is None
    assert kinds(cooking(EVERYTHING, REGIMEN | {"form": "granules"}, "en")) == ["granules", "take"]
    assert kinds(cooking([herb("阿胶", "9", "烊化")], REGIMEN, "en")) == ["烊化", "take"]


def test_what_is_used_outside_is_not_drunk():
    made = cooking(PLAIN, REGIMEN | {"route": "wash"}, "en")
    assert kinds(made)[-1] == "outside"
    assert "do not drink it" in made.steps[-1].text


def test_every_kind_is_written_in_both_languages():
    assert TITLES.keys() == TEXTS.keys()
    for zh, en in [*TITLES.values(), *TEXTS.values()]:
        assert zh
        assert en.isascii()
