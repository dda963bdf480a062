"""Streamed chat, against each of the sandbox's models over HTTP."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from lib.openrouter.chat import (
    Alive,
    AnsweredBy,
    ChatRequest,
    ChatStream,
    Event,
    Finished,
    ReasoningDelta,
    TextDelta,
    Usage,
)
from lib.openrouter.errors import (
    Interrupted,
    KeyRejected,
    OpenRouterError,
    TimedOut,
    UnexpectedAnswer,
    Unreachable,
)
from lib.openrouter.reader import Reader
from sandbox import answers
from sandbox.catalogue import STATUSES
from tests.conftest import KEY, Served


def stream(base_url: str, model: str, question: str = "Hello?", read: float = 5) -> ChatStream:
    """A stream of one question."""
    request = ChatRequest(model, [{"role": "user", "content": question}])
    headers = {"HTTP-Referer": "https://app.example"}
    return ChatStream(base_url, KEY, request, headers=headers, timeout=(2, read))


def text(events: list[Event]) -> str:
    """The text of all deltas."""
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def take_all(reader: Reader, error: type[OpenRouterError]) -> list[Event]:
    """All events of a stream that ends in this error."""
    came: list[Event] = []
    try:
        while (batch := reader.take(5)) is not None:
            came += batch
    except error:
        return came
    pytest.fail("The stream ended without an error.")


def until(condition: Callable[[], bool], seconds: float = 1) -> bool:
    """Whether it comes true in this time."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        threading.Event().wait(0.005)
    return condition()


@pytest.fixture
def raw_server() -> Iterator[Callable[[bytes], str]]:
    """Serve these very bytes to whoever connects, then close; returns the base URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve(response: bytes) -> str:
            def answer() -> None:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65_536)
                    connection.sendall(response)

            threading.Thread(target=answer, daemon=True).start()
            return f"http://127.0.0.1:{listener.getsockname()[1]}"

        yield serve


def http(body: bytes, content_type: str = "text/event-stream") -> bytes:
    """A response that ends with its connection."""
    return f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n\r\n".encode() + body


def test_answer(served: Served) -> None:
    """An answer says who answers, comes in pieces, and ends with usage and its reason."""
    events = list(stream(served.base_url, "openrouter/auto", "sandbox/tour"))
    assert text(events) == answers.TOUR
    assert [event for event in events if isinstance(event, AnsweredBy)] == [
        AnsweredBy("sandbox/tour")
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
    ("model", "expected"), [("split", answers.SPLIT), ("long", answers.long())]
)
def test_text_arrives_whole(served: Served, model: str, expected: str) -> None:
    """Text is whole, however its bytes were cut."""
    assert text(list(stream(served.base_url, f"sandbox/{model}"))) == expected


def test_reasoning(served: Served) -> None:
    """Reasoning comes as its own kind of event, before the text."""
    events = list(stream(served.base_url, "sandbox/reasoning"))
    kinds = [type(event) for event in events]
    assert kinds.index(ReasoningDelta) < kinds.index(TextDelta)


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
    status, headers, body = STATUSES[name]
    with pytest.raises(OpenRouterError) as raised:
        list(stream(served.base_url, f"sandbox/status-{name}"))
    error = raised.value
    assert error.status == status
    assert isinstance(error, KeyRejected) == (status == 401)
    assert error.message == (body["message"] if isinstance(body, dict) else "")
    assert error.retry_after == (float(headers["Retry-After"]) if headers else None)


@pytest.mark.parametrize(
    ("model", "error", "status"),
    [
        ("cut", Interrupted, None),
        ("stream-error", OpenRouterError, 502),
        ("stream-error-string", OpenRouterError, None),
        ("bad-json", UnexpectedAnswer, None),
        ("finish-error", OpenRouterError, None),
        ("freeze", TimedOut, None),
    ],
)
def test_failure_inside_the_stream(served: Served, model: str, error, status) -> None:
    """What goes wrong after the first words is an error too, and the words came before it."""
    events: list[Event] = []
    with pytest.raises(error) as raised:
        events.extend(stream(served.base_url, f"sandbox/{model}", read=0.3))
    assert type(raised.value) is error
    assert raised.value.status == status
    with Reader(stream(served.base_url, f"sandbox/{model}", read=0.3)) as reader:
        came = take_all(reader, error)
    assert text(came)


def test_unreachable() -> None:
    """Where nobody listens, the stream says so."""
    with pytest.raises(Unreachable):
        list(stream("http://127.0.0.1:9", "sandbox/echo"))


def test_answer_in_one_piece(raw_server: Callable[[bytes], str]) -> None:
    """An answer that comes as JSON, not as a stream, is read all the same."""
    body = {
        "model": "m",
        "choices": [{"message": {"content": "Whole."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2},
    }
    events = list(stream(raw_server(http(json.dumps(body).encode(), "application/json")), "m"))
    assert events == [AnsweredBy("m"), TextDelta("Whole."), Usage(1, 2, None), Finished("stop")]


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (http(b"<html>Welcome to the wifi</html>", "text/html"), UnexpectedAnswer),
        (http(b'{"choices":[{"error":{"code":502,"message":"x"}}]}', "application/json"), OpenRouterError),
        (http(b"data: [1]\n\n"), UnexpectedAnswer),
        (http(b"data: {}\n\n"), Interrupted),
        (http(b'data: {"choices": 5, "usage": 7}\n\ndata: [DONE]\n\n'), Interrupted),
        (b"no http at all\r\n\r\n", Unreachable),
        (b"", Unreachable),
    ],
)  # fmt: skip
def test_answer_of_somebody_else(
    raw_server: Callable[[bytes], str], response: bytes, error: type[OpenRouterError]
) -> None:
    """Whatever answers, it ends as an error of ours."""
    with pytest.raises(error):
        list(stream(raw_server(response), "m"))


@pytest.mark.parametrize("model", ["no-headers", "silent", "endless", "freeze"])
def test_close(served: Served, model: str) -> None:
    """Closing ends the request within a second, also before its first word and its headers."""
    assert until(lambda: served.open_streams == 0)
    open_stream = stream(served.base_url, f"sandbox/{model}")
    with Reader(open_stream) as reader:
        assert until(lambda: served.open_streams == 1)
    assert until(lambda: served.open_streams == 0)
    take_all(reader, Interrupted)


def test_close_before_connecting(served: Served) -> None:
    """A stream that was closed before it began asks nothing."""
    closed = stream(served.base_url, "sandbox/echo")
    closed.close()
    with pytest.raises(Interrupted):
        list(closed)
    assert not served.completions


def test_patience(served: Served) -> None:
    """A reader that waits gets an empty batch after its patience, and None at the end."""
    with Reader(stream(served.base_url, "sandbox/no-headers")) as reader:
        assert reader.take(0.01) == []
    with Reader(stream(served.base_url, "sandbox/echo")) as reader:
        events: list[Event] = []
        while (batch := reader.take(5)) is not None:
            events += batch
    assert text(events) == "Hello?"
    assert reader.take(0) is None


def test_no_key_in_repr(served: Served) -> None:
    """Neither the stream nor an error shows the key."""
    assert KEY not in repr(vars(stream(served.base_url, "m")))
