"""Gateways as the environment names them, and what of it may not be used in production.

Every value is a plain string, keys are files: the same names serve an .env file and an encrypted row of configuration,
where `Given` holds what would stand in the file.
"""

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from suwen.payments.gateways.errors import BadKey
from suwen.payments.gateways.terms import Gateway
from suwen.payments.gateways.wire import Surroundings

MEANINGS = {
    "SUWEN_WECHAT_MCHID": "WeChat Pay: number of the merchant",
    "SUWEN_WECHAT_APP_ID": "WeChat Pay: app id of the official account (wx...)",
    "SUWEN_WECHAT_MOBILE_APP_ID": "WeChat Pay: app id of a mobile app, if there is one",
    "SUWEN_WECHAT_SERIAL": "WeChat Pay: serial of the merchant's API certificate",
    "SUWEN_WECHAT_PRIVATE_KEY_FILE": "WeChat Pay: file of the merchant's private key (apiclient_key.pem)",
    "SUWEN_WECHAT_APIV3_KEY": "WeChat Pay: the APIv3 key, 32 characters",
    "SUWEN_WECHAT_PUBLIC_KEY_ID": "WeChat Pay: id of the platform's public key (PUB_KEY_ID_...)",
    "SUWEN_WECHAT_PUBLIC_KEY_FILE": "WeChat Pay: file of that public key",
    "SUWEN_WECHAT_CERTIFICATES": "WeChat Pay: 1 to fetch platform certificates (merchants without a public key)",
    "SUWEN_WECHAT_BASE": "WeChat Pay: another address than api.mch.weixin.qq.com",
    "SUWEN_WECHAT_BACKUP": "WeChat Pay: another backup address than api2.mch.weixin.qq.com",
    "SUWEN_ALIPAY_APP_ID": "Alipay: app id",
    "SUWEN_ALIPAY_SELLER_ID": "Alipay: the merchant's own id (2088...)",
    "SUWEN_ALIPAY_PRIVATE_KEY_FILE": "Alipay: file of the app's private key",
    "SUWEN_ALIPAY_PUBLIC_KEY_FILES": "Alipay: files of Alipay's public key or certificate, separated by commas",
    "SUWEN_ALIPAY_APP_CERTIFICATE_FILE": "Alipay: the app's certificate, for certificate mode",
    "SUWEN_ALIPAY_ROOT_CERTIFICATES_FILE": "Alipay: Alipay's root certificates, for certificate mode",
    "SUWEN_ALIPAY_BASE": "Alipay: another address than openapi.alipay.com",
    "SUWEN_CARD_SECRET_KEY": "Cards: secret key (sk_...)",
    "SUWEN_CARD_PUBLISHABLE_KEY": "Cards: publishable key (pk_...)",
    "SUWEN_CARD_WEBHOOK_SECRETS": "Cards: secrets of the webhook endpoint (whsec_...), separated by commas",
    "SUWEN_CARD_BASE": "Cards: another address than api.stripe.com",
}
NEEDED = {
    "wechat": ("SUWEN_WECHAT_MCHID", "SUWEN_WECHAT_APP_ID", "SUWEN_WECHAT_SERIAL", "SUWEN_WECHAT_PRIVATE_KEY_FILE",
               "SUWEN_WECHAT_APIV3_KEY"),
    "alipay": ("SUWEN_ALIPAY_APP_ID", "SUWEN_ALIPAY_SELLER_ID", "SUWEN_ALIPAY_PRIVATE_KEY_FILE",
               "SUWEN_ALIPAY_PUBLIC_KEY_FILES"),
    "card": ("SUWEN_CARD_SECRET_KEY", "SUWEN_CARD_PUBLISHABLE_KEY", "SUWEN_CARD_WEBHOOK_SECRETS"),
}  # fmt: skip
SIMULATED = ("paysim", "wxsim", "2021sim", "2088sim", "9990001900")
LARGEST_KEY = 100_000
FOR_TESTS = {"SUWEN_CARD_SECRET_KEY": ("sk_test_", "rk_test_"), "SUWEN_CARD_PUBLISHABLE_KEY": ("pk_test_",)}
PLAIN = re.compile(r"[!#-\[\]-~]*", re.ASCII)  # printable, no space, no quotation mark, no backslash
BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----", re.DOTALL)


