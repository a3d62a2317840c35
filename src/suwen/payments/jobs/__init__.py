"""Reactions and timed work of payments; importing this registers them."""

from suwen.payments.jobs import attempts, channels, ledger, orders, reconciliation, refunds

__all__ = ["attempts", "channels", "ledger", "orders", "reconciliation", "refunds"]
