"""Files that go with a question: what may, how OpenRouter wants them, what each model takes.

Forms of the parts: https://openrouter.ai/docs/guides/overview/multimodal/overview.
"""

import base64
import math
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import PurePath
from typing import Any, Literal

Kind = Literal["image", "pdf", "audio", "text"]

MAX_FILES = 10
MAX_UPLOAD_MB = 10
"""In megabytes (of 1,000,000 bytes)."""
MAX_TEXT_FILE_LENGTH = 500_000
MAX_PIXELS = 64_000_000
"""Pixels of an image; decoded, each takes four bytes."""
MAX_SHOWN_PIXELS = 25_000_000
"""Pixels of an image that is shown: Streamlit decodes it at each run, which takes twice that."""

_IMAGES = {"png": "png", "jpg": "jpeg", "jpeg": "jpeg", "webp": "webp", "gif": "gif"}
_AUDIO = {"wav": "wav", "mp3": "mp3", "m4a": "m4a", "ogg": "ogg", "flac": "flac", "aac": "aac"}
_TEXTS = (
    *("txt", "md", "csv", "tsv", "json", "yaml", "yml", "xml", "html", "css", "toml", "ini", "log"),
    *("py", "js", "ts", "java", "c", "h", "cpp", "cs", "go", "rs", "rb", "php", "sh", "sql", "tex"),
)
FILE_TYPES = (*_IMAGES, "pdf", *_AUDIO, *_TEXTS)
"""The endings of names that may be chosen."""

_BEGINNINGS = {
    "png": (b"\x89PNG\r\n\x1a\n",),
    "jpeg": (b"\xff\xd8\xff",),
    "gif": (b"GIF87a", b"GIF89a"),
    "webp": (b"RIFF",),
    "pdf": (b"%PDF-",),
}
_START_OF_SCAN = b"\xff\xda"
_MAX_SCANS = 32
"""Scans of a progressive JPEG, each of which goes over all of its pixels; ten are usual."""


class NotAttachable(ValueError):
    """A file cannot go with a question. `str()` is a sentence that says why."""


@dataclass(frozen=True)
class Attachment:
    """A file as it goes with a question: `form` is the ending that its content has."""

    name: str
    kind: Kind
    form: str
    content: bytes = field(repr=False)

    @property
    def media_type(self) -> str:
        """Its type as in `Content-Type`."""
        family = {"image": "image", "audio": "audio", "pdf": "application", "text": "text"}
        return f"{family[self.kind]}/{'plain' if self.kind == 'text' else self.form}"

    def part(self) -> dict[str, Any]:
        """Return it as a part of a message's content."""
        match self.kind:
            case "image":
                return {"type": "image_url", "image_url": {"url": self._data_url()}}
            case "pdf":
                file = {"filename": self.name, "file_data": self._data_url()}
                return {"type": "file", "file": file}
            case "audio":
                audio = {"data": base64.b64encode(self.content).decode(), "format": self.form}
                return {"type": "input_audio", "input_audio": audio}
            case "text":
                text = self.content.decode("utf-8-sig")
                return {"type": "text", "text": f"File {self.name}:\n\n{text}"}

    def _data_url(self) -> str:
        return f"data:{self.media_type};base64,{base64.b64encode(self.content).decode()}"


def attachment(name: str, content: bytes) -> Attachment:
    """Make an attachment of a file. Raises `NotAttachable`."""
    name = " ".join(PurePath(name).name.split())[:200]
    ending = PurePath(name).suffix.removeprefix(".").lower()
    if len(content) > MAX_UPLOAD_MB * 1_000_000:
        raise NotAttachable(f"{name} is larger than {MAX_UPLOAD_MB} MB.")
    if not content:
        raise NotAttachable(f"{name} is empty.")
    if ending in _TEXTS:
        return Attachment(name, "text", "txt", _checked_text(name, content))
    if ending in _AUDIO:
        return Attachment(name, "audio", _AUDIO[ending], content)
    form = _IMAGES.get(ending, ending)
    if form not in _BEGINNINGS:
        raise NotAttachable(f"{name} is of a type that cannot be sent; an image or a PDF can.")
    if not content.startswith(_BEGINNINGS[form]):
        raise NotAttachable(f"{name} is not what its name says: it holds no {form.upper()}.")
    if form != "pdf":
        _check_pixels(name, content)
    return Attachment(name, "pdf" if form == "pdf" else "image", form, content)


def _check_pixels(name: str, content: bytes) -> None:
    pixels = count_pixels(content)
    if not pixels:
        raise NotAttachable(f"{name} is damaged: how many pixels it has cannot be read.")
    if pixels > MAX_PIXELS:
        limit = f"{MAX_PIXELS // 1_000_000} million pixels"
        raise NotAttachable(f"{name} is too large: an image may have {limit}. Make it smaller.")


def count_pixels(content: bytes) -> float | None:
    """Return how many pixels an image has by its header; None if that cannot be read.

    Nothing is decoded. Infinite where Pillow refuses to tell, for there are too many, and where a
    JPEG would be decoded again and again.
    """
    from PIL import Image  # only where there is an image: it takes a moment to load

    if content.count(_START_OF_SCAN) > _MAX_SCANS and content.startswith(_BEGINNINGS["jpeg"]):
        return math.inf
    try:
        with Image.open(BytesIO(content), formats=("PNG", "JPEG", "WEBP", "GIF")) as image:
            return image.width * image.height
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return math.inf
    except Exception:  # noqa: BLE001 - Pillow has no one error for what is no image
        return None


def _checked_text(name: str, content: bytes) -> bytes:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotAttachable(f"{name} is not text in UTF-8.") from error
    if len(text) > MAX_TEXT_FILE_LENGTH:
        raise NotAttachable(f"{name} is longer than {MAX_TEXT_FILE_LENGTH:,} characters.")
    return content
