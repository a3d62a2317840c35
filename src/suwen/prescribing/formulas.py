"""Classic formulas (方剂) as data: `formulas()`. They make drafts that a doctor looks through line by line.

Errors of the file are found when it is read: an unknown role, an amount that is no number, a code twice.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from suwen.core.i18n import N_
from suwen.prescribing.rules.reference import Provenance

FILE = Path(__file__).parent / "data/formulas.yaml"
ROLES = ("君", "臣", "佐", "使")
GROUPS = {
    "exterior": N_("Releasing the exterior"),
    "heat": N_("Clearing heat"),
    "harmony": N_("Harmonizing"),
    "warmth": N_("Warming the interior"),
    "tonic": N_("Tonifying"),
    "spirit": N_("Calming the spirit, extinguishing wind"),
    "blood": N_("Moving the blood"),
    "damp": N_("Expelling dampness"),
    "phlegm": N_("Dispelling phlegm and stagnant food"),
}
ABOUT = ("edition", "evidence", "reviewed_by", "version")
PIECE = re.compile(r"(\S+) (\S+) ([0-9.]+)(?: (\S+))?")


class BadFormulas(ValueError):
    """The file of formulas says something that cannot be."""


@dataclass(frozen=True, slots=True)
class FormulaPiece:
    """A line of a formula; `amount` is grams in one 剂."""

    role: str
    name: str
    amount: Decimal
    method: str = ""


@dataclass(frozen=True, slots=True)
class Formula:
    """`regimen` has the shape of a prescription's; `zh` and `en` say what it is for; `source` is the classic it is
    from."""

    code: str
    name: str
    pinyin: str
    english: str
    group: str
    source: str
    zh: str
    en: str
    pieces: tuple[FormulaPiece, ...]
    regimen: Mapping[str, Any]
    provenance: Provenance
    note: str = ""
    conflict_zh: str = ""
    conflict_en: str = ""

    @property
    def initials(self) -> str:
        return "".join(word[0] for word in self.pinyin.split())

    def answers_to(self, text: str) -> bool:
        """By part of the name, pinyin with or without spaces, or initials; English by its words."""
        wanted = text.strip().casefold()
        joined = self.pinyin.replace(" ", "")
        return (
            not wanted or wanted in self.name or joined.startswith(wanted.replace(" ", ""))
            or self.initials.startswith(wanted) or wanted in self.english.casefold()
        )  # fmt: skip


@lru_cache(maxsize=1)
def formulas() -> Mapping[str, Formula]:
    """All of them by code, in the order of the file."""
    return load(FILE.read_text(encoding="utf-8"))


def load(text: str) -> Mapping[str, Formula]:
    """Read and prove; BadFormulas names what is wrong."""
    data = yaml.safe_load(text)
    found: dict[str, Formula] = {}
    for entry in data["formulas"]:
        one = _formula(entry, data)
        if one.code in found:
            raise BadFormulas(f"{one.code} is there twice")
        found[one.code] = one
    return MappingProxyType(found)


def _formula(entry: Mapping[str, Any], data: Mapping[str, Any]) -> Formula:
    code = str(entry.get("code", "?"))
    missing = [name for name in ("name", "pinyin", "english", "group", "source", "zh", "en", "pieces")
               if not entry.get(name)]  # fmt: skip
    if missing:
        raise BadFormulas(f"{code} lacks {', '.join(missing)}")
    if entry["group"] not in GROUPS:
        raise BadFormulas(f"{code}: no group {entry['group']}")
    pieces = tuple(_piece(code, line) for line in entry["pieces"])
    if len({piece.name for piece in pieces}) < len(pieces):
        raise BadFormulas(f"{code} names a piece twice")
    plain = {name: entry[name] for name in ("name", "pinyin", "english", "group", "source", "zh", "en")}
    conflict = entry.get("conflict") or {}
    about = {name: str(entry.get(name, data.get(name, ""))) for name in ABOUT}
    return Formula(
        code=code, **plain, pieces=pieces,
        regimen=MappingProxyType(data["defaults"] | (entry.get("regimen") or {})),
        provenance=Provenance(source=entry["source"], **about), note=entry.get("note", ""),
        conflict_zh=conflict.get("zh", ""), conflict_en=conflict.get("en", ""),
    )  # fmt: skip


def _piece(code: str, line: str) -> FormulaPiece:
    found = PIECE.fullmatch(line)
    if found is None or found[1] not in ROLES:
        raise BadFormulas(f"{code}: '{line}' is not role, name, grams, method")
    try:
        amount = Decimal(found[3])
    except InvalidOperation:
        raise BadFormulas(f"{code}: '{line}' has no amount") from None
    return FormulaPiece(found[1], found[2], amount, found[4] or "")
