"""Everything that can go wrong with OpenRouter: one root, and a subclass where a page acts differently.

The shapes follow https://openrouter.ai/docs/api-reference/errors.
"""

import re
from collections.abc import Mapping
from typing import Any

from .untrusted import one_line, parse_json

_KEY = re.compile(r"sk-or-[\w-]+")
_STATUS = re.compile("[1-9][0-9]{2}")
_MAX_MESSAGE = 300
_TRANSIENT_STATUSES = frozenset({408, 429, 500, 502, 503, 504, 524, 529})


def mask_keys(text: str) -> str:
    """Return a text with the API keys in it masked."""
    return _KEY.sub("sk-or-…", text)


class OpenRouterError(Exception):
    """OpenRouter did not do what was asked.

    `status` is the HTTP status or the `code` of an error inside a stream, None if there was none;
    `message` is OpenRouter's own text (one line, 300 characters at most, keys masked), perhaps
    empty; `retry_after` is in seconds; `retryable` is False where OpenRouter says so; `metadata` is
    the error's, perhaps empty.
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
        self.message = one_line(mask_keys(message), _MAX_MESSAGE)
        self.status = status
        self.retry_after = retry_after
        self.retryable = retryable
        self.metadata: Mapping[str, Any] = metadata or {}
        super().__init__(f"{status or ''} {self.message}".strip())

    @property
    def is_transient(self) -> bool:
        """Whether the same request may succeed in a moment, and has not been processed yet."""
        could_not_connect = isinstance(self, Unreachable) and not isinstance(self, ConnectionLost)
        has_transient_status = self.status in _TRANSIENT_STATUSES and not self.is_of_the_day
        return could_not_connect or (has_transient_status and self.retryable)

    @property
    def is_of_the_day(self) -> bool:
        """Whether the free requests of a day are used up: only the message says so."""
        return self.status == 429 and "per-day" in self.message


class Unreachable(OpenRouterError):
    """No connection could be made, or it was refused."""


class ConnectTimedOut(Unreachable):
    """No connection could be made in time."""


class ConnectionLost(Unreachable):
    """The connection ended without a response: the request may have been read, or not."""


class TimedOut(OpenRouterError):
    """No response began in time."""


class StreamStalled(TimedOut):
    """A response began, and then brought nothing for too long, not even a comment."""


class NoContent(TimedOut):
    """A response began, and then brought no token for too long, only comments or empty events."""


class InvalidResponse(OpenRouterError):
    """A response that is not the API's: HTML from a proxy, no JSON, a field missing."""


class AnswerTooLong(OpenRouterError):
    """An answer exceeds what is read and kept."""


class KeyRejected(OpenRouterError):
    """401: the API key is missing, wrong, or was deleted."""


class StreamInterrupted(OpenRouterError):
    """The connection ended before the answer did."""


def error_from_response(status: int, headers: Mapping[str, str], body: bytes) -> OpenRouterError:
    """Read a failed response, whatever its body is: JSON, HTML or nothing."""
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
    """Read the `error` of a chunk or choice inside a 200: its `code` is a number or a string."""
    if not isinstance(error, Mapping):
        error = {"message": error}
    return _error(error, _status(error.get("code")), None)


def _status(code: object) -> int | None:
    """Return the status that a code is: three digits, as a number or a string."""
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
    """`Retry-After` as delay-seconds (RFC 9110, section 10.2.3); OpenRouter sends no dates."""
    try:
        seconds = float(str(retry_after))
    except ValueError:
        return None
    return seconds if 0 <= seconds < 86_400 else None
