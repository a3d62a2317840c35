"""Reads data/jurisdictions.yaml, once."""

from dataclasses import fields
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from suwen.prescribing.rules.jurisdiction import Jurisdiction

TYPES: dict[Any, Any] = {bool: bool, int: int, str: str, Decimal: str}


@cache
def jurisdictions() -> dict[str, Jurisdiction]:
    """By code. ValueError where a row lacks something, or has it in another form."""
    text = files("suwen.prescribing").joinpath("data/jurisdictions.yaml").read_text(encoding="utf-8")
    return {code: _read(code, row) for code, row in yaml.safe_load(text).items()}


def jurisdiction(code: str) -> Jurisdiction:
    """SystemExit with the names there are: this is a setting, read when the program starts."""
    known = jurisdictions()
    if code not in known:
        raise SystemExit(f"SUWEN_JURISDICTION cannot be {code!r}; there are {', '.join(known)}")
    return known[code]


def _read(code: str, row: dict[str, Any]) -> Jurisdiction:
    wanted: dict[str, Any] = {field.name: field.type for field in fields(Jurisdiction) if field.name != "code"}
    if set(row) != set(wanted):
        raise ValueError(f"{code}: these do not fit: {sorted(set(row) ^ set(wanted))}")
    for name, kind in wanted.items():
        if type(row[name]) is not TYPES[kind]:
            raise ValueError(f"{code}.{name} cannot be {row[name]!r}")
    values: dict[str, Any] = {name: kind(row[name]) for name, kind in wanted.items()}
    read = Jurisdiction(code, **values)
    if not (
        0 <= read.valid_months <= 24
        and 0 < read.usual_days <= read.most_days
        and 0 < read.refill_after <= 1
        and 0 < read.follow_up_months <= 120
    ):
        raise ValueError(f"{code}: out of range")
    return read
