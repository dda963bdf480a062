"""The chunks of an answer, read into events without a network."""

import json
from base64 import b64encode
from collections.abc import Iterator

import pytest

from lib.chat.answer_events import apply
from lib.chat.conversation import Answer
from lib.openrouter.annotations import MAX_FILE_ANNOTATIONS
from lib.openrouter.chunks import read_events
from lib.openrouter.errors import (
    AnswerTooLong,
    InvalidResponse,
    NoContent,
    OpenRouterError,
    StreamInterrupted,
    StreamStalled,
)
from lib.openrouter.events import (
    MAX_CITATIONS,
    MAX_IMAGES,
    AnsweredBy,
    Began,
    Citation,
    Event,
    Finished,
    ReasoningDelta,
    TextDelta,
    Usage,
)
from lib.openrouter.sse import ServerSentEvent, decode_events
from sandbox.answers import picture

DONE = {"choices": [{"delta": {"content": "x"}, "finish_reason": "stop"}]}


def read(*chunks: object) -> list[Event]:
    """The events of chunks."""
    return list(read_events(ServerSentEvent(json.dumps(chunk)) for chunk in chunks))


@pytest.mark.parametrize(
    "delta",
    [
        {"annotations": 5, "images": "none"},
        {"annotations": [5, {"url_citation": None}, {"url_citation": {"url": ["x"]}}]},
        {"annotations": [{"url_citation": {"url": "javascript:alert(1)", "title": "x"}}]},
        {"annotations": [{"url_citation": {"url": "https://a b.example", "title": "x"}}]},
        {"annotations": [{"url_citation": {"url": "https://a\x01b.example", "title": "x"}}]},
        {"annotations": [{"type": "file"}, {"type": "file", "file": {"hash": "", "content": []}}]},
        {"images": [None, 5, {"image_url": 5}, {"image_url": {"url": ""}}, {}]},
        {"refusal": 5, "reasoning": 5, "reasoning_details": [5], "reasoning_content": {}},
    ],
)
def test_absurd_extras(delta: dict[str, object]) -> None:
    """Citations and images that cannot be shown are left out, and the text goes on."""
    chunk = {"choices": [{"delta": {"content": "a", **delta}, "finish_reason": "stop"}]}
    assert read(chunk) == [TextDelta("a"), Finished("stop")]


def test_bounded() -> None:
    """A name, a title or a reason is one line of 200 characters, and the number of extras is limited."""
    long = "a\n" * 90_000
    source = {"url_citation": {"url": "https://x.org/", "title": long}}
    png = b64encode(picture(1, 1))[:64].decode()
    images = [{"image_url": {"url": f"data:image/png;base64,{png}{n:04}"}} for n in range(900)]
    files = [{"type": "file", "file": {"hash": f"{n}", "content": []}} for n in range(50)]
    delta = {"annotations": [source] * 2 + [{"url_citation": {"url": "https://x.org/"}}] * 9_000}
    choice = {"delta": {**delta, "images": images}, "finish_reason": long}
    chunk = {"id": long, "model": "m", "provider": long, "choices": [choice]}
    events = read(chunk)
    line = "a " * 100
    assert events[0] == Began(line)
    assert events[1] == AnsweredBy("m", line)
    assert events[2] == Citation("https://x.org/", line)
    assert len(events) == 2 + MAX_CITATIONS + MAX_IMAGES + 1
    assert events[-1] == Finished(line)
    answer = Answer()
    for event in (*events, *read({"choices": [{"delta": {"annotations": files}}]}, DONE)[:-1]) * 2:
        apply(event, answer)
    assert len(answer.images) == MAX_IMAGES
    assert len(answer.file_annotations) == MAX_FILE_ANNOTATIONS


def test_halves_of_characters() -> None:
    """A character that two deltas divide arrives whole; a lone half is replaced, wherever it is."""
    chunks = [
        {"id": "g\udc00", "choices": [{"delta": {"content": "a\ud83d", "reasoning": "\ud83c"}}]},
        {"choices": [{"delta": {"content": "\ude00b", "reasoning": "x\udf89"}}]},
        {"choices": [{"delta": {"content": "\ud83d"}}]},
        {"choices": [{"delta": {"content": "\ude00"}, "finish_reason": "stop\ud83d"}]},
    ]
    assert read(*chunks) == [
        Began("g\ufffd"),
        TextDelta("a"),
        ReasoningDelta("\ufffdx\ufffd"),
        TextDelta("😀b"),
        TextDelta("😀"),
        Finished("stop\ufffd"),
    ]


@pytest.mark.parametrize("end", [StreamInterrupted, StreamStalled, NoContent])
@pytest.mark.parametrize(
    ("usage", "read"),
    [
        ({"prompt_tokens": 1, "completion_tokens": 2, "cost": 0.5}, Usage(1, 2, 0.5)),
        ({"prompt_tokens": "1", "completion_tokens": 2, "cost": True}, Usage(0, 2, None)),
        ({"prompt_tokens": -1, "completion_tokens": 2, "cost": -0.5}, Usage(0, 2, None)),
    ],
)
def test_failure_after_the_finish_reason(
    end: type[OpenRouterError], usage: dict[str, object], read: Usage
) -> None:
    """An answer is whole once its finish_reason has come, however the stream then ends."""

    def chunks() -> Iterator[ServerSentEvent]:
        choice = {"delta": {"content": "x"}, "finish_reason": "length"}
        yield ServerSentEvent(json.dumps({"choices": [choice]}))
        yield ServerSentEvent(json.dumps({"choices": [], "usage": usage}))
        raise end

    assert list(read_events(chunks())) == [TextDelta("x"), read, Finished("length")]


def test_error_beside_a_finish_reason() -> None:
    """An error inside the stream precedes a finish_reason, and ends the answer."""
    choice = {"delta": {"content": "x"}, "finish_reason": "stop"}
    error = {"code": "429", "message": "Slow down", "metadata": {"provider_name": "p"}}
    with pytest.raises(OpenRouterError) as raised:
        read({"choices": [choice], "error": error})
    assert (raised.value.status, raised.value.message) == (429, "Slow down")
    assert raised.value.details.provider == "p"


FOREIGN_STREAMS = {
    "error in a choice": (b'data: {"choices":[{"error":{"code":502,"message":"x"}}]}\n\n', OpenRouterError),
    "[DONE] twice": (b'data: {"choices": []}\n\n' + b"data: [DONE]\n\n" * 2, StreamInterrupted),
    "no object": (b"data: [1]\n\n", InvalidResponse),
    "no choices": (b"data: {}\n\n", StreamInterrupted),
    "numbers": (b'data: {"choices": 5, "usage": 7}\n\ndata: [DONE]\n\n', StreamInterrupted),
    "nested too deep": (b"data: " + b"[" * 60_000 + b"\n\n", InvalidResponse),
    "too many items": (b"data: [" + b"[]," * 2_600_000 + b"[]]\n\n", InvalidResponse),
    "line without an end": (b"data: x" * 4_500_000, AnswerTooLong),
    "half an event": (b'data: {"choices":[{"de', StreamInterrupted),
}  # fmt: skip


@pytest.mark.parametrize(("body", "error"), FOREIGN_STREAMS.values(), ids=FOREIGN_STREAMS)
def test_foreign_stream(body: bytes, error: type[OpenRouterError]) -> None:
    """A stream that is not the API's ends in an `OpenRouterError`."""
    with pytest.raises(error) as raised:
        list(read_events(decode_events([body])))
    assert type(raised.value) is error
