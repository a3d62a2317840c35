"""English is what the code says; other languages are catalogues beside each package: `<package>/locale/zh_CN.po`."""

import json
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from gettext import NullTranslations
from pathlib import Path
from typing import Any

from babel import Locale

ROOT = Path(__file__).parents[1]
LOCALES = {"zh-CN": "中文", "en": "English"}
DEFAULT = "zh-CN"


def N_(text: str) -> str:
    """Mark a text for translation where it is defined; it is translated where it is shown."""
    return text


class Catalogue(NullTranslations):
    """What gettext asks of translations, over the .po files of all packages. A text that is missing stays English."""

    def __init__(self, locale: str) -> None:
        super().__init__()
        self.locale = locale
        self._texts: dict[Any, Any] = {}
        for path in sorted(ROOT.glob(f"*/locale/{locale.replace('-', '_')}.po")):
            for message in messages(path.read_text("utf-8")):
                self._add(message)

    def _add(self, message: dict[str, str]) -> None:
        one, many = message["msgid"], message.get("msgid_plural")
        if many is None:
            self._texts[one] = message["msgstr"]
        else:
            forms = tuple(text for name, text in message.items() if name.startswith("msgstr"))
            self._texts[one], self._texts[one, many] = forms[0], forms

    def gettext(self, message: str) -> str:
        return self._texts.get(message, message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        found = self._texts.get((msgid1, msgid2))
        if found:
            return found[0] if len(found) == 1 or n == 1 else found[-1]
        return msgid1 if n == 1 else msgid2


def messages(text: str) -> Iterator[dict[str, str]]:
    """The finished messages of a .po file: `{"msgid": ..., "msgstr": ...}`, or with `msgid_plural` and `msgstr[0]`.

    Babel reads more than our tools write, and takes four times as long and 3 MB that never come back.
    """
    for entry in text.split("\n\n"):
        found: dict[str, str] = {}
        name = ""
        for line in entry.split("\n"):
            if not line or line.startswith("#"):
                if line.startswith("#,") and "fuzzy" in line:
                    break
                continue
            if not line.startswith('"'):
                name, _, line = line.partition(" ")
            found[name] = found.get(name, "") + json.loads(line)  # its escapes are JSON's
        else:
            if found.get("msgid") and any(found[key] for key in found if key.startswith("msgstr")):
                yield found


@cache
def translations(locale: str) -> Catalogue:
    return Catalogue(locale)


def translate(text: str, locale: str) -> str:
    return translations(locale).gettext(text)


# Chinese first, then a word or more in small Latin letters: "CT 检查室" and "MRI" are one name, not two
_BOTH = re.compile(r"([^A-Za-z]*[\u4e00-\u9fff][^A-Za-z]*) ([A-Za-z][^\u4e00-\u9fff]*[a-z]{3}[^\u4e00-\u9fff]*)")


@lru_cache(maxsize=2000)
def in_tongue(name: str, locale: str) -> str:
    """The reader's half of a name that a clinic keeps in both scripts: '中医内科 Internal medicine'. Not for people."""
    both = _BOTH.fullmatch(name)
    return both[1 if locale.startswith("zh") else 2].strip() if both else name


@cache
def babel_locale(locale: str) -> Locale:
    return Locale.parse(locale.replace("-", "_"))


@lru_cache(maxsize=1000)  # anybody may write anything there
def negotiate(accept_language: str) -> str:
    """The first of the browser's languages that we speak."""
    for part in accept_language.lower().split(","):
        wanted = part.split(";")[0].strip()
        if wanted.startswith("zh"):
            return "zh-CN"
        if wanted.startswith("en"):
            return "en"
    return DEFAULT
