"""Signed tokens: who, role, session, doctor, strength, zone, expiry. One HMAC to verify, no database."""

import base64
import hmac
from datetime import datetime
from functools import lru_cache

from suwen.core.actor import Actor
from suwen.core.errors import Unauthorized


class Signer:
    """The cookie of a browser and the bearer of a program are the same token."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), b"suwen session tokens", "sha256")
        self._parsed = lru_cache(maxsize=2000)(self._parse)  # a kilobyte each

    def issue(self, actor: Actor, expires: datetime) -> str:
        name = base64.urlsafe_b64encode(actor.name.encode()).decode()
        parts = (actor.id, actor.role, actor.session_id, actor.doctor_id or "", "1" if actor.strong else "0",
                 actor.locale, actor.zone, name, str(int(expires.timestamp())))  # fmt: skip
        body = "~".join(parts)
        return f"{body}~{self._sign(body)}"

    def verify(self, token: str, now: float) -> Actor:
        """Return the bearer, or raise Unauthorized for a forged or expired token."""
        actor, expires = self._parsed(token)
        if expires < now:
            raise Unauthorized("Your session has ended. Please sign in again.")
        return actor

    def digest(self, purpose: str, text: str) -> str:
        """A keyed hash for what is stored but must not be readable: codes, tickets."""
        return hmac.digest(self._key, f"{purpose}:{text}".encode(), "sha256").hex()

    def _parse(self, token: str) -> tuple[Actor, int]:
        body, _, signature = token.rpartition("~")
        if not hmac.compare_digest(self._sign(body).encode(), signature.encode("utf-8", "replace")):
            raise Unauthorized()
        id, role, session_id, doctor_id, strong, locale, zone, name, expires = body.split("~")
        plain = base64.urlsafe_b64decode(name).decode()
        return Actor(id, role, session_id, doctor_id or None, strong == "1", locale, zone, plain), int(expires)

    def _sign(self, body: str) -> str:
        return hmac.digest(self._key, body.encode("utf-8", "replace"), "sha256").hex()
