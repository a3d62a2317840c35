"""Lines as they are understood: numbers out of words, words out of numbers, how long, how much. No database."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from decimal import ROUND_CEILING, Decimal
from typing import Any

from suwen.prescribing.rules.reference import Product

MOST_PRODUCTS = 5
WRITTEN = re.compile(r"\s*([0-9]{1,6}(?:\.[0-9]{1,3})?)\s*([^\s0-9.,;，；（(][^0-9.,;，；（(]{0,19})?\s*")
GRAMS = {"g", "克", "gram", "grams", "gm"}
FULL_WIDTH = str.maketrans("０１２３４５６７８９．", "0123456789.")
MILLIGRAMS = {"mg": Decimal(1), "毫克": Decimal(1), "g": Decimal(1000), "克": Decimal(1000), "mcg": Decimal("0.001"),
              "μg": Decimal("0.001"), "ug": Decimal("0.001"), "微克": Decimal("0.001")}  # fmt: skip
UNITS = ({"片", "tablet", "tablets", "tab", "tabs"}, {"粒", "颗", "capsule", "capsules", "cap", "caps"},
         {"丸", "pill", "pills"}, {"袋", "包", "sachet", "sachets", "packet", "packets", "bag", "bags"},
         {"ml", "毫升", "millilitre", "millilitres"}, {"支", "瓶", "bottle", "bottles", "vial", "ampoule"},
         {"g", "克", "gram", "grams"}, {"喷", "puff", "puffs", "spray", "sprays"}, {"滴", "drop", "drops"},
         {"揿", "actuation", "actuations"}, {"贴", "patch", "patches"},
         {"iu", "单位", "国际单位", "unit", "units"})  # fmt: skip
STRENGTH = re.compile(r"([0-9]+(?:\.[0-9]+)?)(mg|毫克|g|克|mcg|ug|微克|ml|毫升)")
SWALLOWED = re.compile(r"oral|mouth|drink|swallow|服|饮|吞|吃|喝")
REMARK = re.compile(r"(.+?)\s*[(（]([^()（）]{1,12})[)）]\s*")
RAW = "生用"
ORDINARY = "同煎"  # said where the method that a piece should have is left out on purpose


def number(text: Any) -> Decimal | None:
    return Decimal(text) if text not in (None, "") else None


def plain(value: Decimal) -> str:
    """'9', '0.5': as a person writes it."""
    return format(value.normalize() if value else Decimal(0), "f")


def written(dosage: str | None) -> tuple[Decimal, str] | None:
    """'9 g', '２片', '500 mg' -> amount and unit; None where the words say more than that ("half a tablet")."""
    found = WRITTEN.fullmatch((dosage or "").translate(FULL_WIDTH))
    if not found:
        return None
    unit = (found[2] or "").strip()
    return Decimal(found[1]), "g" if unit.lower() in GRAMS else unit


def shown(amount: Decimal, unit: str) -> str:
    """'9g', '2片', '5 ml': the unit stands directly after the number but where both are of Latin letters."""
    apart = unit.isascii() and unit not in ("g", "")
    return f"{plain(amount)}{' ' if apart else ''}{unit}"


def in_grams(amount: Decimal | None, unit: str) -> Decimal | None:
    """None where the unit is another one (钱, 两, kg): nine of those are not nine grams."""
    return amount if not unit or unit.strip().lower() in GRAMS else None


def other_strength(said: str | None, known: str) -> bool:
    """Whether a doctor's '1 g × 24' is not the product's '0.25 g x 24'. How many are in a pack makes no difference."""
    one, two = _strength(said or ""), _strength(known)
    return bool(one and two) and one != two


def _strength(specification: str) -> tuple[Decimal, str] | None:
    text = (
        unicodedata.normalize("NFKC", specification)
        .casefold()
        .replace(" ", "")
        .replace("\u03bc", "u")
        .replace("\u00b5", "u")
    )
    found = STRENGTH.match(text)
    if not found:
        return None
    milligrams = MILLIGRAMS.get(found[2])
    return (Decimal(found[1]) * milligrams, "mg") if milligrams else (Decimal(found[1]), "ml")


def with_amount(line: Mapping[str, Any], assumed: str = "") -> dict[str, Any]:
    """The line with `amount`, `unit` and `dosage`, each from the others where it is missing. `assumed` is the unit of
    a number without one: grams of a herb, and nothing of what may be tablets or drops."""
    full = dict(line)
    if full.get("amount"):
        full["amount"] = plain(Decimal(full["amount"]))
        amount, said = Decimal(full["amount"]), written(full.get("dosage"))
        # what is read must be what is checked: words stay only where they say the same
        bare = said is not None and not said[1] and bool(assumed)
        if not said or said[0] != amount or bare or (full.get("unit") and said[1] and not _same(said[1], full["unit"])):
            full["dosage"] = shown(amount, full.get("unit", assumed))
        return full
    read = written(full.get("dosage"))
    if read:
        full["amount"] = plain(read[0])
        full.setdefault("unit", read[1])
        if not full["unit"]:
            del full["unit"]
    return full


def kind_of(kinds: Iterable[str]) -> str:
    """What a prescription is whose lines are of these kinds (unknown ones left out); "" where they do not go
    together."""
    found = set(kinds)
    if len(found) <= 1:
        return found.pop() if found else "general"
    return "" if "herbal" in found else "general"


def course(regimen: Mapping[str, Any] | None) -> int | None:
    """For how many days the doses last: 7 doses, one a day -> 7; 5 doses, two in three days -> 8."""
    doses = (regimen or {}).get("doses")
    if not doses:
        return None
    a_day = number((regimen or {}).get("doses_per_day")) or Decimal(1)
    return int((Decimal(doses) / a_day).to_integral_value(ROUND_CEILING)) if a_day > 0 else None


def longest(lines: Iterable[Mapping[str, Any]]) -> int | None:
    """The days of the line that lasts longest; None where one does not say."""
    days = [line.get("duration_days") for line in lines]
    return max(days, default=None) if all(days) else None  # type: ignore[type-var]


def said_days(lines: Iterable[Mapping[str, Any]]) -> int | None:
    """How long it lasts at least, for limits: the longest of the lines that say it. One that says nothing takes
    nothing away from the others."""
    return max((days for line in lines if (days := line.get("duration_days"))), default=None)


def how_often(regimen: Mapping[str, Any], locale: str) -> str:
    """Of a formula: '每日1剂，分2次'."""
    doses = plain(number(regimen.get("doses_per_day")) or Decimal(1))
    times = regimen.get("times_per_day")
    if locale.startswith("zh"):
        return f"每日{doses}剂" + (f"，分{times}次" if times else "")
    return ("1 dose a day" if doses == "1" else f"{doses} doses a day") + (f", in {times} parts" if times else "")


def quantity(amount: Decimal, a_day: Decimal, days: int) -> Decimal:
    """Whole units that are enough: amount x times a day x days."""
    return (amount * a_day * days).to_integral_value(ROUND_CEILING)


def raw_said(line: Mapping[str, Any]) -> bool:
    return any(RAW in (line.get(name) or "") for name in ("notes", "usage", "method", "name"))


def taken_for(typed: str, name: str, locale: str) -> str:
    """What is noted where a name stands for several pieces (芍药) and was taken for the pharmacopoeia's (白芍), so that
    whoever reads it knows what was written. Letters of pinyin name the piece itself."""
    written = typed.strip()
    if name in written or not any("\u4e00" <= letter <= "\u9fff" for letter in written):
        return ""
    return (
        f"原写“{written}”，按药典默认取{name}"
        if locale.startswith("zh")
        else f'written as "{written}", taken for {name}'
    )


def in_units(amount: Decimal | None, unit: str, product: Product | None) -> Decimal | None:
    """How many of what the product's doses count (片, 粒, ml): from that, or from milligrams of its one ingredient.
    None where the unit is another one: nothing is guessed."""
    if amount is None or product is None or not unit or _same(unit, product.unit):
        return amount
    milligrams = MILLIGRAMS.get(unit.lower())
    if milligrams is None or len(product.ingredients) != 1 or not product.ingredients[0][1]:
        return None
    return amount * milligrams / product.ingredients[0][1]


def _same(unit: str, other: str) -> bool:
    return unit == other or any({unit.lower(), other.lower()} <= names for names in UNITS)


def price_of_piece(per_ten_grams: int, grams: Decimal, doses: int) -> Decimal:
    """In minor units, not rounded yet."""
    return Decimal(per_ten_grams) * grams * doses / 10
