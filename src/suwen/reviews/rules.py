"""When a review may be changed, what it adds up to, how its author is named, and its document."""

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

EDITABLE = timedelta(hours=24)
MOST_TAGS, LONGEST_TAG = 8, 50
PARTS = ("attitude", "professionalism", "efficiency")


def editable(created_at: datetime, now: datetime) -> bool:
    """For 24 hours, not a second longer."""
    return now < created_at + EDITABLE


def tag_names(given: Iterable[str]) -> list[str] | None:
    """Without doubles and blanks; None where they are too many or too long."""
    normal = (" ".join(unicodedata.normalize("NFKC", name).split()) for name in given)
    found = list(dict.fromkeys(name for name in normal if name))
    return found if len(found) <= MOST_TAGS and all(len(name) <= LONGEST_TAG for name in found) else None


def hundredths(total: int | None, count: int) -> int:
    """The average in hundredths of a star, half up: 14 stars in 3 reviews are 467."""
    return (200 * int(total or 0) + count) // (2 * count) if count else 0


def public_name(snapshot: Mapping[str, Any] | None) -> str:
    """A patient's name as strangers may read it: 李**, John S."""
    first, last = (str((snapshot or {}).get(key) or "") for key in ("first_name", "last_name"))
    if any("\u3400" <= c <= "\u9fff" for c in last + first):
        return (last or first)[:1] + "**"
    return f"{first} {last[:1]}.".strip() if first and last else (first or last)[:1] + "**"


def full_name(snapshot: Mapping[str, Any] | None) -> str:
    first, last = (str((snapshot or {}).get(key) or "") for key in ("first_name", "last_name"))
    chinese = all("\u3400" <= c <= "\u9fff" for c in last + first)
    return last + first if chinese else f"{first} {last}".strip()


def document(row: Any) -> dict[str, Any] | None:
    """Of the collection `feedback`. Every field is always there; what is not known is null.

    None while an admin hides it. Who wants to stay unnamed is not named there either, nor by the visit.
    """
    if not row.is_visible:
        return None
    patient = {} if row.is_anonymous else row.patient_snapshot or {}
    doctor = row.doctor_snapshot or {}
    names = ("id", "first_name", "last_name")
    return {
        "appointment_id": None if row.is_anonymous else row.appointment_id,
        "patient_snapshot": {name: patient.get(name) or None for name in names},
        "doctor_snapshot": {name: doctor.get(name) or None for name in names},
        "rating": row.rating,
        "comments": row.comment,
        "tags": sorted(row.tags or []),
        "submitted_at": row.created_at.isoformat().replace("+00:00", "Z"),
    }
