"""The messages of a request: what goes back of earlier turns, and how files are sent."""

import base64
import json

import pytest

from lib.chat import request_messages as module
from lib.chat.attachments import Attachment, attachment
from lib.chat.conversation import Answer, Conversation, Turn
from lib.chat.images import count_pixels
from lib.chat.request_messages import CONTINUE, FILE_READ, NO_IMAGE, request_messages
from lib.openrouter.annotations import FileAnnotation
from lib.openrouter.events import GeneratedImage
from sandbox.answers import picture

FILE = {"hash": "h", "content": [{"type": "text", "text": "A"}]}
PARSED = FileAnnotation("h", json.dumps(FILE))
SENT_BACK = [{"type": "file", "file": FILE}]


@pytest.mark.parametrize(
    ("turns", "messages"),
    [
        ([("a", [Answer()])], ["a"]),
        ([("a", [Answer("b", "complete")]), ("c", [Answer()])], ["a", "b", "c"]),
        ([("a", [Answer("b", "stopped")]), ("c", [Answer()])], ["a", "b", "c"]),
        ([("a", [Answer("", "failed")]), ("c", [Answer()])], ["c"]),
        ([("a", [Answer("\n\n", "complete")]), ("c", [Answer()])], ["c"]),
        ([("a", [Answer("b", "failed"), Answer()])], ["a"]),
        (
            [("a", [Answer("", "complete", image_links=["https://x/a"])]), ("c", [Answer()])],
            ["a", NO_IMAGE, "c"],
        ),
        (
            [("a", [Answer("b", "failed"), Answer("c", "complete")]), ("d", [Answer()])],
            ["a", "c", "d"],
        ),
    ],
)
def test_messages(turns: list[tuple[str, list[Answer]]], messages: list[str]) -> None:
    """A request carries each question with its last text, and ends with the waiting question."""
    sent = request_messages(Conversation([Turn(question, answers) for question, answers in turns]))
    assert [message["content"] for message in sent] == messages
    roles = [message["role"] for message in sent]
    assert roles == ["user", "assistant"] * (len(sent) // 2) + ["user"]


def test_continue() -> None:
    """An answer that is continued goes back, with a message that asks to go on."""
    answer = Answer("The begin", "complete", finish_reason="length")
    talk = Conversation([Turn("a", [answer])])
    answer.resume()
    assert request_messages(talk) == [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "The begin"},
        {"role": "user", "content": CONTINUE},
    ]


def test_nothing() -> None:
    """An empty conversation has no messages."""
    assert request_messages(Conversation()) == []


def drawn(*images: bytes, text: str = "") -> Answer:
    """A complete answer with generated images."""
    return Answer(text, "complete", images=[GeneratedImage("image/png", one) for one in images])


def test_images_go_back() -> None:
    """An answer of an image alone stays in the conversation, and its image goes back."""
    talk = Conversation([Turn("Draw a cat", [drawn(b"cat")]), Turn("Make it blue", [Answer()])])
    question, answer, _ = request_messages(talk)
    url = f"data:image/png;base64,{base64.b64encode(b'cat').decode()}"
    assert question == {"role": "user", "content": "Draw a cat"}
    assert answer == {
        "role": "assistant",
        "content": "",
        "images": [{"type": "image_url", "image_url": {"url": url}}],
    }


def test_model_without_eyes() -> None:
    """A model that takes no images gets the turn without them, so that the chat can go on."""
    turns = [
        Turn("a", [drawn(b"1")]),
        Turn("b", [drawn(b"2", text="Here.")]),
        Turn("c", [Answer()]),
    ]
    messages = request_messages(Conversation(turns), takes_images=False)
    assert [message["content"] for message in messages] == ["a", NO_IMAGE, "b", "Here.", "c"]
    assert not any("images" in message for message in messages)


def test_latest_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """The images in a request are limited in size, and are the latest ones."""
    monkeypatch.setattr(module, "MAX_IMAGE_BYTES", 25)
    turns = [Turn("a", [drawn(b"1" * 10)]), Turn("b", [drawn(b"2" * 10, b"3" * 10)])]
    messages = request_messages(Conversation([*turns, Turn("c", [Answer()])]))
    assert [len(message.get("images", ())) for message in messages] == [0, 0, 0, 2, 0]
    assert messages[1]["content"] == NO_IMAGE


