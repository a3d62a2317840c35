"""Pieces with their doses and cautions, and the groups that do not go together."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

from suwen.prescribing.reference.reader import Reader
from suwen.prescribing.reference.rows import BadReference, Row
from suwen.prescribing.rules.reference import (
    CONDITIONS,
    Basis,
    Caution,
    Dose,
    Incompatibility,
    Method,
    Piece,
    Pregnancy,
    Toxicity,
)
from suwen.prescribing.rules.spelling import plain

PROVENANCE = ("source", "edition", "evidence", "reviewed_by", "version")
PIECES = (
    "code", "name", "pinyin", "traditional", "english", "aliases", "common", "family", "processed_of", "raw",
    "default_for", "toxicity", "toxic_order", "narcotic", "banned", "pregnancy", "method", "method_note",
    "no_decoction", "external_only", "dispensing", *PROVENANCE,
)  # fmt: skip
DOSES = ("piece", "basis", "low", "high", "note", *PROVENANCE)
CAUTIONS = ("piece", "condition", "severity", "zh", "en", *PROVENANCE)
ALIASES = ("piece", "alias", *PROVENANCE)
CHARACTERS = ("traditional", "simplified")
SOUNDS = ("character", "pinyin")
INCOMPATIBILITIES = {"incompatibilities": frozenset({"id", "severity", "zh", "en", "left", "right"})}
RULE = re.compile(r"(F18-[1-9]|W19-[1-9]|X-[0-9]+)[a-z]?")
SYLLABLE = re.compile(r"[a-z]+")
PINYIN = re.compile(rf"{SYLLABLE.pattern}( {SYLLABLE.pattern})*")
IN_WATER = ("先煎", "后下", "包煎", "另煎", "烊化", "煎汤代水")  # methods that make no sense for what is not decocted


@dataclass(slots=True)
class Herbs:
    """What was read, before it is frozen into a Reference."""

    pieces: dict[str, Piece] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)  # where each piece stands
    defaults: dict[str, tuple[str, Row]] = field(default_factory=dict)  # name without processing -> code
    characters: dict[str, str] = field(default_factory=dict)
    sounds: dict[str, str] = field(default_factory=dict)


def read_herbs(reader: Reader) -> Herbs:
    """Pieces with their doses, cautions and further aliases; which piece a plain name means."""
    herbs = Herbs(characters=_characters(reader), sounds=_sounds(reader))
    doses, cautions, aliases = _doses(reader), _cautions(reader), _aliases(reader)
    for code, row in reader.table("pieces.csv", PIECES, "code").items():
        piece = _piece(row, doses.pop(code, []), cautions.pop(code, []), aliases.pop(code, []))
        _contradictions(row, piece, herbs.characters)
        herbs.pieces[code], herbs.rows[code] = piece, row
        for name in row.words("default_for"):
            _default(herbs, name, code, row)
    for file, left in (("doses.csv", doses), ("cautions.csv", cautions), ("aliases.csv", aliases)):
        for code in left:
            raise BadReference(file, code, "there is no piece of this code")
    _finish(herbs)
    return herbs


def _characters(reader: Reader) -> dict[str, str]:
    found: dict[str, str] = {}
    rows = reader.table("characters.csv", CHARACTERS, "traditional", counted=False)
    for row in rows.values():
        old, new = row.text("traditional", required=True), row.text("simplified", required=True)
        if len(old) != 1 or len(new) != 1 or old == new:
            row.refuse("must be two different characters")
        if new in rows:
            row.refuse(f"becomes {new}, which is itself to be changed")
        found[old] = new
    return found


def _sounds(reader: Reader) -> dict[str, str]:
    found: dict[str, str] = {}
    for row in reader.table("sounds.csv", SOUNDS, "character", counted=False).values():
        character, syllable = row.text("character", required=True), row.text("pinyin", required=True)
        if len(character) != 1 or not SYLLABLE.fullmatch(syllable):
            row.refuse("must be one character and one syllable without tone")
        found[character] = syllable
    return found


def _finish(herbs: Herbs) -> None:
    """What can only be said of all pieces together: processed forms, and which piece a plain name means."""
    families: defaultdict[str, list[Piece]] = defaultdict(list)
    for code, piece in herbs.pieces.items():
        row = herbs.rows[code]
        if piece.processed_of:
            origin = herbs.pieces.get(piece.processed_of)
            if origin is None:
                row.refuse(f"processed_of: there is no piece {piece.processed_of}")
            if origin.family != piece.family:
                row.refuse(f"is made from {origin.name}, which belongs to another family")
            _no_circle(herbs.pieces, piece, row)
        families[piece.family].append(piece)
    for family, members in families.items():
        base = next((one for one in members if one.name == family), None)
        if base and len(members) > 1:
            _default(herbs, family, base.code, herbs.rows[base.code])


def _piece(row: Row, doses: list[Dose], cautions: list[Caution], aliases: list[str]) -> Piece:
    return Piece(
        code=row.code(),
        name=row.text("name", required=True),
        pinyin=row.text("pinyin", required=True),
        family=row.text("family", required=True),
        provenance=row.provenance(),
        traditional=row.text("traditional"),
        english=row.text("english"),
        aliases=tuple(dict.fromkeys((*row.words("aliases"), *aliases))),
        common=row.flag("common"),
        processed_of=row.text("processed_of"),
        raw=row.flag("raw"),
        toxicity=row.one_of("toxicity", get_args(Toxicity)),
        toxic_order=row.flag("toxic_order"),
        narcotic=row.flag("narcotic"),
        banned=row.text("banned"),
        pregnancy=row.one_of("pregnancy", get_args(Pregnancy)),
        doses=tuple(doses),
        method=row.one_of("method", get_args(Method)),
        method_note=row.text("method_note"),
        no_decoction=row.flag("no_decoction"),
        external_only=row.flag("external_only"),
        cautions=tuple(cautions),
        dispensing=row.text("dispensing"),
    )


def _contradictions(row: Row, piece: Piece, characters: Mapping[str, str]) -> None:
    bases = {dose.basis for dose in piece.doses}
    if not PINYIN.fullmatch(piece.pinyin) or len(piece.pinyin.split()) != len(piece.name):
        row.refuse(f"pinyin must have one syllable for each character of {piece.name}, without tones")
    if piece.traditional and plain(piece.traditional, characters) != plain(piece.name, characters):
        row.refuse(f"{piece.traditional} is not {piece.name} in traditional characters, by characters.csv")
    if piece.processed_of == piece.code:
        row.refuse("is said to be made from itself")
    if piece.toxic_order and not piece.toxicity:
        row.refuse("is on the order on toxic medicines and has no toxicity")
    if piece.banned and bases:
        row.refuse("is banned and has a dose")
    if piece.external_only and bases - {"external"}:
        row.refuse("is for external use only and has a dose to be taken")
    if piece.no_decoction and "per_day_decoction" in bases:
        row.refuse("may not be decocted and has a dose in decoction")
    if piece.method in IN_WATER and (piece.no_decoction or piece.external_only):
        row.refuse(f"must be {piece.method} and may not be decocted")


def _no_circle(pieces: Mapping[str, Piece], piece: Piece, row: Row) -> None:
    seen = {piece.code}
    while piece.processed_of:
        piece = pieces[piece.processed_of] if piece.processed_of in pieces else row.refuse("is made from nothing known")
        if piece.code in seen:
            row.refuse("is, over others, made from itself")
        seen.add(piece.code)


def _default(herbs: Herbs, name: str, code: str, row: Row) -> None:
    key = plain(name, herbs.characters)
    known, _ = herbs.defaults.get(key, (code, row))
    if known != code:
        row.refuse(f"{name} already means {herbs.pieces[known].name}")
    herbs.defaults[key] = (code, row)


def _doses(reader: Reader) -> dict[str, list[Dose]]:
    found: defaultdict[str, list[Dose]] = defaultdict(list)
    for row in reader.table("doses.csv", DOSES, "piece", "basis").values():
        code, basis = row.code("piece"), row.one_of("basis", get_args(Basis))
        low, high = row.number("low"), row.number("high")
        if (low is None) != (high is None):
            row.refuse("low and high go together")
        if low is not None and high is not None and low > high:
            row.refuse(f"low {low} is above high {high}")
        if low is None and basis != "external":
            row.refuse("only an external dose may be without numbers")
        found[code].append(Dose(basis, low, high, row.provenance(), row.text("note")))
    return found


def _cautions(reader: Reader) -> dict[str, list[Caution]]:
    found: defaultdict[str, list[Caution]] = defaultdict(list)
    for row in reader.table("cautions.csv", CAUTIONS, "piece", "condition").values():
        found[row.code("piece")].append(caution_of(row))
    return found


def _aliases(reader: Reader) -> dict[str, list[str]]:
    """What this installation calls its pieces, besides the aliases of pieces.csv."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for row in reader.own_table("aliases.csv", ALIASES, "piece", "alias").values():
        row.provenance()
        found[row.code("piece")].append(row.text("alias", required=True))
    return found


