"""Every refusal a caller may meet. The tree is the catalogue.

* DomainError
  x Invalid        422  well formed, but cannot be done as asked
  x Unauthorized   401  we do not know who you are
  x Forbidden      403  we know, and you may not
  x NotFound       404  it is not there, or you may not know that it is
  x Conflict       409  the state changed, or forbids it
  x Unavailable    503  a party we depend on is away; try again

Titles and details are English and are translated where they are shown. `fields` names the places of a form.
"""

from typing import Any, ClassVar


class DomainError(Exception):
    """A refusal with a stable code; never an accident. `data` goes into the problem's body, beside its own members."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "error"
    title: ClassVar[str] = "Something went wrong. Nothing was changed."
    traced: ClassVar[bool] = False  # its body tells of a clinical record: the look is noted, though nothing was done

    def __init__(self, detail: str | None = None, **data: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.data = data

    @property
    def fields(self) -> dict[str, str]:
        """Messages by field name, for a form."""
        return self.data.get("fields") or {}


class Invalid(DomainError):
    status, code, title = 422, "invalid", "Some of this cannot be accepted."


class Unauthorized(DomainError):
    status, code, title = 401, "unauthorized", "Please sign in first."


class Forbidden(DomainError):
    status, code, title = 403, "forbidden", "You are not allowed to do this."


class NotFound(DomainError):
    status, code, title = 404, "not_found", "There is nothing here under this address."


class Conflict(DomainError):
    status, code, title = 409, "conflict", "Somebody changed this meanwhile. Look again before you decide."


class Unavailable(DomainError):
    status, code, title = 503, "unavailable", "We cannot do this at the moment. Please try again shortly."


class CommitUnknown(Unavailable):
    code = "commit_unknown"
    title = "The connection was lost while saving. Look whether it is there before you try again."


class TooManyRequests(DomainError):
    status, code, title = 429, "too_many_requests", "That was a little too often. Please wait a moment."


class StrongSignInNeeded(Forbidden):
    code, title = "second_factor_needed", "Please set up the second sign-in step first."


class UnknownZone(Invalid):
    code, title = "unknown_zone", "This time zone is not known. Use a name like Asia/Shanghai."


class KeyReused(Conflict):
    code = "idempotency_key_reused"
    title = "This Idempotency-Key was used for another request."


def catalogue() -> list[type[DomainError]]:
    """Return every error class, parents before children."""
    found: list[type[DomainError]] = []
    queue: list[type[DomainError]] = [DomainError]
    while queue:
        kind = queue.pop(0)
        found.append(kind)
        queue.extend(kind.__subclasses__())
    return found
