"""WeChat Pay, API v3."""

from suwen.payments.gateways.wechat.client import WeChat
from suwen.payments.gateways.wechat.signing import Credentials

__all__ = ["Credentials", "WeChat"]
