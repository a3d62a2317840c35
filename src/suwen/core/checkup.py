"""`suwen check`: what of the environment is usable, in plain words, and how to mend what is not."""

import os
import smtplib
import socket
import struct
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from sqlalchemy import func, select, text

from suwen.core import revision
from suwen.core.audit import verify
from suwen.core.db import Database
from suwen.core.outbox import OutboxMessage
from suwen.core.ports.documents import StoreUnavailable, store_of
from suwen.settings import Settings

LATE = timedelta(minutes=5)
STUN_REQUEST = struct.pack("!HHI12s", 0x0001, 0, 0x2112A442, b"suwen-check!")


@dataclass(frozen=True)
class Finding:
    """`state` is ok, note (works, with less) or bad (something people need does not work)."""

    name: str
    state: str
    words: str
    fix: str = ""


def findings(settings: Settings) -> Iterator[Finding]:
    db = Database(settings.database_url, connections=2, settings=settings)
    try:
        yield from _database(settings, db)
    finally:
        db.close()
    for look in (_keys, _proxies, _redis, _turn, _mail, _pdf, _second_factor):
        yield look(settings)


def _database(settings: Settings, db: Database) -> Iterator[Finding]:
    kind = "SQLite file" if db.sqlite else "MySQL/MariaDB"
    try:
        db.read(lambda tx: tx.execute(text("SELECT 1")))
    except Exception as error:
        fix = "Start the database, or correct SUWEN_DATABASE_URL."
        yield Finding("database", "bad", f"{kind} cannot be reached: {_first_line(error)}", fix)
        return
    yield Finding("database", "ok", f"{kind} answers.")
    if not db.read(revision.is_current):
        yield Finding("schema", "bad", "The tables are not those of this release.", "Run `suwen migrate`.")
        return
    yield Finding("schema", "ok", "The tables are those of this release.")
    yield _worker(db)
    yield _documents(db, settings)
    broken = db.read(verify)
    yield (
        Finding("audit chain", "bad", f"The audit trail does not fit: {broken}.", "Call your security officer.")
        if (broken)
        else Finding("audit chain", "ok", "The audit trail is unbroken.")
    )


def _worker(db: Database) -> Finding:
    now = datetime.now(UTC)
    open_ = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.done_at.is_(None))
    failed = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.failed_at.is_not(None))
    late = db.read(lambda tx: tx.scalar(open_.where(OutboxMessage.due_at < now - LATE))) or 0
    lost = db.read(lambda tx: tx.scalar(failed)) or 0
    if late:
        fix = "Start `suwen worker`, or the server with SUWEN_WORKER=1. If it runs, see its log."
        return Finding("worker", "bad", f"{late} events have waited for more than five minutes.", fix)
    if lost:
        return Finding("worker", "note", f"{lost} events failed for good.", "Look at `outbox.error` and the log.")
    return Finding("worker", "ok", "No event is overdue.")


def _documents(db: Database, settings: Settings) -> Finding:
    late = (
        OutboxMessage.done_at.is_(None),
        OutboxMessage.job.like("%.keep_document"),
        OutboxMessage.error.is_not(None),
    )
    waiting = db.read(lambda tx: tx.scalar(select(func.count()).select_from(OutboxMessage).where(*late))) or 0
    try:
        about = store_of(db).about()
    except StoreUnavailable as error:
        words = f"The document store cannot be reached ({error.detail}); {waiting} changes wait for it."
        return Finding(
            "documents", "bad", words, "Start it, or correct SUWEN_DOCUMENTS_URL. Nothing is lost meanwhile."
        )
    if waiting:
        return Finding(
            "documents", "note", f"{about[:1].upper()}{about[1:]} answers; {waiting} changes are still to come."
        )
    return Finding("documents", "ok", f"{about[:1].upper()}{about[1:]} answers.")


def _keys(settings: Settings) -> Finding:
    if settings.production or os.environ.get("SUWEN_FIELD_KEYS"):
        return Finding("keys", "ok", "Secret and field keys come from the environment.")
    where = settings.data_dir / "secrets.env"
    return Finding(
        "keys", "note", f"Secrets were made by Suwen and lie in {where}.", "Back that file up with the data."
    )


