"""Errors of OpenRouter: one base class, and a subclass wherever callers act differently.

`error_body.py` reads them from responses and from chunks of a stream.
"""

import re
from dataclasses import dataclass

from .annotations import FileAnnotation
from .untrusted import one_line

MAX_MESSAGE_LENGTH = 300
_KEY = re.compile(
    r"\bsk-or-[\w-]+|\b(?:sk-(?!or-)|gsk_|xai-|hf_|r8_|AIza)[\w-]{6,}|\bBearer\s[\w.~+/=-]{8,}",
    re.I,
)
_TRANSIENT_STATUSES = frozenset({408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
_DAILY_LIMITS = frozenset(
    {"free_models_per_day", "free_models_per_day_high_balance", "openrouter_free_tier_daily"}
)
_IN_FLIGHT = frozenset({"in_flight_budget_exhausted", "openrouter_in_flight_budget"})
_NEVER_TRANSIENT = _DAILY_LIMITS | {"weight_exceeds_budget", "provider_key_rejected"}


def mask_keys(text: str) -> str:
    """Return a text with the API keys in it masked, OpenRouter's and those of providers."""
    return _KEY.sub(lambda found: "sk-or-…" if found[0].startswith("sk-or-") else "…", text)


def quotable(text: object) -> str:
    """Return text of others as one line of at most 300 characters, with keys masked."""
    return one_line(mask_keys(one_line(text, 2 * MAX_MESSAGE_LENGTH)), MAX_MESSAGE_LENGTH)


@dataclass(frozen=True)
class ErrorDetails:
    """What an error says beyond its status and its message; all of it is optional.

    `causes` are OpenRouter's own names for what happened, the most precise first, out of `reason`,
    `limit_source`, `error_type` and the code of `availability`; where only the message says it,
    that of `error_causes.py`. `provider_message` is the text of the provider, `constraint` that of
    OpenRouter about a setting that excludes all providers. `resets_at` is in seconds since the
    epoch; `spent` and `limit` are in USD.
    """

    causes: tuple[str, ...] = ()
    provider: str = ""
    provider_message: str = ""
    constraint: str = ""
    fallback_models: tuple[str, ...] = ()
    resets_at: float | None = None
    spent: float | None = None
    limit: float | None = None
    file_annotations: tuple[FileAnnotation, ...] = ()


class OpenRouterError(Exception):
    """A request to OpenRouter failed.

    `status` is the HTTP status or the `code` of an error inside a stream, None if there was none;
    `message` is OpenRouter's own text (one line, at most 300 characters, keys masked), possibly
    empty; `retry_after` is in seconds; `retryable` is what OpenRouter says, None if nothing.
    """

    def __init__(
        self,
        message: str = "",
        *,
        status: int | None = None,
        retry_after: float | None = None,
        retryable: bool | None = None,
        details: ErrorDetails | None = None,
    ) -> None:
        self.message = quotable(message)
        self.status = status
        self.retry_after = retry_after
        self.retryable = retryable
        self.details = details or ErrorDetails()
        super().__init__(f"{status or ''} {self.message}".strip())

    @property
    def is_transient(self) -> bool:
        """Whether the request was not processed, and the same request may succeed soon."""
        causes = self.details.causes
        if not _NEVER_TRANSIENT.isdisjoint(causes):
            return False
        if self.is_in_flight:
            return True
        if "free_models_per_min" in causes and self.retry_after is None:
            return False  # a failed attempt counts towards the day
        if self.retryable is not None:
            return self.retryable
        return self.status in _TRANSIENT_STATUSES

    @property
    def is_in_flight(self) -> bool:
        """Whether other requests, which are still running, hold the credit for this one."""
        causes = self.details.causes
        return "weight_exceeds_budget" not in causes and not _IN_FLIGHT.isdisjoint(causes)

    @property
    def is_daily_limit(self) -> bool:
        """Whether the free requests of the day are used up."""
        return not _DAILY_LIMITS.isdisjoint(self.details.causes)


class Unreachable(OpenRouterError):
    """The connection failed, or was refused."""

    is_transient = True


class ConnectTimedOut(Unreachable):
    """The connection timed out before it was made."""


class ConnectionLost(Unreachable):
    """The connection ended without a response; the request may have been processed."""

    is_transient = False


class TimedOut(OpenRouterError):
    """The response did not begin before the timeout."""


class StreamStalled(OpenRouterError):
    """A response began, but then sent nothing, not even a comment, before the timeout."""


class NoContent(OpenRouterError):
    """A response began, but then sent only comments or empty events before the timeout."""


class InvalidResponse(OpenRouterError):
    """A response that is not valid: HTML from a proxy, invalid JSON, a missing field."""


class AnswerTooLong(OpenRouterError):
    """An answer exceeds the maximum size."""


class KeyRejected(OpenRouterError):
    """401: the API key is missing, invalid, or was deleted.

    A chat request has been answered so for keys that were good: only `get_account` is sure.
    """


class UnconfirmedRejection(OpenRouterError):
    """401 to a request, which a request for the account did not confirm."""

    is_transient = True


class StreamInterrupted(OpenRouterError):
    """The connection ended before the answer was complete."""
