"""How one dose of a formula is cooked, step by step, for whoever stands in the kitchen.

What must be cooked first, added last, wrapped, melted and so on is read from the lines; the rest follows the general
method: soak half an hour, cook twice, mix. Aconites cook for an hour whatever a line says of them: that is what makes
them safe.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from suwen.prescribing.rules.reference import Reference
from suwen.prescribing.rules.rendering import amount
from suwen.prescribing.rules.steps import TEXTS, TITLES
from suwen.prescribing.rules.wording import ROUTES, TEMPERATURES, TIMINGS, chinese, portions, word

Line = Mapping[str, Any]
Minutes = tuple[int, int]

ACONITES = frozenset({
    "附子", "制附子", "制附片", "附片", "黑附片", "黑顺片", "白附片", "淡附片", "炮附片", "炮附子", "熟附子",
    "熟附片", "盐附子", "生附子", "川附子", "天雄", "漏篮子", "乌头", "川乌", "制川乌", "生川乌", "草乌", "制草乌",
    "生草乌",
})  # fmt: skip
ACONITE_FAMILIES = frozenset({"附子", "川乌", "草乌"})
HOURS = frozenset({"水牛角"})
SURFACE = frozenset({
    "麻黄", "荆芥", "荆芥穗", "防风", "紫苏叶", "苏叶", "薄荷", "羌活", "桑叶", "菊花", "金银花", "连翘", "葛根",
    "淡豆豉", "牛蒡子", "香薷", "辛夷", "蝉蜕", "白芷", "生姜", "桂枝", "葱白", "蔓荆子", "藁本",
})  # fmt: skip
TONICS = frozenset({
    "人参", "红参", "西洋参", "党参", "太子参", "黄芪", "炙黄芪", "白术", "炒白术", "山药", "熟地黄", "当归",
    "白芍", "阿胶", "制何首乌", "龙眼肉", "枸杞子", "女贞子", "墨旱莲", "麦冬", "天冬", "玉竹", "黄精", "石斛",
    "百合", "北沙参", "南沙参", "鹿茸", "巴戟天", "淫羊藿", "补骨脂", "肉苁蓉", "菟丝子", "杜仲", "续断", "山茱萸",
    "大枣", "炙甘草", "龟甲", "鳖甲",
})  # fmt: skip
KNOWN = frozenset({"aconite", "horn", "先煎", "后下", "包煎", "另煎", "烊化", "冲服", "泡服", "煎汤代水", "打碎"})
APART_FROM_THE_POT = frozenset({"另煎", "烊化", "冲服", "泡服", "煎汤代水"})
SOAK: Minutes = (30, 30)
FIRST: Minutes = (20, 30)
ACONITE: Minutes = (60, 60)
HORN: Minutes = (180, 180)
MAIN: Minutes = (25, 25)
SURFACE_MAIN: Minutes = (15, 20)
TONIC_MAIN: Minutes = (40, 60)
LAST: Minutes = (5, 10)
APART: Minutes = (60, 120)
INFUSED: Minutes = (10, 15)
WATER: Minutes = (20, 30)
SAID = re.compile(r"([0-9]{1,3})\s*(分钟|min|小时|h)")


@dataclass(frozen=True)
class Step:
    """`minutes`: from, to; None where it takes no time of its own. `beside`: done while something else goes on."""

    kind: str
    title: str
    text: str
    herbs: tuple[str, ...] = ()
    minutes: Minutes | None = None
    beside: bool = False


@dataclass(frozen=True)
class Cooking:
    """`minutes`: for everything that follows one another."""

    steps: tuple[Step, ...]
    minutes: Minutes


def cooking(
    medicines: Sequence[Line], regimen: Line | None, locale: str, reference: Reference | None = None
) -> Cooking | None:
    """The sheet for one dose; None where nothing is cooked (powders, pills, products). `reference` knows an aconite by
    whatever name."""
    how = regimen or {}
    form = how.get("form") or "decoction"
    if not medicines or form not in ("decoction", "external", "granules"):
        return None
    if form == "granules":
        steps = [_step("granules", [], locale)]
    else:
        by = _sorted(medicines, reference)
        steps = [*_before(by, locale), *_pot(by, locale), *_into_the_cup(by, how, locale)]
    steps.append(_taken(how, locale))
    timed = [step.minutes for step in steps if step.minutes and not step.beside]
    return Cooking(tuple(steps), (sum(low for low, _ in timed), sum(high for _, high in timed)))


def is_aconite(line: Line, reference: Reference | None = None) -> bool:
    piece = reference.pieces.get(line.get("code") or "") if reference else None
    return line.get("name") in ACONITES or (piece is not None and piece.family in ACONITE_FAMILIES)


def _sorted(medicines: Sequence[Line], reference: Reference | None) -> dict[str, list[Line]]:
    """The lines by what is done with them; "" is the pot. Aconites and minerals are both 先煎, for different times."""
    by: dict[str, list[Line]] = {}
    for line in medicines:
        method = "aconite" if is_aconite(line, reference) else str(line.get("method") or "")
        if method == "先煎" and line.get("name") in HOURS:
            method = "horn"
        by.setdefault(method if method in KNOWN else "", []).append(line)
    return by


def _before(by: Mapping[str, list[Line]], locale: str) -> list[Step]:
    """What is done before there is fire: crush, wrap, soak; and what cooks in a pot of its own."""
    steps = [_step(kind, by[kind], locale) for kind in ("打碎", "包煎") if kind in by]
    if "煎汤代水" in by:
        steps.append(_step("煎汤代水", by["煎汤代水"], locale, WATER))
    if by.keys() - APART_FROM_THE_POT:
        steps.append(_step("soak", [], locale, SOAK))
    if "另煎" in by:
        steps.append(_step("另煎", by["另煎"], locale, _said(by["另煎"]) or APART, beside=True))
    return steps


def _pot(by: Mapping[str, list[Line]], locale: str) -> list[Step]:
    """Longest first, everything else after it, last what loses its scent; then the same once more."""
    steps = []
    for kind, usual in (("horn", HORN), ("aconite", ACONITE), ("先煎", FIRST)):
        if kind in by:
            said = _said(by[kind])
            minutes = max(usual, said) if said and kind == "aconite" else said or usual
            steps.append(_step(kind, by[kind], locale, minutes))
    rest = [*by.get("", []), *by.get("包煎", []), *by.get("打碎", [])]
    main = _main([*rest, *by.get("后下", [])])
    if "后下" in by:
        last = _said(by["后下"]) or LAST
        before = (max(5, main[0] - last[1]), max(5, main[1] - last[0]))
        steps += [_step("main" if steps else "all", rest, locale, before)] if rest else []
        steps.append(_step("后下", by["后下"], locale, last))
    elif rest:
        steps.append(_step("main" if steps else "all", rest, locale, main))
    if not steps:
        return []
    again = (15, 20) if main == SURFACE_MAIN else (20, 25)
    return [*steps, _step("strain", [], locale), _step("again", [], locale, again)]


def _main(lines: Sequence[Line]) -> Minutes:
    """By what weighs more than half: herbs that release the surface cook short, those that strengthen long."""
    weights = [(str(line.get("name")), _grams(line)) for line in lines]
    half = sum((grams for _, grams in weights), Decimal(0)) / 2
    if not half:
        return MAIN
    if sum(grams for name, grams in weights if name in SURFACE) > half:
        return SURFACE_MAIN
    if sum(grams for name, grams in weights if name in TONICS) > half:
        return TONIC_MAIN
    return MAIN


def _into_the_cup(by: Mapping[str, list[Line]], regimen: Line, locale: str) -> list[Step]:
    ml = regimen.get("ml")
    steps = [_step("measured" if ml else "mix", [], locale, ml=ml)] if by.keys() - APART_FROM_THE_POT else []
    for kind, minutes in (("烊化", None), ("冲服", None), ("泡服", INFUSED)):
        if kind in by:
            steps.append(_step(kind, by[kind], locale, minutes, beside=kind == "泡服"))
    return steps


def _taken(regimen: Line, locale: str) -> Step:
    times, route = regimen.get("times_per_day"), regimen.get("route") or "oral"
    outside = route != "oral" or regimen.get("form") == "external"
    divided = portions(times, locale) if times else ""
    timing = word(TIMINGS, regimen.get("timing"), locale)
    if outside:
        parts = [divided, timing, word(ROUTES, route, locale) if route != "oral" else ""]
    else:
        parts = [divided, timing, word(TEMPERATURES, regimen.get("temperature") or "warm", locale)]
    said = ("，" if chinese(locale) else ", ").join(part for part in parts if part)
    said = said[:1].upper() + said[1:] or ("按医嘱" if chinese(locale) else "As the doctor said")
    if outside:
        return _step("outside", [], locale, how=said)
    return _step("take", [], locale, how=said)


def _step(
    kind: str, lines: Sequence[Line], locale: str, minutes: Minutes | None = None, *, beside: bool = False,
    ml: Any = None, how: str = "",
) -> Step:  # fmt: skip
    language = 0 if chinese(locale) else 1
    herbs = tuple(f"{line.get('name')} {amount(line)}".strip() for line in lines)
    text = TEXTS[kind][language].format(ml=ml or "", how=how)
    return Step(kind, TITLES[kind][language], text, herbs, minutes, beside)


def _said(lines: Sequence[Line]) -> Minutes | None:
    """The longest time that the doctor wrote beside one of them."""
    found = [
        int(number) * (60 if unit in ("小时", "h") else 1)
        for line in lines
        for number, unit in SAID.findall(f"{line.get('method') or ''} {line.get('notes') or ''}")
    ]
    return (max(found), max(found)) if found else None


def _grams(line: Line) -> Decimal:
    try:
        return Decimal(str(line.get("amount") or 0))
    except InvalidOperation:
        return Decimal(0)
