"""Payments as JSON, a module per topic. Every amount is an integer in minor units: 5000 is 50.00."""

from suwen.payments.api import (
    attempts,
    channels,
    claims,
    ledger,
    notifications,
    orders,
    papers,
    prices,
    reconciliation,
    refunds,
    wallets,
)

ROUTES = [
    *prices.ROUTES, *orders.ROUTES, *attempts.ROUTES, *refunds.ROUTES, *claims.ROUTES, *wallets.ROUTES, *papers.ROUTES,
    *reconciliation.ROUTES, *channels.ROUTES, *notifications.ROUTES, *ledger.ROUTES,
]  # fmt: skip
