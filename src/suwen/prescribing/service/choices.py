"""What the fields of the editor offer, in the reader's words."""

from dataclasses import dataclass
from functools import lru_cache
from typing import get_args

from suwen.prescribing.reference import reference
from suwen.prescribing.rules import frequencies, wording
from suwen.prescribing.rules.composing import ORDINARY
from suwen.prescribing.rules.people import CONDITIONS
from suwen.prescribing.schemas.content import Role

OFTEN = ("qd", "bid", "tid", "qid", "qod", "qn", "hs", "qam", "q4h", "q6h", "q8h", "q12h", "qw", "stat", "prn")
ROLES = tuple((role, role) for role in get_args(Role))
Choices = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Words:
    """Each a list of (code, words). `reviewed`: whether a pharmacist has confirmed all of the reference data."""

    methods: Choices
    roles: Choices
    forms: Choices
    timings: Choices
    temperatures: Choices
    routes: Choices
    frequencies: Choices
    conditions: Choices
    reviewed: bool


@lru_cache(maxsize=4)
def words(locale: str) -> Words:
    at = 0 if wording.chinese(locale) else 1
    return Words(
        methods=((ORDINARY, (ORDINARY, "together")[at]), *_of(wording.METHODS, at, both=True)),
        roles=ROLES, forms=_of(wording.FORMS, at), timings=_of(wording.TIMINGS, at),
        temperatures=_of(wording.TEMPERATURES, at), routes=_of(wording.ROUTES, at),
        frequencies=tuple((code, _often(code, locale)) for code in OFTEN), conditions=_of(CONDITIONS, at),
        reviewed=reference().reviewed,
    )  # fmt: skip


def _of(table: wording.Words, at: int, both: bool = False) -> Choices:
    """`both`: the code is the Chinese word, which a reader of English sees as well."""
    return tuple((code, f"{code} {said[1]}" if both and at else said[at]) for code, said in table.items())


def _often(code: str, locale: str) -> str:
    found = frequencies.parse(code)
    return f"{frequencies.words(found, locale)} {code}" if found else code
