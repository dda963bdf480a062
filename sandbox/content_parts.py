"""What comes along with a message: whether its form is right, and what it is in words."""

import base64
from collections.abc import Iterator
from typing import Any

INPUTS = {"image_url": "image", "input_audio": "audio"}
"""What a model must take in for a part of this type; a file is parsed for models that take none."""


class Malformed(ValueError):
    """A part of a message is not of the contract's form."""


def describe(part: dict[str, Any]) -> str:
    """Return a part in words, empty for one of text. Raises `Malformed`."""
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
        raise Malformed from error
    raise Malformed


def parts_of(messages: list[Any]) -> Iterator[dict[str, Any]]:
    """Yield the parts of all messages whose content has parts."""
    for message in messages:
        content = message.get("content") if isinstance(message, dict) else None
        if isinstance(content, list):
            yield from (part for part in content if isinstance(part, dict))


def _data(url: str) -> tuple[str, bytes]:
    if url.startswith("https://"):
        return "elsewhere", b""
    kind, separator, content = url.removeprefix("data:").partition(";base64,")
    if not separator:
        raise Malformed
    return kind, base64.b64decode(content, validate=True)
