"""What a doctor typed -> the one piece or product that is meant, or nothing and a few that come close.

A name is known or it is not: it is compared whole, never in parts, for 白附子 is no kind of 附子. Close names are only
ever offered.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

from suwen.prescribing.rules.findings import Kind
from suwen.prescribing.rules.names import Index, Name, index
from suwen.prescribing.rules.reference import Method, Reference
from suwen.prescribing.rules.spelling import plain

RAW = "生"
RAW_USE = frozenset({"生用", "生", "生品"})
# what may stand in parentheses behind a name and says nothing about which piece it is
REMARKS = frozenset(get_args(Method)) - {""} | frozenset(
    [
        "久煎",
        "先煎久煎",
        "先下",
        "后入",
        "布包",
        "纱布包煎",
        "另炖",
        "另包",
        "另冲",
        "烊冲",
        "兑服",
        "冲",
        "烊",
        "包",
        "研末",
        "研粉",
        "研冲",
        "研末冲服",
        "打",
        "捣碎",
        "打碎先煎",
        "去心",
        "去芯",
        "去皮",
        "去核",
        "去毛",
        "去节",
        "去尖",
        "去油",
        "自备",
        "切片",
    ]
)
NOTE = re.compile(r"(.+?)\(([^()]*)\)")
LATIN = re.compile(r"[a-z]+")
CLOSE = 0.4  # what a name must have in common with what was typed to be offered


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`matched` is the alias that was found, "" where it was the name itself."""

    code: str
    name: str
    matched: str = ""


@dataclass(frozen=True, slots=True)
class Resolution:
    """`code` is "" where the name is not known. `defaulted`: no processing was said, and it was taken for the
    pharmacopoeia's default piece, whose name is `name`. `raw_said`: 生 or 生用 was written."""

    code: str = ""
    name: str = ""
    defaulted: bool = False
    raw_said: bool = False
    suggestions: tuple[Suggestion, ...] = ()


def resolve(reference: Reference, typed: str, kind: Kind = "herbal") -> Resolution:
    """One piece (kind herbal) or product, by name, alias or whole pinyin; traditional characters, full-width letters,
    spaces and a remark in parentheses do no harm."""
    text, raw_said = _without_remark(plain(typed, reference.characters))
    names = index(reference, kind)
    if raw_said and kind == "herbal":
        found = _exactly(reference, names, RAW + text, kind)
        if found is None or not reference.pieces[found.code].raw:
            found = _exactly(reference, names, text, kind)
    else:
        found = _exactly(reference, names, text, kind)
    if found is None:
        return Resolution(raw_said=raw_said, suggestions=tuple(_close(names, text)))
    return Resolution(found.code, found.name, found.defaulted, raw_said or found.raw_said)


def suggest(reference: Reference, typed: str, kind: Kind, limit: int = 8) -> list[Suggestion]:
    """For type-ahead: names and aliases that begin like this, in characters, pinyin ("fuzi", "fuz"), initials ("fz")
    or English. The likely ones first; what may not be prescribed online last."""
    text = plain(typed, reference.characters)
    if not text:
        return []
    latin = _latin(text)
    best: dict[str, tuple[tuple[float, ...], Name]] = {}
    beginnings = index(reference, kind).beginnings
    english = beginnings.get(latin[:3], ()) if len(latin) > 2 else ()
    for name in (*beginnings.get((latin or text)[0], ()), *english):
        rank = _rank_latin(name, latin) if latin else _rank(name, text)
        if rank is None:
            continue
        key = (rank, name.weight, len(name.key))
        if name.code not in best or key < best[name.code][0]:
            best[name.code] = (key, name)
    ordered = sorted(best.values(), key=lambda found: (*found[0], found[1].pinyin, found[1].code))
    return [Suggestion(name.code, name.title, name.alias) for _, name in ordered[:limit]]


