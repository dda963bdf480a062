"""How many tokens a text or a file has, counted as tokenizers do it: by words and signs."""

import base64
import math
import re
from io import BytesIO
from typing import Any

from sandbox.content_parts import content_parts

PER_MESSAGE = 4
_TOKENS = re.compile(
    r"(?P<cjk>[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff])"
    r"|(?P<word> ?[^\W\d_]+)"
    r"|(?P<number>\d{1,3})"
    r"|(?P<space>\s+)"
    r"|(?P<sign>.)",
    re.DOTALL,
)
_LETTERS_IN_TOKEN = 7
"""Of a word in ASCII, with the space before it: common words are whole, others in pieces."""
_OTHER_LETTERS_IN_TOKEN = 3
_TILE = 512
"""Pixels of a side of the squares into which an image is cut."""
_PER_TILE = 170
_PER_IMAGE = 85
_PER_PAGE = 450
_AUDIO_BYTES_PER_TOKEN = 600


def count_text(text: str) -> int:
    """Return the number of tokens of a text."""
    return sum(_count(match) for match in _TOKENS.finditer(text))


def count_message(message: Any) -> int:
    """Return the number of tokens of a message, with its files."""
    content = message.get("content") if isinstance(message, dict) else None
    tokens = PER_MESSAGE + (count_text(content) if isinstance(content, str) else 0)
    tokens += sum(_count_part(part) for part in content_parts([message]))
    images = message.get("images") if isinstance(message, dict) else None
    return tokens + sum(_count_part(part) for part in images or () if isinstance(part, dict))


def count_images(messages: list[Any]) -> int:
    """Return the number of images that the user sent."""
    return sum(part.get("type") == "image_url" for part in content_parts(messages))


def _count(match: re.Match[str]) -> int:
    text = match[0]
    match match.lastgroup:
        case "word":
            letters = _LETTERS_IN_TOKEN if text.isascii() else _OTHER_LETTERS_IN_TOKEN
            return math.ceil(len(text) / letters)
        case "space":
            return math.ceil(len(text) / 8)
        case "sign":
            return 1 if text.isascii() else 2
    return 1


def _count_part(part: dict[str, Any]) -> int:
    match part:
        case {"type": "text", "text": str(text)}:
            return count_text(text)
        case {"type": "image_url", "image_url": {"url": str(url)}}:
            width, height = _size(_decode(url))
            return _PER_IMAGE + _PER_TILE * math.ceil(width / _TILE) * math.ceil(height / _TILE)
        case {"type": "file", "file": {"file_data": str(url)}}:
            return _PER_PAGE * max(1, len(re.findall(rb"/Type\s*/Page\b", _decode(url))))
        case {"type": "input_audio", "input_audio": {"data": str(data)}}:
            return len(data) * 3 // 4 // _AUDIO_BYTES_PER_TOKEN + 1
    return 0


def _decode(url: str) -> bytes:
    try:
        return base64.b64decode(url.partition(";base64,")[2])
    except ValueError:
        return b""


def _size(image: bytes) -> tuple[int, int]:
    """Return the width and the height of an image in pixels; one tile's if they cannot be read."""
    from PIL import Image  # slow to import

    try:
        with Image.open(BytesIO(image)) as opened:
            return opened.size
    except Exception:  # noqa: BLE001 - Pillow raises many kinds for what is no image
        return _TILE, _TILE
