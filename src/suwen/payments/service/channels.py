"""The gateways of this clinic, opened once beside the database, and what is kept of the talk with them.

For jobs only, outside transactions: every call on a gateway is HTTP.
"""

import hmac
import logging
import os
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from suwen.core.db import Database, new_id, utc_now
from suwen.payments.gateways import Gateway
from suwen.payments.gateways.configuration import opened_each
from suwen.payments.gateways.wire import Exchange, Surroundings, open_http
from suwen.payments.models import GATEWAY_OF, METHOD_OF, GatewayExchange
from suwen.payments.service import configs

if TYPE_CHECKING:
    import httpx  # see gateways/wire.py

__all__ = ["GATEWAY_OF", "METHOD_OF", "Channels", "channels_of", "gateways_of"]
NUMBERS = ("out_trade_no", "out_refund_no", "out_request_no", "client_reference_id")
log = logging.getLogger(__name__)


class Channels:
    """Closed with the database. `clock`, `environment` and `http` are given by tests, which pay at the simulator.

    Before each use the revisions of what was saved are compared: a change in any process opens the gateways anew in
    all of them, with or without Redis. One gateway that cannot be opened (`wrong` says why) closes no other.
    """

    def __init__(
        self, db: Database, *, clock: Callable[[], datetime] = utc_now,
        environment: Mapping[str, str] = os.environ, http: "httpx.Client | None" = None,
    ) -> None:  # fmt: skip
        self._db, self._http, self.environment = db, http or open_http(), environment
        secret = (getattr(db.settings, "secret", "") or "no secret was set").encode()
        # a key of its own: the hashes of people must tell nothing about what signs the sessions
        pepper = hmac.digest(secret, b"suwen gateway exchanges", "sha256")
        self._around = Surroundings(self._http, clock, os.urandom, pepper, self._keep)
        self._production = bool(getattr(db.settings, "production", False))
        self._lock = threading.Lock()
        self._seen: tuple[Any, ...] | None = None
        self._gateways: Mapping[str, Gateway] = {}
        self._wrong: Mapping[str, list[str]] = {}

    @property
    def gateways(self) -> Mapping[str, Gateway]:
        self._refresh()
        return self._gateways

    @property
    def wrong(self) -> Mapping[str, list[str]]:
        """Why a gateway that is set up cannot be used, in words without a value."""
        self._refresh()
        return self._wrong

    def close(self) -> None:
        self._http.close()

    def _refresh(self) -> None:
        newest = self._db.read(configs.revisions)
        if newest == self._seen:
            return
        with self._lock:
            if newest == self._seen:
                return
            values = self._db.read(lambda tx: configs.values_of(tx, self.environment))
            self._gateways, self._wrong = opened_each(values, self._around, production=self._production)
            self._seen = newest  # read before the values: what changed in between is seen the next time
            for gateway, reasons in self._wrong.items():
                log.error("%s cannot be used: %s", gateway, "; ".join(reasons))

    def _keep(self, one: Exchange) -> None:
        values = {
            "id": new_id(), "created_at": one.at, "gateway": one.gateway, "out_no": one.number[:64] or number(one.sent),
            "method": one.method, "path": one.path[:255], "host": one.host[:100], "http_status": one.status,
            "sent": one.sent, "received": one.received,
        }  # fmt: skip
        self._db.write(lambda tx: tx.execute(insert(GatewayExchange.__table__), values))


def channels_of(db: Database) -> Channels:
    found: Channels = db.beside("gateways", lambda: Channels(db))
    return found


def gateways_of(db: Database) -> Mapping[str, Gateway]:
    """By name; empty where none is configured. Those that are switched off for new payments are there too: what was
    begun is asked about, reported and paid back."""
    return channels_of(db).gateways


def number(sent: Any) -> str | None:
    """The number in what was sent, for questions that were asked without naming one."""
    if not isinstance(sent, dict):
        return None
    return next((str(sent[name])[:64] for name in NUMBERS if sent.get(name)), None)
