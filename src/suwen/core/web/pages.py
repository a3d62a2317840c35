"""Rendering. Each package keeps its own templates; the shared layout lives here."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from litestar.utils.scope.state import ScopeState
from markupsafe import Markup

from suwen.core import money, times
from suwen.core.i18n import LOCALES, Catalogue, in_tongue, translations
from suwen.core.ids import new_id
from suwen.core.web.compiled import Compiled
from suwen.core.web.reader import Reader, reader_of
from suwen.core.web.static import static_url

ROOT = Path(__file__).parents[2]
LOADER = ChoiceLoader(
    [
        FileSystemLoader(ROOT / "core/web/templates"),
        PrefixLoader({path.parent.name: FileSystemLoader(path) for path in ROOT.glob("*/templates")}),
    ]
)


def render(
    request: Any, template: str, *, me: Any, refusal: Any = None, typed: Any = None, kept: bool = False, **context: Any
) -> bytes:
    """Render the whole page; for htmx only the block it targets, else `main`.

    `kept` pages are shown to everybody: nothing of this visitor may be in them.
    """
    found, values = _prepared(request, template, me, refusal, typed, kept, context)
    wanted = block_wanted(request.scope)
    block = (found.blocks.get(wanted) or found.blocks.get("main")) if wanted else None
    if block:
        return "".join(block(found.new_context(values))).encode()
    return found.render(values).encode()


def block_wanted(scope: Any) -> str:
    """The block that htmx asks for, "" where a whole page is wanted: a page is made by this, and so kept by it.

    Cut, because anybody may write anything there.
    """
    headers = dict(scope["headers"])
    if b"hx-request" not in headers or b"hx-history-restore-request" in headers:
        return ""
    return headers.get(b"hx-target", b"")[:40].decode("latin-1") or "main"


def blocks(request: Any, template: str, *, me: Any, **context: Any) -> dict[str, str]:
    """What stands between header and footer, by block, with nothing of this visitor in it."""
    found, values = _prepared(request, template, me, None, None, True, context)
    wanted = ("title", "width", "scripts", "main")
    return {
        name: "".join(found.blocks[name](found.new_context(values))) if name in found.blocks else "" for name in wanted
    }


def _prepared(
    request: Any, template: str, me: Any, refusal: Any, typed: Any, kept: bool, context: dict[str, Any]
) -> tuple[Any, dict[str, Any]]:
    house = request.app.state.house
    reader = reader_of(request.scope, me, house.settings.zone)
    found = environment(reader.locale).get_template(template)
    token = "" if kept else ScopeState.from_scope(request.scope).csrf_token
    values = context | {
        "me": me,
        "now": house.clock(),
        "path": request.url.path,
        "query": request.url.query,
        "csrf": token if isinstance(token, str) else "",
        "locale": reader.locale,
        "locales": LOCALES,
        "zone": reader.zone.key,
        "theme": reader.theme,
        "reader": reader,
        "production": house.production,
        "refusal": refusal,
        "typed": typed or {},
        "toast": None if kept else _toast(request),
    }
    return found, values


@cache
def environment(locale: str) -> Environment:
    """One environment per language, so that whatever depends on the language alone is made once: a template that is
    imported without context is kept, with its texts."""
    made = Environment(
        loader=LOADER,
        bytecode_cache=Compiled(Path(__file__)),
        auto_reload=False,  # it would look at two dozen files for each page
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"],
    )
    made.policies["json.dumps_kwargs"] = {"sort_keys": True, "ensure_ascii": False}  # people read some of it
    texts = translations(locale)
    made.install_gettext_callables(texts.gettext, texts.ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.globals |= _texts(texts)
    made.globals |= {"static": static_url, "money": partial(_money, locale), "new_id": new_id, "said": _said}
    made.filters |= {
        "when": pass_context(_when),
        "when_in": pass_context(_when_in),
        "clock": pass_context(_clock),
        "day": _day_in(locale),
        "weekday": partial(times.weekday, locale=locale),
        "zone_name": lambda name: times.zone_name(ZoneInfo(name), locale),
        "zone_place": lambda name: times.zone_place(ZoneInfo(name), locale),
        "span": partial(times.span, locale=locale),
        "full_time": pass_context(_full),
        "iso": lambda moment: moment.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "t": partial(_translated, texts),
        "tongue": lambda name: in_tongue(str(name), locale) if name else name,
        "sentences": partial(_sentences, Markup("") if locale.startswith("zh") else Markup(" ")),
        "tongues": lambda pairs: [(key, in_tongue(str(name), locale)) for key, name in pairs],
        "plain_money": money.plain,
        "age": pass_context(lambda context, born: times.age(born, context["now"].date())),
        "as_json": _as_json,
    }
    return made


def _sentences(between: Markup, said: Iterable[str]) -> Markup:
    """What is said in several sentences, as one text: Chinese ones stand without a blank between them."""
    return between.join(one for one in said if one)


def _zone(context: Context, name: str | None) -> ZoneInfo:
    reader: Reader = context["reader"]
    return (times.known_zone(name) if name else None) or reader.zone


def _texts(texts: Catalogue) -> dict[str, Callable[..., str]]:
    """`_("until %(time)s", time=...)` as jinja's own, at a fifth of the cost: most texts have nothing to fill in."""

    def one(text: str, **values: Any) -> Markup:
        found = Markup(texts.gettext(text))  # noqa: S704  our own words, not a visitor's
        return found % values if values or "%" in found else found

    def many(text: str, plural: str, num: int, **values: Any) -> Markup:
        return Markup(texts.ngettext(text, plural, num)) % {"num": num, **values}  # noqa: S704

    return {"_": one, "gettext": one, "ngettext": many}


def _money(locale: str, minor: int, currency: str) -> str:
    return money.show(minor, currency, locale)


def _when(context: Context, moment: datetime, zone: str | None = None) -> Markup:
    """`<time>` with the words people use, the exact moment for machines, the full time on hover."""
    place, locale = _zone(context, zone), context["locale"]
    words = times.when(moment, context["now"], place, locale)
    stamp = moment.astimezone(UTC).isoformat()
    full = times.full(moment, place, locale)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(stamp, full, words)


def _when_in(context: Context, moment: datetime, zone: str) -> Markup:
    return _when(context, moment, zone)


def _clock(context: Context, moment: datetime, zone: str | None = None) -> str:
    return times.clock(moment, _zone(context, zone), context["locale"])


def _day_in(locale: str) -> Callable[..., str]:
    """A moment needs the reader's zone; a date has none, and needs no reader either."""

    @pass_context
    def day(context: Context, moment: Any, zone: str | None = None) -> str:
        return times.day(moment, _zone(context, zone) if isinstance(moment, datetime) else None, locale)

    return day


def _full(context: Context, moment: datetime, zone: str | None = None) -> str:
    return times.full(moment, _zone(context, zone), context["locale"])


def _translated(texts: Catalogue, text: Any) -> str:
    """A text that was marked with N_ where it was defined; data that is not in the catalogue stays as it is."""
    return texts.gettext(str(text))


def _said(refusal: Any, locale: str) -> str:
    """The sentence of a refusal, in the reader's language."""
    return translations(locale).gettext(refusal.detail)


def _as_json(value: Any) -> Markup:
    """For <script type="application/json">: nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704


def _toast(request: Any) -> str | None:
    value = request.cookies.get("toast")
    try:
        found = json.loads(unquote(value)) if value else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, str) else None


Rendered = Callable[..., bytes]
