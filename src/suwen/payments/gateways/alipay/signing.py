"""Who speaks: our signature over the sorted parameters, Alipay's over the exact text of its answer. RSA2 only."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.x509 import Certificate, Name, load_pem_x509_certificates
from cryptography.x509.oid import NameOID

from suwen.payments.gateways import keys
from suwen.payments.gateways.errors import Forged, Unreadable

RSA_SIGNATURES = "1.2.840.113549.1.1"
SPACE = re.compile(r"[ \t\r\n]*")
SHORT_NAMES = {
    NameOID.COMMON_NAME: "CN", NameOID.ORGANIZATIONAL_UNIT_NAME: "OU", NameOID.ORGANIZATION_NAME: "O",
    NameOID.COUNTRY_NAME: "C", NameOID.LOCALITY_NAME: "L", NameOID.STATE_OR_PROVINCE_NAME: "ST",
    NameOID.EMAIL_ADDRESS: "emailAddress", NameOID.SERIAL_NUMBER: "serialNumber",
}  # fmt: skip
DECODER = json.JSONDecoder()


@dataclass(frozen=True)
class Credentials:
    """What a merchant has. Key mode: `alipay_keys` are public keys (several while one is being changed). Certificate
    mode: `app_certificate` and `root_certificates` are given, and `alipay_keys` are certificates.
    """

    app_id: str
    seller_id: str
    private_key: str = field(repr=False)
    alipay_keys: tuple[str, ...] = ()
    app_certificate: str = ""
    root_certificates: str = ""


class Trusted:
    """Alipay's keys; in certificate mode by serial, and an answer says which one it was signed with."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._all: list[RSAPublicKey] = []
        self._by_serial: dict[str, RSAPublicKey] = {}
        for text in texts:
            key = keys.public_key(text)
            self._all.append(key)
            if "-----BEGIN CERTIFICATE" in text:
                self._by_serial[serial(keys.certificate(text))] = key
        if not self._all:
            raise keys.BadKey("without a key of Alipay no answer can be believed")

    def verify(self, message: bytes, signature: str, cert_sn: str = "") -> None:
        """Forged, unless one of the keys signed exactly this message."""
        if cert_sn and self._by_serial:
            known = self._by_serial.get(cert_sn)
            candidates = [known] if known else []
        else:
            candidates = self._all
        if not any(keys.genuine(key, message, signature) for key in candidates):
            raise Forged("the signature is not Alipay's")


def message(parameters: Mapping[str, str], without: tuple[str, ...] = ("sign",)) -> bytes:
    """What is signed: sorted, not encoded, empty values left out."""
    parts = sorted((name, value) for name, value in parameters.items() if name not in without and value != "")
    return "&".join(f"{name}={value}" for name, value in parts).encode()


def signed(key: RSAPrivateKey, parameters: Mapping[str, str]) -> dict[str, str]:
    """With `sign`; parameters without a value are not sent at all."""
    given = {name: value for name, value in parameters.items() if value != ""}
    return given | {"sign": keys.sign(key, message(given))}


def members(text: str) -> dict[str, str]:
    """The top level of a JSON object, each value as the exact text that was sent: that is what was signed.

    A reader of JSON finds where a value ends; counting braces fails at the first brace in somebody's name.
    """
    found: dict[str, str] = {}
    try:
        at = _after(text, 0, "{")
        while True:
            name, at = DECODER.raw_decode(text, _space(text, at))
            begin = _space(text, _after(text, at, ":"))
            _, at = DECODER.raw_decode(text, begin)
            if not isinstance(name, str) or name in found:
                raise ValueError("a name twice")
            found[name] = text[begin:at]
            at = _space(text, at)
            if text[at : at + 1] == "}":
                break
            at = _after(text, at, ",")
        if _space(text, at + 1) != len(text):
            raise ValueError("more than one object")
    except (ValueError, RecursionError):
        raise Unreadable("no JSON object") from None
    return found


def _space(text: str, at: int) -> int:
    found = SPACE.match(text, at)
    return found.end() if found else at


def _after(text: str, at: int, mark: str) -> int:
    at = _space(text, at)
    if text[at : at + 1] != mark:
        raise ValueError(f"no {mark}")
    return at + 1


def serial(certificate: Certificate) -> str:
    """Alipay's own number of a certificate: md5 of the issuer, last part first, and the serial number in decimals."""
    text = _named(certificate.issuer) + str(certificate.serial_number)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def root_serial(text: str) -> str:
    """Of the chain's RSA certificates; those of SM2 in the same file do not count."""
    found = [
        serial(one)
        for one in load_pem_x509_certificates(text.encode())
        if one.signature_algorithm_oid.dotted_string.startswith(RSA_SIGNATURES)
    ]
    if not found:
        raise keys.BadKey("no RSA certificate in the chain of Alipay's root")
    return "_".join(found)


def _named(name: Name) -> str:
    parts = [f"{SHORT_NAMES.get(one.oid, one.oid.dotted_string)}={one.value!s}" for one in name]
    return ",".join(reversed(parts))
