"""Writing into somebody's inbox, and by mail as well where that is wished."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from suwen.core.db import changed, new_id
from suwen.notifications import rules
from suwen.notifications.errors import UnknownType
from suwen.notifications.models import Notification
from suwen.notifications.service.contacts import address
from suwen.notifications.service.mail import mail_notification
from suwen.notifications.service.wishes import wishes

INBOX = insert(Notification.__table__)


def topic(user_id: str) -> str:
    """What an open page of this account listens to."""
    return f"user:{user_id}"


def notify(
    tx: Session, user_id: str, type: str, title: str, content: str, related_id: str | None, now: datetime,
    meta: Mapping[str, Any] | None = None, *, once: str | None = None,
) -> str | None:  # fmt: skip
    """Write into an account's inbox, in the language of its owner. Returns the id, None where it is not wanted.

    `title` and `content` are marked texts (`N_`) that may name `%(values)s` of `meta`; a datetime there is told in the
    owner's zone. `meta["path"]` is where the message leads, if not to the page of its type. Say nothing clinical: no
    symptom, diagnosis, medicine. `once` is a key under which it is told only once, however often a job runs.
    """
    if type not in rules.TYPES:
        raise UnknownType(type=type)
    if once is not None and tx.scalar(select(Notification.id).where(Notification.dedup_key == once)):
        return None
    wish = wishes(tx, user_id, type)
    if not rules.told(type, wish):
        return None
    owner = address(tx, user_id)
    row: dict[str, Any] = {
        "id": new_id(), "user_id": user_id, "type": type, "related_id": related_id, "created_at": now,
        "title": rules.said(title, meta, owner.locale, owner.zone)[:200],
        "content": rules.said(content, meta, owner.locale, owner.zone),
        "metadata": rules.kept(meta), "dedup_key": once, "status": "unread",
    }  # fmt: skip
    tx.execute(INBOX, row)
    changed(tx, topic(user_id))
    if wish.email_enabled and owner.email:
        path = rules.place_of(type, related_id, meta) or "/inbox"
        mail_notification(tx, user_id, owner, row["title"], row["content"], path, now)
    return str(row["id"])
