"""Chat, streamed and in one piece, against each of the sandbox's models over HTTP."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from lib.chat.answer_stream import AnswerStream, apply
from lib.chat.conversation import Answer
from lib.openrouter import chat
from lib.openrouter.chat import ChatRequest, Completion
from lib.openrouter.errors import (
    AnswerTooLong,
    ConnectionLost,
    InvalidResponse,
    KeyRejected,
    NoContent,
    OpenRouterError,
    StreamInterrupted,
    StreamStalled,
    TimedOut,
    Unreachable,
)
from lib.openrouter.events import (
    MAX_CITATIONS,
    MAX_IMAGES,
    Alive,
    AnsweredBy,
    Began,
    Citation,
    Event,
    Finished,
    GeneratedImage,
    ReasoningDelta,
    TextDelta,
    Usage,
    read_events,
)
from lib.openrouter.transport import MAX_BODY_BYTES
from sandbox import answers
from sandbox.catalogue import STATUSES
from tests.chat.test_answer_stream import Session
from tests.conftest import KEY, RawServer, Served, http


def stream(
    base_url: str,
    model: str,
    question: str = "Hello?",
    read: float = 5,
    clock: Callable[[], float] = time.monotonic,
    *,
    whole: bool = False,
) -> Completion:
    """A request of one question, streamed or for an answer in one piece."""
    request = ChatRequest(model, [{"role": "user", "content": question}], stream=not whole)
    headers = {"HTTP-Referer": "https://app.example"}
    return Completion(base_url, KEY, request, headers=headers, timeout=(2, read), clock=clock)


def text(events: list[Event]) -> str:
    """The text of all deltas."""
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def contents(events: list[Event]) -> dict[type[Event], object]:
    """What the events say, in whatever pieces: the generation's own name is left out."""
    said: dict[type[Event], Any] = {}
    for event in events:
        match event:
            case TextDelta(piece) | ReasoningDelta(piece):
                said[type(event)] = said.get(type(event), "") + piece
            case Alive() | Began():
                pass
            case _:
                said.setdefault(type(event), []).append(event)
    return said


