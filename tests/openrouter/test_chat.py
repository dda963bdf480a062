"""Chat, streamed and in one piece, against each of the sandbox's models over HTTP."""

import gzip
import json
import time
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from lib.chat.answer_stream import AnswerStream
from lib.chat.conversation import Answer
from lib.openrouter import chat
from lib.openrouter.chat import Completion
from lib.openrouter.errors import (
    AnswerTooLong,
    InvalidResponse,
    NoContent,
    OpenRouterError,
    StreamInterrupted,
    StreamStalled,
    TimedOut,
)
from lib.openrouter.events import (
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
)
from lib.openrouter.request import ChatRequest
from lib.openrouter.sse import MAX_EVENT
from sandbox import answers
from tests.chat.test_answer_stream import Session
from tests.conftest import KEY, RawServer, Served, http
from tests.support.waiting import wait_until


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
    headers = {"HTTP-Referer": "https://app.example", "X-OpenRouter-Title": "An app"}
    return Completion(base_url, KEY, request, headers=headers, timeout=(2, read), clock=clock)


def text(events: list[Event]) -> str:
    """The text of all deltas."""
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def contents(events: list[Event]) -> dict[type[Event], object]:
    """What the events say, in whatever pieces; the generation's id is left out."""
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
    """The request carries the model, the messages and the attribution."""
    list(stream(served.base_url, "sandbox/echo"))
    (received,) = served.completions
    assert received["body"] == {
        "model": "sandbox/echo",
        "messages": [{"role": "user", "content": "Hello?"}],
        "stream": True,
    }
    assert received["headers"] == {
        "http-referer": "https://app.example",
        "x-openrouter-title": "An app",
    }


@pytest.mark.parametrize("model", ["split", "long"])
def test_text(served: Served, model: str) -> None:
    """The text is whole, however its bytes were cut."""
    assert text(list(stream(served.base_url, f"sandbox/{model}"))) == answers.text(model, "")


@pytest.mark.parametrize(
    ("model", "event"),
    [
        ("citations", Citation("https://example.org/rayleigh", "Rayleigh scattering")),
        ("image", GeneratedImage("image/png", answers.picture())),
    ],
)
def test_extras(served: Served, model: str, event: Event) -> None:
    """A citation is the page that it names, and an image arrives byte for byte."""
    assert event in list(stream(served.base_url, f"sandbox/{model}"))


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("finish-length", "length"),
        ("finish-content_filter", "content_filter"),
        ("no-done", "stop"),
        ("empty", "stop"),
        ("no-finish", ""),
        ("no-empty-line", "stop"),
        ("whole-message", "stop"),
    ],
)
def test_finish_reason(served: Served, model: str, reason: str) -> None:
    """A finish_reason makes an answer whole, with or without [DONE] or text."""
    assert list(stream(served.base_url, f"sandbox/{model}"))[-1] == Finished(reason)


@pytest.mark.parametrize("whole", [False, True], ids=["streamed", "in one piece"])
@pytest.mark.parametrize(
    ("model", "error", "status"),
    [
        ("status-402", OpenRouterError, 402),
        ("stream-error", OpenRouterError, 502),
        ("finish-error", OpenRouterError, None),
        ("chunk-401-provider", OpenRouterError, 401),
        ("chunk-http-status", OpenRouterError, 503),
        ("bad-json", InvalidResponse, None),
        ("cut", StreamInterrupted, None),
        ("freeze", StreamStalled, None),
        ("no-headers", TimedOut, None),
    ],
)
def test_failure(
    served: Served, model: str, error: type[OpenRouterError], status: int | None, *, whole: bool
) -> None:
    """An answer fails with one error, streamed or in one piece, and the text before it arrived."""
    events: list[Event] = []
    with pytest.raises(error) as raised:
        events.extend(stream(served.base_url, f"sandbox/{model}", read=0.3, whole=whole))
    assert type(raised.value) is error
    assert raised.value.status == status
    has_begun = not model.startswith(("status", "no-headers", "chunk"))
    assert whole or bool(text(events)) is has_begun


