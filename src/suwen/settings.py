"""What the environment says, typed, and refused when it is unsafe.

`SETTINGS` lists every variable with its meaning; the operator's page in the docs is generated from it.
"""

import base64
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

KEPT_FILE = "secrets.env"
WINDOW = re.compile(r"([0-9]{1,4})([hd]):([0-9]{1,3})")


def setting(variable: str, meaning: str, default: object = "") -> Any:
    return field(default=default, metadata={"variable": variable, "meaning": meaning})


@dataclass(frozen=True)
class Settings:
    data_dir: Path = setting("SUWEN_DATA_DIR", "Folder of the embedded database, keys and files", Path("var"))
    database_url: str = setting("SUWEN_DATABASE_URL", "SQLAlchemy URL; default a SQLite file under the data folder")
    secret: str = setting("SUWEN_SECRET", "Signs sessions and forms; made and kept in the data folder if not given")
    field_keys: str = setting(
        "SUWEN_FIELD_KEYS", "Keys of encrypted columns, newest first: id:base64 of 32 bytes, separated by commas"
    )
    keys_lost: bool = setting(
        "SUWEN_KEYS_LOST", "1: start in production although a key is lost for good that rows still need", False
    )
    production: bool = setting("SUWEN_PRODUCTION", "1: secure cookies; refuses to start on development secrets", False)
    base_url: str = setting("SUWEN_BASE_URL", "Public address, for links in messages", "http://127.0.0.1:8000")
    threads: int = setting(
        "SUWEN_THREADS",
        "Threads that serve requests; 0: two for a SQLite file, eight else. More cost more than they give",
        0,
    )
    one_processor: bool = setting(
        "SUWEN_ONE_PROCESSOR",
        "1: the threads of a server process stay together on the emptiest processor; 0: where the system puts them",
        True,
    )
    worker: bool = setting("SUWEN_WORKER", "1: deliver events inside the server; 0: `suwen worker` does", True)
    redis_url: str = setting("SUWEN_REDIS_URL", "Fan-out between processes; needed with --workers above 1")
    documents_url: str = setting(
        "SUWEN_DOCUMENTS_URL", "Document store, mongodb://user:password@host/suwen; empty: a table of the same database"
    )
    turn_urls: str = setting("SUWEN_TURN_URLS", "TURN servers for calls, separated by commas")
    turn_secret: str = setting("SUWEN_TURN_SECRET", "Shared secret of the TURN servers, for short-lived credentials")
    stun_urls: str = setting("SUWEN_STUN_URLS", "STUN servers for calls, separated by commas")
    mail_url: str = setting("SUWEN_MAIL_URL", "smtp://user:password@host:port; empty: no mail is sent")
    mail_from: str = setting("SUWEN_MAIL_FROM", "Sender of mail", "clinic@localhost")
    second_factor: bool = setting(
        "SUWEN_SECOND_FACTOR", "1: staff must use a second sign-in step; in production always", False
    )
    zone: str = setting("SUWEN_ZONE", "The clinic's own IANA time zone", "Asia/Shanghai")
    currency: str = setting("SUWEN_CURRENCY", "ISO 4217 code of the platform's currency", "CNY")
    jurisdiction: str = setting(
        "SUWEN_JURISDICTION", "Whose law prescriptions follow: CN, US, or OFF; a row of prescribing/data", "OFF"
    )
    policy: str = setting(
        "SUWEN_POLICY",
        "Values of the safety rules that differ from ours, name=number separated by commas, such as fertile_until=60: "
        "fertile_from, fertile_until, child_below, young_child_below, old_from (years); most_products; "
        "paracetamol_limit, paracetamol_compound_limit (mg a day)",
    )
    hold_minutes: int = setting("SUWEN_HOLD_MINUTES", "How long a time is held while the patient pays", 15)
    refund_review_above: int = setting(
        "SUWEN_REFUND_REVIEW_ABOVE",
        "Refunds above this many minor units (20000 = 200.00) need somebody else's approval, and what is paid out by "
        "hand or written off another administrator's; 0: all of them",
        20_000,
    )
    cancellation: str = setting(
        "SUWEN_CANCELLATION",
        "What patients get back who cancel: notice in hours (h) or days (d) and per cent, longest notice first;"
        " nothing once the visit has begun",
        "2h:100,0h:50",
    )
    exchanges_days: int = setting("SUWEN_EXCHANGES_DAYS", "How long what was said to payment gateways is kept", 90)
    unreviewed_reference: bool = setting(
        "SUWEN_UNREVIEWED_REFERENCE",
        "1: in production too, use reference data that no pharmacist has reviewed; every prescription then says so",
        False,
    )
    trusted_proxies: str = setting(
        "SUWEN_TRUSTED_PROXIES",
        "Addresses whose X-Forwarded-For is believed, separated by commas; without them all visitors count as one",
    )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the environment; SystemExit with a plain sentence where a value cannot be used."""
        given: dict[str, object] = {}
        for one in fields(cls):
            text = environment.get(one.metadata["variable"], "").strip()
            if text:
                given[one.name] = _read(one.metadata["variable"], text, one.default)
        settings = cls(**given)  # type: ignore[arg-type]
        return settings._completed(given)

    def _completed(self, given: dict[str, object]) -> "Settings":
        if self.documents_url and not self.documents_url.startswith(("mongodb://", "mongodb+srv://")):
            raise SystemExit("SUWEN_DOCUMENTS_URL must begin with mongodb://, or be empty")
        _refuse_windows(self.cancellation)
        _refuse_zone(self.zone)
        if self.production:
            self._refuse_unsafe()
            return _with(self, database_url=self.database_url or self._sqlite())
        kept = _development_secrets(self.data_dir) if not (self.secret and self.field_keys) else {}
        return _with(
            self,
            database_url=self.database_url or self._sqlite(),
            secret=self.secret or kept["SUWEN_SECRET"],
            field_keys=self.field_keys or kept["SUWEN_FIELD_KEYS"],
        )

    def _sqlite(self) -> str:
        return f"sqlite:///{self.data_dir / 'suwen.db'}"

    def _refuse_unsafe(self) -> None:
        wrong = []
        if len(self.secret) < 32:
            wrong.append("SUWEN_SECRET must be set, 32 characters or more")
        if not self.field_keys:
            wrong.append("SUWEN_FIELD_KEYS must be set (make one with `suwen key`)")
        if not self.base_url.startswith("https://"):
            wrong.append("SUWEN_BASE_URL must begin with https://")
        if self.turn_urls and len(self.turn_secret) < 16:
            wrong.append("SUWEN_TURN_SECRET must be set, 16 characters or more, where SUWEN_TURN_URLS is")
        if wrong:
            raise SystemExit("Refusing to start in production:\n  " + "\n  ".join(wrong))

    @property
    def request_threads(self) -> int:
        """SQLite works in the thread that asks: a third would only wait for the interpreter's lock (decision 99)."""
        return self.threads or (2 if self.database_url.startswith("sqlite") else 8)

    @property
    def second_factor_required(self) -> bool:
        return self.second_factor or self.production

    @property
    def turn_servers(self) -> list[str]:
        return _listed(self.turn_urls)

    @property
    def proxies(self) -> list[str]:
        return _listed(self.trusted_proxies)

    @property
    def stun_servers(self) -> list[str]:
        return _listed(self.stun_urls)


