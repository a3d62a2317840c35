"""Moments as people say them, in the zone and language of the reader."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_interval, get_timezone_location, get_timezone_name

from suwen.core.i18n import babel_locale, translations


def known_zone(name: str) -> ZoneInfo | None:
    """The zone of an IANA name, None where there is none of this name."""
    return _zone_of(name) if len(name) <= 50 else None


@lru_cache(maxsize=1000)
def _zone_of(name: str) -> ZoneInfo | None:
    if not name or not all(part.isalnum() or part in "/_+-" for part in name):
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError of its own
        return None
    except KeyError:
        return None


def clock(moment: datetime, zone: ZoneInfo, locale: str) -> str:
    """'14:30'."""
    # Both languages write it so; a week of slots has eighty of them, and Babel takes thirty times as long.
    return f"{moment.astimezone(zone):%H:%M}"


def day(moment: datetime | date, zone: ZoneInfo | None, locale: str) -> str:
    """'Tue, Jan 1' or, in Chinese, '1月1日 周二'."""
    local = moment.astimezone(zone).date() if isinstance(moment, datetime) else moment
    return _named(local, "M月d日 EEE" if locale.startswith("zh") else "EEE, MMM d", locale)


def weekday(moment: date, locale: str) -> str:
    """'Tue' or '周二'."""
    return _named(moment, "EEE", locale)


@lru_cache(maxsize=5000)
def _named(day: date, pattern: str, locale: str) -> str:
    """Babel is slow, and a week asks for the same few days again and again."""
    return format_date(day, pattern, locale=babel_locale(locale))


@lru_cache(maxsize=2000)
def full(moment: datetime, zone: ZoneInfo, locale: str) -> str:
    """With the year and the name of the zone, for hover and for screen readers."""
    text = format_datetime(moment.astimezone(zone), "medium", locale=babel_locale(locale))
    return f"{text} {zone_name(zone, locale)}"


@lru_cache(maxsize=1000)
def span(first: date, last: date, locale: str) -> str:
    """'Nov 30 – Dec 6' or, in Chinese, '11月30日至12月6日'."""
    return format_interval(first, last, "MMMd", locale=babel_locale(locale))


def _everyday_name(zone: ZoneInfo, locale: str) -> str | None:
    """Of zones that the tables of names have no good name for."""
    if zone.key in ("UTC", "Etc/UTC"):  # no place, so there is none at all
        return "UTC"
    if zone.key == "Asia/Shanghai":  # nobody says "China (Shanghai) Time"
        return translations(locale).gettext("Beijing time")
    return None


@lru_cache(maxsize=1000)
def zone_place(zone: ZoneInfo, locale: str) -> str:
    """The name that tells zones apart in a list: New York and Toronto are both 'ET'."""
    return _everyday_name(zone, locale) or get_timezone_location(zone, locale=babel_locale(locale))


@lru_cache(maxsize=1000)
def zone_name(zone: ZoneInfo, locale: str) -> str:
    return _everyday_name(zone, locale) or get_timezone_name(
        zone, width="short", locale=babel_locale(locale), zone_variant="generic"
    )


def when(moment: datetime, now: datetime, zone: ZoneInfo, locale: str) -> str:
    """'today 14:30, in 25 minutes'; further away only the day and the time."""
    words = translations(locale)
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    names = {0: words.gettext("today"), 1: words.gettext("tomorrow"), -1: words.gettext("yesterday")}
    away = (local.date() - today).days
    name = names.get(away) or (day(moment, zone, locale) if local.year == today.year else _long(local.date(), locale))
    text = f"{name} {clock(moment, zone, locale)}"
    minutes = round((moment - now) / timedelta(minutes=1))
    if minutes == 0:
        return words.gettext("%(when)s, just now") % {"when": text}
    if 0 < minutes < 60:
        return words.gettext("%(when)s, in %(n)s min") % {"when": text, "n": minutes}
    if -60 < minutes < 0:
        return words.gettext("%(when)s, %(n)s min ago") % {"when": text, "n": -minutes}
    return text


def _long(moment: date, locale: str) -> str:
    return format_date(moment, "medium", locale=babel_locale(locale))


def age(born: date | None, today: date) -> int | None:
    """Full years."""
    if born is None:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
