"""Ways of being paid through somebody else: WeChat Pay, Alipay, cards. One interface (`Gateway`) for all.

Money is booked only on a verified report or an authenticated query, never on a browser's return. The folders are alike:
`client.py` speaks, `signing.py` proves who speaks, `messages.py` knows the shapes, `notices.py` reads reports,
`bills.py` reads bills.
"""

from suwen.payments.gateways.errors import (
    BadMessage,
    Busy,
    Forged,
    GatewayError,
    NoBill,
    NotReady,
    Refused,
    Stale,
    Unauthentic,
    Unknown,
    Unreadable,
)
from suwen.payments.gateways.terms import (
    Answer,
    Attempt,
    Gateway,
    Line,
    Notice,
    Offer,
    RefundAnswer,
    RefundOrder,
)

__all__ = [
    "Answer",
    "Attempt",
    "BadMessage",
    "Busy",
    "Forged",
    "Gateway",
    "GatewayError",
    "Line",
    "NoBill",
    "NotReady",
    "Notice",
    "Offer",
    "RefundAnswer",
    "RefundOrder",
    "Refused",
    "Stale",
    "Unauthentic",
    "Unknown",
    "Unreadable",
]
