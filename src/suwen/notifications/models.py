"""The inbox, what people want to be told and how, where they can be reached, and what was sent."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from suwen.core.columns import ServerNow, ServerTouch, flag, ref
from suwen.core.db import Base, Changing, Id, Json, LongText, Record, choice, exact, utc_now
from suwen.notifications.rules import TYPES


class Notification(Record):
    """A message in somebody's inbox. `dedup_key` makes a job that runs twice tell once."""

    __tablename__ = "notifications"
    __table_args__ = (
        Index("idx_notifications_user_id", "user_id", "created_at"),
        Index("idx_notifications_status", "status"),
        Index("idx_notifications_created_at", "created_at"),
        Index("idx_notifications_user_status", "user_id", "status", "created_at"),
    )

    user_id: Mapped[str] = ref("users.id")
    type: Mapped[str] = mapped_column(choice(*TYPES, name="type"))
    title: Mapped[str] = mapped_column(String(200))
    content: Mapped[str] = mapped_column(LongText)
    related_id: Mapped[str | None] = mapped_column(Id)
    status: Mapped[str] = mapped_column(
        choice("unread", "read", "deleted", name="status"), default="unread", server_default="unread"
    )
    meta: Mapped[dict[str, Any] | None] = mapped_column("metadata", Json, default=dict, server_default=text("('{}')"))
    dedup_key: Mapped[str | None] = mapped_column(exact(190), unique=True)
    read_at: Mapped[datetime | None]


class NotificationSetting(Changing):
    __tablename__ = "notification_settings"
    __table_args__ = (UniqueConstraint("user_id", "notification_type", name="uk_user_notification_type"),)

    user_id: Mapped[str] = ref("users.id")
    notification_type: Mapped[str] = mapped_column(choice(*TYPES, name="notification_type"))
    enabled: Mapped[bool] = flag(True)
    email_enabled: Mapped[bool] = flag()
    sms_enabled: Mapped[bool] = flag()
    push_enabled: Mapped[bool] = flag(True)


class Contact(Base):
    """How to reach an account and in which language; accounts writes it in its own transaction."""

    __tablename__ = "contacts"

    user_id: Mapped[str] = mapped_column(Id, ForeignKey("users.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str | None] = mapped_column(String(255))
    phone: Mapped[str | None] = mapped_column(String(30))
    locale: Mapped[str] = mapped_column(String(16), default="zh-CN", server_default="zh-CN")
    zone: Mapped[str] = mapped_column(String(50), default="Asia/Shanghai", server_default="Asia/Shanghai")
    created_at: Mapped[datetime] = mapped_column(default=utc_now, server_default=ServerNow())
    updated_at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now, server_default=ServerTouch())


class SmsLog(Record):
    __tablename__ = "sms_logs"
    __table_args__ = (Index(None, "user_id", "created_at"), Index(None, "status", "created_at"))

    user_id: Mapped[str | None] = ref("users.id")
    phone: Mapped[str] = mapped_column(String(30))
    template_code: Mapped[str] = mapped_column(String(50))
    template_params: Mapped[dict[str, Any] | None] = mapped_column(Json, default=dict, server_default=text("('{}')"))
    status: Mapped[str] = mapped_column(String(20), default="pending", server_default="pending")
    error_message: Mapped[str | None] = mapped_column(LongText)
    provider: Mapped[str | None] = mapped_column(String(50))
    sent_at: Mapped[datetime | None]


class EmailLog(Record):
    __tablename__ = "email_logs"
    __table_args__ = (Index(None, "user_id", "created_at"), Index(None, "status", "created_at"))

    user_id: Mapped[str | None] = ref("users.id")
    email: Mapped[str] = mapped_column(String(255))
    subject: Mapped[str] = mapped_column(String(255))
    body: Mapped[str] = mapped_column(LongText)
    status: Mapped[str] = mapped_column(String(20), default="pending", server_default="pending")
    error_message: Mapped[str | None] = mapped_column(LongText)
    provider: Mapped[str | None] = mapped_column(String(50))
    sent_at: Mapped[datetime | None]
