"""RFC 7636, the authorization server's part."""

import base64
import hashlib
import re
import secrets

_UNRESERVED = re.compile(r"[A-Za-z0-9\-._~]{43,128}")


def is_well_formed(verifier_or_challenge: object) -> bool:
    """Return whether a value has the characters and the length of sections 4.1 and 4.2."""
    text = verifier_or_challenge
    return isinstance(text, str) and _UNRESERVED.fullmatch(text) is not None


def matches(verifier: str, challenge: str, method: str) -> bool:
    """Return whether a verifier matches a challenge by `S256` or `plain` (section 4.6)."""
    if method == "S256":
        digest = hashlib.sha256(verifier.encode()).digest()
        verifier = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return secrets.compare_digest(verifier, challenge)
