"""Files that go with a question."""

import base64

import pytest

from lib.chat.attachments import (
    FILE_TYPES,
    MAX_TEXT_FILE_LENGTH,
    MAX_UPLOAD_MB,
    NotAttachable,
    attachment,
    prepare,
)
from sandbox.answers import picture
from tests.chat.test_images import image_of, large_png

PNG = picture(2, 2)
JPEG, WEBP = image_of("JPEG"), image_of("WEBP")
WAV = b"RIFF\x04\0\0\0WAVE"
TABLE = "größe\tpreis\r\nm²\t5 €\r\n"
PDF = b"%PDF-1.7"


def base64_of(content: bytes) -> str:
    """Bytes as the API takes them."""
    return base64.b64encode(content).decode()


def image_part(form: str, content: bytes) -> dict[str, object]:
    """An image as the API takes it."""
    url = f"data:image/{form};base64,{base64_of(content)}"
    return {"type": "image_url", "image_url": {"url": url}}


def audio_part(form: str, content: bytes) -> dict[str, object]:
    """Audio as the API takes it."""
    data = {"data": base64_of(content), "format": form}
    return {"type": "input_audio", "input_audio": data}


def pdf_part(name: str) -> dict[str, object]:
    """The PDF as the API takes it."""
    url = f"data:application/pdf;base64,{base64_of(PDF)}"
    return {"type": "file", "file": {"filename": name, "file_data": url}}


def text_part(name: str, text: str) -> dict[str, object]:
    """Text as the API takes it."""
    return {"type": "text", "text": f"File {name}:\n\n{text}"}


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("a.PNG", PNG, image_part("png", PNG)),
        ("a.jpg", JPEG, image_part("jpeg", JPEG)),
        ("a.jfif", JPEG, image_part("jpeg", JPEG)),
        ("a.pdf", PDF, pdf_part("a.pdf")),
        ("a.wav", b"RIFF", audio_part("wav", b"RIFF")),
        ("a.m4a", b"\0\0\0\x20ftypmp42", audio_part("m4a", b"\0\0\0\x20ftypmp42")),
        ("a.csv", "\ufeffä,b".encode(), text_part("a.csv", "ä,b")),
    ],
)
def test_part(name: str, content: bytes, part: dict[str, object]) -> None:
    """Each kind of file becomes the part of a message that OpenRouter documents."""
    assert attachment(name, content).part() == part


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("photo.jpg", WEBP, image_part("webp", WEBP)),
        ("photo.png", JPEG, image_part("jpeg", JPEG)),
        ("photo.gif", PNG, image_part("png", PNG)),
        ("photo.pdf", PNG, image_part("png", PNG)),
        ("photo.txt", JPEG, image_part("jpeg", JPEG)),
        ("photo", PNG, image_part("png", PNG)),
        ("scan.png", PDF, pdf_part("scan.png.pdf")),
        ("scan.txt", PDF, pdf_part("scan.txt.pdf")),
        ("scan.pdf", b"\xef\xbb\xbf" + PDF, pdf_part("scan.pdf")),
        ("scan.txt", b"\xef\xbb\xbf" + PDF, pdf_part("scan.txt.pdf")),
        ("scan.pdf", b"\r\n" + PDF, pdf_part("scan.pdf")),
        ("scan.pdf", b"\xef\xbb\xbf \n\n" + PDF, pdf_part("scan.pdf")),
        ("scan.PDF", b"\x1b%-12345X@PJL\r\n" + PDF, pdf_part("scan.PDF")),
        ("voice.mp3", WAV, audio_part("wav", WAV)),
        ("voice.wav", b"ID3\x03\0", audio_part("mp3", b"ID3\x03\0")),
        ("voice.wav", b"\xff\xfb\x90", audio_part("mp3", b"\xff\xfb\x90")),
        ("voice.ogg", b"fLaC\0", audio_part("flac", b"fLaC\0")),
        ("a.csv", b"ID3,name", text_part("a.csv", "ID3,name")),
        ("x" * 210 + ".csv", b"a,b", text_part("x" * 196 + ".csv", "a,b")),
        ("a.txt", b"RIFF and WAVE", text_part("a.txt", "RIFF and WAVE")),
        ("a.py", b"start = b'%PDF-'", text_part("a.py", "start = b'%PDF-'")),
    ],
)
def test_content_decides(name: str, content: bytes, part: dict[str, object]) -> None:
    """A file with the wrong name is sent as what it holds."""
    assert attachment(name, content).part() == part


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
def test_encoding(encoding: str) -> None:
    """A table as spreadsheets save it is read, whatever its encoding; a guess is marked as one."""
    mark = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""
    file = attachment("a.csv", f"{mark}{TABLE}".encode(encoding))
    assert file.part() == text_part("a.csv", TABLE)
    assert file.note == (
        "Read as Windows-1252, since it is not UTF-8." if encoding == "cp1252" else ""
    )
    assert attachment("a.csv", file.content).part() == file.part()


