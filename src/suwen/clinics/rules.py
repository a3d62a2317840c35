"""What a doctor's papers must be, and what of them may be shown."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlsplit

PHOTOS = ("avatar", "license_photo", "id_card_front", "id_card_back", "title_cert")
PUBLIC_PHOTO = "avatar"


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


def avatar(photos: Any) -> str | None:
    """The only picture of a doctor that everybody may see."""
    url = photos.get(PUBLIC_PHOTO) if isinstance(photos, Mapping) else None
    return url if isinstance(url, str) and good_address(url) else None


def stars(hundredths: int) -> float:
    """467 -> 4.7, as it is shown."""
    return round(hundredths / 100, 1)
