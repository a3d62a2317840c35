"""Lines of a prescription: how long, and what was signed. No database, no clock."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from suwen.prescribing.errors import BadDuration
from suwen.prescribing.rules import frequencies

LINES_SHOWN = 5  # empty lines of the editor without JavaScript
MOST_LINES = 30
LONGEST = 365
UNITS = {
    1: ("天", "日", "day", "days", "d"),
    7: ("周", "星期", "week", "weeks", "w"),
    30: ("个月", "月", "month", "months"),
}
DAYS = {word: days for days, words in UNITS.items() for word in words}
DURATION = re.compile(r"([0-9]{1,3})\s*(" + "|".join(sorted(DAYS, key=len, reverse=True)) + r")\.?", re.IGNORECASE)
FULL_WIDTH = str.maketrans("０１２３４５６７８９", "0123456789")
NEEDED, NEEDED_OF_PIECES = ("name", "dosage", "frequency"), ("name", "dosage")


def days_of(duration: str | None) -> int | None:
    """'7天', '2 weeks' -> 7, 14; None where the text says something else ("until the pain is gone")."""
    found = DURATION.fullmatch((duration or "").translate(FULL_WIDTH).strip())
    return int(found[1]) * DAYS[found[2].lower()] if found else None


def words_of(days: int, locale: str) -> str:
    if locale.startswith("zh"):
        return f"{days}天"
    return "1 day" if days == 1 else f"{days} days"


def with_both(line: Mapping[str, Any], place: int, locale: str) -> dict[str, Any]:
    """The line with `duration` and `duration_days`, either made from the other; BadDuration when they disagree."""
    full, days = dict(line), line.get("duration_days")
    said = days_of(line.get("duration"))
    if days and said and days != said:
        raise BadDuration(fields={f"medicines.{place}.duration_days": BadDuration.title})
    if days and not line.get("duration"):
        full["duration"] = words_of(days, locale)
    if said and not days and said <= LONGEST:
        full["duration_days"] = said
    return full


def _once(line: Mapping[str, Any]) -> bool:
    often = frequencies.parse(line.get("frequency_code") or line.get("frequency") or "")
    return often is not None and often.once


def gaps(
    kind: str, diagnosis: str, lines: Sequence[Mapping[str, Any]], regimen: Mapping[str, Any] | None,
    days_needed: bool = False,
) -> dict[str, str]:  # fmt: skip
    """What must be filled in before a signature, by field. `days_needed`: a limit goes by the days of products."""
    missing = {} if diagnosis.strip() else {"diagnosis": "Please fill this in."}
    if not lines:
        missing["medicines"] = "Write at least one medicine."
    if kind == "herbal" and not (regimen or {}).get("doses"):
        missing["regimen.doses"] = "Please fill this in."
    for place, line in enumerate(lines):
        for name in NEEDED_OF_PIECES if kind == "herbal" else NEEDED:
            if not (line.get(name) or "").strip():
                missing[f"medicines.{place}.{name}"] = "Please fill this in."
        if days_needed and kind != "herbal" and not line.get("duration_days") and not _once(line):
            missing[f"medicines.{place}.duration_days"] = "Please fill this in."
    return missing
