"""Handing one mail to an SMTP server: smtp://user:password@host:port, or smtps:// for TLS from the first byte.

The server is known to have the mail only when it says so after the last line. `before_data` runs once everything that
may be tried again has gone well: what is cut off after it may have arrived.
"""

import contextlib
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit

TIMEOUT = 20.0
PORTS = {"smtp": 587, "smtps": 465}
SENDER_NAME = "素问 Suwen"


class Refused(Exception):
    """The server will never take this mail: trying again would not help."""


class CutOff(Exception):
    """The line broke after the mail was handed over; nobody knows whether it arrived."""


@dataclass(frozen=True)
class Mail:
    to: str
    subject: str
    body: str
    message_id: str
    at: datetime


def send(url: str, sender: str, mail: Mail, before_data: Callable[[], bool]) -> bool:
    """Send, or return False where `before_data` says that somebody else is at it.

    Raises Refused, CutOff, or an OSError/SMTPException for what may be tried again.
    """
    message = letter(sender, mail)
    server = _connected(url)
    try:
        _introduce(server, sender, mail.to)
        return before_data() and _hand_over(server, message)
    finally:
        # The server has the mail, or has not: how it takes our leave changes nothing.
        with contextlib.suppress(OSError, smtplib.SMTPException):
            server.quit()
        server.close()


def _hand_over(server: smtplib.SMTP, message: EmailMessage) -> bool:
    try:
        code, words = server.data(message.as_bytes(policy=message.policy.clone(linesep="\r\n")))
    except smtplib.SMTPDataError as error:
        code, words = error.smtp_code, _text(error.smtp_error).encode()  # it answered, so it knows
    except (OSError, smtplib.SMTPServerDisconnected) as error:
        raise CutOff(str(error)) from error
    if code != 250:
        _answered(code, words)
    return True


def letter(sender: str, mail: Mail) -> EmailMessage:
    message = EmailMessage()
    _, address = parseaddr(sender)
    message["From"] = Address(SENDER_NAME, addr_spec=address)
    message["To"] = Address(addr_spec=mail.to)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.at)
    message["Message-ID"] = f"<{mail.message_id}@{address.rpartition('@')[2] or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body)
    return message


def _connected(url: str) -> smtplib.SMTP:
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise Refused("SUWEN_MAIL_URL must look like smtp://user:password@host:port")
    port, trust = parts.port or PORTS[parts.scheme], ssl.create_default_context()
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(parts.hostname, port, timeout=TIMEOUT, context=trust)
    else:
        server = smtplib.SMTP(parts.hostname, port, timeout=TIMEOUT)
    try:
        server.ehlo()
        if parts.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=trust)
            server.ehlo()
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def _introduce(server: smtplib.SMTP, sender: str, to: str) -> None:
    server.ehlo_or_helo_if_needed()
    for code, words in (server.mail(parseaddr(sender)[1]), server.rcpt(to)):
        if code not in (250, 251):
            _answered(code, words)


def _answered(code: int, words: bytes | str) -> None:
    """5xx is for ever, 4xx for now (RFC 5321)."""
    if code >= 500:
        raise Refused(f"{code} {_text(words)}"[:500])
    raise smtplib.SMTPResponseException(code, _text(words))


def _text(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words
