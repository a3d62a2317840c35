"""Reactions and timed work of payments; importing this registers them."""

from suwen.payments.jobs import attempts, channels, claims, ledger, orders, reconciliation, refunds

__all__ = ["attempts", "channels", "claims", "ledger", "orders", "reconciliation", "refunds"]
