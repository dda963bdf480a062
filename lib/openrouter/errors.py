"""Errors of OpenRouter: one base class, and a subclass wherever callers act differently.

The formats follow https://openrouter.ai/docs/api-reference/errors.
"""

import re
from collections.abc import Mapping
from typing import Any

from .untrusted import one_line, parse_json

_KEY = re.compile(r"sk-or-[\w-]+")
_STATUS = re.compile("[1-9][0-9]{2}")
_MAX_MESSAGE_LENGTH = 300
_TRANSIENT_STATUSES = frozenset({408, 429, 500, 502, 503, 504, 524, 529})


def mask_keys(text: str) -> str:
    """Return a text with its API keys masked."""
    return _KEY.sub("sk-or-…", text)


class OpenRouterError(Exception):
    """A request to OpenRouter failed.

    `status` is the HTTP status or the `code` of an error inside a stream, None if there was none;
    `message` is OpenRouter's own text (one line, at most 300 characters, keys masked), possibly
    empty; `retry_after` is in seconds; `retryable` is False if OpenRouter says so; `metadata` is
    that of the error, possibly empty.
    """

    def __init__(
        self,
        message: str = "",
        *,
        status: int | None = None,
        retry_after: float | None = None,
        retryable: bool = True,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        self.message = one_line(mask_keys(message), _MAX_MESSAGE_LENGTH)
        self.status = status
        self.retry_after = retry_after
        self.retryable = retryable
        self.metadata: Mapping[str, Any] = metadata or {}
        super().__init__(f"{status or ''} {self.message}".strip())

    @property
    def is_transient(self) -> bool:
        """Whether the request was not processed, and the same request may succeed soon."""
        could_not_connect = isinstance(self, Unreachable) and not isinstance(self, ConnectionLost)
        has_transient_status = self.status in _TRANSIENT_STATUSES and not self.is_daily_limit
        return could_not_connect or (has_transient_status and self.retryable)

    @property
    def is_daily_limit(self) -> bool:
        """Whether the free requests of the day are used up, which only the message says."""
        return self.status == 429 and "per-day" in self.message


class Unreachable(OpenRouterError):
    """The connection failed, or was refused."""


class ConnectTimedOut(Unreachable):
    """The connection timed out before it was made."""


class ConnectionLost(Unreachable):
    """The connection ended without a response; the request may have been processed."""


class TimedOut(OpenRouterError):
    """The response did not begin before the timeout."""


class StreamStalled(TimedOut):
    """A response began, but then sent nothing, not even a comment, before the timeout."""


class NoContent(TimedOut):
    """A response began, but then sent only comments or empty events before the timeout."""


class InvalidResponse(OpenRouterError):
    """A response that is not valid: HTML from a proxy, invalid JSON, a missing field."""


class AnswerTooLong(OpenRouterError):
    """An answer exceeds the maximum size."""


class KeyRejected(OpenRouterError):
    """401: the API key is missing, invalid, or was deleted."""


class StreamInterrupted(OpenRouterError):
    """The connection ended before the answer was complete."""


def error_from_response(status: int, headers: Mapping[str, str], body: bytes) -> OpenRouterError:
    """Return the error of a failed response, whose body is JSON, HTML or empty."""
    try:
        error = parse_json(body)["error"]
    except (ValueError, KeyError, TypeError):
        error = {}
    if not isinstance(error, Mapping):
        error = {"message": error}
    availability = error.get("availability")
    if not isinstance(availability, Mapping):
        availability = {}
    retry_after = headers.get("Retry-After", availability.get("retry_after"))
    failure = _error(error, status, _seconds(retry_after))
    failure.retryable = availability.get("retryable") is not False
    return failure


def error_from_chunk(error: object) -> OpenRouterError:
    """Return the error for the `error` of a chunk or choice; its `code` is a number or a string."""
    if not isinstance(error, Mapping):
        error = {"message": error}
    return _error(error, _status(error.get("code")), None)


def _status(code: object) -> int | None:
    """Return a code of three digits, a number or a string, as a status; None for any other."""
    digits = str(code) if isinstance(code, int | str) else ""
    return int(digits) if _STATUS.fullmatch(digits) else None


def _error(
    error: Mapping[str, Any], status: int | None, retry_after: float | None
) -> OpenRouterError:
    message, metadata = error.get("message"), error.get("metadata")
    kind = KeyRejected if status == 401 else OpenRouterError
    return kind(
        message if isinstance(message, str) else "",
        status=status,
        retry_after=retry_after,
        metadata=metadata if isinstance(metadata, Mapping) else None,
    )


def _seconds(retry_after: object) -> float | None:
    """Parse `Retry-After` as delay-seconds (RFC 9110, 10.2.3); OpenRouter sends no dates."""
    try:
        seconds = float(str(retry_after))
    except ValueError:
        return None
    return seconds if 0 <= seconds < 86_400 else None
