"""Money is an int of minor units (分, cents) with an ISO 4217 code beside it; never a float."""

import re
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from babel.numbers import format_currency, get_currency_precision

from suwen.core.errors import Invalid
from suwen.core.i18n import babel_locale

# Commas only where they group thousands: "12,5" is somebody's twelve and a half and must not become 125.
AMOUNT = re.compile(r"([0-9]{1,8}|[0-9]{1,3}(,[0-9]{3}){1,2})(\.[0-9]{1,2})?")


class BadAmount(Invalid):
    code, title = "bad_amount", "Please write an amount such as 50 or 50.00."


class BadCurrency(Invalid):
    code, title = "bad_currency", "Only currencies with two decimals can be used."


class Sum(NamedTuple):
    """An amount to be told in words, in the reader's way of writing it."""

    minor: int
    currency: str


def parse(text: str) -> int:
    """'50' and '50.00' -> 5000; anything else is BadAmount."""
    written = text.strip()
    if not AMOUNT.fullmatch(written):
        raise BadAmount(fields={"amount": BadAmount.title})
    return int(Decimal(written.replace(",", "")).scaleb(2))


def plain(minor: int) -> str:
    """5000 -> '50.00', for forms, CSV and JSON."""
    sign = "-" if minor < 0 else ""
    return f"{sign}{abs(minor) // 100}.{abs(minor) % 100:02d}"


@lru_cache(maxsize=2000)  # Babel is slow, and prices come again and again
def show(minor: int, currency: str, locale: str = "zh-CN") -> str:
    """As people write it: '¥50.00'."""
    return format_currency(Decimal(minor).scaleb(-2), currency, locale=babel_locale(locale))


def ensure_currency(code: str) -> str:
    """The code in capitals, or BadCurrency where its minor unit is not a hundredth."""
    known = code.strip().upper()
    if not re.fullmatch("[A-Z]{3}", known) or get_currency_precision(known) != 2:
        raise BadCurrency()
    return known
