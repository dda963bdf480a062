"""Proof Key for Code Exchange, RFC 7636: the `code_verifier` and its `code_challenge`."""

import base64
import hashlib
import re
import secrets
from collections.abc import Callable
from typing import Literal

Method = Literal["S256", "plain", "none"]
"""`code_challenge_method`; `none` stands for a request without a challenge."""

CODE_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}")
"""The grammar of RFC 7636, section 4.1."""


def create_code_verifier(token_bytes: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """Return a new `code_verifier`: 32 random octets in base64url (RFC 7636, section 4.1)."""
    return _base64url(token_bytes(32))


def create_code_challenge(code_verifier: str, method: Method) -> str | None:
    """Return the `code_challenge` of a verifier: RFC 7636, section 4.2; None for `none`.

    Raises `ValueError` for any other method, or if the verifier does not match the grammar.
    """
    if not CODE_VERIFIER.fullmatch(code_verifier):
        raise ValueError("code_verifier: 43 to 128 characters of A-Z a-z 0-9 - . _ ~")
    match method:
        case "S256":
            return _base64url(hashlib.sha256(code_verifier.encode("ascii")).digest())
        case "plain":
            return code_verifier
        case "none":
            return None
    raise ValueError("method: S256, plain or none")


def _base64url(octets: bytes) -> str:
    """Base64url without padding: RFC 7636, appendix A."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")
