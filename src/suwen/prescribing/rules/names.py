"""Every way to write a piece or a product, prepared once for each reference and kind for the resolver."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from suwen.prescribing.rules.findings import Kind
from suwen.prescribing.rules.reference import Piece, Product, Reference
from suwen.prescribing.rules.spelling import plain


@dataclass(frozen=True, slots=True)
class Name:
    """One spelling of one piece or product. `weight` puts the likely ones before the others."""

    code: str
    title: str
    alias: str
    key: str
    syllables: tuple[str, ...]
    pinyin: str
    initials: str
    english: tuple[str, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class Index:
    """`beginnings`: names by the first letter of their pinyin, the first character they are written with, and the
    first three letters of each English word; nothing else can begin like what was typed."""

    names: tuple[Name, ...]
    beginnings: Mapping[str, tuple[Name, ...]]
    titles: Mapping[str, str]  # code -> name
    by_pinyin: Mapping[str, tuple[str, ...]]  # of names only: an alias in pinyin says too little


@lru_cache(maxsize=16)
def index(reference: Reference, kind: Kind) -> Index:
    sounds = _sounds(reference)
    names: list[Name] = []
    by_pinyin: defaultdict[str, list[str]] = defaultdict(list)
    titles: dict[str, str] = {}
    for one in _all(reference, kind):
        written = list(_spellings(reference, one, sounds))
        names += written
        title = one.name if isinstance(one, Piece) else one.zh or one.name
        titles[one.code] = title
        pinyin = one.pinyin.replace(" ", "")
        if pinyin:
            by_pinyin[pinyin].append(one.code)
    beginnings: defaultdict[str, list[Name]] = defaultdict(list)
    for name in names:
        for beginning in {name.pinyin[:1], name.key[:1], *(word[:3] for word in name.english)} - {""}:
            beginnings[beginning].append(name)
    found = {beginning: tuple(some) for beginning, some in beginnings.items()}
    return Index(tuple(names), found, titles, {pinyin: tuple(codes) for pinyin, codes in by_pinyin.items()})


def _all(reference: Reference, kind: Kind) -> Iterator[Piece | Product]:
    if kind == "herbal":
        yield from reference.pieces.values()
    else:
        yield from (one for one in reference.products.values() if one.kind == kind)


def _sounds(reference: Reference) -> dict[str, str]:
    """How characters are read, as the names themselves say: good enough to find an alias by its pinyin."""
    sounds = dict(reference.sounds)
    read = [(one.name, one.pinyin) for one in reference.pieces.values()]
    read += [(one.zh or one.name, one.pinyin) for one in reference.products.values()]
    for name, pinyin in read:
        syllables = pinyin.split()
        if len(name) == len(syllables):
            for character, syllable in zip(name, syllables, strict=True):
                sounds.setdefault(character, syllable)
    return sounds


def _spellings(reference: Reference, one: Piece | Product, sounds: Mapping[str, str]) -> Iterator[Name]:
    title = one.name if isinstance(one, Piece) else one.zh or one.name
    english = one.english if isinstance(one, Piece) else one.name
    words = tuple(word for word in english.casefold().replace("-", " ").split() if word.isascii())
    weight = _weight(one)
    for place, text in enumerate(dict.fromkeys((title, *one.aliases))):
        key = plain(text, reference.characters)
        if place == 0 and one.pinyin:
            syllables = tuple(one.pinyin.split())
        elif all(character in sounds for character in key):
            syllables = tuple(sounds[character] for character in key)
        else:
            syllables = ()
        yield Name(
            code=one.code,
            title=title,
            alias=text if place else "",
            key=key,
            syllables=syllables,
            pinyin="".join(syllables),
            initials="".join(syllable[0] for syllable in syllables),
            english=() if place else words,
            weight=weight + (0.5 if place else 0),
        )


def _weight(one: Piece | Product) -> float:
    if isinstance(one, Product):
        return 0
    if one.banned or one.narcotic or one.toxic_order or one.raw or one.external_only:
        return 3
    if one.common:
        return 0
    return 1 if one.doses and not one.processed_of else 2
