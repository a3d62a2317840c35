"""Cards, through the Stripe API."""

from suwen.payments.gateways.card.client import Card
from suwen.payments.gateways.card.signing import Credentials

__all__ = ["Card", "Credentials"]
