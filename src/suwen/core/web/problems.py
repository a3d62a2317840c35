"""One exception, two faces: problem+json for programs, a page for people."""

import logging
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, PermissionDeniedException, ValidationException
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError, TimeoutError

from suwen.core import errors
from suwen.core.actor import GUEST, Actor
from suwen.core.errors import CommitUnknown, DomainError
from suwen.core.i18n import translate
from suwen.core.web.identity import identify
from suwen.core.web.pages import render
from suwen.core.web.reader import reader_of

log = logging.getLogger(__name__)


class FormTooOld(errors.Forbidden):
    code, title = (
        "form_too_old",
        "This form is too old. Load the page again; what you typed is still there if you go back.",
    )


class Malformed(errors.DomainError):
    status, code, title = 400, "malformed", "The request could not be read."


class MethodNotAllowed(errors.DomainError):
    status, code, title = 405, "method_not_allowed", "This address does not take that kind of request."


class TooLarge(errors.DomainError):
    status, code, title = 413, "too_large", "That is more than can be sent at once."


class UnsupportedMedia(errors.DomainError):
    status, code = 415, "unsupported_media_type"
    title = "The content of the request is of a kind this address does not read."


KINDS: dict[int, type[DomainError]] = {
    400: Malformed, 401: errors.Unauthorized, 403: errors.Forbidden, 404: errors.NotFound, 405: MethodNotAllowed,
    409: errors.Conflict, 413: TooLarge, 415: UnsupportedMedia, 429: errors.TooManyRequests,
}  # fmt: skip


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    refusal = as_refusal(error)
    if refusal.status == 500:
        log.error("bug in %s %s", request.method, request.url.path, exc_info=error)
    headers = _headers(refusal)
    me = _reader(request)
    if request.url.path.startswith("/api/"):
        locale = reader_of(request.scope, me, request.app.state.house.settings.zone).locale
        return Response(
            msgspec.json.encode(problem(refusal, locale)), status_code=refusal.status, headers=headers,
            media_type="application/problem+json",
        )  # fmt: skip
    if refusal.status == 401 and request.method == "GET":
        return _to_sign_in(request)
    if isinstance(refusal, errors.StrongSignInNeeded) and request.method == "GET":
        return Response(b"", status_code=303, headers={"location": "/account/second-factor"}, media_type="text/html")
    html = render(request, "error.html", refusal=refusal, me=me)
    return Response(html, status_code=refusal.status, headers=headers, media_type="text/html")


def _reader(request: Request[Any, Any, Any]) -> Actor:
    """Who met the refusal; an address without a route has not asked yet."""
    known: Actor | None = getattr(request.state, "me", None)
    try:
        return known or identify(request.app.state.house, request)
    except DomainError:
        return GUEST


def problem(refusal: DomainError, locale: str) -> dict[str, Any]:
    """The body of RFC 9457, for the API and the sockets alike."""
    words = {name: translate(text, locale) for name, text in refusal.fields.items()}
    named: dict[str, Any] = {
        "type": f"/problems/{refusal.code}",
        "code": refusal.code,
        "title": translate(refusal.title, locale),
        "status": refusal.status,
        "detail": translate(refusal.detail, locale),
    }
    return refusal.data | named | ({"fields": words} if words else {})


def as_refusal(error: Exception) -> DomainError:
    """Every accident as something a caller may be told: no detail of a bug ever leaves."""
    match error:
        case DomainError():
            return error
        case msgspec.ValidationError():
            return errors.Invalid(fields=field_of(str(error)))
        case msgspec.DecodeError() | RecursionError():  # nested deeper than anything of ours
            return Malformed()
        case ValidationException():
            return errors.Invalid(errors=_places(error.extra))
        case PermissionDeniedException():
            return FormTooOld()
        case HTTPException(status_code=status) if status < 500:
            return KINDS.get(status, errors.Invalid)()
        case IntegrityError():  # a constraint caught what a service did not: somebody else was quicker
            log.warning("constraint: %s", type(error.orig).__name__)
            return errors.Conflict()
        case OverflowError() | DataError() | StatementError(orig=LookupError()):  # no such date, number or choice
            log.warning("out of range: %s", type(error).__name__)
            return errors.Invalid()
        case DBAPIError() | TimeoutError():  # the database is away, or busy beyond all retries
            log.error("database: %s", type(error).__name__)
            return errors.Unavailable()
        case _:
            return DomainError()


def field_of(message: str) -> dict[str, str]:
    """'Expected `str`, got `int` - at `$.phone`' -> {'phone': 'Expected `str`, got `int`'}."""
    text, _, place = message.partition(" - at `$")
    return {place.rstrip("`").lstrip(".") or "body": text}


def _places(extra: Any) -> list[dict[str, Any]]:
    return [
        {name: str(entry[name]) for name in ("message", "key", "source") if name in entry}
        for entry in (extra if isinstance(extra, list) else [])
        if isinstance(entry, dict)
    ]


def _headers(refusal: DomainError) -> dict[str, str]:
    headers = {"cache-control": "no-store"}
    if refusal.status in (429, 503):
        headers["retry-after"] = str(refusal.data.get("retry_after", 1 if isinstance(refusal, CommitUnknown) else 5))
    if refusal.status == 401:
        headers["www-authenticate"] = "Bearer"
    return headers


def _page_around(address: str) -> str | None:
    """Back to the page, not to the fragment that it asked for. The sign-in page looks that it is one of ours."""
    try:
        page = urlsplit(address)
    except ValueError:
        return None
    inside = page.path + ("?" + page.query if page.query else "")
    return f"/sign-in?next={quote(inside)}" if inside else None


def _to_sign_in(request: Request[Any, Any, Any]) -> Response[bytes]:
    url = request.url
    target = f"/sign-in?next={quote(url.path + ('?' + url.query if url.query else ''))}"
    if "hx-request" in request.headers:
        target = _page_around(request.headers.get("hx-current-url", "")) or target
        return Response(b"", status_code=200, headers={"hx-redirect": target}, media_type="text/html")
    return Response(b"", status_code=303, headers={"location": target}, media_type="text/html")
