"""Conversations as JSON: written and read whole, and nothing else is accepted."""

import json

import pytest

from lib.chat.archive import (
    FORMAT,
    TRUNCATED,
    NotAConversation,
    decode,
    decode_turn,
    encode,
    encode_turn,
)
from lib.chat.attachments import attachment
from lib.chat.conversation import Answer, Conversation, Turn
from lib.openrouter.events import Citation, GeneratedImage, Usage
from lib.openrouter.routing import Attempt, Routing
from sandbox.answers import picture


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
    )
    failed = Answer("b", "failed", failure="Why.")
    files = [attachment("a.txt", b"text"), attachment("a.png", picture(2, 2))]
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
    (answer,) = decode_turn(encoded, "[]", "the te", "We").answers
    assert answer == Answer("the te", "interrupted", reasoning="We")


@pytest.mark.parametrize("stored", [("the te", "Well."), ("the text", ""), ("", "")])
def test_cut(stored: tuple[str, str]) -> None:
    """An answer that the tab has only in part is marked as cut, and the part is shown."""
    turn = Turn("a", [Answer("the text", "complete", reasoning="Well.")])
    answer = decode_turn(encode_turn(turn), "[]", *stored).answer
    assert (answer.text, answer.reasoning) == stored
    assert (answer.progress, answer.failure) == ("interrupted", TRUNCATED)


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
        citations=[{"url": "javascript:alert(1)", "title": "x"}],
        images=[{"media_type": "text/html", "content": "eA=="}],
    )
    assert decode(hostile).turns[0].answer == Answer("b", "complete")


def test_bounded() -> None:
    """The fields of a file are limited as those of an answer are."""
    citation = {"url": "https://example.org", "title": "x" * 9_000}
    image = {"media_type": "image/png", "content": "eA=="}
    texts = dict.fromkeys(("failure", "provider", "generation", "finish_reason"), "a\n" * 9_000)
    attempt = {"provider": "p" * 9_000, "model": "<b>", "status": -1}
    routing = {"attempts": [attempt] * 900, "region": "r\n" * 9_000}
    file = changed(**texts, citations=[citation] * 900, images=[image] * 900, routing=routing)
    answer = decode(file).turns[0].answer
    assert answer.failure == ("a " * 2_000)
    assert {answer.provider, answer.generation, answer.finish_reason} == {"a " * 100}
    assert answer.citations == [Citation("https://example.org", "x" * 200)] * 200
    assert len(answer.images) == 50
    assert answer.routing == Routing((Attempt("p" * 60),) * 10, "r " * 30)


def test_unknown_policy() -> None:
    """A data policy that there is not is that of any provider, as in a file without one."""
    file = {"format": FORMAT, "name": "", "turns": []}
    for more in ({}, {"data_policy": "everyone"}):
        assert decode(json.dumps(file | more).encode()).data_policy == "any"


TURN = json.loads(encode_turn(Turn("a", [Answer()])))
FILE = {"name": "a.txt", "kind": "text", "form": "txt", "content": "eA=="}


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
        {"turns": [{**TURN, "attachments": [{**FILE, "name": "a.png", "form": "png"}]}]},
        {"turns": [{**TURN, "question": "x" * 200_001}]},
        {"turns": [{**TURN, "attachments": [FILE] * 11}]},
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
