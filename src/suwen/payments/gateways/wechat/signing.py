"""Who speaks: the merchant's signature on requests, the platform's on answers and reports, and the ring of its keys."""

import base64
import binascii
import contextlib
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from suwen.payments.gateways import intake, keys
from suwen.payments.gateways.errors import Forged, GatewayError, Probe, Unreadable

SCHEME = "WECHATPAY2-SHA256-RSA2048"
PROBE = "WECHATPAY/SIGNTEST/"  # the platform tests whether we look at all
HEADERS = (
    "wechatpay-timestamp", "wechatpay-nonce", "wechatpay-serial", "wechatpay-signature", "wechatpay-signature-type"
)  # fmt: skip
BETWEEN_REFRESHES = timedelta(seconds=60)


@dataclass(frozen=True)
class Credentials:
    """What a merchant has. `platform_keys`: id or serial -> PEM of a public key or certificate.

    With `certificates` the platform's certificates are fetched, which merchants from before 2024 need; both together
    are fine while one moves from the one to the other. `app_id` is the official account's, `mobile_app_id` the app's.
    """

    mchid: str
    app_id: str
    serial: str
    private_key: str = field(repr=False)
    apiv3_key: str = field(repr=False)
    platform_keys: dict[str, str] = field(default_factory=dict)
    certificates: bool = False
    mobile_app_id: str = ""


def authorization(
    creds: Credentials, key: RSAPrivateKey, method: str, target: str, body: bytes, now: datetime, nonce: str
) -> str:
    stamp = str(int(now.timestamp()))
    message = f"{method}\n{target}\n{stamp}\n{nonce}\n".encode() + body + b"\n"
    parts = {
        "mchid": creds.mchid, "nonce_str": nonce, "signature": keys.sign(key, message), "timestamp": stamp,
        "serial_no": creds.serial,
    }  # fmt: skip
    return f"{SCHEME} " + ",".join(f'{name}="{value}"' for name, value in parts.items())


def pay_sign(key: RSAPrivateKey, *parts: str) -> str:
    """The signature that the WeChat client of the payer asks for."""
    return keys.sign(key, ("\n".join(parts) + "\n").encode())


def decrypt(apiv3_key: str, resource: object) -> bytes:
    """The clear text of an AEAD_AES_256_GCM resource; Unreadable for a shape that is none, Forged for a wrong tag."""
    if not isinstance(resource, dict) or resource.get("algorithm") != "AEAD_AES_256_GCM":
        raise Unreadable("not encrypted with AEAD_AES_256_GCM")
    parts = [resource.get(name, "") for name in ("nonce", "ciphertext", "associated_data")]
    if not all(isinstance(part, str) for part in parts):
        raise Unreadable("a resource of another shape")
    nonce, ciphertext, extra = parts
    try:
        sealed = base64.b64decode(ciphertext, validate=True)
        return AESGCM(apiv3_key.encode()).decrypt(nonce.encode(), sealed, extra.encode())
    except InvalidTag:
        raise Forged("the sealed part was not sealed with our key") from None
    except (ValueError, binascii.Error):
        raise Unreadable("a sealed part of another shape") from None


@dataclass(frozen=True)
class Held:
    key: RSAPublicKey
    since: datetime | None = None
    until: datetime | None = None

    def valid(self, now: datetime) -> bool:
        return (self.since is None or self.since <= now) and (self.until is None or now < self.until)


class Ring:
    """The platform's keys. Several are valid while it changes them; an unknown serial asks for them anew, at most once
    a minute, and is refused if it is still unknown. `fetch` is None where only keys that were given count.
    """

    def __init__(
        self, given: dict[str, str], clock: Callable[[], datetime], fetch: Callable[[], dict[str, Held]] | None
    ) -> None:
        self._held = {serial: _held(text) for serial, text in given.items()}
        self._clock, self._fetch = clock, fetch
        self._asked: datetime | None = None
        self._lock = threading.Lock()

    @classmethod
    def trusting(cls, held: dict[str, Held], clock: Callable[[], datetime]) -> "Ring":
        ring = cls({}, clock, None)
        ring._held = held
        return ring

    def find(self, serial: str, patience: float | None = None) -> RSAPublicKey:
        """`patience`: so many seconds are waited for keys that are being fetched; they are there for who comes next."""
        now = self._clock()
        if serial not in self._held and self._fetch is not None:
            if patience is None:
                self._refresh(serial, now)
            else:
                self._refresh_aside(serial, now, patience)
        held = self._held.get(serial)
        if held is None:
            raise Forged("signed with a key that the platform does not have")
        if not held.valid(now):
            raise Forged("signed with a key that is not valid now")
        return held.key

    def refresh(self, serial: str = "") -> None:
        """Ask now, unless that was done less than a minute ago."""
        self._refresh(serial, self._clock())

    def serials(self) -> list[str]:
        return list(self._held)

    def held(self) -> dict[str, Held]:
        return dict(self._held)

    def _refresh(self, serial: str, now: datetime) -> None:
        with self._lock:
            if self._fetch is None or (serial and serial in self._held):
                return
            if self._asked is not None and abs(now - self._asked) < BETWEEN_REFRESHES:
                return
            self._asked = now
            try:
                fetched = self._fetch()
            except GatewayError as error:
                # whoever needed the key is refused now, and may come again
                raise Forged(f"the platform's keys cannot be fetched: {error}") from None
            self._held = self._held | fetched

    def _refresh_aside(self, serial: str, now: datetime, patience: float) -> None:
        if self._asked is not None and abs(now - self._asked) < BETWEEN_REFRESHES:
            return

        def fetch() -> None:
            with contextlib.suppress(GatewayError):
                self._refresh(serial, now)

        fetching = threading.Thread(target=fetch, name="platform keys", daemon=True)
        fetching.start()
        fetching.join(patience)

    def verify(self, headers: Iterable[tuple[str, str]], body: bytes, patience: float | None = None) -> dict[str, str]:
        """The signed headers, if the platform signed exactly these bytes within five minutes of now."""
        found = intake.only(headers, HEADERS)
        missing = [name for name in HEADERS[:4] if not found.get(name)]
        if missing:
            raise Unreadable(f"{missing[0]} is missing")
        if found.get("wechatpay-signature-type", SCHEME) != SCHEME:
            raise Forged("signed in a way that is not accepted")
        check(partial(self.find, patience=patience), found, body, self._clock())
        return found


def check(find: Callable[[str], RSAPublicKey], found: dict[str, str], body: bytes, now: datetime) -> None:
    signature, stamp = found["wechatpay-signature"], found["wechatpay-timestamp"]
    if signature.startswith(PROBE):
        raise Probe("a probe of whether signatures are looked at")
    intake.fresh(intake.moment(stamp), now)
    message = f"{stamp}\n{found['wechatpay-nonce']}\n".encode() + body + b"\n"
    if not keys.genuine(find(found["wechatpay-serial"]), message, signature):
        raise Forged("the signature is not the platform's")


def _held(text: str) -> Held:
    if "-----BEGIN CERTIFICATE" not in text:
        return Held(keys.public_key(text))
    certificate = keys.certificate(text)
    return of_certificate(certificate)


def of_certificate(certificate: keys.Certificate) -> Held:
    since, until = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return Held(keys.certificate_key(certificate), since.astimezone(UTC), until.astimezone(UTC))
