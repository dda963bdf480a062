"""The account behind a key: https://openrouter.ai/docs/api-reference/api-keys/get-current-key."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .errors import InvalidResponse
from .transport import Bearer, Timeout, get_data
from .untrusted import amount, number, one_line

MAX_BUDGETS = 10


@dataclass(frozen=True)
class Budget:
    """A budget of an account or workspace, which its admin sets; amounts are in USD."""

    remaining: float
    limit: float | None = None
    resets_at: datetime | None = None
    scope: str = ""


@dataclass(frozen=True)
class FreeRequests:
    """The requests to free models that are left today, of how many."""

    remaining: int
    limit: int


@dataclass(frozen=True)
class Account:
    """An API key as `/api/v1/key` describes it. Amounts are in USD; None if there is no limit.

    `limit_remaining` is what is left of the key's own limit, not of the credits of the account.
    `limit_reset` is the interval after which the limit begins anew, such as `daily`; empty if it
    does not. `budget` is the tightest of the `budgets` above the key. `byok_usage` is what
    providers charged for keys of the user's own.
    """

    label: str
    limit: float | None
    limit_remaining: float | None
    usage: float
    limit_reset: str = ""
    expires_at: datetime | None = None
    budget: Budget | None = None
    budgets: tuple[Budget, ...] = ()
    free_requests: FreeRequests | None = None
    byok_usage: float = 0.0


def get_account(base_url: str, key: str, *, timeout: Timeout = (5, 10)) -> Account:
    """Fetch the account of a key.

    Raises `KeyRejected` on 401, `Unreachable`, `TimedOut`, `InvalidResponse`, or
    `OpenRouterError` with any other status.
    """
    data = get_data(f"{base_url}/api/v1/key", auth=Bearer(key), timeout=timeout)
    try:
        budgets, remaining = data.get("budgets"), number(data.get("limit_remaining"))
        listed = budgets[:MAX_BUDGETS] if isinstance(budgets, list) else []
        return Account(
            label=one_line(data["label"]),
            limit=number(data.get("limit")),
            limit_remaining=remaining if remaining is None else max(0.0, remaining),
            usage=number(data.get("usage")) or 0.0,
            limit_reset=one_line(data.get("limit_reset"), 40),
            expires_at=_time(data.get("expires_at")),
            budget=_budget(data.get("effective_budget")),
            budgets=tuple(budget for each in listed if (budget := _budget(each))),
            free_requests=_free_requests(data.get("free_model_daily_requests")),
            byok_usage=amount(data.get("byok_usage")) or 0.0,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise InvalidResponse(status=200) from error


def _budget(value: Any) -> Budget | None:
    if not isinstance(value, Mapping):
        return None
    remaining = number(value.get("remaining_usd"))
    if remaining is None:
        return None
    return Budget(
        max(0.0, remaining),
        amount(value.get("limit_usd")),
        _time(value.get("resets_at")),
        one_line(value.get("scope"), 40),
    )


def _free_requests(value: Any) -> FreeRequests | None:
    if not isinstance(value, Mapping):
        return None
    limit, used = amount(value.get("limit")), amount(value.get("used"))
    remaining = amount(value.get("remaining"))
    if remaining is None and limit is not None and used is not None:
        remaining = max(0.0, limit - used)
    if limit is None or remaining is None:
        return None
    return FreeRequests(int(remaining), int(limit))


def _time(value: object) -> datetime | None:
    """Parse an ISO 8601 timestamp, in UTC if it names no zone."""
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
        if time is None or time.tzinfo is None:
            return time and time.replace(tzinfo=UTC)
        return time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def key_settings_url(base_url: str, key: str) -> str:
    """Return the URL of the page on which a key can be changed or deleted."""
    return f"{base_url}/keys/{hashlib.sha256(key.encode()).hexdigest()}"
