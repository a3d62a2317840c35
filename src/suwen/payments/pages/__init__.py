"""HTML pages of payments, a module per topic."""

from suwen.payments.pages import (
    channels,
    claims,
    desk,
    holds,
    ledger,
    orders,
    papers,
    prices,
    reconciliation,
    refunds,
    wallet,
)

ROUTES = [
    *wallet.ROUTES, *orders.ROUTES, *prices.ROUTES, *desk.ROUTES, *refunds.ROUTES, *claims.ROUTES, *papers.ROUTES,
    *reconciliation.ROUTES, *channels.ROUTES, *ledger.ROUTES, *holds.ROUTES,
]  # fmt: skip
