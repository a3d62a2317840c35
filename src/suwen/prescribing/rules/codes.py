"""Numbers of prescriptions: RX, the day, who issues it, six digits and one that proves the others.

`RX 300101 001 482913 7` (without the spaces) is 18 characters. The six digits are drawn, not counted: a number tells
nobody how much a clinic prescribes, nor what the next one will be. Whoever stores a number draws again when it is
taken.
"""

import re
import secrets
import unicodedata
from datetime import date

ORGANISATION = "001"
SEQUENCES = 1_000_000
SHAPE = re.compile(r"RX[0-9]{16}")
OLDER = re.compile(r"RX20[0-9]{12}")  # what the first releases issued: no organisation, no check digit


def number(day: date, organisation: str, sequence: int) -> str:
    """ValueError for an organisation that is not three digits, or a sequence that does not fit in six."""
    if not re.fullmatch(r"[0-9]{3}", organisation) or not 0 <= sequence < SEQUENCES:
        raise ValueError(f"{organisation} {sequence}")
    digits = f"{day:%y%m%d}{organisation}{sequence:06d}"
    return f"RX{digits}{check_digit(digits)}"


def fresh(day: date, organisation: str = ORGANISATION) -> str:
    """A number that probably nobody has."""
    return number(day, organisation, secrets.randbelow(SEQUENCES))


def read(text: str) -> str | None:
    """The number that somebody typed or a reader scanned, None where it cannot be one: the check digit finds a wrong
    digit and two that changed places."""
    plain = re.sub(r"[\s.-]", "", unicodedata.normalize("NFKC", text)).upper()
    plain = plain if plain.startswith("RX") else f"RX{plain}"
    if SHAPE.fullmatch(plain) and check_digit(plain[2:-1]) == plain[-1]:
        return plain
    return plain if OLDER.fullmatch(plain) else None


def check_digit(digits: str) -> str:
    """Luhn's."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 if place % 2 else 2)
        total += value - 9 if value > 9 else value
    return str(-total % 10)
