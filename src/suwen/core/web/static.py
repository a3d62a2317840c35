"""Style sheets, scripts and pictures: read once, compressed once, under an address that changes with their content."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from litestar import asgi
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

ROOT = Path(__file__).parents[2]
FOLDERS = {"": ROOT / "core/web/static"} | {path.parent.name: path for path in ROOT.glob("*/static")}
YEAR = "public, max-age=31536000, immutable"
# One address for the browser, one file per subject for us; the order is the cascade's.
SHEETS = ("theme", "ground", "controls", "surfaces", "frame", "navigation", "page", "forms", "words", "lists", "people",
          "week", "queue", "figures", "floating")  # fmt: skip
BUNDLES = {"css/suwen.css": [f"css/{name}.css" for name in SHEETS]}
PACKED = {".css", ".js", ".svg", ".json", ".webmanifest"}
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("font/woff2", ".woff2")


@dataclass(frozen=True)
class Asset:
    body: bytes
    packed: bytes | None
    media_type: str


@cache
def version() -> str:
    """One for all files, because scripts import each other by relative address."""
    total = hashlib.blake2b(digest_size=5)
    for folder in FOLDERS.values():
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            total.update(path.name.encode() + str(path.stat().st_size).encode())
            if "vendor" not in path.parts:
                total.update(path.read_bytes())
    return total.hexdigest()


def static_url(name: str) -> str:
    """`css/suwen.css`, `vendor/htmx.min.js`, or `consultations/room.js` for a package's own."""
    return f"/static/{version()}/{name}"


@asgi("/static", is_mount=True, copy_scope=True, opt={"who": "anyone", "exclude_from_csrf": True})
async def static_files(scope: Scope, receive: Receive, send: Send) -> None:
    name = scope["path"].split("/static/", 1)[-1].strip("/").partition("/")[2]
    found = _asset(name)
    if found is None or scope.get("method") not in ("GET", "HEAD"):
        response = ASGIResponse(body=b"", status_code=404, media_type="text/plain")
    else:
        response = _answer(found, scope)
    await response(scope, receive, send)


def _answer(found: Asset, scope: Any) -> ASGIResponse:
    headers = [("cache-control", YEAR), ("vary", "accept-encoding"), ("x-content-type-options", "nosniff")]
    wants = dict(scope["headers"]).get(b"accept-encoding", b"")
    if found.packed and b"gzip" in wants:
        return ASGIResponse(
            body=found.packed, media_type=found.media_type, headers=[*headers, ("content-encoding", "gzip")]
        )
    return ASGIResponse(body=found.body, media_type=found.media_type, headers=headers)


def _asset(name: str) -> Asset | None:
    paths = [_file(part) for part in BUNDLES.get(name, [name])]
    found = tuple(path for path in paths if path)
    return _read(found, tuple(path.stat().st_mtime_ns for path in found)) if len(found) == len(paths) else None


def _file(name: str) -> Path | None:
    package, _, rest = name.partition("/")
    folder, rest = (FOLDERS[package], rest) if package in FOLDERS and package else (FOLDERS[""], name)
    path = (folder / rest).resolve()
    inside = path.is_relative_to(folder.resolve()) or ("vendor" in Path(rest).parts[:1] and ".." not in rest)
    return path if inside and path.is_file() else None


@cache
def _read(paths: tuple[Path, ...], _changed: tuple[int, ...]) -> Asset:
    body, first = b"\n".join(path.read_bytes() for path in paths), paths[0]
    media_type = mimetypes.guess_type(first.name)[0] or "application/octet-stream"
    return Asset(body, gzip.compress(body, 9, mtime=0) if first.suffix in PACKED else None, media_type)
