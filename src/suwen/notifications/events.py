from dataclasses import dataclass

from suwen.core.outbox import Event


@dataclass(frozen=True)
class MailDue(Event):
    """A line of `email_logs` waits to be sent. `secret` (sealed) takes the place of SECRET in its body."""

    name = "notifications.mail_due"
    log_id: str
    secret: str = ""
