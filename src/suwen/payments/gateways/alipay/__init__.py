"""Alipay, open platform, RSA2."""

from suwen.payments.gateways.alipay.client import Alipay
from suwen.payments.gateways.alipay.signing import Credentials

__all__ = ["Alipay", "Credentials"]
