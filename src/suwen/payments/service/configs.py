"""The keys of the gateways: from the environment, which wins, or from sealed rows that an administrator wrote.

A row holds what stands in a file, never the name of one: whoever may write rows may not read the server's files. What
was saved is never shown again. Every change raises the gateway's revision, by which other processes notice.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from suwen.accounts.service import refuse_unconfirmed
from suwen.core import audit, sealed
from suwen.core.actor import Actor
from suwen.core.crypto import Unreadable
from suwen.core.db import changed, new_id, rows
from suwen.core.errors import NotFound
from suwen.core.hot import Hot
from suwen.core.i18n import N_
from suwen.payments.config_fields import FIELDS, Field, checked
from suwen.payments.errors import BadSettings, ConfigChanged
from suwen.payments.gateways.configuration import MEANINGS, NEEDED, BadConfiguration, Given, own_of, problems, unsafe
from suwen.payments.models import GATEWAY_OF, METHOD_OF, PaymentConfig
from suwen.payments.schemas.channels import ChannelView, ConfigInput, FieldView, OffersInput

TOPIC = "payment_configs"
REVISION, ENABLED, SCENES = "revision", "enabled", "scenes"
NONE: frozenset[str] = frozenset()
REVISIONS = Hot(
    select(PaymentConfig.payment_method, PaymentConfig.config_value).where(PaymentConfig.config_key == REVISION)
)
# What people may be offered on our own pages; `app` and `client` are for programs that bring their own front.
OFFERED = {"wechat": ("qr", "phone", "inside"), "alipay": ("qr", "page", "phone"), "card": ("page", "phone")}


@dataclass
class Stored:
    """The rows of one gateway. `lost`: of which keys the value cannot be opened with today's field keys."""

    values: dict[str, str] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    saved_at: dict[str, datetime] = field(default_factory=dict)
    revision: int = 0
    enabled: bool = True
    scenes: tuple[str, ...] | None = None


def stored(tx: Session) -> dict[str, Stored]:
    """By gateway, each there."""
    found = {gateway: Stored() for gateway in METHOD_OF}
    for row in tx.scalars(select(PaymentConfig)):
        _take(tx, found[GATEWAY_OF[row.payment_method]], row)
    return found


