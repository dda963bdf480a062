"""Files that go with a question."""

import base64

import pytest

from lib.attachments import LARGEST_FILE, LONGEST_TEXT_FILE, NotAttachable, attachment
from sandbox.answers import picture

PNG = picture(2, 2)
JPEG = b"\xff\xd8\xff."
PDF = b"%PDF-1.7"


def encoded(content: bytes) -> str:
    """As the API wants bytes."""
    return base64.b64encode(content).decode()


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        (
            "a.PNG",
            PNG,
            {
                "type": "image_url",
                "image_url": {"url": f"data:image/png;base64,{encoded(PNG)}"},
            },
        ),
        (
            "a.jpg",
            JPEG,
            {
                "type": "image_url",
                "image_url": {"url": f"data:image/jpeg;base64,{encoded(JPEG)}"},
            },
        ),
        (
            "a.pdf",
            b"%PDF-1.7",
            {
                "type": "file",
                "file": {
                    "filename": "a.pdf",
                    "file_data": f"data:application/pdf;base64,{encoded(PDF)}",
                },
            },
        ),
        (
            "a.wav",
            b"RIFF",
            {"type": "input_audio", "input_audio": {"data": encoded(b"RIFF"), "format": "wav"}},
        ),
        (
            "a.csv",
            "\ufeffä,b".encode(),
            {"type": "text", "text": "File a.csv:\n\nä,b"},
        ),
    ],
)
def test_part(name: str, content: bytes, part: dict[str, object]) -> None:
    """Each kind of file has the form in which OpenRouter takes it."""
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
        ("a.txt", b"x" * (LONGEST_TEXT_FILE + 1), "is longer than 500,000 characters"),
        ("a.mp3", b"x" * (LARGEST_FILE * 1_000_000 + 1), "is larger than 10 MB"),
    ],
)
def test_refused(name: str, content: bytes, why: str) -> None:
    """What cannot be sent is refused with a sentence that names the file."""
    with pytest.raises(NotAttachable, match=why) as refused:
        attachment(name, content)
    assert str(refused.value).startswith(name)


def test_name() -> None:
    """Of a name only its last part is kept, on one line."""
    assert attachment("/etc/../a\n b.txt", b"x").name == "a b.txt"


def test_repr() -> None:
    """What somebody attached stands in no log."""
    assert "secret" not in repr(attachment("a.txt", b"secret"))
