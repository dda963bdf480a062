"""The sandbox's models: some with special behaviour, and enough others to fill a list."""

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
    **{f"sandbox/status-{name}": f"status {name.replace('-', ', ', 1)}" for name in STATUSES},
}
"""The models with special behaviour, and a description of each."""

_CONTEXTS = (8_192, 32_768, 131_072, 200_000, 1_000_000)
_NAMES = (
    "Breeze",
    "Cobble",
    "Drift",
    "Ember",
    "Fjord",
    "Grove",
    "Harbor",
    "Islet",
    "Juniper",
    "Kelp",
)
_SIZES = ("1b", "3b", "7b", "13b", "34b", "70b", "140b", "mini", "large", "vision")
_LABS = ("sandbox-labs", "paper-mill", "tin-robot")
_INPUTS = (["text"], ["text", "image"], ["text", "image", "file"], ["text", "audio"])
_ALL_INPUTS = ["text", "image", "file", "audio"]
_REASONING = {"mandatory": False, "supported_efforts": ["high", "medium", "low"]}
_PARAMETERS = ["temperature", "top_p", "max_tokens", "seed", "stop", "tools"]


def models() -> list[dict[str, Any]]:
    """Return the catalogue, about 350 items in the format of `/api/v1/models`."""
    listed = [_model("openrouter/auto", "Auto Router", "-1", _CONTEXTS[-1], _ALL_INPUTS)]
    for model, about in BEHAVIOURS.items():
        name = f"Sandbox: {model.removeprefix('sandbox/')}"
        listed.append(_model(model, name, "0.000001", _CONTEXTS[2], _ALL_INPUTS, about))
    for lab_number, lab in enumerate(_LABS):
        for name_number, name in enumerate(_NAMES):
            for number, size in enumerate(_SIZES):
                is_free = number % 5 == 0
                listed.append(
                    _model(
                        f"{lab}/{name.lower()}-{size}" + (":free" if is_free else ""),
                        f"{lab.title()}: {name} {size.upper()}" + (" (free)" if is_free else ""),
                        "0" if is_free else f"{(number + 1) * (lab_number + 1) / 1e7:.8f}",
                        _CONTEXTS[(number + name_number) % len(_CONTEXTS)],
                        _INPUTS[(number + lab_number) % len(_INPUTS)],
                    )
                )
    listed[-1]["expiration_date"] = "2027-12-31"
    return listed


def _model(
    model: str, name: str, usd_per_token: str, context: int, inputs: list[str], about: str = ""
) -> dict[str, Any]:
    outputs = ["text", "image"] if model == "sandbox/image" else ["text"]
    reasons = model in ("sandbox/reasoning", "sandbox/request") or model.endswith("-large")
    return {
        "id": model,
        "canonical_slug": model,
        "name": name,
        "description": about
        or f"{name} exists only in the sandbox, and always gives the same answer.",
        "created": 1_760_000_000,
        "context_length": context,
        "architecture": {
            "modality": f"{'+'.join(inputs)}->{'+'.join(outputs)}",
            "input_modalities": inputs,
            "output_modalities": outputs,
            "tokenizer": "Other",
            "instruct_type": None,
        },
        "pricing": {
            "prompt": usd_per_token,
            "completion": usd_per_token,
            "request": "0",
            "image": "0",
        },
        "top_provider": {
            "context_length": context,
            "max_completion_tokens": 4_096,
            "is_moderated": False,
        },
        "per_request_limits": None,
        "supported_parameters": _PARAMETERS + (["reasoning"] if reasons else []),
        **({"reasoning": _REASONING} if reasons else {}),
        "default_parameters": None,
        "supported_voices": None,
        "links": {"details": f"/api/v1/models/{model}/endpoints"},
        "expiration_date": None,
    }
