"""Prices, numbers and sides of the ledger: no database, no clock."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Protocol

from suwen.core.ids import random_bytes
from suwen.core.times import known_zone

OFFERED = ("balance", "cash")
LARGEST_TOP_UP = 10_000_000  # 100,000.00
SMALLEST_ONLINE, LARGEST_ONLINE = 100, 1_000_000  # of one top-up through a gateway: 1.00 and 10,000.00
OFFERED_SUMS = (5_000, 10_000, 20_000, 50_000)
LARGEST_SUM = 9_999_999_999  # what DECIMAL(10,2) holds
TOP_UP = "top_up:"  # of the subject of an order that fills the payer's own wallet
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)  # of a filter
DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U: read out at the desk without mistakes


class Priced(Protocol):
    id: str
    service_type: str
    price: int
    discount_price: int | None
    currency: str
    location_id: str | None
    is_active: bool
    effective_date: date | None
    expiry_date: date | None
    created_at: datetime


def number(prefix: str, now: datetime) -> str:
    """'ORD' -> 'ORD20300101083000' and ten random characters: 27 in all, of [0-9A-Z] only."""
    return f"{prefix}{now:%Y%m%d%H%M%S}" + "".join([DIGITS[byte & 31] for byte in random_bytes(10)])


def start_of(day: date, zone: str) -> datetime:
    """The first moment of a day in a zone (unknown zones count as UTC). Days beyond all orders are brought near."""
    day = min(max(day, FIRST_DAY), LAST_DAY)
    return datetime.combine(day, time(), known_zone(zone) or UTC)


def months_before(now: datetime, zone: str, count: int = 12) -> list[tuple[str, str]]:
    """The last months, newest first, as ("2030-01", "2030-01"): value and words of a filter."""
    day, found = now.astimezone(known_zone(zone) or UTC).date().replace(day=1), []
    for _ in range(count):
        found.append((f"{day:%Y-%m}", f"{day:%Y-%m}"))
        day = (day - timedelta(days=1)).replace(day=1)
    return found


def day_of(text: str | None) -> date | None:
    """The day of a filter; what is no day filters nothing."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def valid_on(price: Priced, day: date) -> bool:
    """Both ends belong to the validity; an open end is for ever."""
    return (
        price.is_active
        and (price.effective_date is None or price.effective_date <= day)
        and (price.expiry_date is None or day <= price.expiry_date)
    )


def pick(prices: Iterable[Any], service_type: str, location_id: str | None, day: date) -> Any | None:
    """The price that counts: of this place before that of every place, then the newest."""
    found = [
        price
        for price in prices
        if price.service_type == service_type and price.location_id in (None, location_id) and valid_on(price, day)
    ]
    return max(found, key=_rank, default=None)


def _rank(price: Priced) -> tuple[bool, date, datetime, str]:
    return price.location_id is not None, price.effective_date or date.min, price.created_at, price.id


def to_pay(price: Priced) -> int:
    return price.price if price.discount_price is None else price.discount_price


def overlap(one: tuple[date | None, date | None], other: tuple[date | None, date | None]) -> bool:
    """Whether two validities (first day, last day; None is open) share a day."""
    first = max(one[0] or date.min, other[0] or date.min)
    last = min(one[1] or date.max, other[1] or date.max)
    return first <= last


def balanced(lines: Sequence[tuple[str, str, int]]) -> bool:
    """(account, currency, amount) lines: two or more, none of nought, one currency, adding up to nought.

    Two currencies in one movement would need legs of exchange, which nobody has asked for.
    """
    currencies = {currency for _, currency, _ in lines}
    return (
        len(lines) >= 2
        and len(currencies) == 1
        and all(amount for _, _, amount in lines)
        and sum(amount for _, _, amount in lines) == 0
    )


def steps(available: int, frozen: int) -> list[tuple[str, int, int]]:
    """What a wallet's statement says of one movement: (type, amount, by how much the balance changes).

    What was set aside comes back before it is spent, so no line in between is below nought.
    """
    net = available + frozen
    lines = [
        ("unfreeze", max(-frozen, 0), max(-frozen, 0)),
        ("income", max(net, 0), max(net, 0)),
        ("expense", max(-net, 0), -max(-net, 0)),
        ("freeze", max(frozen, 0), -max(frozen, 0)),
    ]
    return [line for line in lines if line[1]]
