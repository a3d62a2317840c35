"""Signatures: Ed25519 over one canonical text of what was signed. No database, no clock."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def canonical(value: Any) -> str:
    """JSON as RFC 8785 writes it: keys in the order of their UTF-16 units, no spaces, nothing escaped without need.
    Numbers are whole or text; a fraction has no one way to be written and is refused."""
    return json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def digest(value: Any) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def new_key() -> tuple[str, str]:
    """Private and public half, 32 bytes each in hex."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    return key.private_bytes_raw().hex(), key.public_key().public_bytes_raw().hex()


def public_half(private: str) -> str:
    return _key(private).public_key().public_bytes_raw().hex()


def sign(private: str, text: str) -> str:
    return _key(private).sign(text.encode()).hex()


def _key(private: str) -> "Ed25519PrivateKey":
    # 8 MB, with the first signature and not with the start
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(private))


def fits(public: str, text: str, signature: str) -> bool:
    """Whether this very text was signed by the owner of this key; nonsense fits nothing."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), text.encode())
    except (InvalidSignature, ValueError):
        return False
    # Hex has two ways to write a letter; only the one that we write is ours.
    return signature == signature.lower() and public == public.lower()


def _ordered(value: Any) -> Any:
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("keys are text")
        return {key: _ordered(value[key]) for key in sorted(value, key=lambda key: key.encode("utf-16-be"))}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_ordered(item) for item in value]
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError(f"{type(value).__name__} has no canonical form")
