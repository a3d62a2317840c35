"""Mail that is due, and what is old."""

import logging
from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.db import Database
from suwen.core.outbox import every, reach
from suwen.notifications.channels.email import smtp
from suwen.notifications.events import MailDue
from suwen.notifications.service import mail

log = logging.getLogger(__name__)


@reach(MailDue)
def send_mail(db: Database, now: datetime, message_id: str, log_id: str, secret: str = "") -> None:
    """Send the line once. What the server refuses for good is noted and not tried again; the rest comes again later."""
    if db.write(lambda tx: mail.mark_unknown(tx, log_id)):
        return
    waiting = db.read(lambda tx: mail.waiting_mail(tx, log_id, secret))
    if waiting is None:
        return
    settings = db.settings
    if not settings.mail_url:
        _without_a_server(db, now, log_id, waiting, production=settings.production)
        return
    letter = smtp.Mail(waiting["to"], waiting["subject"], waiting["body"], message_id, now)
    try:
        sent = smtp.send(
            settings.mail_url, settings.mail_from, letter, lambda: db.write(lambda tx: mail.begin_sending(tx, log_id))
        )
    except smtp.Refused as error:
        refusal = str(error)
        db.write(lambda tx: mail.note_outcome(tx, log_id, "refused", now, error=refusal))
    except smtp.CutOff as error:
        log.warning("mail %s: %s", log_id, error)
        db.write(lambda tx: mail.mark_unknown(tx, log_id))
    except Exception as error:
        trouble = repr(error)[:500]
        db.write(lambda tx: mail.note_outcome(tx, log_id, "failed", now, error=trouble))
        raise
    else:
        if sent:
            db.write(lambda tx: mail.note_outcome(tx, log_id, "sent", now))


@every(seconds=3600)
def forget_old_mail(tx: Session, now: datetime) -> int:
    return mail.forget_old_mail(tx, now)


def _without_a_server(db: Database, now: datetime, log_id: str, waiting: object, *, production: bool) -> None:
    """Nothing can be sent. On a developer's machine the log shows what would have been: one needs the codes in it."""
    if not production:
        log.warning("SUWEN_MAIL_URL is empty, not sent: %s", waiting)
    db.write(lambda tx: mail.note_outcome(tx, log_id, "refused", now, error="SUWEN_MAIL_URL is empty"))