def until(condition: Callable[[], bool], seconds: float = 1) -> bool:
    """Whether it comes true in this time."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        threading.Event().wait(0.005)
    return condition()


def test_answer(served: Served) -> None:
    """An answer says who answers, comes in pieces, and ends with usage and its reason."""
    events = list(stream(served.base_url, "openrouter/auto", "sandbox/tour"))
    assert text(events) == answers.TOUR
    assert [event for event in events if isinstance(event, AnsweredBy)] == [
        AnsweredBy("sandbox/tour", "Sandbox")
    ]
    usage = events[-2]
    assert isinstance(usage, Usage)
    assert usage.prompt_tokens > 0
    assert usage.cost
    assert events[-1] == Finished("stop")
    assert Alive() in events


def test_request(served: Served) -> None:
    """The request carries model, messages and attribution, and no other header of ours."""
    list(stream(served.base_url, "sandbox/echo"))
    (received,) = served.completions
    assert received["body"] == {
        "model": "sandbox/echo",
        "messages": [{"role": "user", "content": "Hello?"}],
        "stream": True,
    }
    assert received["headers"]["http-referer"] == "https://app.example"


@pytest.mark.parametrize(
    ("model", "expected"),
    [(name, answers.text(name, "")) for name in ("split", "long", "citations", "image")],
)
def test_text_arrives_whole(served: Served, model: str, expected: str) -> None:
    """Text is whole, however its bytes were cut."""
    assert text(list(stream(served.base_url, f"sandbox/{model}"))) == expected


def test_reasoning(served: Served) -> None:
    """Reasoning comes as its own kind of event, before the text."""
    events = list(stream(served.base_url, "sandbox/reasoning"))
    kinds = [type(event) for event in events]
    assert kinds.index(ReasoningDelta) < kinds.index(TextDelta)


def test_citation(served: Served) -> None:
    """A citation is the page that it names."""
    events = list(stream(served.base_url, "sandbox/citations"))
    assert [event for event in events if isinstance(event, Citation)] == [
        Citation("https://example.org/rayleigh", "Rayleigh scattering")
    ]


def test_image(served: Served) -> None:
    """An image that the model made arrives byte for byte."""
    events = list(stream(served.base_url, "sandbox/image"))
    assert GeneratedImage("image/png", answers.picture()) in events


@pytest.mark.parametrize(
    "delta",
    [
        {"annotations": 5, "images": "none"},
        {"annotations": [5, {"url_citation": None}, {"url_citation": {"url": ["x"]}}]},
        {"annotations": [{"url_citation": {"url": "javascript:alert(1)", "title": "x"}}]},
        {"annotations": [{"url_citation": {"url": "https://a b.example", "title": "x"}}]},
        {"annotations": [{"url_citation": {"url": "https://a\x01b.example", "title": "x"}}]},
        {"images": [None, {"image_url": 5}, {"image_url": {"url": "https://x.example/a.png"}}]},
        {"images": [{"image_url": {"url": "data:image/svg+xml;base64,AAAA"}}]},
        {"images": [{"image_url": {"url": "data:image/png;base64,***"}}]},
    ],
)
def test_absurd_extras(raw_server: RawServer, delta: dict[str, object]) -> None:
    """Citations and images that cannot be shown are left out, and the text goes on."""
    chunk = {"choices": [{"delta": {"content": "a", **delta}, "finish_reason": "stop"}]}
    body = f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n".encode()
    events = list(stream(raw_server.serve(http(body)), "m"))
    assert events == [TextDelta("a"), Finished("stop")]


def test_bounded(raw_server: RawServer) -> None:
    """A name, a title or a reason is one line of 200 characters, and an answer has so many of each."""
    long = "a\n" * 90_000
    source = {"url_citation": {"url": "https://x.org/", "title": long}}
    image = {"image_url": {"url": "data:image/png;base64,"}}
    delta = {"annotations": [source] * 2 + [{"url_citation": {"url": "https://x.org/"}}] * 9_000}
    choice = {"delta": {**delta, "images": [image] * 9_000}, "finish_reason": long}
    chunk = {"id": long, "model": "m", "provider": long, "choices": [choice]}
    events = list(
        stream(raw_server.serve(http(json.dumps(chunk).encode(), "application/json")), "m")
    )
    line = "a " * 100
    assert events[0] == Began(line)
    assert events[1] == AnsweredBy("m", line)
    assert events[2] == Citation("https://x.org/", line)
    assert len(events) == 2 + MAX_CITATIONS + MAX_IMAGES + 1
    assert events[-1] == Finished(line)
    answer = Answer()
    for event in events * 2:
        apply(event, answer)
    assert len(answer.images) == MAX_IMAGES


def test_halves_of_characters(raw_server: RawServer) -> None:
    """A character that two deltas divide arrives whole; half of one is mended, wherever it is."""
    chunks = [
        {"id": "g\udc00", "choices": [{"delta": {"content": "a\ud83d", "reasoning": "\ud83c"}}]},
        {"choices": [{"delta": {"content": "\ude00b", "reasoning": "x\udf89"}}]},
        {"choices": [{"delta": {"content": "\ud83d"}}]},
        {"choices": [{"delta": {"content": "\ude00"}, "finish_reason": "stop\ud83d"}]},
    ]
    body = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks).encode()
    assert list(stream(raw_server.serve(http(body)), "m")) == [
        Began("g\ufffd"),
        TextDelta("a"),
        ReasoningDelta("\ufffdx\ufffd"),
        TextDelta("😀b"),
        TextDelta("😀"),
        Finished("stop\ufffd"),
    ]


@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_finish_reason(served: Served, reason: str) -> None:
    """The reason to finish is handed on."""
    assert list(stream(served.base_url, f"sandbox/finish-{reason}"))[-1] == Finished(reason)


@pytest.mark.parametrize("model", ["no-done", "empty"])
def test_end_without_done_or_text(served: Served, model: str) -> None:
    """A finish_reason makes an answer whole, with or without [DONE] or text."""
    assert list(stream(served.base_url, f"sandbox/{model}"))[-1] == Finished("stop")


@pytest.mark.parametrize("name", STATUSES)
def test_status(served: Served, name: str) -> None:
    """A status before the stream is an error that carries it."""
    status, _, body = STATUSES[name]
    with pytest.raises(OpenRouterError) as raised:
        list(stream(served.base_url, f"sandbox/status-{name}"))
    error = raised.value
    assert error.status == status
    assert isinstance(error, KeyRejected) == (status == 401)
    assert error.message == (body["message"] if isinstance(body, dict) else "")
    assert error.retry_after == {"429": 7, "503-availability": 3}.get(name)


@pytest.mark.parametrize(
    ("model", "error", "status"),
    [
        ("cut", StreamInterrupted, None),
        ("stream-error", OpenRouterError, 502),
        ("stream-error-string", OpenRouterError, None),
        ("bad-json", InvalidResponse, None),
        ("finish-error", OpenRouterError, None),
        ("freeze", StreamStalled, None),
    ],
)
def test_failure_inside_the_stream(served: Served, model: str, error, status) -> None:
    """What goes wrong after the first words is an error too, and the words came before it."""
    events: list[Event] = []
    coming = iter(stream(served.base_url, f"sandbox/{model}", read=0.3))

    def read_all() -> None:
        while True:
            events.append(next(coming))

    with pytest.raises(error) as raised:
        read_all()
    assert type(raised.value) is error
    assert raised.value.status == status
    assert text(events)


@pytest.mark.parametrize(
    "waiting",
    [b": OPENROUTER PROCESSING\n\n", b'data: {"choices":[{"delta":{"content":""}}]}\n\n', b"x"],
    ids=["comments", "empty events", "a line without an end"],
)
def test_no_content(raw_server: RawServer, waiting: bytes) -> None:
    """A stream in which for ten minutes nothing comes that is part of an answer is ended."""
    url = raw_server.serve(http(waiting * 500), drops=0.001)
    minutes = count(step=60)
    with pytest.raises(NoContent):
        list(stream(url, "m", clock=lambda: next(minutes)))
    assert next(minutes) == 12 * 60


def test_slow_content(served: Served) -> None:
    """Each word gives an answer ten minutes more."""
    now = 0
    events = iter(stream(served.base_url, "sandbox/endless", clock=lambda: now))

    def read_slowly(words: int, seconds: int) -> None:
        nonlocal now
        for event in events:
            now += seconds * isinstance(event, TextDelta)
            words -= isinstance(event, TextDelta)
            if not words:
                return

    read_slowly(words=5, seconds=599)
    with pytest.raises(NoContent):
        read_slowly(words=5, seconds=601)


@pytest.mark.parametrize("end", [StreamInterrupted, StreamStalled, NoContent])
def test_silent_after_the_finish_reason(end: type[OpenRouterError]) -> None:
    """An answer is whole once its finish_reason has come, whatever keeps the stream open then."""

    def chunks() -> Iterator[str]:
        yield '{"choices":[{"delta":{},"finish_reason":"stop"}]}'
        raise end

    assert list(read_events(chunks())) == [Finished("stop")]


def test_unreachable() -> None:
    """Where nobody listens, the stream says so."""
    with pytest.raises(Unreachable):
        list(stream("http://127.0.0.1:9", "sandbox/echo"))


@pytest.mark.parametrize(
    "model", ["tour", "reasoning", "citations", "image", "empty", "finish-length"]
)
def test_answer_in_one_piece(served: Served, model: str) -> None:
    """Asked for in one piece, an answer holds what a streamed one does, in fewer events."""
    name = f"sandbox/{model}"
    streamed, whole = ([*stream(served.base_url, name, whole=whole)] for whole in (False, True))
    assert [received["body"]["stream"] for received in served.completions] == [True, False]
    assert contents(whole) == contents(streamed)
    assert [type(event) for event in whole].count(TextDelta) <= 1


@pytest.mark.parametrize(
    ("model", "error", "status"),
    [
        ("status-402", OpenRouterError, 402),
        ("stream-error", OpenRouterError, 502),
        ("finish-error", OpenRouterError, None),
        ("bad-json", InvalidResponse, None),
        ("cut", StreamInterrupted, None),
        ("freeze", StreamStalled, None),
        ("no-headers", TimedOut, None),
    ],
)
def test_failure_in_one_piece(
    served: Served, model: str, error: type[OpenRouterError], status: int | None
) -> None:
    """An answer in one piece fails with the errors of a streamed one."""
    with pytest.raises(error) as raised:
        list(stream(served.base_url, f"sandbox/{model}", read=0.3, whole=True))
    assert type(raised.value) is error
    assert raised.value.status == status


def test_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream may be silent for a minute, an answer in one piece for ten: it has no comments."""
    timeouts = []

    def send(*_: object, timeout: object, **__: object) -> None:
        timeouts.append(timeout)
        raise TimedOut

    monkeypatch.setattr(chat, "send", send)
    for streams in (True, False):
        with pytest.raises(TimedOut):
            list(Completion("http://localhost", KEY, ChatRequest("m", stream=streams)))
    assert timeouts == [(10, 60), (10, 600)]


