"""docs/developers/payments-faults.md names a test for everything that the simulator can do, and the test does it."""

import ast
import importlib
import inspect
import re
import textwrap
from pathlib import Path

import pytest

from suwen.paysim import bills, control, faults, market

TABLE = Path(__file__).parents[2] / "docs" / "developers" / "payments-faults.md"
FOLDERS = {"A": "tests.payments.attempts", "R": "tests.payments.reconciling"}
# where things are and when they are sent: nothing that befalls anybody
NO_FAULTS = {"deliver", "code_url", "card_url", "wechat_signer", "search_delay"}


def rows():
    """(section, what, module, test) of each row; "the same" is what stands in the row before it."""
    section, same = "", []
    for line in TABLE.read_text().splitlines():
        if line.startswith("## "):
            section = line[3:]
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("| ") or len(cells) != 3 or "::" not in cells[1]:
            continue
        same = re.findall(r"`([^`]+)`", cells[0]) or same
        place, _, name = cells[1].strip("`").partition("::")
        folder, _, file = place.partition("/")
        for what in same:
            yield section, what, f"{FOLDERS[folder]}.{file.removesuffix('.py')}", name


ROWS = list(rows())


def words(function):
    """What a test is given, and every text and name of an argument in it."""
    found = set()
    for mark in getattr(function, "pytestmark", ()):
        if mark.name == "parametrize":
            found |= {word for given in mark.args[1] for word in (given if isinstance(given, tuple) else (given,))
                      if isinstance(word, str)}  # fmt: skip
    tree = ast.parse(inspect.getsource(function))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        elif isinstance(node, ast.keyword) and node.arg:
            found.add(node.arg)
    return found


@pytest.mark.parametrize(("section", "what", "module", "name"), ROWS, ids=[f"{one[3]}-{one[1]}" for one in ROWS])
def test_the_test_of_a_row_is_there_and_does_it(section, what, module, name):
    found = importlib.import_module(module)
    assert what in words(getattr(found, name))


def test_nothing_that_the_simulator_can_do_is_without_a_row():
    named = {section: {what for place, what, _, _ in ROWS if place == section} for section, *_ in ROWS}
    outcomes = {"paid"} | literals(market.Market.pay) & {"user_cancel", "bank_error", "paying", "expired"}
    assert len(outcomes) == 5
    differences = {
        name for name in ("missing", "extra", "amount", "status", "duplicate") if name in literals(bills._changed)
    }
    assert len(differences) == 5
    assert named == {
        "HTTP": faults.HTTP, "Reports": faults.REPORT, "The cashier": outcomes, "Bills": differences,
        "Settings": control.SETTINGS - NO_FAULTS,
    }  # fmt: skip


def literals(function):
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
