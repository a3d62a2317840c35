"""Mail: a line of `email_logs` is written with the change, sent after it, and keeps what became of it.

What is secret (a one-time code) never stands in the log: it travels sealed in the outbox.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from suwen.core.db import new_id, rows
from suwen.core.i18n import N_
from suwen.core.outbox import emit
from suwen.core.sealed import keys
from suwen.notifications import rules
from suwen.notifications.events import MailDue
from suwen.notifications.models import EmailLog
from suwen.notifications.service.contacts import Address, address

SECRET = "[…]"
KEPT = timedelta(days=90)
OPEN = ("pending", "failed")
LOGS = EmailLog.__table__
GREETING, FAREWELL = N_("Hello %(name)s,"), N_("This message was sent by a machine. Please do not answer it.")
SEE = N_("See it here: %(url)s")
CODE_SUBJECT = N_("Your code for Suwen")
CODE_BODY = N_("Your code is %(code)s. It is good for %(minutes)s minutes and can be used once.")
CODE_CARE = N_("Nobody of the clinic will ever ask you for it. If it was not you who wanted it, do nothing.")


def mail_code(
    tx: Session, user_id: str | None, to: str, code: str, minutes: int, now: datetime, locale: str | None = None
) -> str:
    """Send a one-time code to an address, for accounts. Returns the id of its line in `email_logs`."""
    owner = address(tx, user_id) if user_id else Address()
    spoken = locale or owner.locale
    values = {"code": SECRET, "minutes": minutes}
    body = _letter(spoken, owner, [rules.said(CODE_BODY, values, spoken, owner.zone), CODE_CARE])
    return _write(tx, user_id, to, rules.said(CODE_SUBJECT, None, spoken, owner.zone), body, now, secret=code)


def mail_notification(
    tx: Session, user_id: str, owner: Address, title: str, content: str, path: str, now: datetime
) -> str:
    assert owner.email
    body = _letter(owner.locale, owner, [content, rules.said(SEE, {"url": _url(tx, path)}, owner.locale, owner.zone)])
    return _write(tx, user_id, owner.email, title, body, now)


def waiting_mail(tx: Session, log_id: str, secret: str) -> Mapping[str, Any] | None:
    """What shall be sent; None when it was sent, or given up, before."""
    row = tx.execute(select(LOGS).where(LOGS.c.id == log_id, LOGS.c.status.in_(OPEN))).first()
    if row is None:
        return None
    clear = keys(tx).decrypt(secret, _place(log_id)) if secret else ""
    return {"to": row.email, "subject": row.subject, "body": row.body.replace(SECRET, clear) if clear else row.body}


def begin_sending(tx: Session, log_id: str) -> bool:
    """Note that it is being handed over. Whoever finds this mark later cannot know what became of it."""
    return (
        rows(tx, update(EmailLog).where(EmailLog.id == log_id, EmailLog.status.in_(OPEN)).values(status="sending")) == 1
    )


def note_outcome(
    tx: Session, log_id: str, status: str, now: datetime, *, provider: str = "smtp", error: str | None = None
) -> None:
    values = {
        "status": status,
        "provider": provider,
        "error_message": error,
        "sent_at": now if status == "sent" else None,
    }
    rows(tx, update(EmailLog).where(EmailLog.id == log_id, EmailLog.status != "sent").values(**values))


def mark_unknown(tx: Session, log_id: str) -> bool:
    """A line whose sending was cut off is not sent again: it may have arrived."""
    unknown = {"status": "unknown", "error_message": "cut off while it was handed over; not repeated"}
    return rows(tx, update(EmailLog).where(EmailLog.id == log_id, EmailLog.status == "sending").values(**unknown)) == 1


def forget_old_mail(tx: Session, now: datetime) -> int:
    old = select(LOGS.c.id).where(LOGS.c.created_at < now - KEPT).limit(500)
    ids = list(tx.scalars(old))
    return rows(tx, LOGS.delete().where(LOGS.c.id.in_(ids))) if ids else 0


def _write(
    tx: Session, user_id: str | None, to: str, subject: str, body: str, now: datetime, *, secret: str = ""
) -> str:
    log_id = new_id()
    row = {"id": log_id, "user_id": user_id, "email": to, "subject": subject[:255], "body": body, "created_at": now,
           "status": "pending"}  # fmt: skip
    tx.execute(insert(LOGS), row)
    sealed = keys(tx).encrypt(secret, _place(log_id)) if secret else ""
    emit(tx, MailDue(log_id, sealed), now)
    return log_id


def _letter(locale: str, owner: Address, lines: list[str]) -> str:
    zone = owner.zone
    greeting = [rules.said(GREETING, {"name": owner.name}, locale, zone)] if owner.name else []
    paragraphs = [
        *greeting,
        *(rules.said(line, None, locale, zone) for line in lines),
        rules.said(FAREWELL, None, locale, zone),
    ]
    return "\n\n".join(paragraphs) + "\n"


def _url(tx: Session, path: str) -> str:
    settings = tx.info.get("settings")
    return f"{settings.base_url.rstrip('/')}{path}" if settings else path


def _place(log_id: str) -> str:
    return f"outbox:{log_id}:secret"
