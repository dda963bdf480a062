"""Files attached to a question: their types and limits, and their form in a request.

The content parts follow https://openrouter.ai/docs/guides/overview/multimodal/overview.
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
"""Megabytes (of 1,000,000 bytes) of one file."""
MAX_TEXT_FILE_LENGTH = 500_000
"""Characters."""
MAX_PIXELS = 64_000_000
"""Pixels of an image, each of which takes four bytes when decoded."""
MAX_SHOWN_PIXELS = 25_000_000
"""Pixels of an image that is shown; Streamlit decodes it in each run, at twice the memory."""

_IMAGES = {"png": "png", "jpg": "jpeg", "jpeg": "jpeg", "webp": "webp", "gif": "gif"}
_AUDIO = {"wav": "wav", "mp3": "mp3", "m4a": "m4a", "ogg": "ogg", "flac": "flac", "aac": "aac"}
_TEXTS = (
    *("txt", "md", "csv", "tsv", "json", "yaml", "yml", "xml", "html", "css", "toml", "ini", "log"),
    *("py", "js", "ts", "java", "c", "h", "cpp", "cs", "go", "rs", "rb", "php", "sh", "sql", "tex"),
)
FILE_TYPES = (*_IMAGES, "pdf", *_AUDIO, *_TEXTS)
"""The file name extensions that can be selected."""

_SIGNATURES = {
    "png": (b"\x89PNG\r\n\x1a\n",),
    "jpeg": (b"\xff\xd8\xff",),
    "gif": (b"GIF87a", b"GIF89a"),
    "webp": (b"RIFF",),
    "pdf": (b"%PDF-",),
}
_START_OF_SCAN = b"\xff\xda"
_MAX_SCANS = 32
"""Scans of a progressive JPEG, each of which decodes all pixels; ten are usual."""


class NotAttachable(ValueError):
    """A file cannot be attached. `str()` is a sentence with the reason."""


@dataclass(frozen=True)
class Attachment:
    """A file attached to a question; `form` is the file name extension for its content."""

    name: str
    kind: Kind
    form: str
    content: bytes = field(repr=False)

    @property
    def media_type(self) -> str:
        """The media type, as in `Content-Type`."""
        family = {"image": "image", "audio": "audio", "pdf": "application", "text": "text"}
        return f"{family[self.kind]}/{'plain' if self.kind == 'text' else self.form}"

    def part(self) -> dict[str, Any]:
        """Return the content part of a message."""
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
    """Return the attachment for a file. Raises `NotAttachable`."""
    name = " ".join(PurePath(name).name.split())[:200]
    extension = PurePath(name).suffix.removeprefix(".").lower()
    if len(content) > MAX_UPLOAD_MB * 1_000_000:
        raise NotAttachable(f"{name} is larger than {MAX_UPLOAD_MB} MB.")
    if not content:
        raise NotAttachable(f"{name} is empty.")
    if extension in _TEXTS:
        return Attachment(name, "text", "txt", _checked_text(name, content))
    if extension in _AUDIO:
        return Attachment(name, "audio", _AUDIO[extension], content)
    form = _IMAGES.get(extension, extension)
    if form not in _SIGNATURES:
        raise NotAttachable(f"{name} is of a type that cannot be sent; an image or a PDF can.")
    if not content.startswith(_SIGNATURES[form]):
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
    """Return the number of pixels of an image by its header; None if that cannot be read.

    Nothing is decoded. The number is infinite if Pillow refuses the image as too large, and for a
    JPEG with too many scans.
    """
    from PIL import Image  # imported here because it is slow to import

    if content.count(_START_OF_SCAN) > _MAX_SCANS and content.startswith(_SIGNATURES["jpeg"]):
        return math.inf
    try:
        with Image.open(BytesIO(content), formats=("PNG", "JPEG", "WEBP", "GIF")) as image:
            return image.width * image.height
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return math.inf
    except Exception:  # noqa: BLE001 - Pillow has no common base class for invalid images
        return None


def _checked_text(name: str, content: bytes) -> bytes:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotAttachable(f"{name} is not text in UTF-8.") from error
    if len(text) > MAX_TEXT_FILE_LENGTH:
        raise NotAttachable(f"{name} is longer than {MAX_TEXT_FILE_LENGTH:,} characters.")
    return content
