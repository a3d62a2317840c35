"""Whether what is ordered is what will be taken: amount x times a day x days."""

import math
import re
from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal

from suwen.prescribing.rules.case import Case, Line
from suwen.prescribing.rules.findings import Finding, Severity
from suwen.prescribing.rules.frequencies import units
from suwen.prescribing.rules.ingredients import times_a_day
from suwen.prescribing.rules.lines import words_of
from suwen.prescribing.rules.reference import Product
from suwen.prescribing.rules.saying import Rule, found, number

SHORT = Rule("quantity_short", "WARN", "Less is ordered than will be taken", "B-R5")
OVER = Rule("quantity_over", "WARN", "More is ordered than will be taken, whole packs counted", "B-R5")
NO_MOST = Rule("as_needed_open", "WARN", "As needed, without the most per day", "B-R5")
MANY = Rule("amount_many", "WARN", "More tablets, capsules or sachets at one time than anybody swallows", "B-R5")
RULES = (SHORT, OVER, NO_MOST, MANY)
SWALLOWED = frozenset({"片", "粒", "袋", "支"})  # pills (丸) are counted by the dozen
MOST_AT_ONCE = 12
ALONE = re.compile(r"(\d{1,4})\s*[^\W\d]*")
PACK = re.compile(r"[x×*]\s*(\d{1,4})(?![\d.])")


def in_packs(units: Decimal, pack: int) -> Decimal:
    """What has to be handed out when packs are not broken."""
    return (units / pack).to_integral_value(ROUND_CEILING) * pack


def pack_of(product: Product) -> int:
    """ "0.25 g x 24" -> 24, "0.5 g x 12 x 2" -> 24, "150 ml" of what is counted in ml -> 150; 1 where the specification
    does not say."""
    text = product.specification.strip()
    alone = ALONE.fullmatch(text)
    if alone and (text.isdigit() or (product.unit and text.endswith(product.unit))):
        return int(alone[1]) or 1
    return math.prod(int(count) or 1 for count in PACK.findall(text))


def findings(case: Case) -> Iterator[Finding]:
    for line, product in case.products():
        if line.item.as_needed and not line.item.most_per_day:
            zh = f"{line.zh} 必要时服用，请写明每日最多次数。"
            en = f"{line.en} is taken as needed: write how often in a day at most, or confirm."
            yield found(NO_MOST, Severity.WARN, [line], zh, en)
        if product.unit in SWALLOWED and line.item.amount is not None and line.item.amount > MOST_AT_ONCE:
            many = number(line.item.amount)
            zh = f"{line.zh} 每次 {many}{product.unit}，多于常见用量。请核对剂量或确认。"
            en = f"{line.en}: {many} {product.unit} at one time are unusually many. Correct the amount, or confirm."
            yield found(MANY, Severity.WARN, [line], zh, en, dose=many)
        yield from _compared(line, product)


def _compared(line: Line, product: Product) -> Iterator[Finding]:
    item, times = line.item, times_a_day(line)
    days = 1 if item.once else item.days
    if item.quantity is None or item.amount is None or times is None or not days:
        return
    need = Decimal(units(item.amount, times, days))
    most = in_packs(need, pack_of(product))
    unit = product.unit or item.unit
    sum_zh = f"每次 {number(item.amount)}{unit} × 每日 {number(times)} 次 × {days} 天 = {number(need)}{unit}"
    sum_en = f"{number(item.amount)} {unit} x {number(times)} a day x {words_of(days, 'en')} = {number(need)} {unit}"
    said = {"quantity": number(item.quantity), "needed": number(need)}
    if item.quantity < need and not item.as_needed:
        zh = f"{line.zh} 数量 {number(item.quantity)}{unit} 不足：{sum_zh}。请改正数量或天数。"
        en = f"{line.en}: {number(item.quantity)} {unit} are too few: {sum_en}. Correct the quantity or the days."
        yield found(SHORT, Severity.WARN, [line], zh, en, **said)
    elif item.quantity > most:
        zh = f"{line.zh} 数量 {number(item.quantity)}{unit} 多于所需：{sum_zh}。请改正数量或天数。"
        en = (
            f"{line.en}: {number(item.quantity)} {unit} are more "
            f"than needed: {sum_en}. Correct the quantity or the days."
        )
        yield found(OVER, Severity.WARN, [line], zh, en, **said)