def new_field_key() -> str:
    """A fresh key for encrypted columns: `id:base64`."""
    return f"k{secrets.token_hex(3)}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


def cancellation_windows(text: str) -> tuple[tuple[timedelta, int], ...]:
    """'24h:100,2h:50,0h:0' as (notice, per cent that goes back), longest notice first. ValueError says what is wrong.

    With less notice no more goes back: whoever waits never gains by it.
    """
    windows: list[tuple[timedelta, int]] = []
    for part in text.split(","):
        found = WINDOW.fullmatch(part.strip())
        if found is None or int(found[3]) > 100:
            raise ValueError(f"{part.strip()!r} is no window such as 24h:100 or 2d:50")
        notice = timedelta(hours=int(found[1]) * (24 if found[2] == "d" else 1))
        if windows and (notice >= windows[-1][0] or int(found[3]) > windows[-1][1]):
            raise ValueError("the longest notice comes first, and with less notice not more goes back")
        windows.append((notice, int(found[3])))
    return tuple(windows)


def _refuse_windows(text: str) -> None:
    try:
        cancellation_windows(text)
    except ValueError as error:
        raise SystemExit(f"SUWEN_CANCELLATION: {error}") from None


def _refuse_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError; a folder of zones an OSError
        raise SystemExit(f"SUWEN_ZONE: {name!r} is no IANA time zone such as Asia/Shanghai") from None


def _read(variable: str, text: str, default: object) -> object:
    try:
        match default:
            case bool():
                return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[text.lower()]
            case int():
                return int(text)
            case Path():
                return Path(text)
            case _:
                return text
    except (KeyError, ValueError):
        raise SystemExit(f"{variable} cannot be {text!r}") from None


def _with(settings: Settings, **values: object) -> Settings:
    return replace(settings, **values)  # type: ignore[arg-type]


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _development_secrets(folder: Path) -> dict[str, str]:
    """Secrets of an installation that was given none: made once, kept readable by the owner only."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / KEPT_FILE
    if not path.exists():
        text = f"SUWEN_SECRET={secrets.token_urlsafe(48)}\nSUWEN_FIELD_KEYS={new_field_key()}\n"
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(text)
        try:
            os.link(fresh, path)  # whoever is first wins; several processes may start at once
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