class BadConfiguration(Exception):
    """What is wrong with it, in words for an operator; never the value itself."""


class Given(str):
    """The text itself. Where a file is named in the environment it is not the name of one: whoever may write rows
    of configuration may not read the files of the server with them."""


def configured(environment: Mapping[str, str]) -> list[str]:
    """The gateways of which anything at all is set."""
    return [name for name in NEEDED if any(key.startswith(f"SUWEN_{name.upper()}_") and environment[key].strip()
            for key in environment if key in MEANINGS)]  # fmt: skip


def unsafe(environment: Mapping[str, str]) -> list[str]:
    """Why these settings may not be used with real money: keys of the simulator, test keys, addresses without TLS."""
    found = []
    for name, value in environment.items():
        if name not in MEANINGS or not value.strip():
            continue
        if name.endswith(("_BASE", "_BACKUP")) and not value.startswith("https://"):
            found.append(f"{name} must begin with https://")
        text = value
        if _is_file(name):
            text += "".join(texts(name, environment))
        if any(mark in text for mark in SIMULATED):
            found.append(f"{name} is of the payment simulator")
    for name, marks in FOR_TESTS.items():
        if environment.get(name, "").strip().startswith(marks):
            found.append(f"{name} is a key for tests")
    return found


def opened(environment: Mapping[str, str], around: Surroundings, *, production: bool) -> dict[str, Gateway]:
    """The gateways that are configured, by name. BadConfiguration if one of them cannot be used, with every reason."""
    found, wrong = opened_each(environment, around, production=production)
    if wrong:
        raise BadConfiguration("\n".join(reason for reasons in wrong.values() for reason in reasons))
    return found


def opened_each(
    environment: Mapping[str, str], around: Surroundings, *, production: bool
) -> tuple[dict[str, Gateway], dict[str, list[str]]]:
    """The gateways that can be used, and why the others cannot: one that is half set up closes no other."""
    found: dict[str, Gateway] = {}
    wrong: dict[str, list[str]] = {}
    for name in configured(environment):
        own = own_of(name, environment)
        reasons = [f"{key} is missing" for key in NEEDED[name] if not own.get(key, "").strip()]
        reasons += misshapen(own)
        try:
            reasons += unsafe(own) if production else []
            if not reasons:
                found[name] = MAKERS[name](own, around)
        except (BadKey, BadConfiguration) as error:
            reasons.append(f"{name}: {error}")
        if reasons:
            wrong[name] = reasons
    return found, wrong


def problems(environment: Mapping[str, str], *, production: bool) -> dict[str, list[str]]:
    """By gateway, why it could not be opened. Nothing is asked of anybody."""
    nowhere = Surroundings(cast(Any, None), lambda: datetime.fromtimestamp(0, UTC), os.urandom, b"")
    return opened_each(environment, nowhere, production=production)[1]


def own_of(name: str, environment: Mapping[str, str]) -> dict[str, str]:
    """What of it is this gateway's, without the spaces around a value that was pasted."""
    found = {}
    for key in MEANINGS:
        if key.startswith(f"SUWEN_{name.upper()}_") and key in environment:
            value = environment[key]
            found[key] = value if isinstance(value, Given) and _is_file(key) else value.strip()
    return found


def misshapen(values: Mapping[str, str]) -> list[str]:
    """What would break the header or the address it is put into: a paste with a line break, a full-width letter."""
    return [f"{key} has a character that cannot be in it" for key, value in values.items()
            if not _is_file(key) and not PLAIN.fullmatch(value)]  # fmt: skip


def _is_file(key: str) -> bool:
    return key.endswith(("_FILE", "_FILES"))


# A gateway is imported when it is set up: with what its keys need, 8 MB that a clinic without one never has in memory.


