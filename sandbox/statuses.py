"""The responses of the models that fail: `sandbox/status-…`, and those that recover."""

from typing import Any

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
_status("400-context", 400, "Invalid request", metadata={"error_type": "context_length_exceeded"})
_status("400-model", 400, "sandbox/status-400-model is not a valid model ID")
_status(
    "400-image-size",
    400,
    "Provider returned error",
    metadata={"error_type": "image_too_large", "provider_name": "Sandbox"},
)
_status(
    "400-image-format",
    400,
    "Provider returned error",
    metadata={"error_type": "unsupported_image_format", "provider_name": "Sandbox"},
)
_status(
    "400-policy",
    400,
    "Provider returned error",
    metadata={"error_type": "content_policy_violation", "provider_name": "Sandbox"},
)
_status(
    "400-raw",
    400,
    "Provider returned error",
    metadata={
        "provider_name": "Sandbox",
        "raw": '{"error": {"message": "messages.1: the role is not one of user, assistant"}}',
    },
)
_status("401", 401, "User not found.")
_status(
    "401-provider",
    401,
    "Provider returned error",
    metadata={"provider_name": "Sandbox", "raw": '{"error": "Incorrect API key provided"}'},
)
_status("402", 402, "Insufficient credits. Add more using https://openrouter.ai/credits")
_status(
    "402-max-tokens",
    402,
    "This request requires more credits, or fewer max_tokens. You requested up to 65536 tokens, "
    f"but can only afford {AFFORDABLE_TOKENS}. To increase, visit https://openrouter.ai/settings/keys and "
    "create a key with a higher monthly limit",
)
_status("402-key-limit", 402, "This request exceeds the total limit of the API key.")
_status(
    "402-weight",
    402,
    "This request exceeds your available credits. You requested up to 65536 tokens.",
    metadata={"reason": "weight_exceeds_budget", "limit_source": "openrouter_credits"},
)
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
_status(
    "403-guardrail",
    403,
    "Guardrail budget exceeded",
    metadata={
        "limit_source": "openrouter_guardrail_budget",
        "scope": "api_key",
        "limit_usd": 5,
        "spend_usd": 5.02,
        "resets_at": "2099-01-01T00:00:00Z",
    },
)
_status(
    "403-workspace",
    403,
    "Workspace budget exceeded",
    metadata={
        "limit_source": "openrouter_workspace_budget",
        "scope": "workspace",
        "limit_usd": 100,
        "spend_usd": 100,
    },
)
_status(
    "403-region",
    403,
    "This model is not available in your region.",
    availability={"code": "region_restricted", "retryable": False},
)
_status("404", 404, "No endpoints found for sandbox/status-404.")
_status("404-tools", 404, "No endpoints found that support tool use.")
_status("404-image", 404, "No endpoints found that support image input")
_status(
    "404-modalities",
    404,
    "No endpoints found that support the requested output modalities: image, text",
)
_status("404-free-ended", 404, "No endpoints found for sandbox/status-404-free-ended:free.")
_status(
    "404-privacy",
    404,
    "No endpoints found matching your data policy.",
    availability={"code": "privacy_restricted", "retryable": False, "excluded_by": ["data_policy"]},
)
_status(
    "404-deprecated",
    404,
    "This model is deprecated.",
    availability={
        "code": "model_deprecated",
        "retryable": False,
        "fallback_models": ["sandbox/hello", "sandbox/tour"],
    },
)
_status(
    "404-constraint",
    404,
    "No endpoints found that can handle the requested parameters.",
    availability={
        "code": "constraint_filtered",
        "retryable": False,
        "constraint": {"field": "provider.only", "detail": "only: [sandbox] serves no such model"},
    },
)
_status("408", 408, "Operation timed out. Please try again later.")
_status("413", 413, "Request payload too large")
_status("422", 422, "Invalid argument")
_status("429", 429, "Rate limit exceeded", headers={"Retry-After": "7"})
_RESET = {
    "X-RateLimit-Limit": "50",
    "X-RateLimit-Remaining": "0",
    "X-RateLimit-Reset": "4070908800000",
}
"""In milliseconds: the beginning of 2099, which does not pass."""
_status(
    "429-per-day",
    429,
    "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests "
    "per day",
    headers=_RESET,
    metadata={"limit_source": "openrouter_free_tier_daily"},
)
_status(
    "429-high-balance",
    429,
    "Rate limit exceeded: free-models-per-day-high-balance.",
    metadata={"headers": _RESET, "limit_source": "openrouter_free_tier_daily"},
)
_status("429-per-minute", 429, "Rate limit exceeded: free-models-per-min.")
_status(
    "429-capacity",
    429,
    "All providers are at capacity.",
    error_type="rate_limit_exceeded",
    http_status=429,
    availability={
        "code": "capacity_exhausted",
        "retryable": True,
        "retry_after": 40,
        "fallback_models": ["sandbox/hello"],
    },
)
_status("500", 500, "Internal Server Error")
_status("502", 502, "Provider returned error")
_status(
    "502-annotations",
    502,
    "Provider returned error",
    metadata={
        "file_annotations": [
            {
                "type": "file",
                "file": {
                    "hash": "5a2db0",
                    "name": "a.pdf",
                    "content": [{"type": "text", "text": "What the file says."}],
                },
            }
        ]
    },
)
_status("503", 503, "Service temporarily unavailable")
_status("504", 504, "Gateway timeout")
_status("524", 524, "Request timed out. Please try again later.")
_status("529", 529, "Provider returned error")
STATUSES["503-availability"] = (
    503,
    {},
    {"message": "No provider available", "availability": {"retryable": True, "retry_after": 3}},
)
STATUSES["502-html"] = 502, {}, "<html><body><h1>502 Bad Gateway</h1></body></html>"
STATUSES["500-empty"] = 500, {}, ""

TEMPORARY: dict[str, tuple[Status, int]] = {
    "recovers": (
        (503, {"Retry-After": "3"}, {"code": 503, "message": "Service temporarily unavailable"}),
        2,
    ),
    "402-in-flight": (
        (
            402,
            {"Retry-After": "2"},
            {
                "code": 402,
                "message": "This request would exceed your available credits given your current "
                "in-flight requests.",
                "metadata": {
                    "reason": "in_flight_budget_exhausted",
                    "limit_source": "openrouter_in_flight_budget",
                },
            },
        ),
        2,
    ),
    "401-once": ((401, {}, {"code": 401, "message": "User not found."}), 1),
}
"""The failure with which a model responds, and how often before it answers once."""
