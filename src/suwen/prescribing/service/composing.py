"""From what a doctor typed to what is stored: names looked up, numbers and words made of each other, days and price."""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, get_args

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.core.errors import Invalid
from suwen.prescribing import rules
from suwen.prescribing.errors import MixedKinds, TooManyProducts
from suwen.prescribing.models import MedicinePrice
from suwen.prescribing.reference import reference
from suwen.prescribing.rules import composing, frequencies, methods, resolver
from suwen.prescribing.rules.reference import Method, Reference
from suwen.prescribing.schemas import Content

# Where a name is looked for: compound and general products may stand on one prescription, herbs stand alone.
SOUGHT = {"herbal": ("herbal",), "compound": ("compound", "general"), "general": ("general", "compound")}


def content(tx: Session, data: Content, locale: str) -> dict[str, Any]:
    """The columns of a prescription that `data` says. Refused: kinds that do not go together, too many products."""
    if data.medicines is not None and data.medications is not None:
        raise Invalid(fields={"medications": "Give either medicines or medications."})
    known = reference()
    lines = [line for line in (_said(line) for line in data.lines) if line]
    lines = [rules.with_both(composing.with_amount(line), place, locale) for place, line in enumerate(lines)]
    kind = data.kind or _kind(known, lines)
    if kind != "herbal" and len(lines) > composing.MOST_PRODUCTS:
        raise TooManyProducts(fields={"medicines": TooManyProducts.title})
    regimen = _said(data.regimen) if data.regimen else None
    if kind == "herbal":
        regimen = _regimen(regimen, lines)
        lines = [_piece(known, line, place, regimen, locale) for place, line in enumerate(lines)]
    else:
        lines = [_product(known, line, kind, place, locale) for place, line in enumerate(lines)]
    total = _total(tx, kind, lines, regimen)
    pharmacy = _said(data.pharmacy) if data.pharmacy else None
    return {
        "kind": kind, "diagnosis": data.diagnosis.strip(), "medicines": lines,
        "regimen": regimen or None, "facts": (_said(data.facts) if data.facts else None) or None,
        "instructions": data.instructions.strip(), "refill_allowed": data.refill_allowed, "pharmacy": pharmacy or None,
        "total": total, "currency": tx.info["settings"].currency,
    }  # fmt: skip


def days(kind: str, lines: list[Any], regimen: Mapping[str, Any] | None) -> int | None:
    """How long one supply lasts; None where nobody said."""
    return composing.course(regimen) if kind == "herbal" else composing.longest(lines)


def days_at_least(kind: str, lines: list[Any], regimen: Mapping[str, Any] | None) -> int | None:
    """How long one supply lasts as far as somebody said: what the law limits, and what a next supply waits for."""
    return composing.course(regimen) if kind == "herbal" else composing.said_days(lines)


def last_day(kind: str, lines: list[Any], regimen: Mapping[str, Any] | None, refills: int, first: date) -> date | None:
    """The last day on which it is taken, every refill used."""
    lasts = days(kind, lines, regimen)
    return first + timedelta(days=lasts * (1 + refills) - 1) if lasts else None


def _kind(known: Reference, lines: list[Any]) -> str:
    """What nobody said: the lines do. Where pieces and products stand together, it is refused."""
    found = {kind for line in lines if (kind := _kind_of(known, line))}
    kind = composing.kind_of(found)
    if not kind:
        raise MixedKinds(fields={"medicines": MixedKinds.title})
    return kind


def _kind_of(known: Reference, line: Mapping[str, Any]) -> str:
    for kind in ("herbal", "compound", "general"):
        if resolver.resolve(known, line.get("name", ""), kind).code:
            return kind
    return ""


def _regimen(regimen: dict[str, Any] | None, lines: list[Any]) -> dict[str, Any]:
    """As said; where nothing is, one dose a day for as long as the lines say."""
    full = {"form": "decoction", "doses_per_day": "1"} | (regimen or {})
    if "doses" not in full:
        said = max((line.get("duration_days") or 0 for line in lines), default=0)
        if said and full["doses_per_day"] == "1":
            full["doses"] = said
    return full


def _piece(known: Reference, line: dict[str, Any], place: int, regimen: dict[str, Any], locale: str) -> dict[str, Any]:
    """A herb under its canonical name, with the method it must have where none is said."""
    full = composing.with_amount(line | {"unit": line.get("unit") or "g"}, "g") if line.get("amount") else dict(line)
    typed, code = line.get("name", ""), full.pop("code", "")
    found = resolver.resolve(known, typed, "herbal")
    if not typed and code in known.pieces:
        found = resolver.resolve(known, known.pieces[code].name, "herbal")
    if found.code:
        piece = known.pieces[found.code]
        full |= {"name": piece.name, "code": found.code}
        method = full.get("method") or _remark(typed) or methods.required(regimen.get("form", ""), piece)
        if method:
            full["method"] = method
        if found.raw_said and not composing.raw_said(full):
            _note(full, composing.RAW)
        if found.defaulted and (taken := composing.taken_for(typed, piece.name, locale)):
            _note(full, taken)
    elif _kind_of(known, line):
        raise MixedKinds(fields={f"medicines.{place}.name": MixedKinds.title})
    lasts = composing.course(regimen)
    full.setdefault("frequency", composing.how_often(regimen, locale))
    if lasts and "duration_days" not in full:
        full |= {"duration_days": lasts, "duration": rules.words_of(lasts, locale)}
    return full


