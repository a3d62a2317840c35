"""Encryption of single columns: AES-256-GCM, a key id before the text, bound to table, row and column.

Moving a ciphertext to another row or column makes it unreadable. `rotate` writes with the newest key.
"""

import base64
import hashlib
import hmac
import os
import unicodedata
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class Unreadable(Exception):
    """The text was changed, moved, or its key is not among ours."""


class FieldKeys:
    """Keys by id, newest first: `k2:BASE64,k1:BASE64` (32 bytes each)."""

    def __init__(self, text: str) -> None:
        pairs = [part.strip().split(":", 1) for part in text.split(",") if part.strip()]
        if not pairs or any(len(pair) != 2 for pair in pairs):
            raise SystemExit("SUWEN_FIELD_KEYS must look like id:base64[,id:base64]")
        raw = {id: base64.b64decode(key) for id, key in pairs}
        if any(len(key) != 32 for key in raw.values()):
            raise SystemExit("SUWEN_FIELD_KEYS: each key has 32 bytes")
        self.newest = pairs[0][0]
        self._raw = raw
        # The index key must outlive rotation: it comes from the oldest key.
        self._index_key = hmac.digest(raw[pairs[-1][0]], b"suwen blind index", "sha256")

    def __contains__(self, id: object) -> bool:
        return id in self._raw

    @cached_property
    def _ciphers(self) -> "dict[str, AESGCM]":
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # 8 MB, with the first sealed column

        return {id: AESGCM(key) for id, key in self._raw.items()}

    def encrypt(self, text: str, place: str) -> str:
        """`place` is table:id:column."""
        nonce = os.urandom(12)
        sealed = self._ciphers[self.newest].encrypt(nonce, text.encode(), place.encode())
        return f"{self.newest}:{base64.b64encode(nonce + sealed).decode()}"

    def decrypt(self, text: str, place: str) -> str:
        """The clear text, or Unreadable."""
        id, _, body = text.partition(":")
        cipher = self._ciphers.get(id)
        if cipher is None:
            raise Unreadable(f"no key {id!r}")
        from cryptography.exceptions import InvalidTag

        raw = base64.b64decode(body)
        try:
            return cipher.decrypt(raw[:12], raw[12:], place.encode()).decode()
        except InvalidTag:
            raise Unreadable(place) from None

    def blind_index(self, text: str) -> str:
        """64 hex characters, equal for equal text; finds a value without reading it."""
        plain = unicodedata.normalize("NFKC", text).strip().upper()
        return hmac.new(self._index_key, plain.encode(), hashlib.sha256).hexdigest()