def values_of(tx: Session, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The settings of all gateways, as `configuration.opened_each` takes them."""
    found: dict[str, str] = {}
    for gateway, kept in stored(tx).items():
        found |= _merged(gateway, kept, environment)
    return found


def revisions(tx: Session) -> tuple[Any, ...]:
    """What is another value after every change of any gateway's rows."""
    return tuple(sorted((row[0], row[1]) for row in REVISIONS.all(tx.connection(), {})))


def switched_on(tx: Session) -> dict[str, frozenset[str]]:
    """The scenes that nobody has switched off, by gateway; what programs bring a front for goes with the gateway."""
    plain: dict[tuple[str, str], str] = {}
    asked = select(PaymentConfig.payment_method, PaymentConfig.config_key, PaymentConfig.config_value)
    for method, key, value in tx.execute(asked.where(PaymentConfig.config_key.in_((ENABLED, SCENES)))):
        plain[GATEWAY_OF[method], key] = value
    found = {}
    for gateway in METHOD_OF:
        chosen = plain.get((gateway, SCENES))
        scenes = _scenes(gateway, chosen) if chosen is not None else OFFERED[gateway]
        found[gateway] = frozenset((*scenes, "app", "client")) if plain.get((gateway, ENABLED), "1") == "1" else NONE
    return found


def channels(tx: Session, environment: Mapping[str, str] = os.environ) -> list[ChannelView]:
    """What an administrator sees of each gateway."""
    kept, settings = stored(tx), tx.info["settings"]
    values: dict[str, str] = {}
    for gateway in METHOD_OF:
        values |= _merged(gateway, kept[gateway], environment)
    wrong = problems(values, production=settings.production)
    return [_view(one, kept[one], environment, settings.base_url, wrong.get(one, [])) for one in METHOD_OF]


def channel(tx: Session, gateway: str, environment: Mapping[str, str] = os.environ) -> ChannelView:
    """One of them. NotFound where there is no such gateway."""
    _fields(gateway)
    return next(one for one in channels(tx, environment) if one.gateway == gateway)


def save(
    tx: Session, me: Actor, gateway: str, entry: ConfigInput, now: datetime, *,
    environment: Mapping[str, str] = os.environ,
) -> None:  # fmt: skip
    """Write what was typed; what was left empty stays. Refused: BadSettings by field (in production also what is of a
    simulator or for tests), ConfigChanged where somebody saved meanwhile, whoever has not just proved who they are.
    """
    fields = _fields(gateway)
    typed = {key: value.strip() for key, value in entry.values.items() if value.strip()}
    unknown = [key for key in [*typed, *entry.clear] if key not in fields]
    wrong = dict.fromkeys(unknown, N_("There is no such setting."))
    wrong |= {key: words for key, value in typed.items() if key in fields and (words := checked(fields[key], value))}
    if wrong:
        raise BadSettings(fields=wrong)
    refuse_unconfirmed(tx, me, now)
    if not typed and not entry.clear:
        raise BadSettings("Nothing was typed, so nothing was changed.")
    kept = stored(tx)[gateway]
    for key in entry.clear:
        kept.values.pop(key, None)
    kept.values |= typed
    if tx.info["settings"].production:
        _refuse_unsafe(gateway, kept, environment)
    _next_revision(tx, gateway, entry.revision, now)
    for key in set(entry.clear) - set(typed):
        rows(tx, delete(PaymentConfig).where(*_row(gateway, key)))
    for key, value in typed.items():
        _put(tx, gateway, key, value, now, secret=True)
    _noted(tx, me, gateway, ", ".join([*typed, *(f"-{key}" for key in entry.clear if key not in typed)]), now)


def offer(tx: Session, me: Actor, gateway: str, entry: OffersInput, now: datetime) -> None:
    """Switch a gateway on or off for people who pay, and say which ways of it are offered. What is under way goes on:
    a gateway that is switched off still answers questions, takes reports and pays back.
    """
    _fields(gateway)
    strange = [scene for scene in entry.scenes if scene not in OFFERED[gateway]]
    if strange or (entry.enabled and not entry.scenes):
        raise BadSettings(fields={"scenes": "Choose at least one of the ways that are listed."})
    refuse_unconfirmed(tx, me, now)
    _next_revision(tx, gateway, entry.revision, now)
    _put(tx, gateway, ENABLED, "1" if entry.enabled else "0", now)
    _put(tx, gateway, SCENES, ",".join(scene for scene in OFFERED[gateway] if scene in entry.scenes), now)
    _noted(tx, me, gateway, "offered" if entry.enabled else "not offered", now)


def forget(tx: Session, gateway: str, now: datetime) -> int:
    """Remove all that was saved of a gateway, from the command line: where it keeps a server from starting."""
    _fields(gateway)
    gone = rows(tx, delete(PaymentConfig).where(
        PaymentConfig.payment_method == METHOD_OF[gateway], PaymentConfig.config_key != REVISION
    ))  # fmt: skip
    kept = stored(tx)[gateway]
    _next_revision(tx, gateway, kept.revision, now)
    return gone


def unsafe_rows(tx: Session, environment: Mapping[str, str] = os.environ) -> list[str]:
    """Why what was saved may not be used with real money."""
    found = []
    for gateway, kept in stored(tx).items():
        if kept.values:
            found += _unsafe(_merged(gateway, kept, environment))
    return found


def _unsafe(values: Mapping[str, str]) -> list[str]:
    try:
        return unsafe(values)
    except BadConfiguration as error:
        return [str(error)]


def _refuse_unsafe(gateway: str, kept: Stored, environment: Mapping[str, str]) -> None:
    keys = {one.name: one.key for one in FIELDS[gateway]}
    wrong = {}
    for reason in _unsafe(_merged(gateway, kept, environment)):
        name, _, words = reason.partition(" ")
        wrong[keys.get(name, "values")] = f"It {words}." if name in keys else reason
    if wrong:
        raise BadSettings(fields=wrong)


def _merged(gateway: str, kept: Stored, environment: Mapping[str, str]) -> dict[str, str]:
    own = {name: value for name, value in own_of(gateway, environment).items() if value}
    return {one.name: Given(kept.values[one.key]) for one in FIELDS[gateway] if one.key in kept.values} | own


def _take(tx: Session, kept: Stored, row: PaymentConfig) -> None:
    if row.config_key == REVISION:
        kept.revision = int(row.config_value)
    elif row.config_key == ENABLED:
        kept.enabled = row.config_value == "1"
    elif row.config_key == SCENES:
        kept.scenes = tuple(one for one in row.config_value.split(",") if one)
    elif not row.is_encrypted:
        kept.lost.add(row.config_key)  # written past this program: nobody knows by whom
    else:
        try:
            kept.values[row.config_key] = sealed.unseal(tx, row, "config_value") or ""
            kept.saved_at[row.config_key] = row.updated_at
        except (Unreadable, ValueError):
            kept.lost.add(row.config_key)


def _view(
    gateway: str, kept: Stored, environment: Mapping[str, str], base_url: str, wrong: list[str]
) -> ChannelView:  # fmt: skip
    own = {name: value for name, value in own_of(gateway, environment).items() if value}
    shown = [_field_view(one, kept, own) for one in FIELDS[gateway]]
    sources = sorted({one.source for one in shown if one.source})
    missing = [one.key for one in shown if one.needed and not one.source]
    wrong = [reason for reason in wrong if not reason.endswith(" is missing")]
    lost = [f"{one.name} cannot be opened with the field keys of this server" for one in FIELDS[gateway]
            if one.key in kept.lost]  # fmt: skip
    state = "none" if not sources else "ready" if not (missing or wrong or lost) else "incomplete"
    return ChannelView(
        gateway=gateway, state=state, sources=sources, enabled=kept.enabled,
        scenes=list(kept.scenes if kept.scenes is not None else OFFERED[gateway]), possible=list(OFFERED[gateway]),
        missing=missing, problems=(lost + wrong) if sources else lost, fields=shown, revision=kept.revision,
        notify_url=f"{base_url.rstrip('/')}/api/v1/payments/{gateway}/notifications",
    )  # fmt: skip


def _field_view(one: Field, kept: Stored, own: Mapping[str, str]) -> FieldView:
    value = own.get(one.name) or kept.values.get(one.key, "")
    source = "environment" if own.get(one.name) else "database" if one.key in kept.values else ""
    return FieldView(
        key=one.key, name=one.name, meaning=MEANINGS[one.name], needed=one.name in NEEDED[one.gateway],
        kind=one.kind, source=source, shown=mask(one, value, source),
        saved_at=kept.saved_at.get(one.key) if source == "database" else None,
    )  # fmt: skip


def mask(one: Field, value: str, source: str) -> str:
    """So much of a value that two can be told apart: four characters of a long one, a fingerprint of a key."""
    if not value:
        return ""
    if one.kind in ("address", "flag"):
        return value
    if one.kind in ("private", "public", "certificate"):
        return value if source == "environment" else "#" + hashlib.sha256(value.encode()).hexdigest()[:8]
    return "••••" + (value[-4:] if len(value) >= 12 else "")


def _fields(gateway: str) -> dict[str, Field]:
    if gateway not in FIELDS:
        raise NotFound()
    return {one.key: one for one in FIELDS[gateway]}


def _scenes(gateway: str, text: str) -> tuple[str, ...]:
    return tuple(one for one in text.split(",") if one in OFFERED[gateway])


def _row(gateway: str, key: str) -> tuple[Any, ...]:
    return PaymentConfig.payment_method == METHOD_OF[gateway], PaymentConfig.config_key == key


def _next_revision(tx: Session, gateway: str, read: int, now: datetime) -> None:
    """Who read an older state, and who comes at the same moment, is told so: one of two wins."""
    mine = (*_row(gateway, REVISION), PaymentConfig.config_value == str(read))
    if rows(tx, update(PaymentConfig).where(*mine).values(config_value=str(read + 1), updated_at=now)):
        return
    if read:
        raise ConfigChanged()
    first = PaymentConfig(
        id=new_id(), created_at=now, updated_at=now, payment_method=METHOD_OF[gateway], config_key=REVISION,
        config_value="1", is_encrypted=False,
    )  # fmt: skip
    try:
        with tx.begin_nested():
            tx.add(first)
            tx.flush()
    except IntegrityError:
        raise ConfigChanged() from None


def _put(tx: Session, gateway: str, key: str, value: str, now: datetime, *, secret: bool = False) -> None:
    row = tx.scalar(select(PaymentConfig).where(*_row(gateway, key)))
    if row is None:
        row = PaymentConfig(
            id=new_id(), created_at=now, payment_method=METHOD_OF[gateway], config_key=key, is_encrypted=secret
        )
        tx.add(row)
    row.updated_at, row.is_encrypted = now, secret
    if secret:
        sealed.seal(tx, row, "config_value", value)
    else:
        row.config_value = value
    tx.flush()


def _noted(tx: Session, me: Actor, gateway: str, what: str, now: datetime) -> None:
    audit.seen(tx, me, "write", "payment_config", gateway, purpose=what[:80], now=now)
    changed(tx, TOPIC)
