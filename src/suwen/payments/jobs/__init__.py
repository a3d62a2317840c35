"""Reactions and timed work of payments; importing this registers them."""

from suwen.payments.jobs import ledger, orders

__all__ = ["ledger", "orders"]