@pytest.mark.parametrize(
    "waiting",
    [b": OPENROUTER PROCESSING\n\n", b'data: {"choices":[{"delta":{"content":""}}]}\n\n', b"x"],
    ids=["comments", "empty events", "a line without an end"],
)
def test_no_content(raw_server: RawServer, waiting: bytes) -> None:
    """A stream that brings no part of an answer for ten minutes is ended."""
    url = raw_server.serve(http(waiting * 500), drops=0.001)
    minutes = count(step=60)
    with pytest.raises(NoContent):
        list(stream(url, "m", clock=lambda: next(minutes)))
    assert next(minutes) == 12 * 60


def test_slow_content(served: Served) -> None:
    """Each word extends the deadline by ten minutes."""
    now = 0
    events = iter(stream(served.base_url, "sandbox/endless", clock=lambda: now))

    def read_slowly(count: int, seconds: int) -> None:
        nonlocal now
        for event in events:
            now += seconds * isinstance(event, TextDelta)
            count -= isinstance(event, TextDelta)
            if not count:
                return

    read_slowly(count=5, seconds=599)
    with pytest.raises(NoContent):
        read_slowly(count=5, seconds=601)


@pytest.mark.parametrize(
    "model",
    [
        *("tour", "reasoning", "citations", "image", "empty", "finish-length"),
        *("parts", "refusal", "reasoning-content", "reasoning-details", "think"),
        *("image-only", "image-forms", "byok"),
    ],
)
def test_answer_in_one_piece(served: Served, model: str) -> None:
    """Asked for in one piece, an answer holds what a streamed one does, in fewer events."""
    name = f"sandbox/{model}"
    streamed, whole = ([*stream(served.base_url, name, whole=whole)] for whole in (False, True))
    assert [received["body"]["stream"] for received in served.completions] == [True, False]
    assert contents(whole) == contents(streamed)
    assert [type(event) for event in whole].count(TextDelta) <= 1


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
    """An answer that comes as JSON in place of a stream is read all the same."""
    body = {
        "model": "m",
        "choices": [{"message": {"content": "Whole."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2},
    }
    events = list(
        stream(raw_server.serve(http(json.dumps(body).encode(), "application/json")), "m")
    )
    assert events == [AnsweredBy("m"), TextDelta("Whole."), Usage(1, 2, None), Finished("stop")]


@pytest.mark.parametrize("content_type", ["text/plain", "", "Text/Event-Stream; charset=utf-8"])
def test_stream_under_another_type(raw_server: RawServer, content_type: str) -> None:
    """A stream is read as one whatever type it is said to have, compressed or not."""
    body = b'data: {"choices": [{"delta": {"content": "Hello"}, "finish_reason": "stop"}]}\n\n'
    whole = [TextDelta("Hello"), Finished("stop")]
    assert list(stream(raw_server.serve(http(body, content_type)), "m")) == whole
    packed = http(gzip.compress(body), content_type, more="Content-Encoding: gzip\r\n")
    assert list(stream(raw_server.serve(packed), "m")) == whole


FOREIGN_RESPONSES = {
    "html": (http(b"<html>Welcome to the wifi</html>", "text/html"), InvalidResponse),
    "empty": (http(b"", "application/json"), StreamInterrupted),
    "half a body": (http(b'{"choices":[', "application/json", more="Content-Length: 99\r\n"), StreamInterrupted),
    "too long": (http(b" " * (MAX_EVENT + 1), "application/json"), AnswerTooLong),
}  # fmt: skip


@pytest.mark.parametrize(("response", "error"), FOREIGN_RESPONSES.values(), ids=FOREIGN_RESPONSES)
def test_foreign_response(
    raw_server: RawServer, response: bytes, error: type[OpenRouterError]
) -> None:
    """A response that is not the API's is an `OpenRouterError`; the key is sent once, as bearer."""
    with pytest.raises(error) as raised:
        list(stream(raw_server.serve(response), "m"))
    assert type(raised.value) is error
    (headers,) = raw_server.received
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    ("model", "status", "message"),
    [("error-body", 429, "Rate limit exceeded"), ("error-event", 529, "Overloaded")],
)
def test_error_in_place_of_an_answer(served: Served, model: str, status: int, message: str) -> None:
    """An error that a proxy puts into the stream is transient as it would be by its status."""
    with pytest.raises(OpenRouterError) as raised:
        list(stream(served.base_url, f"sandbox/{model}"))
    assert (raised.value.status, raised.value.message) == (status, message)
    assert raised.value.is_transient


def test_generation_before_the_first_chunk(served: Served) -> None:
    """The id of the answer is known with the headers, so that a stopped one can be counted."""
    with stream(served.base_url, "sandbox/silent") as answer:
        began = next(iter(answer))
    assert isinstance(began, Began)
    assert began.generation.startswith("gen-")
    events = list(stream(served.base_url, "sandbox/echo"))
    assert [type(event) for event in events].count(Began) == 1


def test_error_with_a_large_body(raw_server: RawServer) -> None:
    """An error that contains files as they were parsed is read whole."""
    file = {"hash": "h", "content": [{"type": "text", "text": "x" * 2_000_000}]}
    metadata = {"file_annotations": [{"type": "file", "file": file}]}
    body = json.dumps({"error": {"code": 502, "message": "m", "metadata": metadata}}).encode()
    url = raw_server.serve(http(body, "application/json", "502 Bad Gateway"))
    with pytest.raises(OpenRouterError) as raised:
        list(stream(url, "m"))
    (annotation,) = raised.value.details.file_annotations
    assert len(annotation.content) > 2_000_000


def test_leaving_the_loop(served: Served) -> None:
    """Closing the iterator ends the request."""
    wait_until(lambda: served.open_streams == 0, seconds=1)
    events = iter(stream(served.base_url, "sandbox/endless"))
    while not isinstance(next(events), TextDelta):
        pass
    assert served.open_streams == 1
    events.close()
    wait_until(lambda: served.open_streams == 0, seconds=1)


@pytest.mark.parametrize(
    ("model", "whole"),
    [
        *[(model, False) for model in ("no-headers", "silent", "endless", "freeze")],
        *[(model, True) for model in ("no-headers", "freeze")],
    ],
)
def test_close(served: Served, model: str, whole: bool) -> None:
    """Closing ends request and iteration within a second, also before first word and headers."""
    wait_until(lambda: served.open_streams == 0, seconds=1)
    open_stream = stream(served.base_url, f"sandbox/{model}", whole=whole)
    growing = AnswerStream(open_stream, Answer(), key=KEY, reader=Session())
    wait_until(lambda: served.open_streams == 1, seconds=1)
    open_stream.close()
    wait_until(lambda: served.open_streams == 0, seconds=1)
    wait_until(lambda: growing.is_over, seconds=1)
    assert isinstance(growing.failure, StreamInterrupted)


def test_leaving_the_block(served: Served) -> None:
    """Leaving the `with` block ends the request, though the iterator is still held."""
    with stream(served.base_url, "sandbox/endless") as answer:
        events = iter(answer)
        while not isinstance(next(events), TextDelta):
            pass
    wait_until(lambda: served.open_streams == 0, seconds=1)
    with pytest.raises(StreamInterrupted):
        list(events)


def test_close_before_connecting(served: Served) -> None:
    """A stream that was closed before it began sends no request."""
    closed = stream(served.base_url, "sandbox/echo")
    closed.close()
    with pytest.raises(StreamInterrupted):
        list(closed)
    assert not served.completions


def test_no_key_in_repr(served: Served) -> None:
    """Neither the stream nor an error shows the key."""
    assert KEY not in repr(vars(stream(served.base_url, "m")))
