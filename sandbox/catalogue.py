"""The sandbox's models: some with special behaviour, and enough others to fill a list."""

from typing import Any

from sandbox.statuses import STATUSES

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
    "sandbox/parts": "an answer whose content is a list of parts, with reasoning",
    "sandbox/refusal": "a refusal in place of content",
    "sandbox/reasoning-content": "reasoning under the name reasoning_content",
    "sandbox/reasoning-details": "reasoning in reasoning_details alone, as text and as summary",
    "sandbox/think": "reasoning between <think> and </think>",
    "sandbox/image-only": "a picture without text",
    "sandbox/image-forms": "pictures in the forms of several providers, a link, and an SVG",
    "sandbox/byok": "an answer that the user's own provider charges for",
    "sandbox/file-annotations": "an answer with the attached files as they were parsed",
    "sandbox/no-finish": "an answer without finish_reason",
    "sandbox/no-empty-line": "an answer whose last event has no empty line",
    "sandbox/whole-message": "an answer whose last chunk repeats all of it",
    "sandbox/402-in-flight": "status 402 with Retry-After twice, then a short answer",
    "sandbox/401-once": "status 401 once, then a short answer",
    "sandbox/error-body": "an error as JSON in place of an event",
    "sandbox/error-event": "an error as an event of that name",
    "sandbox/chunk-401-provider": "an error chunk: the user's own key at a provider",
    "sandbox/chunk-http-status": "an error chunk with http_status, and models in its place",
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
    outputs = ["text", "image"] if model.startswith("sandbox/image") else ["text"]
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
