"""Each channel's bill of each day, held against our books: run, resolved, settled."""

from suwen.payments.service.reconciling.checking import settlement_faults
from suwen.payments.service.reconciling.lists import (
    days,
    line,
    lines,
    lines_csv,
    open_differences,
    reconciliation,
    reconciliations,
)
from suwen.payments.service.reconciling.resolving import resolve, settle
from suwen.payments.service.reconciling.running import ask_gateway, fetch_and_reconcile, reconcile
from suwen.payments.service.reconciling.schedule import ask, ask_again, look_for_due

__all__ = [
    "ask", "ask_again", "ask_gateway", "days", "fetch_and_reconcile", "line", "lines", "lines_csv", "look_for_due",
    "open_differences", "reconcile", "reconciliation", "reconciliations", "resolve", "settle", "settlement_faults",
]  # fmt: skip