def _wechat(values: Mapping[str, str], around: Surroundings) -> Gateway:
    from suwen.payments.gateways.wechat import Credentials, WeChat
    from suwen.payments.gateways.wechat.client import BASES

    platform = {}
    if id := values.get("SUWEN_WECHAT_PUBLIC_KEY_ID", ""):
        platform[id] = _file("SUWEN_WECHAT_PUBLIC_KEY_FILE", values)
    creds = Credentials(
        mchid=values["SUWEN_WECHAT_MCHID"],
        app_id=values["SUWEN_WECHAT_APP_ID"],
        mobile_app_id=values.get("SUWEN_WECHAT_MOBILE_APP_ID", ""),
        serial=values["SUWEN_WECHAT_SERIAL"],
        private_key=_file("SUWEN_WECHAT_PRIVATE_KEY_FILE", values),
        apiv3_key=values["SUWEN_WECHAT_APIV3_KEY"],
        platform_keys=platform,
        certificates=values.get("SUWEN_WECHAT_CERTIFICATES", "") == "1",
    )
    base, backup = values.get("SUWEN_WECHAT_BASE", ""), values.get("SUWEN_WECHAT_BACKUP", "")
    return WeChat(creds, around, (base, backup) if base else BASES)


def _alipay(values: Mapping[str, str], around: Surroundings) -> Gateway:
    from suwen.payments.gateways.alipay import Alipay, Credentials
    from suwen.payments.gateways.alipay.client import BASE

    certificate = "SUWEN_ALIPAY_APP_CERTIFICATE_FILE"
    root = "SUWEN_ALIPAY_ROOT_CERTIFICATES_FILE"
    creds = Credentials(
        app_id=values["SUWEN_ALIPAY_APP_ID"],
        seller_id=values["SUWEN_ALIPAY_SELLER_ID"],
        private_key=_file("SUWEN_ALIPAY_PRIVATE_KEY_FILE", values),
        alipay_keys=tuple(texts("SUWEN_ALIPAY_PUBLIC_KEY_FILES", values)),
        app_certificate=_file(certificate, values) if values.get(certificate) else "",
        root_certificates=_file(root, values) if values.get(certificate) else "",
    )
    return Alipay(creds, around, values.get("SUWEN_ALIPAY_BASE") or BASE)


def _card(values: Mapping[str, str], around: Surroundings) -> Gateway:
    from suwen.payments.gateways.card import Card, Credentials
    from suwen.payments.gateways.card.client import BASE

    secrets = tuple(one.strip() for one in values["SUWEN_CARD_WEBHOOK_SECRETS"].split(",") if one.strip())
    creds = Credentials(values["SUWEN_CARD_SECRET_KEY"], values["SUWEN_CARD_PUBLISHABLE_KEY"], secrets)
    return Card(creds, around, values.get("SUWEN_CARD_BASE") or BASE)


MAKERS = {"wechat": _wechat, "alipay": _alipay, "card": _card}


def texts(name: str, values: Mapping[str, str]) -> list[str]:
    """What the files of a setting contain, or the text that was given in their place."""
    value = values.get(name, "")
    if not isinstance(value, Given):
        return _files(name, value)
    if not name.endswith("_FILES"):
        return [str(value)] if value.strip() else []
    blocks = [found.group(0) for found in BLOCK.finditer(value)]
    # without PEM's frames it is what Alipay's own tools print: one key, broken into lines or not
    return blocks or [part.strip() for part in value.split(",") if part.strip()]


def _file(name: str, values: Mapping[str, str]) -> str:
    found = texts(name, values)
    if len(found) != 1:
        raise BadConfiguration(f"{name} names no file")
    return found[0]


def _files(name: str, value: str) -> list[str]:
    found = []
    for part in value.split(","):
        if not part.strip():
            continue
        try:
            with Path(part.strip()).open(encoding="utf-8") as file:
                found.append(file.read(LARGEST_KEY))
        except (OSError, UnicodeDecodeError, ValueError):
            raise BadConfiguration(f"{name} names a file that cannot be read") from None
    return found
