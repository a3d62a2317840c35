"""The inbox as it is shown, and what may be chosen."""

from datetime import datetime
from typing import Annotated

import msgspec

from suwen.core.schemas import Input, View


class Message(View):
    """`path` is where it leads on this site, if anywhere."""

    id: str
    type: str
    title: str
    content: str
    related_id: str | None
    status: str
    created_at: datetime
    read_at: datetime | None
    path: str | None


class InboxState(View):
    """`title` is that of the newest unread message."""

    unread: int
    newest_id: str | None
    title: str


class Marked(View):
    marked: int


class WishEntry(Input):
    """`enabled`: in the inbox; `email`: by mail as well."""

    type: str
    enabled: bool = True
    email: bool = False


class WishesEntry(Input):
    items: Annotated[list[WishEntry], msgspec.Meta(max_length=20)]


class WishView(View):
    """`always`: this kind cannot be switched off, only its mail."""

    type: str
    title: str
    enabled: bool
    email: bool
    always: bool


class Watch(msgspec.Struct, tag="watch", tag_field="type"):
    """What an open page wants to hear of, and when it was drawn; replaces what it named before."""

    topics: Annotated[list[Annotated[str, msgspec.Meta(max_length=80)]], msgspec.Meta(max_length=30)]
    since: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class Here(msgspec.Struct, tag="here", tag_field="type"):
    """Somebody types or points in the open page: what it asks by itself does not say so."""
