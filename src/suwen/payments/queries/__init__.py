"""Statements of payments: lists, details, the day's figures."""

from suwen.payments.queries.claims import CLAIMS, claims, claims_of, open_claims
from suwen.payments.queries.figures import topped_up
from suwen.payments.queries.orders import ORDER_NAMES, ORDERS, order_view, orders, transactions
from suwen.payments.queries.people import PEOPLE_SHOWN, named, people, person
from suwen.payments.queries.refunds import open_places, refund_line, refund_lines, refunds, waiting_refunds
from suwen.payments.queries.wallets import ENTRIES, ENTRY_NAMES, entries, receipt

__all__ = [
    "CLAIMS",
    "ENTRIES",
    "ENTRY_NAMES",
    "ORDERS",
    "ORDER_NAMES",
    "PEOPLE_SHOWN",
    "claims",
    "claims_of",
    "entries",
    "named",
    "open_claims",
    "open_places",
    "order_view",
    "orders",
    "people",
    "person",
    "receipt",
    "refund_line",
    "refund_lines",
    "refunds",
    "topped_up",
    "transactions",
    "waiting_refunds",
]
