"""From a request to an Actor: a bearer token for programs, a cookie for browsers."""

from dataclasses import replace
from typing import Any

from litestar.connection import ASGIConnection

from suwen.core.actor import GUEST, Actor
from suwen.core.house import House

COOKIE, SECURE_COOKIE = "session", "__Host-session"


def cookie_name(production: bool) -> str:
    return SECURE_COOKIE if production else COOKIE


def identify(house: House, connection: ASGIConnection[Any, Any, Any, Any]) -> Actor:
    """Return the bearer of the token or the cookie, GUEST without either; raise Unauthorized for a bad one."""
    token = bearer(connection.scope)
    if token is None:
        token = connection.cookies.get(cookie_name(house.production))
    if not token:
        return GUEST
    actor = house.signer.verify(token, house.clock().timestamp())
    house.sessions.refuse_ended(actor)
    return actor


def placed(actor: Actor, house: House, scope: Any) -> Actor:
    """The actor with the address and the program it comes from: for sign-in rows, audit rows and call events."""
    return replace(actor, ip=client_ip(house, scope), agent=_header(scope, b"user-agent")[:300])


def client_ip(house: House, scope: Any) -> str:
    """The peer's address, or what a trusted proxy says it is."""
    peer = _peer(scope)
    if peer and peer in house.settings.proxies:
        # some proxies write a line of their own below the one that came
        lines = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
        forwarded = ",".join(lines).split(",")[-1].strip()
        return forwarded[:45] or peer
    return peer


def came_round(house: House, scope: Any) -> bool:
    """Whether somebody brings the request whom no setting names: it may be anybody's."""
    brought = any(name == b"x-forwarded-for" for name, _ in scope["headers"])
    return brought and _peer(scope) not in house.settings.proxies


def _peer(scope: Any) -> str:
    client = scope.get("client")
    return client[0] if client else ""


def bearer(scope: Any) -> str | None:
    """The token of the Authorization header. Read from the raw list: a header mapping costs more than the HMAC."""
    for name, value in scope["headers"]:
        if name == b"authorization" and value[:7] == b"Bearer ":
            return value[7:].decode("latin-1")
    return None


def has_session(scope: Any) -> bool:
    return any(name == b"cookie" and b"session=" in value for name, value in scope["headers"])


def _header(scope: Any, wanted: bytes) -> str:
    for name, value in scope["headers"]:
        if name == wanted:
            return value.decode("latin-1")
    return ""
