"""Images that a model generated, in each of the forms that providers send."""

import base64
import re

from .events import GeneratedImage, ImageLink, UnshownImage, is_web_url
from .untrusted import mapping

_DATA_URL = re.compile(
    r"data:([\w.+-]{0,40}/?[\w.+-]{0,40})((?:;[\w.=+ -]{0,60}){0,5}),", re.I | re.A
)
_TO_STANDARD = str.maketrans("-_", "+/", "= \t\r\n")
"""From the base64 of URLs, with padding and line ends, to base64 without padding."""
_SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}


def read_image(image: object) -> GeneratedImage | ImageLink | UnshownImage | None:
    """Return an image, or what to say in its place; None if there is none.

    It is an object with `image_url`, `url` or `b64_json`, or a string: a data URL, another URL, or
    base64 alone. Nothing is loaded from elsewhere.
    """
    for _ in range(3):
        if isinstance(image, str):
            return _from_text(image.strip()) if image.strip() else None
        fields = mapping(image)
        image = next((fields[n] for n in ("image_url", "url", "b64_json") if n in fields), None)
    return None


def _from_text(text: str) -> GeneratedImage | ImageLink | UnshownImage:
    if is_web_url(text):
        return ImageLink(text)
    found = _DATA_URL.match(text)
    declared = found[1].lower() if found else ""
    is_base64 = found is None or "base64" in found[2].lower()
    content = _decode(text[found.end() if found else 0 :]) if is_base64 else b""
    media_type = _media_type(content)
    return GeneratedImage(media_type, content) if media_type else UnshownImage(declared)


def _decode(text: str) -> bytes:
    """Decode base64, possibly without padding or as in URLs; return nothing if it is invalid."""
    digits = text.translate(_TO_STANDARD)
    try:
        return base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except ValueError:
        return b""


def _media_type(content: bytes) -> str:
    """Return the media type by the content, which a declared one may contradict; "" if unknown."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((name for start, name in _SIGNATURES.items() if content.startswith(start)), "")
