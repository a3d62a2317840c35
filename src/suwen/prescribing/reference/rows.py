"""One row of a reference file: every doubt is a refusal that names file, row and reason."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from suwen.prescribing.rules.findings import Severity
from suwen.prescribing.rules.reference import Provenance

EVIDENCE = frozenset("LOESMQ")
CODE = re.compile(r"[a-z][a-z0-9_]*")


class BadReference(Exception):
    """Reference data that must not be used."""

    def __init__(self, file: str, row: str, reason: str) -> None:
        self.file, self.row, self.reason = file, row, reason
        super().__init__(f"{file}, {row}: {reason}" if row else f"{file}: {reason}")


@dataclass(frozen=True, slots=True)
class Row:
    """One entry. `key` names it within its file for good; `place` says where a person finds it today: a line of a CSV
    file, the number of an entry of a YAML file. `confirmed_by` is whoever confirmed it in the reviews of this
    installation."""

    file: str
    key: str
    place: str
    values: Mapping[str, Any]
    confirmed_by: str = ""

    def refuse(self, reason: str) -> NoReturn:
        raise BadReference(self.file, self.place, reason)

    def text(self, key: str, *, required: bool = False) -> str:
        value = self.values.get(key, "")
        if not isinstance(value, str):
            if isinstance(value, bool | list | dict):
                self.refuse(f"{key} must be a text")
            value = "" if value is None else str(value)
        value = value.strip()
        if required and not value:
            self.refuse(f"{key} is missing")
        return value

    def code(self, key: str = "code") -> str:
        value = self.text(key, required=True)
        if not CODE.fullmatch(value):
            self.refuse(f"{key} {value!r} must be small letters, digits and _")
        return value

    def flag(self, key: str) -> bool:
        value = self.values.get(key)
        if isinstance(value, bool):
            return value
        text = self.text(key)
        if text not in ("", "yes"):
            self.refuse(f"{key} must be yes or empty, not {text!r}")
        return text == "yes"

    def number(self, key: str) -> Decimal | None:
        """A positive decimal; None where the cell is empty."""
        value = self.text(key)
        if not value:
            return None
        return self.positive(key, value)

    def positive(self, key: str, value: object) -> Decimal:
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            self.refuse(f"{key} {value!r} is not a number")
        if not number.is_finite() or number <= 0:
            self.refuse(f"{key} {value!r} must be above nothing")
        return number

    def words(self, key: str) -> tuple[str, ...]:
        """Several texts: separated by | in a CSV file, a list in a YAML file."""
        value = self.values.get(key)
        if isinstance(value, list):
            if not all(isinstance(word, str) for word in value):
                self.refuse(f"{key} must be a list of texts")
            words = [word.strip() for word in value]
        else:
            text = self.text(key)
            if not text:
                return ()
            words = [word.strip() for word in text.split("|")]
        if not all(words):
            self.refuse(f"{key} has an empty entry")
        if len(set(words)) != len(words):
            self.refuse(f"{key} says something twice")
        return tuple(words)

    def one_of(self, key: str, allowed: tuple[str, ...]) -> Any:
        value = self.text(key)
        if value not in allowed:
            self.refuse(f"{key} {value!r} is none of {', '.join(one or 'empty' for one in allowed)}")
        return value

    def severity(self, key: str = "severity") -> str:
        return str(self.one_of(key, tuple(Severity.__members__)))

    def provenance(self) -> Provenance:
        """Columns of the row itself, or a mapping under `provenance`."""
        given = self.values.get("provenance", self.values)
        if not isinstance(given, Mapping):
            self.refuse("provenance must be a mapping")
        row = self if given is self.values else replace(self, values=given)
        source, evidence = row.text("source", required=True), row.text("evidence", required=True)
        if evidence not in EVIDENCE:
            self.refuse(f"evidence {evidence!r} is none of {', '.join(sorted(EVIDENCE))}")
        return Provenance(
            source=source,
            edition=row.text("edition"),
            evidence=evidence,
            reviewed_by=row.text("reviewed_by") or self.confirmed_by,
            version=row.text("version", required=True),
        )

    def reviewed(self) -> bool:
        given = self.values.get("provenance", self.values)
        return bool(self.confirmed_by or str(given.get("reviewed_by") or "").strip())

    def digest(self) -> str:
        """A short hash of what the row says, without who reviewed it: a review holds for these words only."""
        values = {**self.values, "reviewed_by": ""}
        if isinstance(values.get("provenance"), Mapping):
            values["provenance"] = {**values["provenance"], "reviewed_by": ""}
        said = json.dumps(values, ensure_ascii=False, sort_keys=True, default=str)
        return hashlib.sha256(said.encode()).hexdigest()[:16]
