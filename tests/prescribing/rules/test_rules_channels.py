"""What may not be prescribed, not online, or only as the order on toxic medicines allows."""

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.prescribing.rules.writing import (
    BLOCK,
    FORBID,
    MAN,
    REFERENCE,
    WARN,
    containing,
    formula,
    found,
    herb,
    medicines,
    of,
    piece,
    product,
    rules,
    severity,
)  # fmt: skip

PIECES = REFERENCE.pieces.values()
BANNED = [one.code for one in PIECES if one.banned]
ORDER = [one.code for one in PIECES if one.toxic_order]
RAW = [one.code for one in PIECES if one.raw and one.toxicity in ("有毒", "大毒")]
# by name, from the requirements: what the data must at least have
LISTED = [
    "砒石", "砒霜", "水银", "生马钱子", "生川乌", "生草乌", "生白附子", "生附子", "生半夏", "生天南星", "生巴豆",
    "斑蝥", "青娘虫", "红娘虫", "生甘遂", "生狼毒", "生藤黄", "生千金子", "生天仙子", "闹羊花", "雪上一枝蒿",
    "红升丹", "白降丹", "蟾酥", "洋金花", "红粉", "轻粉", "雄黄",
]  # fmt: skip


def one_of(code, channel, **more):
    return found(formula(piece(code, "0.001", **more), channel=channel, form="pill"))


def test_the_order_has_its_twenty_eight_kinds():
    assert len(LISTED) == 28
    for name in LISTED:
        assert REFERENCE.pieces[herb(name).code].toxic_order, name


@pytest.mark.parametrize("name", ["关木通", "广防己", "青木香", "马兜铃", "天仙藤", "犀角", "虎骨", "穿山甲"])
def test_what_is_banned_in_the_requirements_is_banned_in_the_data(name):
    assert REFERENCE.pieces[herb(name).code].banned


@pytest.mark.parametrize("channel", ["online", "offline"])
@pytest.mark.parametrize("code", BANNED)
def test_banned_everywhere(code, channel):
    assert severity(one_of(code, channel), "banned") is FORBID


@pytest.mark.parametrize("code", ORDER)
def test_the_order_online(code):
    assert severity(one_of(code, "online"), "toxic_online") is FORBID
    assert "toxic_online" not in rules(one_of(code, "offline"))


@pytest.mark.parametrize("code", RAW)
def test_raw_and_toxic(code):
    assert severity(one_of(code, "online"), "raw_online") is FORBID
    offline = FORBID if REFERENCE.pieces[code].toxicity == "大毒" else BLOCK
    assert severity(one_of(code, "offline"), "raw_oral") is offline
    external = found(formula(piece(code, "1"), form="external", channel="offline"))
    assert not {"raw_online", "raw_oral"} & rules(external)


@pytest.mark.parametrize("name", ["附子", "制川乌", "法半夏", "山豆根", "全蝎", "白果"])
def test_what_is_processed_or_not_on_the_order_may_be_prescribed_online(name):
    online = rules(found(formula(herb(name, "3"))))
    assert not online & {"toxic_online", "raw_online", "banned", "narcotic", "toxic_days", "raw_not_said"}


def test_narcotics_and_psychotropics():
    assert severity(found(formula(herb("罂粟壳", "3"))), "narcotic") is FORBID
    assert severity(found(formula(herb("罂粟壳", "3"), channel="offline")), "narcotic") is WARN
    assert severity(found(medicines("codeine_tab_30mg")), "narcotic") is FORBID
    assert severity(found(medicines("diazepam_tab_2p5mg")), "psychotropic") is FORBID
    assert severity(found(medicines("zolpidem_tab_10mg", channel="offline")), "psychotropic") is WARN
    inside, reference = containing("yingsuqiao")
    rx = replace(medicines(), kind="compound", items=(product(inside),))
    assert severity(found(rx, reference=reference), "narcotic") is FORBID


@pytest.mark.parametrize("name", [one.name for one in PIECES if one.external_only])
def test_for_external_use_only(name):
    item = herb(name, "1")
    assert severity(found(formula(item, channel="offline")), "external_only") is FORBID
    assert severity(found(formula(item, form="pill", channel="offline")), "external_only") is FORBID
    assert "external_only" not in rules(found(formula(item, form="external", channel="offline")))


@pytest.mark.parametrize("code", [one for one in RAW if one in ORDER])
def test_raw_must_be_said(code):
    assert severity(one_of(code, "offline"), "raw_not_said") is FORBID
    assert "raw_not_said" not in rules(one_of(code, "offline", raw_said=True))


@pytest.mark.parametrize("name", ["雄黄", "轻粉", "洋金花", "斑蝥"])
def test_what_is_not_raw_needs_no_such_words(name):
    assert "raw_not_said" not in rules(one_of(herb(name).code, "offline"))


@pytest.mark.parametrize(
    ("grams", "doses", "doses_per_day", "meant"),
    [
        ("0.1", 2, "1", None), ("0.1", 3, "1", FORBID), ("0.05", 4, "2", None), ("0.05", 5, "2", FORBID),
        ("0.2", 1, "1", None), ("0.21", 1, "1", FORBID), ("0.05", 3, "1", None),
    ],
)  # fmt: skip
def test_two_days_largest_dose(grams, doses, doses_per_day, meant):
    """雄黄: at most 0.1 g a day."""
    rx = formula(herb("雄黄", grams), form="pill", channel="offline", doses=doses, doses_per_day=Decimal(doses_per_day))
    hits = of(found(rx), "toxic_days")
    assert [one.severity for one in hits] == ([meant] if meant else [])
    assert all("0.2 g" in one.zh and "0.2 g" in one.en for one in hits)


def test_two_lines_of_it_are_added():
    rx = formula(herb("雄黄", "0.1"), herb("雄黄", "0.1"), form="pill", channel="offline", doses=2)
    assert severity(found(rx), "toxic_days") is FORBID


def test_two_days_hold_for_the_order_alone():
    assert "toxic_days" not in rules(found(formula(herb("附子", "15"), doses=14, channel="offline")))


def test_a_largest_dose_that_is_not_known_is_said():
    rx = formula(herb("砒石", "0.001"), form="external", channel="offline")
    assert severity(found(rx, MAN), "toxic_days_open") is WARN


def test_two_lines_of_it_are_looked_at_in_any_order():
    """One with a largest dose, for it is taken as powder, and one without: both are said, whichever stands first."""
    powder, decocted = herb("蟾酥", "0.1", method="冲服"), herb("蟾酥", "0.1", method="")
    for items in ((powder, decocted), (decocted, powder)):
        findings = found(formula(*items, channel="offline"))
        assert severity(findings, "toxic_days_open") is WARN
        assert severity(findings, "toxic_days") is FORBID
