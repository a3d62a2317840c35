"""Receipts and statements on paper; the fonts are embedded, so that every name prints everywhere."""

from datetime import datetime
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

from suwen.core import times
from suwen.core.press import Press
from suwen.core.web.pages import environment
from suwen.payments.schemas.papers import PaidReceipt, Statement
from suwen.payments.schemas.wallets import EntryView, WalletView


def receipt(press: Press, one: PaidReceipt, now: datetime, locale: str, zone: str) -> bytes:
    """Takes a second or so. Unavailable when the press is."""
    return press.printed(_html("receipt", locale, zone, now, one=one))


def statement(press: Press, one: Statement, now: datetime, locale: str) -> bytes:
    return press.printed(_html("statement", locale, one.zone, now, one=one))


def wallet(
    press: Press, owner: str, purse: WalletView, entries: list[EntryView], span: str, now: datetime, locale: str,
    zone: str,
) -> bytes:  # fmt: skip
    return press.printed(_html("wallet", locale, zone, now, owner=owner, wallet=purse, entries=entries, span=span))


def _html(name: str, locale: str, zone: str, now: datetime, **values: Any) -> str:
    place = times.known_zone(zone) or ZoneInfo("UTC")

    def at(moment: datetime) -> str:
        return f"{moment.astimezone(place):%Y-%m-%d %H:%M}"

    found = environment(locale).get_template(f"payments/{name}.pdf.html")
    printed = times.full(now, place, locale)
    return found.render(locale=locale, at=at, printed=printed, zone_name=times.zone_name(place, locale), **values)


def square(text: str) -> bytes:
    """A code to be scanned, as an SVG picture; black on white, or no reader finds it."""
    import segno  # a server at which nobody pays by code does without it

    out = BytesIO()
    segno.make_qr(text, error="m").save(out, kind="svg", border=3, dark="#000", light="#fff", scale=8, xmldecl=False)
    return out.getvalue()
