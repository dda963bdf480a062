"""The content parts of messages: their validation and description."""

import base64
from collections.abc import Iterator
from typing import Any

INPUT_MODALITIES = {"image_url": "image", "input_audio": "audio"}
"""The modality that a part requires of a model; files, which OpenRouter can parse, require none."""


class InvalidPart(ValueError):
    """A content part does not have the form that the API requires."""


def describe(part: dict[str, Any]) -> str:
    """Return a description of a part, empty for text. Raises `InvalidPart`."""
    try:
        match part["type"]:
            case "text" if isinstance(part["text"], str):
                return ""
            case "image_url":
                kind, content = _data(part["image_url"]["url"])
                return f"an image ({kind}, {len(content):,} bytes)"
            case "file":
                kind, content = _data(part["file"]["file_data"])
                return f"the file {part['file']['filename']} ({kind}, {len(content):,} bytes)"
            case "input_audio":
                audio = part["input_audio"]
                content = base64.b64decode(audio["data"], validate=True)
                return f"audio ({audio['format']}, {len(content):,} bytes)"
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InvalidPart from error
    raise InvalidPart


def content_parts(messages: list[Any]) -> Iterator[dict[str, Any]]:
    """Yield the content parts of all messages whose content is a list."""
    for message in messages:
        content = message.get("content") if isinstance(message, dict) else None
        if isinstance(content, list):
            yield from (part for part in content if isinstance(part, dict))


def _data(url: str) -> tuple[str, bytes]:
    if url.startswith("https://"):
        return "elsewhere", b""
    kind, separator, content = url.removeprefix("data:").partition(";base64,")
    if not separator:
        raise InvalidPart
    return kind, base64.b64decode(content, validate=True)
