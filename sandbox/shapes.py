"""The shapes in which providers send the same content: parts, names, forms of images, endings."""

import base64
import json
from collections.abc import Iterator
from typing import Any

from sandbox.answers import picture

REASONING = ("First I read the question. ", "Then I weigh it. ", "Now I know.")
THINKING = "<think>\nFirst I read the question.\n</think>\n\n"
RATE_LIMITED = {"message": "Rate limit exceeded", "code": 429}
PROVIDER_KEY_ERROR = {
    "code": 401,
    "message": "Provider returned error",
    "metadata": {"provider_name": "Sandbox", "raw": '{"error": "Incorrect API key provided"}'},
}
HTTP_STATUS_ERROR = {
    "http_status": 503,
    "error_type": "provider_overloaded",
    "message": "No provider can serve this model",
    "availability": {
        "code": "temporarily_unavailable",
        "retryable": False,
        "fallback_models": ["sandbox/hello"],
    },
}
BYOK = {
    "cost": 0.0,
    "is_byok": True,
    "cost_details": {
        "upstream_inference_cost": 0.0185,
        "upstream_inference_prompt_cost": 0.0085,
        "upstream_inference_completions_cost": 0.01,
    },
}
"""Fields of the usage of an answer that the user's own provider charges for."""
_SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


def text_delta(name: str, piece: str) -> dict[str, Any]:
    """Return the delta with a piece of the text of `sandbox/{name}`."""
    match name:
        case "parts":
            return {"content": [{"type": "text", "text": piece}]}
        case "refusal":
            return {"content": None, "refusal": piece}
        case _:
            return {"content": piece}


def reasoning_deltas(name: str) -> Iterator[dict[str, Any]]:
    """Yield the deltas with reasoning, under the names that `sandbox/{name}` uses."""
    for number, text in enumerate(REASONING):
        details = [{"type": "reasoning.text", "text": text, "index": 0}]
        match name:
            case "reasoning":
                yield {"reasoning": text, "reasoning_details": details}
            case "reasoning-content":
                yield {"reasoning_content": text}
            case "reasoning-details" if number == 1:
                yield {"reasoning_details": [{"type": "reasoning.summary", "summary": text}]}
            case "reasoning-details":
                yield {"content": "", "reasoning_details": details}
            case "parts":
                thinking = [{"type": "text", "text": text}]
                yield {"content": [{"type": "thinking", "thinking": thinking}]}


def image_deltas(name: str) -> Iterator[dict[str, Any]]:
    """Yield the deltas with images."""
    content = base64.b64encode(picture()).decode()
    url = f"data:image/png;base64,{content}"
    match name:
        case "image" | "image-only":
            yield {"images": [_image(url)]}
        case "image-forms":
            other = base64.b64encode(picture(162, 90)).decode().rstrip("=")
            yield {"images": [_image(f"data:image/jpg;base64,{other}")]}
            yield {"images": [{"type": "image_url", "image_url": url}]}
            yield {"images": [_image(url)]}
            yield {"images": [_image("https://example.org/picture.png")]}
            svg = base64.b64encode(_SVG).decode()
            yield {"images": [_image(f"data:image/svg+xml;base64,{svg}")]}


def _image(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def file_annotation(number: int, description: str) -> dict[str, Any]:
    """Return an attached file as it was parsed."""
    parts = [{"type": "text", "text": f"What {description} says."}]
    return {"type": "file", "file": {"hash": f"{number:06x}", "name": "a.pdf", "content": parts}}


def error_stream(name: str) -> bytes | None:
    """Return the rest of a stream that has an error in place of an answer; None if it has none."""
    match name:
        case "error-body":
            return json.dumps({"error": RATE_LIMITED}).encode() + b"\n"
        case "error-event":
            return b'event: error\ndata: {"message": "Overloaded", "code": 529}\n\n'
    return None


def chunk_error(name: str) -> dict[str, Any] | None:
    """Return the `error` of a chunk in place of an answer; None if there is none."""
    return {
        "chunk-401-provider": PROVIDER_KEY_ERROR,
        "chunk-http-status": HTTP_STATUS_ERROR,
    }.get(name)