def caution_of(row: Row) -> Caution:
    return Caution(
        condition=row.one_of("condition", CONDITIONS),
        severity=row.severity(),
        zh=row.text("zh", required=True),
        en=row.text("en", required=True),
        provenance=row.provenance(),
    )


def read_incompatibilities(reader: Reader, pieces: Mapping[str, Piece]) -> tuple[Incompatibility, ...]:
    found: list[Incompatibility] = []
    (rows,) = reader.document("incompatible.yaml", INCOMPATIBILITIES, added_only=True)
    for row in rows:
        rule = row.text("id", required=True)
        if not RULE.fullmatch(rule):
            row.refuse(f"id {rule!r} must be like F18-1, W19-7a or X-1")
        left, right = _side(row, "left", pieces), _side(row, "right", pieces)
        if both := left & right:
            row.refuse(f"on both sides: {', '.join(sorted(both))}")
        one = Incompatibility(
            id=rule,
            left=left,
            right=right,
            severity=row.severity(),
            zh=row.text("zh", required=True),
            en=row.text("en", required=True),
            provenance=row.provenance(),
        )
        found.append(one)
    return tuple(found)


def _side(row: Row, key: str, pieces: Mapping[str, Piece]) -> frozenset[str]:
    codes = row.words(key)
    if not codes:
        row.refuse(f"nothing on the {key}")
    for code in codes:
        if code not in pieces:
            row.refuse(f"{key}: there is no piece {code}")
    return frozenset(codes)
