"""Reads data/jurisdictions.yaml, once; and what a deployment sets beside it."""

from dataclasses import fields
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, get_args

import yaml

from suwen.prescribing.rules.findings import policy_of
from suwen.prescribing.rules.jurisdiction import Jurisdiction, Schedule
from suwen.prescribing.rules.reference import Controlled

SCHEDULES = tuple[Schedule, ...]
TYPES: dict[Any, Any] = {bool: bool, int: int, str: str, Decimal: str, SCHEDULES: dict}


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


def refuse_policy(text: str) -> None:
    """SystemExit where SUWEN_POLICY cannot be read: when the program starts, not at the first prescription."""
    try:
        policy_of(text)
    except ValueError as error:
        raise SystemExit(f"SUWEN_POLICY: {error}") from None


def _read(code: str, row: dict[str, Any]) -> Jurisdiction:
    wanted: dict[str, Any] = {field.name: field.type for field in fields(Jurisdiction) if field.name != "code"}
    if set(row) != set(wanted):
        raise ValueError(f"{code}: these do not fit: {sorted(set(row) ^ set(wanted))}")
    for name, kind in wanted.items():
        if type(row[name]) is not TYPES[kind]:
            raise ValueError(f"{code}.{name} cannot be {row[name]!r}")
    values: dict[str, Any] = {name: kind(row[name]) for name, kind in wanted.items() if name != "schedules"}
    read = Jurisdiction(code, **values, schedules=_schedules(code, row["schedules"]))
    if not (
        0 <= read.valid_months <= 24
        and 0 < read.usual_days <= read.most_days
        and 0 < read.refill_after <= 1
        and 0 < read.follow_up_months <= 120
    ):
        raise ValueError(f"{code}: out of range")
    return read


def _schedules(code: str, rows: dict[str, Any]) -> SCHEDULES:
    found = []
    for name, row in rows.items():
        if (
            not name
            or name not in get_args(Controlled)
            or not isinstance(row, dict)
            or set(row) != {"refills", "months"}
        ):
            raise ValueError(f"{code}: schedule {name} cannot be {row!r}")
        if any(type(number) is not int or number < 0 for number in row.values()):
            raise ValueError(f"{code}: schedule {name} cannot be {row!r}")
        found.append(Schedule(name, **row))
    return tuple(found)