def _proxies(settings: Settings) -> Finding:
    wrong = [name for name in settings.proxies if not _is_address(name)]
    if wrong:
        words = f"SUWEN_TRUSTED_PROXIES names what is no address: {', '.join(wrong)}."
        return Finding("proxy", "bad", words, "Name each proxy by its address, for example 127.0.0.1,10.0.0.7.")
    if settings.proxies:
        return Finding("proxy", "ok", f"Who asks is believed of {', '.join(settings.proxies)}.")
    if settings.production:
        words = "None is named: all visitors count as one, and who mistypes too many passwords shuts out the others."
        fix = "Set SUWEN_TRUSTED_PROXIES to the address the proxy comes from, for example 127.0.0.1."
        return Finding("proxy", "bad", words, fix)
    return Finding("proxy", "ok", "None is named, and none is needed where browsers come by themselves.")


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _redis(settings: Settings) -> Finding:
    if not settings.redis_url:
        return Finding("redis", "note", "Not configured: one server process only.", "Set SUWEN_REDIS_URL for more.")
    import redis

    try:
        redis.Redis.from_url(settings.redis_url, socket_connect_timeout=3).ping()
    except redis.RedisError as error:
        return Finding(
            "redis", "bad", f"Cannot be reached: {_first_line(error)}", "Start it or correct SUWEN_REDIS_URL."
        )
    return Finding("redis", "ok", "Answers.")


def _turn(settings: Settings) -> Finding:
    if not settings.turn_servers:
        words = "No TURN server: calls work only where both sides reach each other directly."
        return Finding("turn", "note", words, "Run coturn and set SUWEN_TURN_URLS and SUWEN_TURN_SECRET.")
    if not settings.turn_secret:
        return Finding("turn", "bad", "SUWEN_TURN_URLS without SUWEN_TURN_SECRET.", "Set the secret coturn was given.")
    silent = [url for url in settings.turn_servers if not _answers_stun(url)]
    if silent:
        return Finding("turn", "bad", f"No answer from {', '.join(silent)}.", "Start coturn, open its ports.")
    return Finding("turn", "ok", "Every TURN server answers.")


def _answers_stun(url: str) -> bool:
    place = url.partition(":")[2].partition("?")[0]
    host, _, port = place.partition(":")
    tcp = "transport=tcp" in url or url.startswith("turns:")
    try:
        if tcp:
            socket.create_connection((host, int(port or 3478)), timeout=3).close()
            return True
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.settimeout(2)
            udp.sendto(STUN_REQUEST, (host, int(port or 3478)))
            return udp.recv(1500)[8:20] == STUN_REQUEST[8:20]
    except (OSError, ValueError):
        return False


def _mail(settings: Settings) -> Finding:
    if not settings.mail_url:
        words = "Not configured: sign-in codes can only be given at the desk."
        return Finding("mail", "note", words, "Set SUWEN_MAIL_URL, for example smtp://user:password@mail.example:587.")
    parts = urlsplit(settings.mail_url)
    make: Callable[..., smtplib.SMTP] = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
    try:
        with make(parts.hostname or "", parts.port or 0, timeout=5) as server:
            server.ehlo()
            if parts.scheme == "smtp" and server.has_extn("starttls"):
                server.starttls()
                server.ehlo()
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
    except (OSError, smtplib.SMTPException) as error:
        return Finding("mail", "bad", f"The mail server refuses: {_first_line(error)}", "Correct SUWEN_MAIL_URL.")
    return Finding("mail", "ok", "The mail server takes our mail.")


def _pdf(_settings: Settings) -> Finding:
    try:
        import weasyprint
    except OSError as error:
        return Finding("pdf", "bad", f"No PDF can be made: {_first_line(error)}", "Install the system's Pango library.")
    try:
        fonts = subprocess.run(["fc-list", ":lang=zh"], capture_output=True, text=True, timeout=10).stdout  # noqa: S607
    except (OSError, subprocess.TimeoutExpired):
        fonts = ""
    if not fonts.strip():
        return Finding("pdf", "bad", "No Chinese font is installed: PDFs would be empty.", "Install fonts-lxgw-wenkai.")
    return Finding("pdf", "ok", f"WeasyPrint {weasyprint.__version__} and a Chinese font are there.")


def _second_factor(settings: Settings) -> Finding:
    if settings.second_factor_required:
        return Finding("second factor", "ok", "Staff must use a second sign-in step.")
    words = "Staff may sign in with a password alone; in production they may not."
    return Finding("second factor", "note", words, "Set SUWEN_SECOND_FACTOR=1.")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
