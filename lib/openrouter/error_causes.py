"""The names for what happened: those of OpenRouter, and ours where only its message says it."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from .request import MIN_COMPLETION_TOKENS

_STATUSES: Mapping[str, int] = {
    **dict.fromkeys(("invalid_request", "invalid_prompt", "context_length_exceeded"), 400),
    **dict.fromkeys(("max_tokens_exceeded", "token_limit_exceeded", "string_too_long"), 400),
    **dict.fromkeys(("content_policy_violation", "refusal", "invalid_image"), 400),
    **dict.fromkeys(("image_too_large", "image_too_small", "unsupported_image_format"), 400),
    **dict.fromkeys(("image_not_found", "image_download_failed", "precondition_failed"), 400),
    **dict.fromkeys(("model_not_found", "wrong_endpoint"), 400),
    "authentication": 401,
    "payment_required": 402,
    **dict.fromkeys(("permission_denied", "region_restricted"), 403),
    **dict.fromkeys(("not_found", "no_endpoints", "model_deprecated"), 404),
    **dict.fromkeys(("model_unavailable_upstream", "privacy_restricted"), 404),
    **dict.fromkeys(("constraint_filtered", "free_variant_ended"), 404),
    "payload_too_large": 413,
    "unprocessable": 422,
    **dict.fromkeys(("rate_limit_exceeded", "capacity_exhausted"), 429),
    "server": 500,
    "provider_unavailable": 502,
    "temporarily_unavailable": 503,
    "timeout": 504,
    "provider_overloaded": 529,
}
"""The status that belongs to a cause, for errors inside a stream that have no other."""

_MESSAGES: Mapping[int, Sequence[tuple[str, Sequence[str]]]] = {
    400: (
        ("model_not_found", ["not a valid model"]),
        ("context_length_exceeded", ["context length"]),
        ("context_length_exceeded", ["context window"]),
        ("context_length_exceeded", ["prompt is too long"]),
        ("image_too_large", ["image exceeds"]),
        ("region_restricted", ["location is not supported"]),
    ),
    402: (
        ("prompt_tokens_limit", ["prompt tokens limit"]),
        ("openrouter_key_limit", ["key", "limit"]),
    ),
    403: (
        ("openrouter_key_limit", ["key", "limit"]),
        ("moderation", ["moderation"]),
        ("moderation", ["flagged"]),
        ("region_restricted", [" region"]),
        ("region_restricted", [" country"]),
        ("region_restricted", ["country, region"]),
        ("provider_terms", ["terms of service"]),
    ),
    404: (
        ("tool_use_unsupported", ["support tool use"]),
        ("image_input_unsupported", ["support image input"]),
        ("file_input_unsupported", ["support ", " input"]),
        ("output_modalities_unsupported", ["output modalit"]),
        ("free_variant_ended", ["no endpoints found for", ":free"]),
        ("free_variant_ended", ["period has ended"]),
        ("free_variant_ended", ["unavailable for free"]),
        ("constraint_filtered", ["providers have been ignored"]),
        ("privacy_restricted", ["data policy"]),
        ("privacy_restricted", ["privacy"]),
        ("constraint_filtered", ["allowed providers"]),
        ("constraint_filtered", ["requested parameters"]),
        ("constraint_filtered", ["guardrail"]),
    ),
    429: (
        ("free_models_per_day_high_balance", ["per-day-high-balance"]),
        ("free_models_per_day", ["per-day"]),
        ("free_models_per_min", ["free-models-per-min"]),
        ("upstream_provider_shared_pool", ["rate-limited upstream"]),
    ),
}
"""By status: what happened if the message, in lower case, has all of these words."""


def status_of(causes: Iterable[str]) -> int | None:
    """Return the status that belongs to the first known cause; None if all are unknown."""
    return next((_STATUSES[cause] for cause in causes if cause in _STATUSES), None)


_CONTEXT = re.compile(
    r"context length is (\d{1,9}) .{0,80}\((\d{1,9} of text input.{0,80}), \d{1,9} in the output"
)
_INPUT = re.compile(r"(\d{1,9}) of \w{1,20} input")


def room_in_context(message: str) -> int | None:
    """Return the tokens that the input leaves for an answer; None if there is no room, or no word."""
    if not (found := _CONTEXT.search(message)):
        return None
    room = int(found[1]) - sum(map(int, _INPUT.findall(found[2])))
    return room if room >= MIN_COMPLETION_TOKENS else None


def causes_in_provider_message(message: str, status: int | None) -> Iterator[str]:
    """Yield what a message of a provider says: nothing about the limits of a key of OpenRouter."""
    own = ("openrouter_", "free_", "prompt_tokens")
    return (name for name in causes_in_message(message, status) if not name.startswith(own))


def causes_in_message(message: str, status: int | None) -> Iterator[str]:
    """Yield what a message says, most precise first."""
    if status == 400 and room_in_context(message):
        yield "max_tokens_exceeded"
    lower = message.lower()
    for cause, words in _MESSAGES.get(status or 0, ()):
        if all(word in lower for word in words):
            yield cause
