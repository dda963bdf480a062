"""Models with special entries in the catalogue: prices, outputs, efforts, expiry, privacy."""

from datetime import UTC, datetime, timedelta
from typing import Any

CHEAP = {
    "prompt": "0.000003",
    "completion": "0.000015",
    "input_cache_read": "0.0000003",
    "input_cache_write": "0.00000375",
}
PARAMETERS = ["temperature", "top_p", "max_tokens", "seed", "stop", "tools"]
REASONING = [*PARAMETERS, "reasoning"]
EXPIRY = (datetime.now(UTC) + timedelta(days=14)).date().isoformat()

SPECIAL: dict[str, tuple[str, dict[str, Any]]] = {
    "sandbox/image-only": (
        "makes pictures and nothing else",
        {"outputs": ["image"], "pricing": {"image_output": "0.04"}},
    ),
    "sandbox/per-image": (
        "free by the token, but $0.04 an image",
        {"pricing": {"prompt": "0", "completion": "0", "image": "0.04"}},
    ),
    "sandbox/per-request": (
        "free by the token, but $0.005 a request",
        {"pricing": {"prompt": "0", "completion": "0", "request": "0.005"}},
    ),
    "sandbox/many-prices": (
        "has a price for everything, and higher ones for long prompts",
        {
            "pricing": {
                **CHEAP,
                "image": "0.0048",
                "web_search": "0.01",
                "internal_reasoning": "0.000015",
                "overrides": [{"min_prompt_tokens": 200_000, "prompt": "0.000006"}],
            }
        },
    ),
    "sandbox/expiring": ("is about to be removed", {"expiration_date": EXPIRY}),
    "sandbox/mandatory-reasoning": (
        "reasons always, with an effort of high or low",
        {
            "supported_parameters": REASONING,
            "reasoning": {"mandatory": True, "supported_efforts": ["high", "low", "none"]},
        },
    ),
    "sandbox/any-effort": (
        "reasons with any effort",
        {
            "supported_parameters": REASONING,
            "reasoning": {"mandatory": False, "supported_efforts": None},
        },
    ),
    "sandbox/no-effort": (
        "reasons, and leaves no choice of the effort",
        {"supported_parameters": REASONING, "reasoning": {"mandatory": True}},
    ),
    "sandbox/no-tools": (
        "cannot search the web, and has no parameters but the temperature",
        {"supported_parameters": ["temperature"]},
    ),
    "sandbox/trains": ("its provider trains on what it gets: refuses No training", {}),
    "sandbox/keeps": ("its provider keeps what it gets: refuses Nothing kept", {}),
    "sandbox/excluded": ("is not in the user's own list, by a privacy setting", {}),
    "sandbox/tried": ("two providers fail before one answers", {}),
    "anthropic/sandbox": ("caches the prompt if the request asks for it", {"pricing": CHEAP}),
    "qwen/sandbox": ("the same", {"pricing": CHEAP}),
}
"""The models, with a description and what their entries have in place of the usual values."""

TRAINS = {"sandbox/trains"}
KEEPS = {"sandbox/keeps", *TRAINS}
"""Models that refuse a data policy; those of two of the labs keep what they get, too."""
KEEPING_LABS = ("tin-robot/", "sandbox-labs/")
EXCLUDED = {"sandbox/excluded"}
ALIASES = {
    "~sandbox/hello-latest": "sandbox/hello",
    "sandbox/hello-2025": "sandbox/hello",
    "@preset/brief": "sandbox/hello",
}
VARIANTS = ("nitro", "floor", "exacto", "online", "thinking")
FAILED_ATTEMPTS = {"sandbox/tried": (("Tin Robot", 503), ("Paper Mill", 429))}
"""Providers that fail before `Sandbox` answers, with their statuses."""
