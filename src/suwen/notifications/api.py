"""The inbox for programs."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.schemas import Slice
from suwen.core.web.routes import SIGNED_IN, delete, get, post, put, routes_of
from suwen.notifications import service
from suwen.notifications.schemas import InboxState, Marked, Message, WishesEntry, WishView

TAGS = ["Notifications"]


@get("/api/v1/notifications", who=SIGNED_IN, tags=TAGS, operation_id="list_notifications")
def listing(
    tx: Session, me: Actor, status: str | None = None, type: str | None = None, after: str | None = None,
    limit: int | None = None,
) -> Slice[Message]:  # fmt: skip
    """The inbox, newest first. `status` is unread or read."""
    return service.inbox(tx, me, status=status, type=type, after=after, limit=limit)


@get("/api/v1/notifications/unread", who=SIGNED_IN, tags=TAGS, operation_id="count_unread_notifications")
def unread(tx: Session, me: Actor) -> InboxState:
    return service.unread(tx, me)


@get("/api/v1/notifications/settings", who=SIGNED_IN, tags=TAGS, operation_id="show_notification_settings")
def settings(tx: Session, me: Actor) -> list[WishView]:
    return service.chosen(tx, me)


@put("/api/v1/notifications/settings", who=SIGNED_IN, tags=TAGS, operation_id="change_notification_settings")
def choose(tx: Session, me: Actor, now: datetime, data: WishesEntry) -> list[WishView]:
    """Types that are not named stay as they are."""
    return service.choose(tx, me, data.items, now)


@post("/api/v1/notifications/read-all", who=SIGNED_IN, tags=TAGS, operation_id="read_all_notifications", status=200)
def read_all(tx: Session, me: Actor, now: datetime) -> Marked:
    return Marked(marked=service.read_all(tx, me, now))


@post("/api/v1/notifications/{id:str}/read", who=SIGNED_IN, tags=TAGS, operation_id="read_notification", status=200)
def read(tx: Session, me: Actor, now: datetime, id: str) -> Message:
    return service.read(tx, me, id, now)


@delete("/api/v1/notifications/{id:str}", who=SIGNED_IN, tags=TAGS, operation_id="delete_notification")
def remove(tx: Session, me: Actor, id: str) -> None:
    service.delete(tx, me, id)


ROUTES = routes_of(listing, unread, settings, choose, read_all, read, remove)
