"""From what a doctor typed to what is stored: names looked up, numbers and words made of each other, days and price."""

from datetime import date, timedelta
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from suwen.core.errors import Invalid
from suwen.prescribing import rules
from suwen.prescribing.errors import MixedKinds, TooManyProducts
from suwen.prescribing.rules import composing
from suwen.prescribing.schemas import Content


def content(tx: Session, data: Content, locale: str) -> dict[str, Any]:
    """The columns of a prescription that `data` says. Refused: kinds that do not go together, too many products."""
    if data.medicines is not None and data.medications is not None:
        raise Invalid(fields={"medications": "Give either medicines or medications."})
    lines = [line for line in (_said(line) for line in data.lines) if line]
    regimen = _said(data.regimen) if data.regimen else None
    kind = data.kind or "general"
    if kind != "herbal" and len(lines) > composing.MOST_PRODUCTS:
        raise TooManyProducts(fields={"medicines": TooManyProducts.title})
    lines = [rules.with_both(composing.with_amount(line), place, locale) for place, line in enumerate(lines)]
    if kind == "herbal":
        regimen = _regimen(regimen, lines)
        lines = [_piece(line, regimen, locale) for line in lines]
    pharmacy = _said(data.pharmacy) if data.pharmacy else None
    return {
        "kind": kind, "diagnosis": data.diagnosis.strip(), "medicines": lines,
        "regimen": regimen or None, "facts": (_said(data.facts) if data.facts else None) or None,
        "instructions": data.instructions.strip(), "refill_allowed": data.refill_allowed, "pharmacy": pharmacy or None,
    }  # fmt: skip


def days(kind: str, lines: list[Any], regimen: dict[str, Any] | None) -> int | None:
    """How long one supply lasts; None where nobody said."""
    return composing.course(regimen) if kind == "herbal" else composing.longest(lines)


def last_day(kind: str, lines: list[Any], regimen: dict[str, Any] | None, refills: int, first: date) -> date | None:
    """The last day on which it is taken, every refill used."""
    lasts = days(kind, lines, regimen)
    return first + timedelta(days=lasts * (1 + refills) - 1) if lasts else None


def _regimen(regimen: dict[str, Any] | None, lines: list[Any]) -> dict[str, Any]:
    """As said; where nothing is, one dose a day for as long as the lines say."""
    full = {"form": "decoction", "doses_per_day": "1"} | (regimen or {})
    if "doses" not in full:
        said = max((line.get("duration_days") or 0 for line in lines), default=0)
        if said and full["doses_per_day"] == "1":
            full["doses"] = said
    return full


def _piece(line: dict[str, Any], regimen: dict[str, Any], locale: str) -> dict[str, Any]:
    full, lasts = dict(line), composing.course(regimen)
    full.setdefault("frequency", composing.how_often(regimen, locale))
    if lasts and "duration_days" not in full:
        full |= {"duration_days": lasts, "duration": rules.words_of(lasts, locale)}
    return full


def _said(struct: Any) -> dict[str, Any]:
    """What is filled in; an empty list says something ("none"), an empty text does not."""
    return {key: value for key, value in msgspec.to_builtins(struct).items() if value not in ("", None)}


__all__ = ["MixedKinds", "content", "days", "last_day"]