def test_damaged_text() -> None:
    """One bad byte, or a character that is cut off, garbles nothing else."""
    file = attachment("a.log", "Größe: 5 Ä".encode()[:-1])
    assert file.part() == text_part("a.log", "Größe: 5 \ufffd")
    assert file.note == "Some bytes of it are no text, and are sent as �."


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.txt", b"", "is empty"),
        ("a.txt", b"\xff\xfe", "is empty"),
        ("a.exe", b"MZ", "of a type that cannot be sent"),
        ("noending", b"x", "of a type that cannot be sent"),
        ("a.png", b"BM" + bytes(100), "holds no PNG"),
        ("a.jfif", b"x", "holds no JPEG"),
        ("a.webp", WAV[:8] + b"AVI ", "holds no WEBP"),
        ("a.pdf", b"x" * 2_000 + PDF, "holds no PDF"),
        ("a.jpg", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "is a HEIC or AVIF image"),
        ("a.heic", b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "is a HEIC or AVIF image"),
        ("a.png", b"\0\0\0\x1cftypavif\0\0\0\0avifmif1", "Save it as JPEG or PNG first"),
        ("a.csv", b"PK\x03\x04\x14\0\x06\0", "is not text in UTF-8, UTF-16 or Windows-1252"),
        ("a.txt", b"\x03\xe4 price", "is not text"),
        ("a.txt", b"\xe4\x81", "is not text"),
        ("a.txt", b"\xff\xfea", "is not text"),
        ("a.txt", b"\xff\xfe\0\xd8", "is not text"),
        ("a.txt", "no mark".encode("utf-16-le"), "Save it as UTF-8"),
        ("a.csv", "Привет, мир. Как дела?".encode("cp1251"), "Save it as UTF-8"),
        ("a.csv", "日本語、中文。你好你好".encode("gbk"), "Save it as UTF-8"),
        ("a.txt", b"x" * (MAX_TEXT_FILE_LENGTH + 1), "is longer than 500,000 characters"),
        ("a.png", large_png(13_000, 13_000), "too large: an image may have 64 million pixels"),
        ("a.png", large_png(40_000, 40_000), "too large: an image may have 64 million pixels"),
        ("a.jpg", large_png(40_000, 40_000), "too large: an image may have 64 million pixels"),
        ("a.webp", image_of("WEBP", 5_100, 5_000), "an image may have 25 million pixels"),
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


def test_prepared() -> None:
    """An image is sent as models take it, and the note says what was lost; others are unchanged."""
    file = prepare(attachment("a.png", image_of("JPEG", 3_000, 30)))
    assert (file.name, file.kind, file.form) == ("a.png", "image", "jpeg")
    assert file.note == "Made smaller: 3,000 × 30 to 2,000 × 20."
    assert prepare(file) is file
    for name, content in (("a.png", PNG), ("a.pdf", PDF), ("a.csv", "ä".encode("cp1252"))):
        file = attachment(name, content)
        assert prepare(file) is file


def test_damaged() -> None:
    """An image that has to be made smaller and cannot be decoded is refused."""
    cut = image_of("PNG", 3_000, 30)[:-30]
    with pytest.raises(NotAttachable, match=r"^a\.png is damaged: its pixels cannot be read\.$"):
        prepare(attachment("a.png", cut))


def test_file_types() -> None:
    """JPEG can be selected under all its names; HEIC cannot, so that an iPhone converts it."""
    assert {"jpg", "jpeg", "jfif", "csv"} < set(FILE_TYPES)
    assert not {"heic", "heif"} & set(FILE_TYPES)


def test_name() -> None:
    """A name is reduced to its last part, on one line."""
    assert attachment("/etc/../a\n b.txt", b"x").name == "a b.txt"


def test_repr() -> None:
    """The content of a file is in no `repr`."""
    assert "secret" not in repr(attachment("a.txt", b"secret"))
