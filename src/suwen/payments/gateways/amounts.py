"""Yuan as text at the edge, fen as int inside: exactly, both ways."""

import re
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal

from suwen.payments.gateways.errors import Unreadable

YUAN = re.compile(r"(-?)([0-9]{1,9})(?:\.([0-9]{1,2}))?", re.ASCII)
FEE = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,8})?", re.ASCII)
LARGEST = 10_000_000_000  # 100,000,000.00
CHINA = timezone(timedelta(hours=8))
STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?", re.ASCII)


def yuan(minor: int) -> str:
    """5000 -> '50.00'; what the gateways do not take is a ValueError."""
    if not 1 <= minor <= LARGEST:
        raise ValueError("an amount is 0.01 to 100000000.00")
    return f"{minor // 100}.{minor % 100:02d}"


def fen(text: str) -> int:
    """'50.00', '50.0' and '50' -> 5000; anything else is Unreadable. Bills have negative sums too."""
    found = YUAN.fullmatch(text)
    if not found:
        raise Unreadable("an amount that is none")
    sign, whole, part = found.groups()
    minor = int(whole) * 100 + int((part or "").ljust(2, "0") or 0)
    return -minor if sign else minor


def rounded_fen(text: str) -> int:
    """Of a fee, which bills write with more digits than there are coins: half a fen is a whole one."""
    if not FEE.fullmatch(text):
        raise Unreadable("an amount that is none")
    return int((Decimal(text) * 100).quantize(Decimal(1), ROUND_HALF_UP))


def china_time(moment: datetime) -> str:
    """'2030-01-01 08:00:00', as Alipay and the bills write it."""
    return moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")


def from_china(text: str) -> datetime:
    if not STAMP.fullmatch(text):
        raise Unreadable("a time that is none")
    try:
        return datetime.fromisoformat(text).replace(tzinfo=CHINA)
    except ValueError:
        raise Unreadable("a time that is none") from None


def from_rfc3339(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Unreadable("a time that is none") from None
    if moment.tzinfo is None:
        raise Unreadable("a time without a zone")
    return moment
