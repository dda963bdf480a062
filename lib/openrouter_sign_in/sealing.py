"""Seal small records so that a browser can carry them and neither read nor change them.

Fernet (https://cryptography.io/en/latest/fernet/): AES-128-CBC with HMAC-SHA256 and a time stamp.
"""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class SealBroken(Exception):
    """The record was not sealed with this secret and for this purpose, was changed, or is too old."""


class Sealer:
    """Seals and opens records for one purpose; a record sealed for another does not open."""

    def __init__(
        self, secret: str, purpose: str, *, clock: Callable[[], float] = time.time
    ) -> None:
        key = HKDF(SHA256(), length=32, salt=None, info=purpose.encode()).derive(secret.encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(key))
        self._clock = clock

    def seal(self, record: dict[str, Any]) -> str:
        """Return the record (JSON types only) sealed, in characters that a cookie may hold."""
        token = self._fernet.encrypt_at_time(json.dumps(record).encode(), int(self._clock()))
        # Fernet pads with "=", which some cookie parsers take for a separator.
        return token.decode("ascii").rstrip("=")

    def unseal(self, sealed: str, *, max_age: int) -> dict[str, Any]:
        """Open a record at most `max_age` seconds old. Raises `SealBroken`."""
        try:
            token = sealed.encode("ascii") + b"=" * (-len(sealed) % 4)
            record = json.loads(self._fernet.decrypt(token))
            # Not by Fernet's own ttl, which refuses what was sealed before a clock was set back.
            age = self._clock() - self._fernet.extract_timestamp(token)
        except (InvalidToken, ValueError) as error:
            raise SealBroken from error
        if age > max_age or not isinstance(record, dict):
            raise SealBroken
        return record
