"""Files that go with a question."""

import base64
import math
import struct
import subprocess
import sys
import zlib
from io import BytesIO

import pytest
from PIL import Image

from lib.chat.attachments import (
    MAX_TEXT_FILE_LENGTH,
    MAX_UPLOAD_MB,
    NotAttachable,
    attachment,
    count_pixels,
)
from sandbox.answers import picture
from tests.test_bounds import cpu_limit


def image_of(form: str, width: int = 2, height: int = 2) -> bytes:
    """A black image of this size."""
    file = BytesIO()
    Image.new("L", (width, height)).save(file, form)
    return file.getvalue()


def large_png(width: int, height: int) -> bytes:
    """A small PNG whose header claims this size."""
    content = bytearray(picture(2, 2))
    content[16:24] = struct.pack(">II", width, height)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    return bytes(content)


PNG = picture(2, 2)
JPEG = image_of("JPEG")
PDF = b"%PDF-1.7"


def base64_of(content: bytes) -> str:
    """Bytes as the API takes them."""
    return base64.b64encode(content).decode()


def image_part(form: str, content: bytes) -> dict[str, object]:
    """An image as the API takes it."""
    url = f"data:image/{form};base64,{base64_of(content)}"
    return {"type": "image_url", "image_url": {"url": url}}


PDF_URL = f"data:application/pdf;base64,{base64_of(PDF)}"


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("a.PNG", PNG, image_part("png", PNG)),
        ("a.jpg", JPEG, image_part("jpeg", JPEG)),
        ("a.pdf", PDF, {"type": "file", "file": {"filename": "a.pdf", "file_data": PDF_URL}}),
        ("a.wav", b"RIFF", {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}),
        ("a.csv", "\ufeffä,b".encode(), {"type": "text", "text": "File a.csv:\n\nä,b"}),
    ],
)  # fmt: skip
def test_part(name: str, content: bytes, part: dict[str, object]) -> None:
    """Each kind of file becomes the part of a message that OpenRouter documents."""
    assert attachment(name, content).part() == part


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.txt", b"", "is empty"),
        ("a.exe", b"MZ", "of a type that cannot be sent"),
        ("noending", b"x", "of a type that cannot be sent"),
        ("a.png", b"%PDF-1.7", "holds no PNG"),
        ("a.pdf", PNG, "holds no PDF"),
        ("a.txt", b"\xff\xfe", "is not text in UTF-8"),
        ("a.txt", b"x" * (MAX_TEXT_FILE_LENGTH + 1), "is longer than 500,000 characters"),
        ("a.png", large_png(13_000, 13_000), "too large: an image may have 64 million pixels"),
        ("a.png", large_png(40_000, 40_000), "too large: an image may have 64 million pixels"),
        ("a.png", large_png(0, 5), "is damaged"),
        ("a.png", PNG[:20], "is damaged"),
        ("a.jpg", JPEG[:4], "is damaged"),
        ("a.gif", image_of("GIF")[:8], "is damaged"),
        ("a.webp", image_of("WEBP")[:20], "is damaged"),
        ("a.mp3", b"x" * (MAX_UPLOAD_MB * 1_000_000 + 1), "is larger than 10 MB"),
    ],
)
def test_refused(name: str, content: bytes, why: str) -> None:
    """A file that cannot be sent is refused with an error message that names it."""
    with pytest.raises(NotAttachable, match=why) as refused:
        attachment(name, content)
    assert str(refused.value).startswith(name)


def test_name() -> None:
    """A name is reduced to its last part, on one line."""
    assert attachment("/etc/../a\n b.txt", b"x").name == "a b.txt"


def test_repr() -> None:
    """The content of a file is in no `repr`."""
    assert "secret" not in repr(attachment("a.txt", b"secret"))


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
def test_pixels(form: str) -> None:
    """The number of pixels is read from the header of an image."""
    assert count_pixels(image_of(form, 30, 20)) == 600


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"RIFF", PDF, b"BM" + bytes(100)])
def test_no_pixels(content: bytes) -> None:
    """A file that is no image, or is cut in its header, has no number of pixels."""
    assert count_pixels(content) is None


@pytest.mark.parametrize("form", ["GIF", "WEBP"])
def test_many_frames(form: str) -> None:
    """Only the header of an animation is read, not its frames."""
    file = BytesIO()
    frames = [Image.new("L", (8, 8), number % 256) for number in range(3_000)]
    frames[0].save(file, form, save_all=True, append_images=frames[1:])
    with cpu_limit(0.2):
        assert count_pixels(file.getvalue()) == 64


def test_many_scans() -> None:
    """A small JPEG that takes minutes to decode counts as too large."""
    file = BytesIO()
    Image.new("L", (64, 64)).save(file, "JPEG", progressive=True)
    content = file.getvalue()
    scan = content[content.rindex(b"\xff\xda") : -2]
    assert count_pixels(content) == 64 * 64
    assert count_pixels(content[:-2] + 100 * scan + content[-2:]) == math.inf


def test_no_decoding() -> None:
    """Counting the pixels of a large image needs hardly any memory."""
    script = """
import resource, sys
from io import BytesIO
from lib.chat.attachments import count_pixels
content = sys.stdin.buffer.read()
count_pixels(content[:100])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert count_pixels(content) == 64_000_000
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    content = image_of("PNG", 8_000, 8_000)
    run = subprocess.run(
        [sys.executable, "-c", script], input=content, capture_output=True, check=True
    )
    assert int(run.stdout) < 5_000
