"""The account behind a key: https://openrouter.ai/docs/api-reference/api-keys/get-current-key."""

import hashlib
from dataclasses import dataclass

from .errors import InvalidResponse
from .transport import Bearer, Timeout, get_data
from .untrusted import number, one_line


@dataclass(frozen=True)
class Account:
    """An API key as `/api/v1/key` describes it. Amounts are in USD; None if there is no limit."""

    label: str
    limit: float | None
    limit_remaining: float | None
    usage: float


def get_account(base_url: str, key: str, *, timeout: Timeout = (5, 10)) -> Account:
    """Fetch the account of a key.

    Raises `KeyRejected` on 401, `Unreachable`, `TimedOut`, `InvalidResponse`, or
    `OpenRouterError` with any other status.
    """
    data = get_data(f"{base_url}/api/v1/key", auth=Bearer(key), timeout=timeout)
    try:
        return Account(
            label=one_line(data["label"]),
            limit=number(data.get("limit")),
            limit_remaining=number(data.get("limit_remaining")),
            usage=number(data.get("usage")) or 0.0,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise InvalidResponse(status=200) from error


def key_settings_url(base_url: str, key: str) -> str:
    """Return the URL of the page on which a key can be changed or deleted."""
    return f"{base_url}/keys/{hashlib.sha256(key.encode()).hexdigest()}"