def test_one_piece_in_place_of_a_stream(raw_server: RawServer) -> None:
    """An answer that comes as JSON, though a stream was asked for, is read all the same."""
    body = {
        "model": "m",
        "choices": [{"message": {"content": "Whole."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2},
    }
    events = list(
        stream(raw_server.serve(http(json.dumps(body).encode(), "application/json")), "m")
    )
    assert events == [AnsweredBy("m"), TextDelta("Whole."), Usage(1, 2, None), Finished("stop")]


NESTED = b"[" * 60_000
STRANGERS = {
    "html": (http(b"<html>Welcome to the wifi</html>", "text/html"), InvalidResponse),
    "error in the body": (http(b'{"error":{"code":502,"message":"x"}}', "application/json"), OpenRouterError),
    "error in a choice": (http(b'{"choices":[{"error":{"code":502,"message":"x"}}]}', "application/json"), OpenRouterError),
    "twice [DONE]": (http(b'data: {"choices": []}\n\n' + b"data: [DONE]\n\n" * 2), StreamInterrupted),
    "no object": (http(b"data: [1]\n\n"), InvalidResponse),
    "no choices": (http(b"data: {}\n\n"), StreamInterrupted),
    "numbers": (http(b'data: {"choices": 5, "usage": 7}\n\ndata: [DONE]\n\n'), StreamInterrupted),
    "code of a strange digit": (http('data: {"error":{"code":"²"}}\n\n'.encode()), OpenRouterError),
    "cost of 400 digits": (http(b'data: {"usage":{"cost":1' + b"0" * 400 + b"}}\n\n"), StreamInterrupted),
    "nested too deep": (http(b"data: " + NESTED + b"\n\n"), InvalidResponse),
    "error nested too deep": (http(NESTED, "application/json", "500 Oh"), OpenRouterError),
    "items without an end": (http(b"data: [" + b"[]," * 2_600_000 + b"[]]\n\n"), InvalidResponse),
    "line without an end": (http(b"data: x" * 1_500_000), InvalidResponse),
    "no json": (http(b"", "application/json"), StreamInterrupted),
    "half a json": (http(b'{"choices":[', "application/json", more="Content-Length: 99\r\n"), StreamInterrupted),
    "too long": (http(b" " * (MAX_BODY_BYTES + 1), "application/json"), AnswerTooLong),
    "redirect": (http(b"", status="307 Elsewhere", more="Location: /\r\n"), OpenRouterError),
    "no http": (b"no http at all\r\n\r\n", ConnectionLost),
    "nothing": (b"", ConnectionLost),
}  # fmt: skip


@pytest.mark.parametrize(("response", "error"), STRANGERS.values(), ids=STRANGERS)
def test_answer_of_somebody_else(
    raw_server: RawServer, response: bytes, error: type[OpenRouterError]
) -> None:
    """Whatever answers, it ends as an error of ours, and is asked once."""
    with pytest.raises(error) as raised:
        list(stream(raw_server.serve(response), "m"))
    assert type(raised.value) is error
    assert len(raw_server.received) == 1


@pytest.mark.parametrize(
    ("rest", "usage"),
    [
        (b"", []),
        (b'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"cost":0.5}}\n\n', [Usage(1, 2, 0.5)]),
        (b'data: {"choices":[],"usage":{"prompt_tokens":"1","cost":true}}\n\n', [Usage(0, 0, None)]),
        (b'data: {"choices":[],"usage":{"prompt_tokens":-1,"cost":-0.5}}\n\n', [Usage(0, 0, None)]),
        (b'data: {"choices":[{"del', []),
    ],
)  # fmt: skip
def test_cut_after_the_finish_reason(
    raw_server: RawServer, rest: bytes, usage: list[Event]
) -> None:
    """An answer is whole once its finish_reason has come, however the connection then ends."""
    whole = b'data: {"choices":[{"delta":{"content":"x"},"finish_reason":"length"}]}\n\n' + rest
    events = list(stream(raw_server.serve(http(whole, more="Content-Length: 9999\r\n")), "m"))
    assert events == [TextDelta("x"), *usage, Finished("length")]


def test_error_beside_a_finish_reason(raw_server: RawServer) -> None:
    """An error inside the stream goes first, with what it says, and ends the answer."""
    chunk = (
        b'data: {"choices":[{"delta":{"content":"x"},"finish_reason":"stop"}],'
        b'"error":{"code":"429","message":"Slow down","metadata":{"provider_name":"p"}}}\n\n'
    )
    with pytest.raises(OpenRouterError) as raised:
        list(stream(raw_server.serve(http(chunk)), "m"))
    assert (raised.value.status, raised.value.message) == (429, "Slow down")
    assert raised.value.metadata == {"provider_name": "p"}


def test_key_is_sent_as_bearer(
    raw_server: RawServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key goes as bearer, and a password in `.netrc` does not take its place."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with pytest.raises(StreamInterrupted):
        list(stream(raw_server.serve(http(b"")), "m"))
    (headers,) = raw_server.received
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert headers["Accept-Encoding"] == "identity"


def test_leaving_the_loop(served: Served) -> None:
    """Whoever stops iterating ends the request too."""
    assert until(lambda: served.open_streams == 0)
    events = iter(stream(served.base_url, "sandbox/endless"))
    while not isinstance(next(events), TextDelta):
        pass
    assert served.open_streams == 1
    events.close()
    assert until(lambda: served.open_streams == 0)


@pytest.mark.parametrize(
    ("model", "whole"),
    [
        *[(model, False) for model in ("no-headers", "silent", "endless", "freeze")],
        *[(model, True) for model in ("no-headers", "freeze")],
    ],
)
def test_close(served: Served, model: str, whole: bool) -> None:
    """Closing ends request and iteration within a second, also before first word and headers."""
    assert until(lambda: served.open_streams == 0)
    open_stream = stream(served.base_url, f"sandbox/{model}", whole=whole)
    growing = AnswerStream(open_stream, Answer(), key=KEY, reader=Session())
    assert until(lambda: served.open_streams == 1)
    open_stream.close()
    assert until(lambda: served.open_streams == 0)
    assert until(lambda: growing.is_over)
    assert isinstance(growing.failure, StreamInterrupted)


def test_leaving_the_block(served: Served) -> None:
    """Leaving the `with` block ends the request, though the iterator is still held."""
    with stream(served.base_url, "sandbox/endless") as answer:
        events = iter(answer)
        while not isinstance(next(events), TextDelta):
            pass
    assert until(lambda: served.open_streams == 0)
    with pytest.raises(StreamInterrupted):
        list(events)


def test_close_before_connecting(served: Served) -> None:
    """A stream that was closed before it began asks nothing."""
    closed = stream(served.base_url, "sandbox/echo")
    closed.close()
    with pytest.raises(StreamInterrupted):
        list(closed)
    assert not served.completions


def test_no_key_in_repr(served: Served) -> None:
    """Neither the stream nor an error shows the key."""
    assert KEY not in repr(vars(stream(served.base_url, "m")))
