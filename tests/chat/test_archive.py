"""Conversations as JSON: written and read whole, and nothing else is accepted."""

import codecs
import json
from dataclasses import replace

import pytest

from lib.chat import archive
from lib.chat.archive import (
    FORMAT,
    TRUNCATED,
    NotAConversation,
    decode,
    decode_turn,
    encode,
    encode_files,
    encode_media,
    encode_turn,
)
from lib.chat.attachments import attachment
from lib.chat.conversation import Answer, Conversation, Turn
from lib.openrouter.annotations import FileAnnotation
from lib.openrouter.events import Citation, GeneratedImage, Usage
from lib.openrouter.routing import Attempt, Routing
from sandbox.answers import picture

FILE = {"hash": "h", "content": [{"type": "text", "text": "A"}]}
FILE_ANNOTATION = FileAnnotation("h", json.dumps(FILE))


def whole_turn() -> Turn:
    """A turn with all that one may hold."""
    answer = Answer(
        text="Grüße 👩‍🔬",
        progress="complete",
        model="lab/model:free",
        finish_reason="stop",
        usage=Usage(10, 20, 0.5, 5),
        provider="Lab",
        routing=Routing((Attempt("A", "lab/model", 503), Attempt("Lab", "", 200)), "iad", "Lab"),
        reasoning="Well.",
        citations=[Citation("https://example.org/a", "A")],
        images=[GeneratedImage("image/png", picture(2, 2))],
        first_token_seconds=0.5,
        seconds=2.0,
        max_tokens=100,
        image_links=["https://example.org/a.png"],
        unshown_images=["image/svg+xml"],
        file_annotations=[FILE_ANNOTATION],
        remedy="smaller_images",
    )
    failed = Answer("b", "failed", failure="Why.")
    files = [
        replace(attachment("a.txt", b"text"), note="A guess."),
        attachment("a.png", picture(2, 2)),
    ]
    return Turn("Why?", [failed, answer], files, shown=0)


def test_there_and_back() -> None:
    """A saved conversation is read with everything, under a new id."""
    talk = Conversation([whole_turn()], name="Talk", data_policy="nothing-kept")
    back = decode(encode(talk))
    assert back.turns == talk.turns
    assert (back.name, back.data_policy) == ("Talk", "nothing-kept")
    assert back.id != talk.id


def test_text_apart() -> None:
    """A turn is encoded without the text of its last answer, which is stored apart."""
    turn = Turn("a", [Answer("the text", "streaming", reasoning="Well.")])
    encoded = encode_turn(turn)
    assert "the text" not in encoded
    (answer,) = decode_turn(encoded, text="the te", reasoning="We").answers
    assert answer == Answer("the te", "interrupted", reasoning="We")


@pytest.mark.parametrize("stored", [("the te", "Well."), ("the text", ""), ("", "")])
def test_cut(stored: tuple[str, str]) -> None:
    """An answer that the tab has only in part is marked as cut, and the part is shown."""
    turn = Turn("a", [Answer("the text", "complete", reasoning="Well.")])
    text, reasoning = stored
    answer = decode_turn(encode_turn(turn), text=text, reasoning=reasoning).answer
    assert (answer.text, answer.reasoning) == stored
    assert (answer.progress, answer.failure) == ("interrupted", TRUNCATED)


def test_media_apart() -> None:
    """Images and parsed files are encoded apart, and an answer that lacks an image says so."""
    turn = whole_turn()
    turn.shown = -1
    encoded = encode_turn(turn)
    assert len(encoded) < 1_500
    arguments = {"text": "Grüße 👩‍🔬", "reasoning": "Well."}
    back = decode_turn(encoded, encode_files(turn), encode_media(turn), **arguments)
    assert back == turn
    cut = decode_turn(encoded, encode_files(turn), **arguments).answer
    assert (cut.images, cut.progress, cut.failure) == ([], "interrupted", TRUNCATED)
    without = encode_media(turn, with_annotations=False)
    assert decode_turn(encoded, "[]", without, **arguments).answer.file_annotations == []


def test_suggestions_in_a_tab() -> None:
    """What helps after an error outlives a reload, except for the link."""
    answer = Answer("", "failed", failure="Why.", help=("Click", "https://example.org"))
    answer.suggested_models, answer.affordable_tokens = ["a/b", "not a model"], 5
    answer.suggested_remedy = "without_files"
    back = decode_turn(encode_turn(Turn("a", [answer]))).answer
    assert (back.help, back.suggested_models, back.affordable_tokens) == (None, ["a/b"], 5)
    assert back.suggested_remedy == "without_files"


