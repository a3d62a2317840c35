"""The inbox and what one wants to find in it."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.i18n import N_
from suwen.core.schemas import Input
from suwen.core.web.answers import Page, See
from suwen.core.web.routes import SIGNED_IN, form, page, routes_of
from suwen.notifications import rules, service
from suwen.notifications.schemas import WishEntry


class Nothing(Input):
    """A button."""


class WishesForm(Input):
    items: list[WishEntry] = []


@page("/inbox", who=SIGNED_IN)
def inbox(tx: Session, me: Actor, status: str | None = None, type: str | None = None, after: str | None = None) -> Page:
    shown = service.inbox(tx, me, status=status or None, type=type or None, after=after)
    return Page("notifications/inbox.html", {
        "messages": shown.items, "next": shown.next, "status": status or "", "type": type or "", "first": after is None,
        "unread": service.unread(tx, me).unread, "names": rules.NAMES, "icons": rules.ICONS,
    })  # fmt: skip


@form("/inbox/read-all", again=inbox, who=SIGNED_IN)
def read_all(tx: Session, me: Actor, now: datetime, data: Nothing) -> See:
    service.read_all(tx, me, now)
    return See("/inbox", toast=N_("All messages are marked as read."))


@form("/inbox/{id:str}/open", again=inbox, who=SIGNED_IN)
def open_message(tx: Session, me: Actor, now: datetime, id: str, data: Nothing) -> See:
    """Mark as read and go where it leads."""
    return See(service.read(tx, me, id, now).path or "/inbox")


@form("/inbox/{id:str}/read", again=inbox, who=SIGNED_IN)
def read(tx: Session, me: Actor, now: datetime, id: str, data: Nothing) -> See:
    service.read(tx, me, id, now)
    return See("/inbox")


@form("/inbox/{id:str}/delete", again=inbox, who=SIGNED_IN)
def remove(tx: Session, me: Actor, id: str, data: Nothing) -> See:
    service.delete(tx, me, id)
    return See("/inbox", toast=N_("Deleted."))


@page("/inbox/settings", who=SIGNED_IN)
def settings(tx: Session, me: Actor) -> Page:
    return Page(
        "notifications/settings.html", {"wishes": service.chosen(tx, me), "address": service.mail_address(tx, me)}
    )


@form("/inbox/settings", again=settings, who=SIGNED_IN)
def choose(tx: Session, me: Actor, now: datetime, data: WishesForm) -> See:
    service.choose(tx, me, data.items, now)
    return See("/inbox/settings", toast=N_("Saved."))


ROUTES = routes_of(inbox, read_all, open_message, read, remove, settings, choose)
