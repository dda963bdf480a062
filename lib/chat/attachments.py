"""Files attached to a question: their types and limits, and their form in a request.

The content parts follow https://openrouter.ai/docs/guides/overview/multimodal/overview.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any, Literal

from lib.chat import images
from lib.chat.file_types import DAMAGED_UTF8, MAX_PDF_OFFSET, WINDOWS, decode_text, detect

Kind = Literal["image", "pdf", "audio", "text"]

MAX_FILES = 10
MAX_UPLOAD_MB = 10
"""Megabytes (of 1,000,000 bytes) of one file."""
LEFT_OUT = "[left out: {}]"
"""The question in place of files that are not sent, or not stored, with their names."""
MAX_NAME_LENGTH = 200
MAX_SUFFIX_LENGTH = 20
MAX_TEXT_FILE_LENGTH = 500_000
"""Characters."""

_IMAGES = {
    **{form: form for form in ("png", "webp", "gif")},
    **dict.fromkeys(("jpg", "jpeg", "jfif"), "jpeg"),
}
_AUDIO = ("wav", "mp3", "m4a", "ogg", "flac", "aac")
_TEXTS = (
    *("txt", "md", "markdown", "rst", "tex", "csv", "tsv", "json", "jsonl", "yaml", "yml", "xml"),
    *("html", "htm", "css", "toml", "ini", "cfg", "conf", "log", "diff", "srt", "vtt", "ipynb"),
    *("py", "js", "jsx", "ts", "tsx", "java", "kt", "swift", "c", "h", "cpp", "cs", "go", "rs"),
    *("rb", "php", "r", "lua", "sh", "ps1", "bat", "sql"),
)
FILE_TYPES = (*_IMAGES, "pdf", *_AUDIO, *_TEXTS)
"""The file name extensions that can be selected. Without HEIC, an iPhone converts it to JPEG."""


class NotAttachable(ValueError):
    """A file cannot be attached. `str()` is a sentence with the reason."""


@dataclass(frozen=True)
class Attachment:
    """A file attached to a question; `form` is the file name extension for its content.

    `note` says in a sentence what was changed of it, or guessed.
    """

    name: str
    kind: Kind
    form: str
    content: bytes = field(repr=False)
    note: str = ""

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
                name = self.name if self.name.lower().endswith(".pdf") else f"{self.name}.pdf"
                file = {"filename": name, "file_data": self._data_url()}
                return {"type": "file", "file": file}
            case "audio":
                audio = {"data": base64.b64encode(self.content).decode(), "format": self.form}
                return {"type": "input_audio", "input_audio": audio}
            case "text":
                return {"type": "text", "text": f"File {self.name}:\n\n{self.content.decode()}"}

    def _data_url(self) -> str:
        return f"data:{self.media_type};base64,{base64.b64encode(self.content).decode()}"


def attachment(name: str, content: bytes) -> Attachment:
    """Return the attachment for a file; where its content tells the type, its name does not.

    Raises `NotAttachable`.
    """
    path = PurePath(" ".join(PurePath(name).name.split()))
    suffix = path.suffix[:MAX_SUFFIX_LENGTH]
    name = path.stem[: MAX_NAME_LENGTH - len(suffix)] + suffix
    extension = suffix.removeprefix(".").lower()
    if len(content) > MAX_UPLOAD_MB * 1_000_000:
        raise NotAttachable(f"{name} is larger than {MAX_UPLOAD_MB} MB.")
    if not content:
        raise NotAttachable(f"{name} is empty.")
    form = detect(content)
    if form == "pdf" or (extension == "pdf" and b"%PDF-" in content[:MAX_PDF_OFFSET]):
        return Attachment(name, "pdf", "pdf", content[content.index(b"%PDF-") :])
    if form == "heif":
        reason = "is a HEIC or AVIF image, which models do not take"
        raise NotAttachable(f"{name} {reason}. Save it as JPEG or PNG first.")
    if form in _IMAGES.values():
        _check_pixels(name, form, content)
        return Attachment(name, "image", form, content)
    if form or extension in _AUDIO:
        return Attachment(name, "audio", form or extension, content)
    if extension in _TEXTS:
        return _text_attachment(name, content)
    expected = _IMAGES.get(extension, extension)
    if expected in (*_IMAGES.values(), "pdf"):
        raise NotAttachable(f"{name} is not what its name says: it holds no {expected.upper()}.")
    raise NotAttachable(f"{name} is of a type that cannot be sent; an image or a PDF can.")


def prepare(file: Attachment) -> Attachment:
    """Return a file that the user attaches as models take it: an image upright and small enough.

    Not for stored files, since it may take a second. Raises `NotAttachable`.
    """
    if file.kind != "image":
        return file
    try:
        fitted = images.fit(file.content)
    except images.InvalidImage as error:
        raise NotAttachable(f"{file.name} is damaged: its pixels cannot be read.") from error
    if fitted is None:
        return file
    return replace(file, form=fitted.form, content=fitted.content, note=fitted.note)


def accept(files: Sequence[tuple[str, bytes]]) -> tuple[list[Attachment], str]:
    """Return the files of a message, by name and content, and why others are not among them."""
    accepted: list[Attachment] = []
    refused: list[str] = []
    for name, content in files[:MAX_FILES]:
        try:
            accepted.append(prepare(attachment(name, content)))
        except NotAttachable as error:
            refused.append(str(error))
    if len(files) > MAX_FILES:
        refused.append(f"A message takes {MAX_FILES} files at most.")
    return accepted, " ".join(refused)


def shrink(file: Attachment) -> Attachment:
    """Return an image made small, for a model that refused it; any other file as it is."""
    if file.kind != "image" or (images.count_pixels(file.content) or 0) > images.MAX_SHOWN_PIXELS:
        return file
    try:
        content, form = images.shrink(file.content)
    except images.InvalidImage:
        return file
    return replace(file, content=content, form=form)


def _check_pixels(name: str, form: str, content: bytes) -> None:
    pixels = images.count_pixels(content)
    max_pixels = images.MAX_WEBP_PIXELS if form == "webp" else images.MAX_PIXELS
    if not pixels:
        raise NotAttachable(f"{name} is damaged: how many pixels it has cannot be read.")
    if pixels > max_pixels:
        limit = f"{max_pixels // 1_000_000} million pixels"
        raise NotAttachable(f"{name} is too large: an image may have {limit}. Make it smaller.")


def _text_attachment(name: str, content: bytes) -> Attachment:
    try:
        text, encoding = decode_text(content)
    except ValueError as error:
        encodings = "UTF-8, UTF-16 or Windows-1252"
        raise NotAttachable(f"{name} is not text in {encodings}. Save it as UTF-8.") from error
    if not text:
        raise NotAttachable(f"{name} is empty.")
    if len(text) > MAX_TEXT_FILE_LENGTH:
        raise NotAttachable(f"{name} is longer than {MAX_TEXT_FILE_LENGTH:,} characters.")
    note = ""
    if encoding == WINDOWS:
        note = "Read as Windows-1252, since it is not UTF-8."
    elif encoding == DAMAGED_UTF8:
        note = "Some bytes of it are no text, and are sent as �."
    return Attachment(name, "text", "txt", text.encode(), note)
