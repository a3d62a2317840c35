"""`suwen check`, of payments: which gateways can be used, and how to mend the rest."""

import socket
from collections.abc import Iterator, Mapping
from datetime import timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from cryptography.x509 import load_pem_x509_certificates
from sqlalchemy.exc import DBAPIError

from suwen.core.checkup import Finding
from suwen.core.crypto import FieldKeys
from suwen.core.db import Database, utc_now
from suwen.payments.config_fields import FIELDS
from suwen.payments.gateways import GatewayError
from suwen.payments.gateways.configuration import BadConfiguration, texts
from suwen.payments.gateways.wire import Surroundings, Wire, open_http
from suwen.payments.schemas.channels import ChannelView
from suwen.payments.service import configs
from suwen.settings import Settings

NAMES = {"wechat": "WeChat Pay", "alipay": "Alipay", "card": "Cards"}
HOSTS = {"wechat": "https://api.mch.weixin.qq.com", "alipay": "https://openapi.alipay.com",
         "card": "https://api.stripe.com"}  # fmt: skip
BASES = {"wechat": "SUWEN_WECHAT_BASE", "alipay": "SUWEN_ALIPAY_BASE", "card": "SUWEN_CARD_BASE"}
SOON, SKEW = timedelta(days=30), timedelta(seconds=60)
WHERE = "Set it in the environment or on /admin/payments; docs/operators/payments.md says where each value is found."


def findings(settings: Settings) -> Iterator[Finding]:
    """Nothing is asked of a gateway but what time it is, and nothing where none is set up."""
    db = Database(settings.database_url, connections=2, keys=FieldKeys(settings.field_keys), settings=settings)
    try:
        channels = db.read(configs.channels)
        values = db.read(configs.values_of)
    except DBAPIError:
        return  # that the database is away or has no tables yet was said already
    finally:
        db.close()
    yield from (_gateway(one) for one in channels)
    usable = [one for one in channels if one.state == "ready"]
    yield from _certificates(values)
    if usable:
        yield _reachable(settings)
        yield from (_clock(one.gateway, values) for one in usable)


def _gateway(one: ChannelView) -> Finding:
    name = NAMES[one.gateway]
    if one.state == "none":
        return Finding(name, "note", "Not set up: nobody can pay this way.", f"See docs/operators/payments.md. {WHERE}")
    if one.state == "ready":
        words = f"Set up (from the {' and the '.join(one.sources)}), keys are readable."
        if not one.enabled:
            return Finding(name, "note", f"{words} It is switched off for new payments.", "See /admin/payments.")
        return Finding(name, "ok", words)
    named = {field.key: field.name for field in FIELDS[one.gateway]}
    wrong = [*(f"{named[key]} is missing" for key in one.missing), *one.problems]
    return Finding(name, "bad", "Cannot be used: " + "; ".join(wrong) + ".", WHERE)


def _certificates(values: Mapping[str, str]) -> Iterator[Finding]:
    """How long the certificates last that were given as files or text."""
    for name in ("SUWEN_ALIPAY_APP_CERTIFICATE_FILE", "SUWEN_ALIPAY_PUBLIC_KEY_FILES", "SUWEN_WECHAT_PUBLIC_KEY_FILE"):
        try:
            found = [one for text in texts(name, values) if "BEGIN CERTIFICATE" in text
                     for one in load_pem_x509_certificates(text.encode())]  # fmt: skip
        except (ValueError, BadConfiguration):
            continue  # said of the gateway already
        if not found:
            continue
        ends = min(one.not_valid_after_utc for one in found)
        if len(found) > 1 and name.endswith("FILES"):
            ends = max(one.not_valid_after_utc for one in found)  # two while one is changed: the newer one counts
        fix = "Fetch the new one from the gateway's console and set it beside the old one before that day."
        if ends < utc_now():
            yield Finding(name, "bad", f"The certificate ended on {ends:%Y-%m-%d}.", fix)
        elif ends < utc_now() + SOON:
            yield Finding(name, "note", f"The certificate ends on {ends:%Y-%m-%d}.", fix)
        else:
            yield Finding(name, "ok", f"The certificate is good until {ends:%Y-%m-%d}.")


def _reachable(settings: Settings) -> Finding:
    """Whether a gateway could send its reports here."""
    parts = urlsplit(settings.base_url)
    fix = "Set SUWEN_BASE_URL to the clinic's public https:// address. Without it payments are only found by asking."
    state = "bad" if settings.production else "note"
    if parts.scheme != "https":
        return Finding("reports of payments", state, f"{settings.base_url} is not https: no gateway reports.", fix)
    try:
        found = {ip_address(one[4][0]) for one in socket.getaddrinfo(parts.hostname, parts.port or 443)}
    except (OSError, ValueError):
        return Finding("reports of payments", state, f"{parts.hostname} has no address in the name service.", fix)
    if not any(one.is_global for one in found):
        return Finding("reports of payments", state, f"{parts.hostname} is not reachable from the internet.", fix)
    return Finding("reports of payments", "ok", f"Gateways report to {settings.base_url}.")


def _clock(gateway: str, values: Mapping[str, str]) -> Finding:
    """Signatures carry the time: five minutes off, and everything is refused."""
    name, base = f"clock, {NAMES[gateway]}", values.get(BASES[gateway]) or HOSTS[gateway]
    with open_http() as http:
        wire = Wire(gateway, (base,), Surroundings(http, utc_now, lambda size: b"", b""))
        try:
            wire.send("GET", "/", {"User-Agent": "suwen"})
        except GatewayError as error:
            if wire.ahead is None:
                fix = "Look at the server's way to the internet, its firewall and name server."
                return Finding(name, "bad", f"{error}.", fix)
    if wire.ahead is None:
        return Finding(name, "note", "It does not say what time it is there.")
    seconds = round(wire.ahead.total_seconds())
    if abs(wire.ahead) > SKEW:
        words = f"This server's clock is {abs(seconds)} seconds {'ahead' if seconds > 0 else 'behind'}."
        return Finding(name, "bad", words, "Set the clock by the network (NTP): beyond five minutes all is refused.")
    return Finding(name, "ok", "The clocks agree.")