def test_file_annotations_go_back() -> None:
    """Files that were parsed go back with the answer, for whichever of its answers they came."""
    failed = Answer("", "failed", file_annotations=[PARSED])
    shown = Answer("So.", "complete", file_annotations=[PARSED])
    for answers in ([shown], [failed, Answer("So.", "complete")], [failed, shown]):
        turns = [Turn("a", answers, [attachment("a.pdf", b"%PDF-1.7")]), Turn("b", [Answer()])]
        answer = request_messages(Conversation(turns))[1]
        assert answer == {"role": "assistant", "content": "So.", "annotations": SENT_BACK}


def test_file_annotations_of_a_failed_answer() -> None:
    """A file that was parsed before its answer failed is not parsed again for the next attempt."""
    failed = Answer("", "failed", file_annotations=[PARSED])
    turn = Turn("What is it?", [failed, Answer()], [attachment("a.pdf", b"%PDF-1.7")])
    file, read, question = request_messages(Conversation([turn]))
    assert [part["type"] for part in file["content"]] == ["file"]
    assert read == {"role": "assistant", "content": FILE_READ, "annotations": SENT_BACK}
    assert question["content"] == [{"type": "text", "text": "What is it?"}]
    turn.question = ""
    assert len(request_messages(Conversation([turn]))) == 1


def test_files() -> None:
    """Files are sent with their question, as parts of its content."""
    talk = Conversation()
    talk.ask("What is it?", [attachment("a.txt", b"text"), attachment("b.pdf", b"%PDF-1.7")])
    (message,) = request_messages(talk)
    assert [part["type"] for part in message["content"]] == ["text", "text", "file"]
    assert talk.attachment_kinds() == {"text", "pdf"}
    talk.replace(talk.turns[0], "What else?")
    assert talk.attachment_kinds() == {"text", "pdf"}


def test_without_files() -> None:
    """Sent again without the files, a request holds none; they stay in the conversation."""
    image = attachment("a.png", picture(2, 2))
    turns = [Turn("", [Answer("So.", "complete")], [image]), Turn("b", [Answer()], [image])]
    talk = Conversation(turns)
    turns[1].answer.progress = "failed"
    turns[1].ask_again(remedy="without_files")
    assert [m["content"] for m in request_messages(talk)] == ["[left out: a.png]", "So.", "b"]
    assert turns[1].attachments == [image]
    turns[1].answer.text = "Then so."
    talk.ask("c")
    contents = [message["content"] for message in request_messages(talk)]
    assert [type(content) for content in contents] == [list, str, str, str, str]


@pytest.mark.parametrize("form", ["png", "jpeg", "webp", "gif"])
def test_smaller_images(form: str) -> None:
    """Sent again with smaller images, each has sides of at most 1,024 pixels; the chat keeps its own."""
    large = image_file(form, 3_000, 1_500)
    turn = Turn("a", [Answer("", "failed")], [large, attachment("a.txt", b"text")])
    turn.ask_again(remedy="smaller_images")
    (message,) = request_messages(Conversation([turn]))
    _, image, text = message["content"]
    kind, _, encoded = image["image_url"]["url"].partition(";base64,")
    assert kind in ("data:image/png", "data:image/jpeg")
    assert count_pixels(base64.b64decode(encoded)) == 1_024 * 512
    assert text["type"] == "text"
    assert turn.attachments[0] == large


def image_file(form: str, width: int, height: int) -> Attachment:
    """An attached image of one colour."""
    from io import BytesIO

    from PIL import Image

    output = BytesIO()
    Image.new("RGB", (width, height), "red").save(output, form)
    return attachment(f"a.{form}", output.getvalue())


def test_damaged_image() -> None:
    """An image that cannot be decoded is sent as it is."""
    content = picture(4, 4)[:60]
    turn = Turn(
        "a", [Answer(remedy="smaller_images")], [Attachment("a.png", "image", "png", content)]
    )
    (message,) = request_messages(Conversation([turn]))
    assert base64.b64encode(content).decode() in message["content"][1]["image_url"]["url"]
