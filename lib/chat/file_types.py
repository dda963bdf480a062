"""The type of a file by its content, and the text of a text file in its encoding."""

import codecs
import re

MAX_PDF_OFFSET = 1024
"""Bytes before the header of a PDF; ISO 32000-1, annex H.3, note 13, says what readers allow."""

_SIGNATURES = {
    "png": r"\x89PNG\r\n\x1a\n",
    "jpeg": r"\xff\xd8\xff",
    "gif": r"GIF8[79]a",
    "webp": r"RIFF.{4}WEBP",
    "heif": r".{4}ftyp(?:hei|hev|mif|msf|avi)",
    "wav": r"RIFF.{4}WAVE",
    "flac": r"fLaC[\x00\x80]",
    "ogg": r"OggS\x00",
    "m4a": r".{4}ftypM4[AB] ",
    "mp3": r"ID3[\x02-\x04]|\xff[\xfb\xfa\xf3\xf2]",
    "aac": r"\xff[\xf1\xf9]",
}
"""Of bytes as Latin-1, after https://mimesniff.spec.whatwg.org; `heif` is HEIC and AVIF."""
_SIGNATURE = re.compile(
    "|".join(f"(?P<{form}>{start})" for form, start in _SIGNATURES.items()), re.DOTALL
)
_ENCODINGS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
WINDOWS = "cp1252"
DAMAGED_UTF8 = "damaged UTF-8"
"""In place of an encoding: most of what is not ASCII is UTF-8."""
MIN_LETTERS = 10
"""Of a text of which they can tell the script."""
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x19\x1c-\x1f]")
"""Characters that are in no text; files of MS-DOS end with 1A, and 1B begins a color."""


def detect(content: bytes) -> str:
    """Return which type of image, audio or PDF a file begins like, as `png`; empty if none."""
    beginning = content[:MAX_PDF_OFFSET]
    if beginning.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"%PDF-"):
        return "pdf"
    found = _SIGNATURE.match(beginning.decode("latin-1"))
    return (found and found.lastgroup) or ""


def decode_text(content: bytes) -> tuple[str, str]:
    """Return a text and its encoding: that of its byte order mark, else UTF-8, else Windows-1252.

    A text of which more characters are UTF-8 than are not was cut or damaged: U+FFFD stands for the
    others. Raises `ValueError` for what is no text in these: with Windows-1252, also for one most
    of whose letters are not ASCII, as it is Cyrillic or Chinese in an encoding of its own.
    """
    encoding = next((name for bom, name in _ENCODINGS.items() if content.startswith(bom)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        if encoding != "utf-8":
            raise
        text, encoding = content.decode(errors="replace"), DAMAGED_UTF8
        not_ascii = len(text) - len(text.encode("ascii", "ignore"))
        if not_ascii <= 2 * text.count("\ufffd"):
            text, encoding = content.decode(WINDOWS), WINDOWS
    if "\0" in text or (encoding in (WINDOWS, DAMAGED_UTF8) and _CONTROL.search(text)):
        raise ValueError("binary")
    if encoding == WINDOWS and _is_of_another_script(text):
        raise ValueError("in an encoding of another script")
    return text, encoding


def _is_of_another_script(text: str) -> bool:
    letters = "".join(filter(str.isalpha, text))
    ascii_letters = letters.encode("ascii", "ignore")
    return len(letters) >= MIN_LETTERS and len(ascii_letters) < len(letters) / 2
