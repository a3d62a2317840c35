"""A simulator of WeChat Pay, Alipay and a card gateway, on loopback: `suwen paysim`.

It speaks the gateways' protocols, verifies what it is sent as they do, lets a person pay on a page, and makes every
fault that a gateway may make when it is told to. It shares no code with the clients that it tests.
"""

import os

if os.environ.get("SUWEN_PRODUCTION", "").strip().lower() in ("1", "true", "yes"):
    raise ImportError(
        "the payment simulator takes no part in production: unset SUWEN_PRODUCTION, or use a real gateway"
    )
