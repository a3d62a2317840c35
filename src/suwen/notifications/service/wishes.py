"""What an account wants to be told, and by which way besides the inbox."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.db import new_id
from suwen.notifications import rules
from suwen.notifications.errors import UnknownType
from suwen.notifications.models import NotificationSetting
from suwen.notifications.schemas import WishEntry, WishView


def chosen(tx: Session, me: Actor) -> list[WishView]:
    """One line for each type; where nothing was chosen, what holds until then."""
    rows = tx.scalars(select(NotificationSetting).where(NotificationSetting.user_id == me.id))
    known = {row.notification_type: _of(row) for row in rows}
    return [_view(type, known.get(type, rules.Wishes())) for type in rules.TYPES]


def choose(tx: Session, me: Actor, entries: Sequence[WishEntry], now: datetime) -> list[WishView]:
    """Keep the choices; types that are not named stay as they are; what is always told stays on."""
    known = {
        row.notification_type: row
        for row in tx.scalars(select(NotificationSetting).where(NotificationSetting.user_id == me.id).with_for_update())
    }
    for entry in entries:
        if entry.type not in rules.TYPES:
            raise UnknownType(type=entry.type)
        row = known.get(entry.type)
        if row is None:
            row = NotificationSetting(id=new_id(), user_id=me.id, notification_type=entry.type, created_at=now)
            known[entry.type] = row
            tx.add(row)
        row.enabled = rules.told(entry.type, rules.Wishes(entry.enabled))
        row.email_enabled = entry.email
    tx.flush()
    return chosen(tx, me)


def wishes(tx: Session, user_id: str, type: str) -> rules.Wishes:
    row = tx.scalar(
        select(NotificationSetting).where(
            NotificationSetting.user_id == user_id, NotificationSetting.notification_type == type
        )
    )
    return _of(row) if row is not None else rules.Wishes()


def _of(row: NotificationSetting) -> rules.Wishes:
    return rules.Wishes(row.enabled, row.email_enabled, row.sms_enabled, row.push_enabled)


def _view(type: str, wish: rules.Wishes) -> WishView:
    return WishView(
        type=type, title=rules.NAMES[type], enabled=rules.told(type, wish), email=wish.email_enabled,
        always=type in rules.ALWAYS_TOLD,
    )  # fmt: skip
