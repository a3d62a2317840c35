"""Security headers on every answer, also on those that no route gave, and a count of answers by kind."""

from litestar.types import Message, Scope

CSP = (
    "default-src 'self'; style-src 'self'; script-src 'self'; img-src 'self' data: blob: https:; "
    "media-src 'self' blob:; "
    "connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
ALWAYS = [
    (b"content-security-policy", CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(self), microphone=(self), display-capture=(self), geolocation=()"),
]
HSTS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


async def dress(message: Message, scope: Scope) -> None:
    """Litestar's `before_send` hook."""
    if message["type"] != "http.response.start" or scope["type"] != "http":
        return
    house = scope["litestar_app"].state.house
    house.counts[f"{message['status'] // 100}xx"] += 1
    given = {name for name, _ in message["headers"]}
    extra = [*ALWAYS, HSTS] if house.production else ALWAYS
    message["headers"] = [*message["headers"], *(pair for pair in extra if pair[0] not in given)]