def test_too_large_with_parsed_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that could not be opened again is saved without what only saves costs."""
    monkeypatch.setattr(archive, "MAX_BYTES", 4_000)
    turn = whole_turn()
    content = json.dumps({**FILE, "content": [{"type": "text", "text": "A" * 4_000}]})
    turn.answers[1].file_annotations = [FileAnnotation("h", content)]
    (back,) = decode(encode(Conversation([turn]))).turns
    assert back.answers[1].file_annotations == []
    assert back.answers[1].text == turn.answers[1].text


def test_too_large_with_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """If that is not enough, it is saved without the files of the questions, which name them."""
    monkeypatch.setattr(archive, "MAX_BYTES", 4_000)
    talk = Conversation()
    talk.ask("Read it.", [attachment("a.pdf", b"%PDF-" + bytes(4_000))])
    (back,) = decode(encode(talk)).turns
    assert (back.question, back.attachments) == ("Read it.\n\n[left out: a.pdf]", [])


def test_too_large_with_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """If that is not enough either, it is saved without the images of models, which it says."""
    monkeypatch.setattr(archive, "MAX_BYTES", 4_000)
    image = GeneratedImage("image/png", bytes(4_000))
    turn = Turn("Draw it.", [Answer("Here:", "complete", images=[image])])
    (back,) = decode(encode(Conversation([turn]))).turns
    assert (back.answer.text, back.answer.images) == ("Here:", [])
    assert back.answer.unshown_images == ["image/png"]


def test_byte_order_mark() -> None:
    """A file that an editor has saved again is still a conversation."""
    talk = Conversation([whole_turn()])
    assert decode(codecs.BOM_UTF8 + encode(talk)).turns == talk.turns


@pytest.mark.parametrize("progress", ["waiting", "streaming"])
def test_unfinished(progress) -> None:
    """An unfinished answer is read as interrupted: no request is sent by itself."""
    answer = decode_turn(encode_turn(Turn("a", [Answer(progress=progress)]))).answer
    assert answer == Answer(progress="interrupted")


def changed(**fields: object) -> bytes:
    """A file with one turn, of which some fields of the answer are others."""
    file = json.loads(encode(Conversation([Turn("a", [Answer("b", "complete")])])))
    file["turns"][0]["answers"][0] |= fields
    return json.dumps(file).encode()


def test_harmless() -> None:
    """Unsafe links, models and images of a file are left out."""
    hostile = changed(
        model="`![x](https://evil.example)`",
        help=["Click", "javascript:alert(1)"],
        affordable_tokens=5,
        suggested_models=["evil/expensive"],
        suggested_remedy="without_files",
        image_links=["javascript:alert(1)"],
        citations=[{"url": "javascript:alert(1)", "title": "x"}],
        images=[{"media_type": "text/html", "content": "eA=="}],
    )
    assert decode(hostile).turns[0].answer == Answer("b", "complete")


def test_bounded() -> None:
    """The fields of a file are limited as those of an answer are."""
    citation = {"url": "https://example.org", "title": "x" * 9_000}
    image = {"media_type": "image/png", "content": "eA=="}
    texts = dict.fromkeys(("failure", "provider", "generation", "finish_reason"), "a\n" * 9_000)
    files = [{"hash": f"{n}", "content": json.dumps({**FILE, "hash": f"{n}"})} for n in range(50)]
    attempt = {"provider": "p" * 9_000, "model": "<b>", "status": -1}
    file = changed(
        **texts,
        citations=[citation] * 900,
        images=[image] * 900,
        image_links=["https://example.org"] * 900,
        unshown_images=["x" * 9_000] * 900,
        file_annotations=files,
        routing={"attempts": [attempt] * 900, "region": "r\n" * 9_000},
    )
    answer = decode(file).turns[0].answer
    assert answer.failure == ("a " * 2_000)
    assert {answer.provider, answer.generation, answer.finish_reason} == {"a " * 100}
    assert answer.citations == [Citation("https://example.org", "x" * 200)] * 200
    assert len(answer.images) == len(answer.image_links) == 50
    assert answer.unshown_images == ["x" * 200] * 50
    assert len(answer.file_annotations) == 10
    assert answer.routing == Routing((Attempt("p" * 60),) * 10, "r " * 30)


def test_unknown_policy() -> None:
    """A data policy that there is not is that of any provider, as in a file without one."""
    file = {"format": FORMAT, "name": "", "turns": []}
    for more in ({}, {"data_policy": "everyone"}):
        assert decode(json.dumps(file | more).encode()).data_policy == "any"


TURN = json.loads(encode_turn(Turn("a", [Answer()])))
ATTACHED = {"name": "a.txt", "kind": "text", "form": "txt", "content": "eA=="}


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"null",
        b"5",
        b"\xff",
        b"[" * 100_000,
        b'{"turns":' + b"[" * 100_000,
        b"{}",
        {"format": "another/1"},
        {"name": 5},
        {"turns": {}},
        {"turns": [TURN] * 2_001},
        {"turns": [{**TURN, "question": 5}]},
        {"turns": [{**TURN, "question": ""}]},
        {"turns": [{**TURN, "answers": []}]},
        {"turns": [{**TURN, "answers": [{}] * 101}]},
        {"turns": [{**TURN, "attachments": [{**ATTACHED, "name": "a.png", "form": "png"}]}]},
        {"turns": [{**TURN, "question": "x" * 200_001}]},
        {"turns": [{**TURN, "attachments": [ATTACHED] * 11}]},
        {"more": [[]] * 999_999},
        changed(text=["b"]),
        changed(progress="unknown"),
        changed(seconds=-1),
        changed(usage={"prompt_tokens": 10**400, "completion_tokens": 1, "cost": None}),
        changed(usage={"prompt_tokens": 1, "completion_tokens": 1, "cost": -5}),
        changed(usage={"prompt_tokens": 1, "completion_tokens": 1, "cost": 0, "cached_tokens": -5}),
        changed(routing={"attempts": 5}),
        {"data_policy": 5},
        changed(images=[{"media_type": "image/png", "content": "no base64!"}]),
        changed(text="\ud800"),
        changed(suggested_remedy="unknown"),
        changed(affordable_tokens=-1),
        changed(file_annotations=[{"hash": "h", "content": "no JSON"}]),
        changed(file_annotations=[{"hash": "h", "content": "[" * 99_999}]),
    ],
)
def test_junk(junk: bytes | dict[str, object]) -> None:
    """Anything but a saved conversation raises `NotAConversation`."""
    if isinstance(junk, dict):
        junk = json.dumps({"format": FORMAT, "name": "", "turns": [], **junk}).encode()
    with pytest.raises(NotAConversation):
        decode(junk)


def test_too_large() -> None:
    """A file of any size is refused before it is read."""
    with pytest.raises(NotAConversation):
        decode(b" " * 50_000_001)
