"""Telling people: where they can be reached, what they want to hear, and their inbox."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from suwen.core.db import changed, new_id
from suwen.notifications import rules
from suwen.notifications.errors import UnknownType
from suwen.notifications.models import Contact, Notification, NotificationSetting

INBOX = insert(Notification)


def topic(user_id: str) -> str:
    """What an open page of this account listens to."""
    return f"user:{user_id}"


def remember_contact(
    tx: Session, user_id: str, email: str | None, phone: str | None, locale: str, zone: str, name: str
) -> None:
    """Keep where an account can be reached; accounts calls it in the transaction that changes any of it."""
    tx.flush()  # the account itself may be new
    contact = tx.get(Contact, user_id) or Contact(user_id=user_id)
    contact.email, contact.phone = email or None, phone or None
    contact.locale, contact.zone, contact.name = locale, zone, name
    tx.add(contact)


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
    if not rules.told(type, wishes(tx, user_id, type)):
        return None
    locale, zone = _language(tx, user_id)
    row = {
        "id": new_id(), "user_id": user_id, "type": type, "related_id": related_id, "created_at": now,
        "title": rules.said(title, meta, locale, zone)[:200], "content": rules.said(content, meta, locale, zone),
        "meta": rules.kept(meta), "dedup_key": once, "status": "unread",
    }  # fmt: skip
    tx.execute(INBOX, row)
    changed(tx, topic(user_id))
    return str(row["id"])


def wishes(tx: Session, user_id: str, type: str) -> rules.Wishes:
    row = tx.scalar(
        select(NotificationSetting).where(
            NotificationSetting.user_id == user_id, NotificationSetting.notification_type == type
        )
    )
    if row is None:
        return rules.Wishes()
    return rules.Wishes(row.enabled, row.email_enabled, row.sms_enabled, row.push_enabled)


def _language(tx: Session, user_id: str) -> tuple[str, str]:
    found = tx.execute(select(Contact.locale, Contact.zone).where(Contact.user_id == user_id)).first()
    return (found.locale, found.zone) if found else ("zh-CN", "Asia/Shanghai")
