"""What a doctor's papers must be, and what of them may be shown."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from suwen.core.i18n import N_

PHOTOS = ("avatar", "license_photo", "id_card_front", "id_card_back", "title_cert")
PUBLIC_PHOTO, LICENCE_PHOTO = "avatar", "license_photo"
LANGUAGES = {
    "zh": N_("Mandarin"), "yue": N_("Cantonese"), "wuu": N_("Shanghainese"), "nan": N_("Hokkien"), "en": N_("English"),
    "fr": N_("French"), "de": N_("German"), "es": N_("Spanish"), "pt": N_("Portuguese"), "ru": N_("Russian"),
    "ja": N_("Japanese"), "ko": N_("Korean"), "ar": N_("Arabic"),
}  # fmt: skip
CERTIFICATES = {
    "id_card": N_("Resident identity card"),
    "passport": N_("Passport"),
    "permit": N_("Residence permit"),
    "practising_certificate": N_("Practising certificate"),
}
BETWEEN_WORDS = re.compile(r"[,，、;；\n]+")
MOST_WORDS, LONGEST_WORD = 12, 50


def masked(id_number: str | None) -> str | None:
    """'110101199003070000' -> '110***********0000'; short ones keep only their last character."""
    if not id_number:
        return None
    if len(id_number) < 9:
        return "*" * (len(id_number) - 1) + id_number[-1]
    return id_number[:3] + "*" * (len(id_number) - 7) + id_number[-4:]


def licensed(number: str | None, authority: str | None, valid_until: date | None, today: date) -> bool:
    """Whether the papers allow approval: a licence is good through the last day written on it."""
    return bool(number and authority and valid_until and valid_until >= today)


def good_address(url: str) -> bool:
    """A picture is shown from another server, so only over https, and without a name and password in it."""
    parts = urlsplit(url)
    return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc and not set(url) & set(" \"'<>")


def photo(photos: Any, kind: str = PUBLIC_PHOTO) -> str | None:
    """The address of one of a doctor's pictures; only PUBLIC_PHOTO is for everybody."""
    url = photos.get(kind) if isinstance(photos, Mapping) else None
    return url if isinstance(url, str) and good_address(url) else None


def stars(hundredths: int) -> float:
    """467 -> 4.7, as it is shown."""
    return round(hundredths / 100, 1)


def words(given: Iterable[str]) -> list[str] | None:
    """Several short words, however they were separated; None where they are too many or too long."""
    split = [" ".join(word.split()) for text in given for word in BETWEEN_WORDS.split(text)]
    found = list(dict.fromkeys(word for word in split if word))
    return found if len(found) <= MOST_WORDS and all(len(word) <= LONGEST_WORD for word in found) else None


@cache
def zone_names() -> list[str]:
    """IANA names of places on earth, to suggest while one is typed."""
    return sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
