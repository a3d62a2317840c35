"""How this reader wants pages: language, zone, theme. From the cookies, else the account, else the browser.

The zone's cookie is the browser's own word (js/app.js): people see times as the clock beside them shows them. Staff
work by the clinic's clock wherever they sit, so for them only the account counts.
"""

from dataclasses import dataclass
from functools import lru_cache
from http.cookies import CookieError, SimpleCookie
from typing import Any
from zoneinfo import ZoneInfo

from suwen.core.actor import STAFF, Actor
from suwen.core.i18n import LOCALES, negotiate
from suwen.core.times import known_zone

THEMES = ("light", "dark", "system")


@dataclass(frozen=True, slots=True)
class Reader:
    locale: str
    zone: ZoneInfo
    theme: str


def reader_of(scope: Any, me: Actor, clinic_zone: str) -> Reader:
    cookie, accept = "", ""
    for name, value in scope["headers"]:
        if name == b"cookie":
            cookie = value.decode("latin-1")
        elif name == b"accept-language":
            accept = value[:200].decode("latin-1")  # what is longer names no browser's languages, and is remembered
    wanted = preferences(cookie) if len(cookie) < 2000 else preferences.__wrapped__(cookie)
    locale = wanted.get("lang", "")
    if locale not in LOCALES:
        locale = me.locale if me.id and me.locale in LOCALES else negotiate(accept)
    seen = known_zone("" if me.role in STAFF else wanted.get("zone", ""))
    zone = seen or known_zone(me.zone if me.id else "") or ZoneInfo(clinic_zone)
    theme = wanted.get("theme", "system")
    return Reader(locale, zone, theme if theme in THEMES else "system")


@lru_cache(maxsize=5000)
def preferences(cookie: str) -> dict[str, str]:
    try:
        found = SimpleCookie(cookie)
    except CookieError:
        return {}
    return {name: found[name].value for name in ("lang", "zone", "theme") if name in found}