def _without_remark(text: str) -> tuple[str, bool]:
    """The name without remarks in parentheses behind it; whether one of them said 生用. A remark that is not known
    stays, and makes the name unknown."""
    raw_said = False
    while note := NOTE.fullmatch(text):
        name, remark = note.groups()
        if remark in RAW_USE:
            raw_said = True
        elif not all(part in REMARKS for part in re.split("[、,，;]", remark)):
            break
        text = name
    return text, raw_said


def _exactly(reference: Reference, names: Index, text: str, kind: Kind) -> Resolution | None:
    codes = [code for code in reference.names.get(text, ()) if code in names.titles]
    if not codes and kind == "herbal" and text in reference.defaults:
        codes = [reference.defaults[text]]
    if not codes:
        codes = list(names.by_pinyin.get(_latin(text), ()))
    if len(codes) != 1:
        return None
    (code,) = codes
    piece = reference.pieces.get(code)
    title = names.titles[code]
    if piece is None:
        return Resolution(code, title)
    plainly = plain(title, reference.characters)
    unsaid = reference.defaults.get(text) == code or (LATIN.match(text) and reference.defaults.get(plainly) == code)
    raw_said = text.startswith(RAW) and (piece.raw or not plainly.startswith(RAW))
    return Resolution(code, title, bool(unsaid), raw_said)


def _latin(text: str) -> str:
    """Letters of pinyin without tones, ü as v, or "" where the text is something else."""
    if not text or not text[0].isalpha() or ord(text[0]) > 0x24F:
        return ""
    split = unicodedata.normalize("NFD", text).replace("u\u0308", "v").replace("'", "").replace("-", "")
    letters = "".join(one for one in split if not unicodedata.combining(one))
    return letters if LATIN.fullmatch(letters) else ""


def _rank(name: Name, text: str) -> float | None:
    if name.key == text:
        return 0
    return 1 if name.key.startswith(text) else None


def _rank_latin(name: Name, text: str) -> float | None:
    if text in (name.initials, name.pinyin, name.key):
        return 0
    if name.key.startswith(text) or name.initials.startswith(text):
        return 1
    if name.pinyin.startswith(text):
        return 1 if len(text) > 1 else 2
    if name.syllables and name.initials[0] == text[0] and _spells(text, name.syllables):
        return 2
    if len(text) > 2 and any(word.startswith(text) for word in name.english):
        return 3
    return None


def _spells(text: str, syllables: tuple[str, ...]) -> bool:
    """Whether text is made of beginnings of these syllables, one after the other: "fabx" of fa ban xia."""
    if not text:
        return True
    if not syllables:
        return False
    first, rest = syllables[0], syllables[1:]
    for length in range(min(len(first), len(text)), 0, -1):
        if text[:length] == first[:length] and _spells(text[length:], rest):
            return True
    return False


def _close(names: Index, text: str, limit: int = 5) -> Iterator[Suggestion]:
    latin = _latin(text)
    scores: dict[str, tuple[float, Name]] = {}
    for name in names.names:
        score = _alike(latin, name.pinyin) if latin and name.pinyin[:1] == latin[0] else _shared(text, name.key)
        if score >= CLOSE and score > scores.get(name.code, (0.0, name))[0]:
            scores[name.code] = (score, name)
    ordered = sorted(scores.values(), key=lambda found: (-found[0], found[1].weight, found[1].pinyin, found[1].code))
    for _, name in ordered[:limit]:
        yield Suggestion(name.code, name.title, name.alias)


def _shared(one: str, other: str) -> float:
    """How many characters two names have in common, in which order ever, from 0 to 1; the same beginning and the same
    ending count more."""
    left = list(other)
    shared = 0
    for character in one:
        if character in left:
            left.remove(character)
            shared += 1
    ends = (one[:1] == other[:1]) + (one[-1:] == other[-1:])
    return (2 * shared + 0.5 * ends) / (len(one) + len(other) + 1)


def _alike(one: str, other: str) -> float:
    """One less the share of letters that must be changed to get from one to the other."""
    longer = max(len(one), len(other))
    if abs(len(one) - len(other)) > longer * (1 - CLOSE):
        return 0
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return 1 - row[-1] / longer
