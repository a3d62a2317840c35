"""What kinds of messages there are, who may switch them off, and how a text gets its words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from suwen.core import money, times
from suwen.core.i18n import DEFAULT, LOCALES, N_, translate

TYPES = ("appointment_reminder", "appointment_confirmed", "appointment_cancelled", "prescription_ready",
         "doctor_reply", "system_announcement", "review_reply", "live_stream_reminder", "group_message")  # fmt: skip
NAMES = {
    "appointment_reminder": N_("Reminders of visits"),
    "appointment_confirmed": N_("Visits booked and confirmed"),
    "appointment_cancelled": N_("Visits cancelled or moved"),
    "prescription_ready": N_("Prescriptions"),
    "doctor_reply": N_("Answers of doctors"),
    "system_announcement": N_("News of the clinic"),
    "review_reply": N_("Answers to reviews"),
    "live_stream_reminder": N_("Live talks"),
    "group_message": N_("Messages to groups"),
}
ICONS = {
    "appointment_reminder": "alarm",
    "appointment_confirmed": "calendar-check",
    "appointment_cancelled": "calendar-x",
    "prescription_ready": "prescription2",
    "doctor_reply": "chat-left-text",
    "system_announcement": "megaphone",
    "review_reply": "star",
    "live_stream_reminder": "broadcast",
    "group_message": "people",
}
# Nobody should stand before a closed door because of a switch: these are always in the inbox.
ALWAYS_TOLD = frozenset({"appointment_cancelled", "system_announcement"})
PLACES = {
    "appointment_reminder": "/appointments/{}",
    "appointment_confirmed": "/appointments/{}",
    "appointment_cancelled": "/appointments/{}",
    "prescription_ready": "/prescriptions/{}",
    "review_reply": "/appointments/{}",
}


@dataclass(frozen=True)
class Wishes:
    """What an account wants to be told of one type; these are the values before anybody chose."""

    enabled: bool = True
    email_enabled: bool = False
    sms_enabled: bool = False
    push_enabled: bool = True


def told(type: str, wishes: Wishes) -> bool:
    return wishes.enabled or type in ALWAYS_TOLD


def place_of(type: str, related_id: str | None, meta: Mapping[str, Any] | None) -> str | None:
    """Where a message leads: the path it names itself (on this site only), else the place of its type."""
    path = (meta or {}).get("path")
    if isinstance(path, str) and path.startswith("/") and not path.startswith(("//", "/\\")):
        return path
    template = PLACES.get(type)
    return template.format(related_id) if template and related_id else None


def said(text: str, values: Mapping[str, Any] | None, locale: str, zone: str) -> str:
    """`text` in the reader's language, with `%(name)s` filled in; moments are told in the reader's zone, sums in
    the reader's way."""
    spoken = locale if locale in LOCALES else DEFAULT
    place = times.known_zone(zone) or ZoneInfo("UTC")
    words = translate(text, spoken)
    if not values or "%(" not in words:
        return words
    return words % {name: _word(value, place, spoken) for name, value in values.items()}


def kept(values: Mapping[str, Any] | None) -> dict[str, Any]:
    """The values as JSON: moments become text."""
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in (values or {}).items()}


def _word(value: Any, zone: ZoneInfo, locale: str) -> Any:
    if isinstance(value, datetime):
        return f"{times.day(value, zone, locale)} {times.clock(value, zone, locale)} ({times.zone_name(zone, locale)})"
    if isinstance(value, money.Sum):
        return money.show(value.minor, value.currency, locale)
    return value
