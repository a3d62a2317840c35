"""What comes in and goes out, without a framework."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Request:
    """`target` is the path with its query exactly as it was sent; `host` is primary or backup."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    host: str = "primary"

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


@dataclass
class Response:
    """`cut`: the connection is closed instead (reset), or after `wait` seconds of silence."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: str = ""
    wait: float = 0.0


def json_response(body: Any, status: int = 200, **headers: str) -> Response:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(status, text, {"Content-Type": "application/json; charset=utf-8", **headers})


def see(url: str) -> Response:
    return Response(303, b"", {"Location": url})


def html(text: str, status: int = 200) -> Response:
    policy = "default-src 'none'; style-src 'self'; form-action *; base-uri 'none'"
    return Response(
        status, text.encode(), {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy}
    )
