"""The models with special behaviour, and the failures with which some respond."""

from typing import Any

from sandbox.special_models import SPECIAL

Status = tuple[int, dict[str, str], dict[str, Any] | str]
"""Status, headers, and body: the `error` object, or a page as text."""

AFFORDABLE_TOKENS = 1_234
"""Tokens that the credit covers according to `status-402-max-tokens`."""
STATUSES: dict[str, Status] = {}
"""The responses of the models `sandbox/status-…`."""


def _status(
    name: str, status: int, message: str, *, headers: dict[str, str] | None = None, **error: Any
) -> None:
    STATUSES[name] = status, headers or {}, {"code": status, "message": message, **error}


_status("400", 400, "This endpoint's maximum context length is 8192 tokens.")
_status("401", 401, "User not found.")
_status("402", 402, "Insufficient credits. Add more using https://openrouter.ai/credits")
_status(
    "402-max-tokens",
    402,
    "This request requires more credits, or fewer max_tokens. You requested up to 65536 tokens, "
    f"but can only afford {AFFORDABLE_TOKENS}. To increase, visit https://openrouter.ai/settings/keys and "
    "create a key with a higher monthly limit",
)
_status("402-key-limit", 402, "This request exceeds the total limit of the API key.")
_status("403", 403, "Key limit exceeded (total limit).")
_status(
    "403-moderation",
    403,
    "Input was flagged by moderation.",
    metadata={
        "reasons": ["violence"],
        "flagged_input": "…",
        "provider_name": "Sandbox",
        "model_slug": "sandbox/status-403-moderation",
    },
)
_status("404", 404, "No endpoints found matching your data policy.")
_status("408", 408, "Operation timed out. Please try again later.")
_status("413", 413, "Request payload too large")
_status("422", 422, "Invalid argument")
_status("429", 429, "Rate limit exceeded", headers={"Retry-After": "7"})
_status(
    "429-per-day",
    429,
    "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests "
    "per day",
)
_status("500", 500, "Internal Server Error")
_status("502", 502, "Provider returned error")
_status("503", 503, "Service temporarily unavailable")
_status("504", 504, "Gateway timeout")
_status("524", 524, "Request timed out. Please try again later.")
_status("529", 529, "Provider returned error")
STATUSES["503-availability"] = (
    503,
    {},
    {"message": "No provider available", "availability": {"retryable": True, "retry_after": 3}},
)
TEMPORARY_FAILURE = (
    503,
    {"Retry-After": "3"},
    {"code": 503, "message": "Service temporarily unavailable"},
)
"""The response of `sandbox/recovers` to two of three requests."""
STATUSES["502-html"] = 502, {}, "<html><body><h1>502 Bad Gateway</h1></body></html>"
STATUSES["500-empty"] = 500, {}, ""

BEHAVIOURS = {
    "sandbox/hello": "a short answer that says what this is",
    "sandbox/echo": "your message, unchanged",
    "sandbox/request": "the body of the request, truncated",
    "sandbox/tour": "headings, lists, a table, code, formulas, many scripts",
    "sandbox/habits": "formulas, amounts of money, HTML and a remote image, as models write them",
    "sandbox/long": "16 KB of ordinary markdown in small chunks",
    "sandbox/split": "umlauts, emoji and Chinese, split inside characters and lines",
    "sandbox/reasoning": "reasoning, then an answer",
    "sandbox/citations": "an answer with sources",
    "sandbox/image": "an answer with a picture",
    "sandbox/slow-start": "three seconds of comments before the answer",
    "sandbox/silent": "comments without end, and no text",
    "sandbox/no-headers": "no response at all",
    "sandbox/endless": "a word every 50 ms until the client disconnects",
    "sandbox/recovers": "status 503 with Retry-After twice, then a short answer",
    "sandbox/cut": "the connection is closed during the answer",
    "sandbox/no-done": "ends without [DONE]",
    "sandbox/freeze": "some text, then nothing more",
    "sandbox/stream-error": "an error chunk after some text",
    "sandbox/stream-error-string": "the same with a string as code, and without choices",
    "sandbox/bad-json": "a line that is not JSON after some text",
    "sandbox/finish-error": "finish_reason error",
    "sandbox/finish-length": "finish_reason length",
    "sandbox/finish-content_filter": "finish_reason content_filter",
    "sandbox/empty": "an answer without text",
    **{model: about for model, (about, _) in SPECIAL.items()},
    **{f"sandbox/status-{name}": f"status {name.replace('-', ', ', 1)}" for name in STATUSES},
}
"""The models with special behaviour, and a description of each."""
