"""The gateways of this clinic, opened once beside the database, and what is kept of the talk with them.

For jobs only, outside transactions: every call on a gateway is HTTP.
"""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
from sqlalchemy import insert

from suwen.core.db import Database, new_id
from suwen.payments.gateways import Gateway
from suwen.payments.gateways.configuration import opened
from suwen.payments.gateways.wire import Exchange, Surroundings, open_http
from suwen.payments.models import GATEWAY_OF as GATEWAY_OF
from suwen.payments.models import METHOD_OF as METHOD_OF
from suwen.payments.models import GatewayExchange

NUMBERS = ("out_trade_no", "out_refund_no", "out_request_no", "client_reference_id")


class Channels:
    """Closed with the database. `clock`, `environment` and `http` are given by tests, which pay at the simulator."""

    def __init__(
        self, db: Database, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        environment: Mapping[str, str] = os.environ, http: httpx.Client | None = None,
    ) -> None:  # fmt: skip
        self._db, self._http = db, http or open_http()
        pepper = (getattr(db.settings, "secret", "") or "pepper").encode()
        around = Surroundings(self._http, clock, os.urandom, pepper, self._keep)
        production = bool(getattr(db.settings, "production", False))
        self.gateways: Mapping[str, Gateway] = opened(environment, around, production=production)

    def close(self) -> None:
        self._http.close()

    def _keep(self, one: Exchange) -> None:
        values = {
            "id": new_id(), "created_at": one.at, "gateway": one.gateway, "out_no": _number(one.sent),
            "method": one.method, "path": one.path[:255], "host": one.host[:100], "http_status": one.status,
            "sent": one.sent, "received": one.received,
        }  # fmt: skip
        self._db.write(lambda tx: tx.execute(insert(GatewayExchange.__table__), values))


def gateways_of(db: Database) -> Mapping[str, Gateway]:
    """By name; empty where none is configured."""
    found: Channels = db.beside("gateways", lambda: Channels(db))
    return found.gateways


def _number(sent: Any) -> str | None:
    if not isinstance(sent, dict):
        return None
    return next((str(sent[name])[:64] for name in NUMBERS if sent.get(name)), None)
