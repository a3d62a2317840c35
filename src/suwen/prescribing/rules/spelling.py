"""How a name is written down for comparison, so that every way of typing one name is the same text."""

import re
import unicodedata
from collections.abc import Mapping

NOT_SEEN = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]+")


def plain(text: str, characters: Mapping[str, str]) -> str:
    """Full-width to half-width, traditional to simplified, small letters, nothing that cannot be seen."""
    text = NOT_SEEN.sub("", unicodedata.normalize("NFKC", text)).casefold()
    return "".join([characters.get(character, character) for character in text])
