"""What goes into a safety evaluation and what comes out of it.

`evaluate(reference, prescription, person, others, policy) -> list[Finding]` lives in `rules.safety`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import IntEnum
from functools import lru_cache
from typing import Any, Literal

NUMBER = re.compile(r"[1-9][0-9]{0,4}")
Kind = Literal["herbal", "compound", "general"]
Form = Literal["decoction", "powder", "pill", "granules", "paste", "external", "tablet", "capsule", "liquid", "other"]


class Severity(IntEnum):
    """INFO is shown, WARN is shown and acknowledged, BLOCK_OVERRIDE needs a reason and a second signature of the
    prescriber and the pharmacist's acceptance, FORBID can never be signed."""

    INFO = 1
    WARN = 2
    BLOCK_OVERRIDE = 3
    FORBID = 4


@dataclass(frozen=True, slots=True)
class Item:
    """One line. `code` is a piece's or a product's, "" where the name is unknown to the reference.

    Herbs: `amount` is grams in one 剂. Products: `amount` is units (or, where the product is unknown, whatever `unit`
    says) at one time, `times_per_day` from the frequency code; `days` from the line.
    """

    name: str
    code: str = ""
    amount: Decimal | None = None
    unit: str = "g"
    method: str = ""  # decoction method as written
    raw_said: bool = False  # 生用 was written
    times_per_day: Decimal | None = None
    as_needed: bool = False
    most_per_day: Decimal | None = None  # of an as-needed medicine: how many times in a day
    days: int | None = None
    quantity: Decimal | None = None  # as ordered, in units
    once: bool = False  # taken a single time, whatever the days say


@dataclass(frozen=True, slots=True)
class Prescribed:
    """A prescription as the engine sees it. `label` (a code or id) names it in findings about other prescriptions.
    `online_bans`: whether the law of the place says what may not be sold online; the rest of what is told apart by
    `channel` is the engine's own."""

    kind: Kind
    items: tuple[Item, ...]
    form: Form = "decoction"
    doses: int = 1  # 剂
    doses_per_day: Decimal = Decimal(1)
    channel: Literal["online", "offline"] = "online"
    online_bans: bool = True
    label: str = ""
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Who takes it. `allergies` is the person's free text, entry by entry; `allergies_known` is false when nobody
    asked."""

    sex: Literal["male", "female", "other", "unknown"] = "unknown"
    age_days: int | None = None
    weight_kg: Decimal | None = None
    pregnancy: Literal["pregnant", "possible", "trying", "no", "unknown"] = "unknown"
    lactating: bool | None = None
    menstruating: bool | None = None
    allergies: tuple[str, ...] = ()
    allergies_known: bool = True
    conditions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Policy:
    """What a deployment may set. Ages are years."""

    fertile_from: int = 12
    fertile_until: int = 55
    child_below: int = 18
    young_child_below: int = 12
    old_from: int = 65
    most_products: int = 5
    paracetamol_limit: Decimal = Decimal(4000)  # mg a day, an adult
    paracetamol_compound_limit: Decimal = Decimal(2000)  # from compound products
    toxic_days: int = 2
    ceiling: Mapping[str, Decimal | None] = field(
        default_factory=lambda: {"大毒": Decimal(1), "有毒": Decimal(2), "小毒": None, "": None}
    )


SETTABLE = ("fertile_from", "fertile_until", "child_below", "young_child_below", "old_from", "most_products",
            "paracetamol_limit", "paracetamol_compound_limit")  # fmt: skip


@lru_cache(maxsize=8)
def policy_of(text: str) -> Policy:
    """'fertile_until=60, old_from=70' over our own values. ValueError says what is wrong. What a law fixes, two days of
    a toxic piece and the ceilings, is nobody's to set."""
    values: dict[str, Any] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        name, _, number = (piece.strip() for piece in part.partition("="))
        if name not in SETTABLE or not NUMBER.fullmatch(number):
            raise ValueError(f"{part!r} is none of {', '.join(SETTABLE)} with a number of 1 to 99999")
        values[name] = Decimal(number) if name.startswith("paracetamol") else int(number)
    made = Policy(**values)
    if not (made.fertile_from <= made.fertile_until and made.young_child_below <= made.child_below <= made.old_from):
        raise ValueError("the ages contradict one another")
    return made


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing found. `rule` is stable ("F18-1", "dose_high", "pregnancy_forbidden" ...); `lines` are places of
    items from 0; `other` is the label of the other prescription where one side is there; `asks` is what an answer
    would settle ("pregnancy", "weight", "allergies"): it must be given before the signature."""

    severity: Severity
    rule: str
    lines: tuple[int, ...]
    zh: str
    en: str
    source: str
    other: str = ""
    other_item: str = ""
    asks: str = ""
    data: tuple[tuple[str, str], ...] = ()  # what the sentence was made of: ("dose", "18"), ("limit", "15")
