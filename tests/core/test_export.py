"""A cell is what it was, and no formula."""

from datetime import UTC, date, datetime

import pytest

from suwen.core import money
from suwen.core.export import csv_line, safe_cell


@pytest.mark.parametrize("minor", [-1, -600, -123456789, 0, 5, 600])
def test_a_sum_stays_a_number(minor):
    assert safe_cell(money.plain(minor)) == money.plain(minor)


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+86 10", "-", "-1+1", "-6.00-cmd", "-6.00\n", "-6", "--6.00", "-６.00", "-6.000", "@sum", "\tx", "\rx"],
)
def test_what_a_spreadsheet_could_run_is_text(text):
    assert safe_cell(text) == "'" + text


@pytest.mark.parametrize(
    ("value", "cell"),
    [(None, ""), (-3, "-3"), (date(2030, 1, 2), "2030-01-02"), ("李娜", "李娜"),
     (datetime(2030, 1, 2, 3, tzinfo=UTC), "2030-01-02T03:00:00+00:00")],
)  # fmt: skip
def test_all_else_is_as_it_was(value, cell):
    assert safe_cell(value) == cell
    assert csv_line([value, "a,b"]) == f'{cell},"a,b"\r\n'
