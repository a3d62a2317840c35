"""Telling people: where they can be reached, what they want to hear, their inbox, and mail."""

from suwen.notifications.service.contacts import mail_address, remember_contact
from suwen.notifications.service.inbox import (
    delete,
    inbox,
    read,
    read_all,
    unread,
)
from suwen.notifications.service.mail import mail_code
from suwen.notifications.service.telling import notify, topic
from suwen.notifications.service.watching import watchable
from suwen.notifications.service.wishes import choose, chosen

__all__ = ["choose", "chosen", "delete", "inbox", "mail_address", "mail_code", "notify", "read",
           "read_all", "remember_contact", "topic", "unread", "watchable"]  # fmt: skip
