"""Who speaks: our secret key on requests (over TLS alone), and the endpoint's secret under each event."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from suwen.payments.gateways import intake
from suwen.payments.gateways.errors import Forged, Unreadable

MOST_PARTS = 20


@dataclass(frozen=True)
class Credentials:
    """`webhook_secrets`: several while the endpoint's secret is being rolled."""

    secret_key: str = field(repr=False)
    publishable_key: str
    webhook_secrets: tuple[str, ...] = field(repr=False)

    @property
    def live(self) -> bool:
        return self.secret_key.startswith(("sk_live_", "rk_live_"))


def verify(secrets: Iterable[str], headers: Iterable[tuple[str, str]], raw_body: bytes, now: datetime) -> None:
    """Forged, unless one of the v1 signatures was made with one of the secrets over exactly these bytes; Stale, if that
    was more than five minutes from now, in the future too.
    """
    header = intake.only(headers, ("stripe-signature",)).get("stripe-signature", "")
    pairs = [part.strip().partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in pairs if name == "t"]
    given = [value.encode() for name, _, value in pairs if name == "v1"]
    if len(stamps) != 1 or not given or len(pairs) > MOST_PARTS:
        raise Unreadable("a signature of another shape")
    at = intake.moment(stamps[0])
    message = f"{stamps[0]}.".encode() + raw_body
    made = [hmac.new(secret.encode(), message, hashlib.sha256).hexdigest().encode() for secret in secrets]
    # every pair is compared: how long it takes says nothing
    matches = [hmac.compare_digest(one, other) for one in made for other in given]
    if not any(matches):
        raise Forged("the signature is not of this endpoint")
    intake.fresh(at, now)
