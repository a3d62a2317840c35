"""Each pair of 十八反 and 十九畏, in every place where it may hide; and names that only look like one."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from suwen.prescribing.rules.resolver import resolve
from tests.prescribing.rules import writing
from tests.prescribing.rules.writing import (
    BLOCK,
    DAY,
    FORBID,
    MAN,
    REFERENCE,
    WARN,
    containing,
    formula,
    found,
    herb,
    of,
    piece,
    rules,
    severity,
)  # fmt: skip

# by name, from the requirements and not from the data: what the data must at least have
ACONITES = "川乌 制川乌 草乌 制草乌 附子"
AGAINST_ACONITE = (
    "半夏 法半夏 姜半夏 清半夏 瓜蒌 瓜蒌皮 瓜蒌子 炒瓜蒌子 天花粉 川贝母 浙贝母 平贝母 伊贝母 湖北贝母 白蔹 白及"
)
EIGHTEEN = {
    "F18-1": (ACONITES, AGAINST_ACONITE, 80),
    "F18-2": ("甘草 炙甘草", "海藻 京大戟 红大戟 甘遂 芫花", 10),
    "F18-3": ("藜芦", "人参 西洋参 党参 南沙参 北沙参 丹参 玄参 苦参 细辛 白芍 赤芍 人参叶", 12),
}
NINETEEN = {
    "W19-1": ("硫黄", "芒硝 玄明粉", BLOCK),
    "W19-2": ("水银", "砒霜 砒石", FORBID),
    "W19-3": ("狼毒", "密陀僧", BLOCK),
    "W19-4": ("巴豆 巴豆霜", "牵牛子", BLOCK),
    "W19-5": ("丁香 母丁香", "郁金", BLOCK),
    "W19-6": ("芒硝 玄明粉", "三棱 醋三棱", BLOCK),
    "W19-7a": ("川乌 制川乌 草乌 制草乌", "水牛角", WARN),
    "W19-7b": ("川乌 制川乌 草乌 制草乌", "犀角", FORBID),
    "W19-8": ("人参 人参叶", "五灵脂 醋五灵脂", BLOCK),
    "W19-9": ("肉桂", "赤石脂 煅赤石脂", BLOCK),
}
ROWS = {row.id: row for row in REFERENCE.incompatibilities}
PAIRS = [
    pytest.param(row.id, left, right, id=f"{row.id}-{left}-{right}")
    for row in REFERENCE.incompatibilities
    for left, right in product(sorted(row.left), sorted(row.right))
]
WEEK = {"first_day": DAY, "last_day": DAY + timedelta(days=6)}
NEXT_WEEK = {"first_day": DAY + timedelta(days=7), "last_day": DAY + timedelta(days=13)}
LAST_DAY = {"first_day": DAY + timedelta(days=6), "last_day": DAY + timedelta(days=9)}


def codes(names):
    return {resolve(REFERENCE, name).code for name in names.split()}


@pytest.mark.parametrize("rule", EIGHTEEN)
def test_the_data_has_each_pair_of_the_eighteen(rule):
    lefts, rights, pairs = EIGHTEEN[rule]
    assert len(lefts.split()) * len(rights.split()) == pairs
    assert codes(lefts) <= ROWS[rule].left
    assert codes(rights) <= ROWS[rule].right
    assert "" not in codes(lefts) | codes(rights)
    assert ROWS[rule].severity == "BLOCK_OVERRIDE"


@pytest.mark.parametrize("rule", NINETEEN)
def test_the_data_has_each_row_of_the_nineteen(rule):
    lefts, rights, severity = NINETEEN[rule]
    assert codes(lefts) <= ROWS[rule].left
    assert codes(rights) <= ROWS[rule].right
    assert "" not in codes(lefts) | codes(rights)
    assert ROWS[rule].severity == severity.name


def test_there_are_no_others():
    assert set(ROWS) == {*EIGHTEEN, *NINETEEN}


@pytest.mark.parametrize(("rule", "left", "right"), PAIRS)
def test_a_pair_is_found_wherever_it_is(rule, left, right):
    meant, one, two = ROWS[rule].severity, piece(left), piece(right)
    inside, reference = containing(right)
    hidden = piece(right, None)  # the same place in the prescription, for the product
    places = {
        "one prescription": (formula(one, "陈皮", two), (), REFERENCE, (0, 2)),
        "the other order": (formula(two, "陈皮", one), (), REFERENCE, (0, 2)),
        "another prescription": (formula(one, **WEEK), (formula(two, label="RX1", **LAST_DAY),), REFERENCE, (0,)),
        "the other one first": (formula(two, **WEEK), (formula(one, label="RX1", **LAST_DAY),), REFERENCE, (0,)),
        "no days known": (formula(one), (formula(two, label="RX1"),), REFERENCE, (0,)),
        "inside a product": (
            formula(one, **WEEK),
            (replace(formula(hidden, label="RX1", **WEEK), kind="compound",
                     items=(replace(hidden, name="成药", code=inside, method=""),)),),
            reference, (0,),
        ),
    }  # fmt: skip
    for place, (rx, others, known, lines) in places.items():
        hits = of(found(rx, MAN, *others, reference=known), rule)
        assert [(hit.severity.name, hit.lines, hit.other) for hit in hits] == [
            (meant, lines, "RX1" if others else "")
        ], place  # fmt: skip
        assert all(REFERENCE.pieces[code].name in hits[0].zh for code in (left, right)), place
    apart = found(formula(one, **WEEK), MAN, formula(two, label="RX1", **NEXT_WEEK))
    assert not of(apart, rule)


def test_a_product_against_a_formula_and_against_a_product():
    inside, reference = containing("zhichuanwu", name="小活络丸")
    other, reference = containing("fabanxia", name="二陈丸", reference=reference)
    one, two = writing.product(inside), writing.product(other)
    both = replace(writing.medicines(), kind="compound", items=(one, two))
    hits = of(found(both, reference=reference), "F18-1")
    assert [(hit.severity, hit.lines) for hit in hits] == [(BLOCK, (0, 1))]
    assert "小活络丸（含制川乌）" in hits[0].zh
    assert "二陈丸（含法半夏）" in hits[0].zh
    formula_first = found(formula("法半夏"), MAN, replace(both, items=(one,), label="RX9"), reference=reference)
    assert of(formula_first, "F18-1")[0].other == "RX9"


def test_a_product_that_is_over_meets_nothing_that_begins_later():
    inside, reference = containing("zhichuanwu")
    short, long = writing.product(inside, days=3), writing.product("amoxicillin_cap_0p25g", days=10)
    rx = replace(writing.medicines(), kind="compound", items=(short, long), **WEEK)
    other = formula("法半夏", label="RX1", first_day=DAY + timedelta(days=5), last_day=DAY + timedelta(days=9))
    assert not of(found(rx, MAN, other, reference=reference), "F18-1")


def test_a_licensed_product_with_both_in_itself_is_a_warning():
    inside, reference = containing("gancao", "haizao")
    rx = replace(writing.medicines(), kind="compound", items=(writing.product(inside),))
    assert severity(found(rx, reference=reference), "F18-2") is WARN
    with_another = formula("海藻", label="RX1")
    assert severity(found(rx, MAN, with_another, reference=reference), "F18-2") is BLOCK


@pytest.mark.parametrize(
    "names",
    [
        "白附子 半夏", "白附子 瓜蒌", "制川乌 土贝母", "附子 土贝母", "太子参 藜芦", "明党参 藜芦", "拳参 藜芦",
        "桂枝 赤石脂", "大蓟 甘草", "昆布 甘草", "附子 水牛角", "蛇床子 藜芦", "南鹤虱 藜芦", "党参 五灵脂",
        "太子参 五灵脂",
        "丁香 姜黄", "硫黄 三棱",
    ],
)  # fmt: skip
def test_names_that_look_alike_are_no_pair(names):
    assert not {rule for rule in rules(found(formula(*names.split()))) if rule.startswith(("F18", "W19"))}


@pytest.mark.parametrize("name", ["灯盏细辛", "黑细辛", "关白附", "蛇附子"])
def test_look_alikes_that_are_not_pieces_here_are_not_taken_for_others(name):
    code = resolve(REFERENCE, name).code
    assert code not in codes("细辛 附子 白附子")


@pytest.mark.parametrize(
    ("one", "two", "rule"),
    [
        ("栝楼仁", "附片", "F18-1"), ("白芨", "炮附片", "F18-1"), ("元参", "藜芦", "F18-3"), ("黑丑", "巴豆霜",
        "W19-4"),
        ("国老", "甘遂", "F18-2"), ("象贝", "制草乌", "F18-1"), ("京三棱", "玄明粉", "W19-6"), ("官桂", "赤石脂",
        "W19-9"),
        ("公丁香", "川郁金", "W19-5"), ("红参", "五灵脂", "W19-8"), ("瓜蔞", "川烏", "F18-1"), ("硫磺", "朴硝",
        "W19-1"),
    ],
)  # fmt: skip
def test_whatever_a_doctor_calls_them(one, two, rule):
    assert of(found(formula(herb(one), herb(two))), rule)


def test_several_pairs_are_several_findings_and_two_lines_of_one_piece_are_one():
    hits = of(found(formula("附子", "法半夏", "浙贝母", "附子")), "F18-1")
    assert [hit.lines for hit in hits] == [(0, 1, 3), (0, 2, 3)]


@pytest.mark.parametrize(
    ("code", "name", "rule"),
    [
        ("fuzi_lizhong_wan", "法半夏", "F18-1"),
        ("xiaochaihu_keli", "附子", "F18-1"),
        ("xiaochaihu_keli", "藜芦", "F18-3"),
    ],
)
def test_products_that_are_sold(code, name, rule):
    rx = replace(writing.medicines(code), kind="compound")
    hit = of(found(rx, MAN, formula(name, label="RX1")), rule)[0]
    assert (hit.severity, hit.lines, hit.other, hit.other_item) == (BLOCK, (0,), "RX1", name)
    assert ("（含" in hit.zh) is (name != "法半夏")  # what the name says is not said again
    assert of(found(formula(name), MAN, replace(rx, label="RX2")), rule)[0].other == "RX2"
