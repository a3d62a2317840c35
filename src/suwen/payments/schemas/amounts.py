"""Amounts as people type them."""

from suwen.core import money
from suwen.core.money import BadAmount


def minor(text: str | None, field: str) -> int | None:
    """Of an amount that may be left out; BadAmount names the field that holds none."""
    if text is None or not text.strip():
        return None
    try:
        return money.parse(text)
    except BadAmount:
        raise BadAmount(fields={field: BadAmount.title}) from None
