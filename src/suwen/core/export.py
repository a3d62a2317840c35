"""CSV that a spreadsheet opens without running it."""

import csv
import io
import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

BOM = "\ufeff"  # or a spreadsheet takes UTF-8 for something else
RISKY = ("=", "+", "-", "@", "\t", "\r")
PLAIN_SUM = re.compile(r"-?\d+\.\d\d", re.ASCII)  # as `money.plain` writes it: a number for every spreadsheet


def csv_line(values: Iterable[Any]) -> str:
    """One escaped line with its end."""
    out = io.StringIO()
    csv.writer(out).writerow([safe_cell(value) for value in values])
    return out.getvalue()


def safe_cell(value: Any) -> str:
    """Text that no spreadsheet takes for a formula; dates as ISO 8601; None as nothing."""
    text = "" if value is None else value.isoformat() if isinstance(value, (date, datetime)) else str(value)
    harmless = isinstance(value, (int, float)) or PLAIN_SUM.fullmatch(text)
    return f"'{text}" if text[:1] in RISKY and not harmless else text
