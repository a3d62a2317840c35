"""Rows of reference files as they are read: every doubt is a refusal that names file, row and reason."""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NoReturn

import yaml

from suwen.prescribing.rules.findings import Severity
from suwen.prescribing.rules.reference import Provenance

PROVENANCE = ("source", "edition", "evidence", "reviewed_by", "version")
EVIDENCE = frozenset("LOESMQ")
CODE = re.compile(r"[a-z][a-z0-9_]*")
# the parser written in C is ten times quicker; where it was not built the other one reads the same
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class BadReference(Exception):
    """Reference data that must not be used."""

    def __init__(self, file: str, row: str, reason: str) -> None:
        self.file, self.row, self.reason = file, row, reason
        super().__init__(f"{file}, {row}: {reason}" if row else f"{file}: {reason}")


@dataclass(frozen=True, slots=True)
class Row:
    """One entry. `place` says where a person finds it: a line of a CSV file, the id of an entry of a YAML file."""

    file: str
    place: str
    values: Mapping[str, Any]

    def refuse(self, reason: str) -> NoReturn:
        raise BadReference(self.file, self.place, reason)

    def text(self, key: str, *, required: bool = False) -> str:
        value = self.values.get(key)
        if value is None:
            value = ""
        if not isinstance(value, str):
            if isinstance(value, bool | list | dict):
                self.refuse(f"{key} must be a text")
            value = str(value)
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
        match self.text(key):
            case "":
                return False
            case "yes":
                return True
            case other:
                self.refuse(f"{key} must be yes or empty, not {other!r}")

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
            words = [word.strip() for word in self.text(key).split("|")] if self.text(key) else []
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
        row = Row(self.file, self.place, given)
        source, evidence = row.text("source", required=True), row.text("evidence", required=True)
        if evidence not in EVIDENCE:
            self.refuse(f"evidence {evidence!r} is none of {', '.join(sorted(EVIDENCE))}")
        return Provenance(
            source=source,
            edition=row.text("edition"),
            evidence=evidence,
            reviewed_by=row.text("reviewed_by"),
            version=row.text("version", required=True),
        )


def table(path: Path, columns: tuple[str, ...], key: str) -> Iterator[Row]:
    """The rows of a CSV file that has exactly these columns."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            heading = next(reader, [])
            if tuple(heading) != columns:
                raise BadReference(path.name, "line 1", _about_columns(heading, columns))
            at = columns.index(key)
            for cells in reader:
                if len(cells) != len(columns):
                    raise BadReference(
                        path.name, f"line {reader.line_num}", f"{len(cells)} cells under {len(columns)} columns"
                    )
                place = f"line {reader.line_num} ({cells[at]})"
                yield Row(path.name, place, dict(zip(columns, cells, strict=True)))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadReference(path.name, "", f"cannot be read: {error}") from None


def _about_columns(heading: list[str], columns: tuple[str, ...]) -> str:
    missing, unknown = [c for c in columns if c not in heading], [h for h in heading if h not in columns]
    if missing:
        return f"columns are missing: {', '.join(missing)}"
    if unknown:
        return f"columns are unknown: {', '.join(unknown)}"
    return f"columns must be in this order: {', '.join(columns)}"


def document(path: Path, sections: Mapping[str, frozenset[str]]) -> dict[str, list[Row]]:
    """The sections of a YAML file: each a list of mappings that have no keys but these."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506, both loaders are safe ones
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadReference(path.name, "", f"cannot be read: {error}") from None
    if not isinstance(content, dict):
        raise BadReference(path.name, "", f"must have the sections {', '.join(sections)}")
    for unknown in content.keys() - sections.keys():
        raise BadReference(path.name, str(unknown), "no such section")
    return {
        section: list(_entries(path.name, section, content.get(section), keys)) for section, keys in sections.items()
    }


def _entries(file: str, section: str, entries: object, keys: frozenset[str]) -> Iterator[Row]:
    entries = [] if entries is None else entries
    if not isinstance(entries, list):
        raise BadReference(file, section, "must be a list")
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, dict):
            raise BadReference(file, f"{section} {number}", "must be a mapping")
        row = Row(file, f"{section} {number} ({entry.get('id') or entry.get('code') or entry.get('name')})", entry)
        for unknown in entry.keys() - keys - {"provenance", *PROVENANCE}:
            row.refuse(f"no such key: {unknown}")
        yield row
