"""What a route function may return, and how it becomes bytes."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Request
from litestar.datastructures import Cookie, MutableScopeHeaders
from litestar.response.base import ASGIResponse
from litestar.response.streaming import ASGIStreamingResponse
from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.i18n import translate
from suwen.core.kept import Answer
from suwen.core.web.pages import render
from suwen.core.web.reader import reader_of

JSON = msgspec.json.Encoder()
NO_STORE = [("cache-control", "no-store")]
Headers = list[tuple[bytes, bytes]]
KEPT: Headers = [
    (b"cache-control", b"private, no-cache"), (b"vary", b"accept-encoding, cookie, hx-request, hx-target")
]  # fmt: skip
PASSING: Headers = [(b"cache-control", b"no-store"), (b"content-type", b"application/json")]


@dataclass(frozen=True)
class Page:
    """A template and what it shows. htmx is given only the block it asks for."""

    template: str
    context: dict[str, Any]
    status: int | None = None
    cookies: list[Cookie] = field(default_factory=list)


@dataclass(frozen=True)
class See:
    """Go and look there (303), with a short message at the top if given."""

    url: str
    toast: str | None = None
    cookies: list[Cookie] = field(default_factory=list)


@dataclass(frozen=True)
class Signed:
    """A JSON answer that also sets cookies."""

    value: Any
    cookies: list[Cookie]


@dataclass(frozen=True)
class Download:
    """A file. A long one comes in pieces: `body(tx)` yields text, read in a transaction of its own while it is sent."""

    body: bytes | Callable[[Session], Iterator[str]]
    media_type: str
    name: str
    inline: bool = False


@dataclass(frozen=True)
class Told:
    """The answer of a `raw` route, to the byte."""

    status: int
    body: bytes
    media_type: str = "text/plain"


class Ready(ASGIResponse):
    """A body with its headers, as they are sent. The library looks at each header as it is set: a fifth of the price of
    an answer that was kept.
    """

    __slots__ = ()

    def __init__(self, status: int, headers: Headers, body: bytes = b"") -> None:
        length = [(b"content-length", str(len(body)).encode())] if status != 304 else []
        self.headers = MutableScopeHeaders({"headers": [*headers, *length]})
        self.status_code, self.body, self.content_length = status, body, len(body)
        self.background, self.encoding, self.is_head_response = None, "utf-8", False
        self._encoded_cookies = ()


def encode(value: Any, status: int, request: Request[Any, Any, Any], me: Actor, **extra: Any) -> ASGIResponse:
    match value:
        case Page():
            body = render(request, value.template, me=me, **value.context, **extra)
            return ASGIResponse(
                body=body, status_code=value.status or status, media_type="text/html", headers=NO_STORE,
                cookies=value.cookies,
            )  # fmt: skip
        case See():
            return _see(value, request, me)
        case Download():  # one in pieces is sent by the route
            return _file(value)
        case Signed():
            return ASGIResponse(
                body=JSON.encode(value.value), status_code=status, cookies=value.cookies, headers=NO_STORE
            )
        case None:
            return ASGIResponse(status_code=204)
        case _:
            return Ready(status, PASSING, JSON.encode(value))


def from_kept(answer: Answer, request: Request[Any, Any, Any]) -> ASGIResponse:
    """The kept bytes, or 304 for whoever has them already. The browser asks each time: they may change any moment."""
    headers = [(b"etag", answer.etag.encode()), *KEPT]
    packed = False
    for name, value in request.scope["headers"]:
        if name == b"if-none-match" and value.decode("latin-1") == answer.etag:
            return Ready(304, headers)
        if name == b"accept-encoding" and b"gzip" in value:
            packed = len(answer.body) > 1400
    headers.append((b"content-type", answer.media_type.encode()))
    if packed:
        headers.append((b"content-encoding", b"gzip"))
    return Ready(200, headers, answer.packed() if packed else answer.body)


def _see(value: See, request: Request[Any, Any, Any], me: Actor) -> ASGIResponse:
    cookies = list(value.cookies)
    if value.toast:
        # in words already: a kept page knows no reader, and its script shows the cookie as it is
        locale = reader_of(request.scope, me, request.app.state.house.settings.zone).locale
        words = quote(json.dumps(translate(value.toast, locale)))
        cookies.append(Cookie("toast", value=words, path="/", max_age=30, samesite="lax"))
    if b"hx-request" in dict(request.scope["headers"]):
        return ASGIResponse(
            status_code=200, headers={"hx-redirect": value.url}, cookies=cookies, media_type="text/html"
        )
    return ASGIResponse(status_code=303, headers={"location": value.url}, cookies=cookies)


def _file(value: Download) -> ASGIResponse:
    kind = "inline" if value.inline else "attachment"
    headers = {
        "content-disposition": f"{kind}; filename*=UTF-8''{quote(value.name)}",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }
    body = value.body if isinstance(value.body, bytes) else b""
    return ASGIResponse(body=body, headers=headers, media_type=value.media_type)


def streamed(value: Download, pieces: AsyncIterator[bytes]) -> ASGIStreamingResponse:
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(value.name)}", "cache-control": "no-store"}
    return ASGIStreamingResponse(iterator=pieces, headers=headers, media_type=value.media_type)