def _note(line: dict[str, Any], words: str) -> None:
    line["notes"] = f"{line['notes']}；{words}" if line.get("notes") else words


def _product(known: Reference, line: dict[str, Any], kind: str, place: int, locale: str) -> dict[str, Any]:
    """A product as it was typed, with its code, the words of the frequency and the quantity that is enough."""
    full, code = dict(line), line.get("code", "")
    if not full.get("name") and code in known.products:
        full["name"] = known.products[code].zh or known.products[code].name
    codes = [resolver.resolve(known, full.get("name", ""), sought).code for sought in SOUGHT[kind]]  # type: ignore[arg-type]
    full.pop("code", None)
    if any(codes):
        full["code"] = code if code and code in codes else next(one for one in codes if one)
    elif full.get("name") and resolver.resolve(known, full["name"], "herbal").code:
        raise MixedKinds(fields={f"medicines.{place}.name": MixedKinds.title})
    product = known.products.get(full.get("code", ""))
    if product:
        full.setdefault("specification", product.specification)
        if not full.get("unit") and full.get("amount"):
            full["unit"] = product.unit
            if composing.written(full.get("dosage")) == (Decimal(full["amount"]), ""):
                full["dosage"] = composing.shown(Decimal(full["amount"]), product.unit)
        if not full["specification"]:
            del full["specification"]
    return _often(full, product, locale)


def _often(line: dict[str, Any], product: Any, locale: str) -> dict[str, Any]:
    full = dict(line)
    often = frequencies.parse(full.get("frequency_code") or full.get("frequency") or "")
    if often is None:
        full.pop("frequency_code", None)
        return full
    most = composing.number(full.get("most_per_day"))
    if full.get("as_needed") or often.as_needed:
        said = math.ceil(most) if most and most < 100 else None
        often = replace(often, as_needed=True, most=often.most or said)
        full["as_needed"] = True
    full["frequency_code"] = often.code[:20]
    if frequencies.parse(full.get("frequency", "")) != often:  # what is read must be what is checked
        full["frequency"] = frequencies.words(often, locale)
    if often.most:
        full["most_per_day"] = str(often.most)
    amount = composing.in_units(composing.number(full.get("amount")), full.get("unit", ""), product)
    lasts = full.get("duration_days")
    if amount and lasts and "quantity" not in full:
        needed = frequencies.quantity(amount, often, lasts)
        if needed is not None and needed < 1_000_000:
            full["quantity"] = str(needed)
    if "quantity" in full:
        unit = product.unit if product else full.get("unit")
        if unit:
            full.setdefault("quantity_unit", unit)
    return full


def _total(tx: Session, kind: str, lines: list[Any], regimen: Mapping[str, Any] | None) -> int | None:
    """What it costs, in minor units; None where one price or amount is not known."""
    codes = {line.get("code") for line in lines}
    if not lines or None in codes:
        return None
    asked = select(MedicinePrice.code, MedicinePrice.amount).where(
        MedicinePrice.code.in_(codes), MedicinePrice.currency == tx.info["settings"].currency
    )
    prices: dict[str, int] = {row.code: row.amount for row in tx.execute(asked)}
    sums = [_price(prices.get(line["code"]), kind, line, regimen) for line in lines]
    if any(one is None for one in sums):
        return None
    return int(sum((one or Decimal(0) for one in sums), Decimal(0)).quantize(Decimal(1), ROUND_HALF_UP))


def _price(
    price: int | None, kind: str, line: Mapping[str, Any], regimen: Mapping[str, Any] | None
) -> Decimal | None:  # fmt: skip
    amount, doses = composing.number(line.get("amount")), (regimen or {}).get("doses")
    if price is None:
        return None
    if kind == "herbal":
        return composing.price_of_piece(price, amount, doses) if amount and doses else None
    ordered = composing.number(line.get("quantity"))
    return Decimal(price) * ordered if ordered else None


def _remark(typed: str) -> str:
    """附子（先煎） -> 先煎"""
    found = composing.REMARK.fullmatch(typed)
    return found[2] if found and found[2] in get_args(Method) else ""


def _said(struct: Any) -> dict[str, Any]:
    """What is filled in; an empty list says something ("none"), an empty text does not."""
    return {key: value for key, value in msgspec.to_builtins(struct).items() if value not in ("", None)}
