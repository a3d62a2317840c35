"""Bases of what comes in and what goes out, and the shape of a refusal."""

from typing import Annotated, Any, Generic, TypeVar

import msgspec

T = TypeVar("T")
# What was read of a row that may have changed since; no larger than the column.
Version = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1, examples=[1])]


class Input(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A body or a form. What is not declared is refused."""


class View(msgspec.Struct, kw_only=True, omit_defaults=False):
    """An answer."""


class Slice(msgspec.Struct, Generic[T]):
    """Part of a long list. `next` is the value of `after` for the part that follows, null at the end."""

    items: list[T]
    next: str | None = None


class Problem(msgspec.Struct, kw_only=True):
    """RFC 9457. `code` is stable; `title` and `detail` are in the reader's language."""

    type: str
    code: str
    title: str
    status: int
    detail: str
    fields: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    errors: list[dict[str, Any]] | msgspec.UnsetType = msgspec.UNSET
