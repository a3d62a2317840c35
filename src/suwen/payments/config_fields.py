"""Which settings a gateway has, how a person may type them, and what can be seen to be wrong with one by itself."""

import re
from dataclasses import dataclass

from suwen.core.i18n import N_
from suwen.payments.gateways.configuration import BLOCK, MEANINGS, PLAIN

GATEWAYS = ("wechat", "alipay", "card")
LONGEST, LONGEST_FILE = 500, 60_000
KINDS = {
    "SUWEN_WECHAT_PRIVATE_KEY_FILE": "private", "SUWEN_WECHAT_PUBLIC_KEY_FILE": "public",
    "SUWEN_ALIPAY_PRIVATE_KEY_FILE": "private", "SUWEN_ALIPAY_PUBLIC_KEY_FILES": "public",
    "SUWEN_ALIPAY_APP_CERTIFICATE_FILE": "certificate", "SUWEN_ALIPAY_ROOT_CERTIFICATES_FILE": "certificate",
    "SUWEN_WECHAT_APIV3_KEY": "secret", "SUWEN_CARD_SECRET_KEY": "secret", "SUWEN_CARD_WEBHOOK_SECRETS": "secret",
    "SUWEN_WECHAT_CERTIFICATES": "flag",
    "SUWEN_WECHAT_BASE": "address", "SUWEN_WECHAT_BACKUP": "address", "SUWEN_ALIPAY_BASE": "address",
    "SUWEN_CARD_BASE": "address",
}  # fmt: skip
LABELS = {
    "SUWEN_WECHAT_MCHID": N_("Merchant number"),
    "SUWEN_WECHAT_APP_ID": N_("App id of the official account (wx…)"),
    "SUWEN_WECHAT_MOBILE_APP_ID": N_("App id of a mobile app"),
    "SUWEN_WECHAT_SERIAL": N_("Serial number of the merchant's API certificate"),
    "SUWEN_WECHAT_PRIVATE_KEY_FILE": N_("The merchant's private key (apiclient_key.pem)"),
    "SUWEN_WECHAT_APIV3_KEY": N_("APIv3 key (32 characters)"),
    "SUWEN_WECHAT_PUBLIC_KEY_ID": N_("Id of WeChat Pay's public key (PUB_KEY_ID_…)"),
    "SUWEN_WECHAT_PUBLIC_KEY_FILE": N_("WeChat Pay's public key (pub_key.pem)"),
    "SUWEN_WECHAT_CERTIFICATES": N_("Fetch platform certificates: enter 1 (merchants without a public key)"),
    "SUWEN_WECHAT_BASE": N_("Another address than api.mch.weixin.qq.com"),
    "SUWEN_WECHAT_BACKUP": N_("Another backup address than api2.mch.weixin.qq.com"),
    "SUWEN_ALIPAY_APP_ID": N_("App id"),
    "SUWEN_ALIPAY_SELLER_ID": N_("The merchant's own id (2088…)"),
    "SUWEN_ALIPAY_PRIVATE_KEY_FILE": N_("The app's private key"),
    "SUWEN_ALIPAY_PUBLIC_KEY_FILES": N_("Alipay's public key or certificate; two while one is changed"),
    "SUWEN_ALIPAY_APP_CERTIFICATE_FILE": N_("The app's certificate (certificate mode)"),
    "SUWEN_ALIPAY_ROOT_CERTIFICATES_FILE": N_("Alipay's root certificates (certificate mode)"),
    "SUWEN_ALIPAY_BASE": N_("Another address than openapi.alipay.com"),
    "SUWEN_CARD_SECRET_KEY": N_("Secret key (sk_…)"),
    "SUWEN_CARD_PUBLISHABLE_KEY": N_("Publishable key (pk_…)"),
    "SUWEN_CARD_WEBHOOK_SECRETS": N_("Secrets of the webhook endpoint (whsec_…), separated by commas"),
    "SUWEN_CARD_BASE": N_("Another address than api.stripe.com"),
}
ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?/?", re.ASCII)


@dataclass(frozen=True)
class Field:
    """kind: text, secret, address, flag; private, public, certificate: what would stand in a file."""

    gateway: str
    name: str  # of the environment
    key: str  # of the row
    label: str
    kind: str


def _field(gateway: str, name: str) -> Field:
    key = name.removeprefix(f"SUWEN_{gateway.upper()}_").lower()
    for end, plain in (("_files", "s"), ("_file", "")):
        if key.endswith(end):
            key = key.removesuffix(end) + plain
            break
    return Field(gateway, name, key, LABELS[name], KINDS.get(name, "text"))


FIELDS = {
    gateway: tuple(_field(gateway, name) for name in MEANINGS if name.startswith(f"SUWEN_{gateway.upper()}_"))
    for gateway in GATEWAYS
}


def checked(one: Field, value: str) -> str:
    """Why this cannot be a value of the setting, as a word to whoever typed it; '' where it can."""
    if one.kind in ("private", "public", "certificate"):
        return _checked_file(one, value)
    if len(value) > LONGEST:
        return N_("This is too long.")
    if not PLAIN.fullmatch(value):
        return N_("There is a space, a line break or a full-width character in it.")
    if one.kind == "address" and not ADDRESS.fullmatch(value):
        return N_("An address begins with https:// and has no path.")
    if one.kind == "flag" and value not in ("0", "1"):
        return N_("1 or 0.")
    if one.key == "apiv3_key" and len(value.encode()) != 32:
        return N_("The APIv3 key has 32 characters.")
    return ""


def _checked_file(one: Field, value: str) -> str:
    if len(value) > LONGEST_FILE:
        return N_("This is too long.")
    from suwen.payments.gateways import keys  # 8 MB, when an administrator sets up a gateway

    parts = [found.group(0) for found in BLOCK.finditer(value)] or [value]
    try:
        for part in parts:
            {"private": keys.private_key, "public": keys.public_key, "certificate": keys.certificate}[one.kind](part)
    except keys.BadKey:
        return {
            "private": N_("This is no unencrypted private key of 2048 bits or more. Paste the whole file."),
            "public": N_("This is no public key and no certificate. Paste the whole file."),
            "certificate": N_("This is no certificate. Paste the whole file."),
        }[one.kind]
    return ""


# The reasons of gateways/configuration.py and gateways/keys.py, behind the name of a setting or a gateway.
REASONS = (
    N_("is missing"),
    N_("must begin with https://"),
    N_("is of the payment simulator"),
    N_("is a key for tests"),
    N_("has a character that cannot be in it"),
    N_("names no file"),
    N_("names a file that cannot be read"),
    N_("cannot be opened with the field keys of this server"),
    N_("this is no unencrypted private key"),
    N_("this is no public key"),
    N_("this is no certificate"),
    N_("an RSA key of 2048 bits or more is needed"),
    N_("the APIv3 key has 32 bytes"),
    N_("without a key of the platform no answer can be believed"),
    N_("without a key of Alipay no answer can be believed"),
    N_("without the endpoint's secret no event can be believed"),
    N_("no RSA certificate in the chain of Alipay's root"),
)


def reason(problem: str) -> tuple[str, str]:
    """A problem as (setting or gateway, words that can be translated)."""
    name, _, words = problem.partition(" ")
    inner, _, rest = words.partition(" ")
    return (inner, rest) if inner in MEANINGS else (name.rstrip(":"), words)
