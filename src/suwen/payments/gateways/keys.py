"""RSA as both Chinese gateways prescribe it: PKCS#1 v1.5 signatures over SHA-256, and nothing weaker."""

import base64
import binascii

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)
from cryptography.x509 import Certificate, load_pem_x509_certificate

from suwen.payments.gateways.errors import BadKey as BadKey

SHORTEST = 2048


def private_key(text: str) -> RSAPrivateKey:
    """From PEM, or the bare base64 that Alipay's tools print."""
    try:
        if "-----BEGIN" in text:
            found = load_pem_private_key(text.encode(), None)
        else:
            found = load_der_private_key(base64.b64decode("".join(text.split()), validate=True), None)
    except (ValueError, TypeError, binascii.Error):
        raise BadKey("this is no unencrypted private key") from None
    if not isinstance(found, RSAPrivateKey) or found.key_size < SHORTEST:
        raise BadKey(f"an RSA key of {SHORTEST} bits or more is needed")
    return found


def public_key(text: str) -> RSAPublicKey:
    """From PEM, bare base64, or a certificate."""
    if "-----BEGIN CERTIFICATE" in text:
        return certificate_key(certificate(text))
    try:
        if "-----BEGIN" in text:
            found = load_pem_public_key(text.encode())
        else:
            found = load_der_public_key(base64.b64decode("".join(text.split()), validate=True))
    except (ValueError, TypeError, binascii.Error):
        raise BadKey("this is no public key") from None
    if not isinstance(found, RSAPublicKey) or found.key_size < SHORTEST:
        raise BadKey(f"an RSA key of {SHORTEST} bits or more is needed")
    return found


def certificate(text: str) -> Certificate:
    try:
        return load_pem_x509_certificate(text.encode())
    except ValueError:
        raise BadKey("this is no certificate") from None


def certificate_key(found: Certificate) -> RSAPublicKey:
    key = found.public_key()
    if not isinstance(key, RSAPublicKey) or key.key_size < SHORTEST:
        raise BadKey(f"an RSA key of {SHORTEST} bits or more is needed")
    return key


def sign(key: RSAPrivateKey, message: bytes) -> str:
    return base64.b64encode(key.sign(message, PKCS1v15(), SHA256())).decode()


def genuine(key: RSAPublicKey, message: bytes, signature: str) -> bool:
    """Whether `signature` (strict base64) is this key's over exactly these bytes."""
    try:
        key.verify(base64.b64decode(signature, validate=True), message, PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True
