"""An answer that is read from a stream in a thread of its own."""

import gc
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from math import inf
from operator import gt, le
from pathlib import Path

import pytest

from lib.chat import answer_stream
from lib.chat.answer_events import apply
from lib.chat.answer_stream import (
    MAX_ANSWER_SIZE,
    MAX_IN_FLIGHT_RETRIES,
    MIN_INTERVAL_S,
    AnswerStream,
    RenderThrottle,
)
from lib.chat.conversation import Answer
from lib.openrouter.annotations import MAX_ANNOTATIONS_LENGTH, FileAnnotation
from lib.openrouter.chat import Completion
from lib.openrouter.errors import (
    AnswerTooLong,
    ConnectionLost,
    ConnectTimedOut,
    ErrorDetails,
    InvalidResponse,
    KeyRejected,
    OpenRouterError,
    StreamInterrupted,
    StreamStalled,
    TimedOut,
    UnconfirmedRejection,
    Unreachable,
)
from lib.openrouter.events import (
    Alive,
    AnsweredBy,
    Began,
    Citation,
    Event,
    Finished,
    GeneratedImage,
    ImageLink,
    ReasoningDelta,
    TextDelta,
    UnshownImage,
    Usage,
)
from lib.openrouter.request import ChatRequest
from tests.conftest import KEY, Served


class Script:
    """A stream that yields its items, raises those that are exceptions, and ends at `Finished`."""

    is_streamed = True

    def __init__(self, *items: Event | Exception) -> None:
        self.asked = 0
        self.items: queue.SimpleQueue[Event | Exception] = queue.SimpleQueue()
        self.is_closed = threading.Event()
        self.has_ended = threading.Event()
        for item in items:
            self.items.put(item)

    def __iter__(self) -> Iterator[Event]:
        """Yield the items."""
        self.asked += 1
        while True:
            item = self.items.get(timeout=5)
            if isinstance(item, Exception):
                self.has_ended.set()
                raise item
            yield item
            if isinstance(item, Finished):
                self.has_ended.set()
                return

    def close(self) -> None:
        """End as a real stream does."""
        self.is_closed.set()
        self.items.put(StreamInterrupted())


class Session:
    """A reader: what it has paid, and an event for news."""

    def __init__(self) -> None:
        self.news = threading.Event()
        self.paid = 0.0
        self.is_connected = True
        self.is_page_closing = False

    def has(self, key: str) -> bool:
        """Tell whether this is the key of its user."""
        return key == KEY

    def notify(self) -> None:
        """Set the event."""
        self.news.set()

    def pay(self, key: str, cost: float, model: str) -> None:
        """Add it up."""
        assert key == KEY
        self.paid += cost


def begin(source: Script | Completion) -> tuple[AnswerStream, threading.Event]:
    """Begin an answer; return it with the event that its news sets."""
    session = Session()
    return AnswerStream(source, Answer(), key=KEY, reader=session), session.news


def test_grows() -> None:
    """Each event is applied to the answer and sets the news; at the end the answer is complete."""
    script = Script()
    stream, news = begin(script)
    answer = stream.answer
    assert answer.progress == "streaming"
    script.items.put(ReasoningDelta("Well, "))
    assert news.wait(5)
    assert answer.reasoning == "Well, "
    assert answer.first_token_seconds is not None
    for event in (TextDelta("a"), TextDelta("b"), Finished("stop")):
        script.items.put(event)
    assert stream.over.wait(5)
    assert (answer.text, answer.finish_reason, answer.progress) == ("ab", "stop", "complete")
    assert answer.seconds >= answer.first_token_seconds


@pytest.mark.parametrize(
    "error", [StreamInterrupted(), OpenRouterError(status=502), ZeroDivisionError()]
)
def test_failure(error: Exception) -> None:
    """Any exception of the stream ends the answer as failed, and the text before it stays."""
    stream, _ = begin(Script(TextDelta("a"), error))
    assert stream.over.wait(5)
    assert (stream.answer.text, stream.answer.progress) == ("a", "failed")
    assert stream.failure is error or stream.failure.__cause__ is error


def test_log(caplog: pytest.LogCaptureFixture) -> None:
    """Of an error that nobody expected the log says what and where, and nothing of what was written."""
    stream, _ = begin(Script(ZeroDivisionError("a secret")))
    assert stream.over.wait(5)
    assert "ZeroDivisionError" in caplog.text
    assert "answer_stream.py" in caplog.text
    assert "a secret" not in caplog.text


def test_render_throttle() -> None:
    """The more answers grow at the same time, the longer the interval between two renderings."""
    render_throttle = RenderThrottle()
    with ExitStack() as answers:
        for _ in range(100):
            answers.enter_context(render_throttle)
        assert render_throttle.interval == pytest.approx(0.4)
    assert render_throttle.interval == MIN_INTERVAL_S


def test_stop() -> None:
    """Stopping closes the stream at once, keeps the text, and is no failure."""
    script = Script(TextDelta("a"))
    stream, news = begin(script)
    assert news.wait(5)
    stream.stop()
    assert stream.answer.progress == "stopped"
    assert script.is_closed.is_set()
    assert stream.over.wait(5)
    assert stream.failure is None
    assert (stream.answer.text, stream.answer.progress) == ("a", "stopped")


def test_stop_after_the_end() -> None:
    """An answer that is whole stays so."""
    stream, _ = begin(Script(TextDelta("a"), Finished("stop")))
    assert stream.over.wait(5)
    stream.stop()
    assert stream.answer.progress == "complete"


def test_answer_beyond_the_limit() -> None:
    """An answer beyond the limit is ended, and its text stays."""
    piece = TextDelta("a" * 1_000_000)
    script = Script(*[piece] * (MAX_ANSWER_SIZE // 1_000_000 + 2), Finished("stop"))
    stream, _ = begin(script)
    assert stream.over.wait(5)
    assert isinstance(stream.failure, AnswerTooLong)
    assert script.is_closed.is_set()
    assert MAX_ANSWER_SIZE < len(stream.answer.text) < MAX_ANSWER_SIZE + 2_000_000


def busy(status: int = 503, retry_after: float | None = 0) -> OpenRouterError:
    """A transient failure."""
    return OpenRouterError(status=status, retry_after=retry_after)


def failure(status: int, *causes: str, retry_after: float | None = 0) -> OpenRouterError:
    """A failure that names its causes."""
    return OpenRouterError(
        status=status, retry_after=retry_after, details=ErrorDetails(causes=causes)
    )


def test_retry() -> None:
    """A request that fails transiently before its first token is repeated."""
    script = Script(busy(), Began("gen-1"), busy(429), TextDelta("a"), Finished("stop"))
    stream, _ = begin(script)
    assert stream.over.wait(5)
    assert (stream.answer.text, stream.answer.progress) == ("a", "complete")
    assert (script.asked, stream.failure, stream.retries_at) == (3, None, None)
    assert not stream.answer.generation


def test_retries_end() -> None:
    """After two retries the failure stands."""
    script = Script(busy(500), busy(502), last := busy(529), TextDelta("a"))
    stream, _ = begin(script)
    assert stream.over.wait(5)
    assert (script.asked, stream.failure) == (3, last)
    assert stream.answer.progress == "failed"


@pytest.mark.parametrize(
    "items",
    [
        *([busy(status)] for status in (400, 401, 402, 403, 404, 413, 422)),
        [busy(retry_after=31)],
        [failure(429, "free_models_per_day", retry_after=1)],
        [failure(402, "weight_exceeds_budget", "openrouter_in_flight_budget")],
        [OpenRouterError(status=503, retryable=False)],
        [TextDelta("a"), busy()],
        [ReasoningDelta("a"), busy()],
        [GeneratedImage("image/png", b"a"), busy()],
        [Usage(1, 1, 0.1), busy()],
        [ConnectionLost()],
        [StreamInterrupted()],
        [TimedOut()],
        [StreamStalled()],
        [InvalidResponse()],
    ],
)
def test_no_retry(items: list[Event | Exception]) -> None:
    """A request is not repeated that would fail again, may have been paid, or has brought a token."""
    script = Script(*items)
    stream, _ = begin(script)
    assert stream.over.wait(5)
    assert (script.asked, stream.failure) == (1, items[-1])


def test_in_flight() -> None:
    """While other requests hold the credit, more retries are made: these requests end in time."""
    held = [failure(402, "in_flight_budget_exhausted") for _ in range(MAX_IN_FLIGHT_RETRIES)]
    stream, _ = begin(Script(*held, TextDelta("a"), Finished("stop")))
    assert stream.over.wait(5)
    assert (stream.answer.text, stream.failure) == ("a", None)
    script = Script(*held, last := failure(402, "in_flight_budget_exhausted"))
    stream, _ = begin(script)
    assert stream.over.wait(5)
    assert (script.asked, stream.failure) == (MAX_IN_FLIGHT_RETRIES + 1, last)


def test_in_flight_without_a_time() -> None:
    """Such a retry comes after some seconds, if OpenRouter names no time."""
    stream, news = begin(Script(failure(402, "in_flight_budget_exhausted", retry_after=None)))
    assert news.wait(5)
    assert stream.retries_at
    assert 4 < stream.retries_at - time.monotonic() <= 5
    stream.stop()


@pytest.mark.parametrize("is_rejected", [True, False])
def test_unauthorized(monkeypatch: pytest.MonkeyPatch, *, is_rejected: bool) -> None:
    """A key counts as rejected only if a second request confirms it; otherwise it is retried."""
    monkeypatch.setattr(answer_stream.random, "uniform", lambda *_: 0)
    script = Script(KeyRejected(status=401), TextDelta("a"), Finished("stop"))
    stream = AnswerStream(
        script, Answer(), key=KEY, reader=Session(), is_key_rejected=lambda: is_rejected
    )
    assert stream.over.wait(5)
    assert isinstance(stream.failure, KeyRejected) is is_rejected
    assert (script.asked, stream.answer.text) == ((1, "") if is_rejected else (2, "a"))


def test_unauthorized_three_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """401 again and again is a failure, but no rejected key as long as the account is there."""
    monkeypatch.setattr(answer_stream.random, "uniform", lambda *_: 0)
    script = Script(*[KeyRejected("User not found.", status=401) for _ in range(3)])
    stream = AnswerStream(
        script, Answer(), key=KEY, reader=Session(), is_key_rejected=lambda: False
    )
    assert stream.over.wait(5)
    assert isinstance(stream.failure, UnconfirmedRejection)
    assert stream.failure.status == 401


def test_no_retry_beyond_the_budget() -> None:
    """A request is not repeated beyond the budget."""
    script = Script(busy())
    stream = AnswerStream(script, Answer(), key=KEY, reader=Session(), may_retry=lambda: False)
    assert stream.over.wait(5)
    assert script.asked == 1


@pytest.mark.parametrize(
    ("error", "least", "most"),
    [(Unreachable(), 0, 1), (ConnectTimedOut(), 0, 1), (busy(429, 20), 15, 20)],
)
def test_stop_ends_the_wait(error: OpenRouterError, least: float, most: float) -> None:
    """While a retry waits its time is known, and Stop ends the wait at once."""
    script = Script()
    stream, news = begin(script)
    script.items.put(error)
    assert news.wait(5)
    assert least < stream.retries_at - time.monotonic() <= most
    stream.stop()
    assert stream.over.wait(5)
    assert (script.asked, stream.answer.progress) == (1, "stopped")


def test_nothing_is_left_over(served: Served) -> None:
    """After 200 answers, a quarter of them stopped, no thread, socket or stream more is open."""

    def answer_some(count: int) -> None:
        for number in range(count):
            model = "sandbox/endless" if number % 4 == 0 else "sandbox/echo"
            request = ChatRequest(model, [{"role": "user", "content": "Hello?"}])
            stream, news = begin(Completion(served.base_url, KEY, request))
            if model == "sandbox/endless":
                assert news.wait(5)
                stream.stop()
            assert stream.over.wait(5)

    def open_now() -> list[int]:
        gc.collect()
        files = len(list(Path("/dev/fd").iterdir()))
        return [served.open_streams, threading.active_count(), files]

    def settled(at_most: Sequence[float]) -> list[int]:
        deadline = time.monotonic() + 5
        while any(map(gt, now := open_now(), at_most)) and time.monotonic() < deadline:
            threading.Event().wait(0.01)
        return now

    answer_some(10)
    _, threads, files = settled([0, inf, inf])
    answer_some(200)
    most = (0, threads, files)
    assert all(map(le, settled(most), most))


def test_apply() -> None:
    """Each event sets its field of the answer; only text and reasoning are something to read."""
    answer = Answer()
    citation, image = Citation("https://example.org", "A"), GeneratedImage("image/png", b"x")
    usage = Usage(1, 2, 0.5)
    file, link, svg = FileAnnotation("h", "{}"), ImageLink("https://x.org"), UnshownImage("a/svg")
    once = (citation, image, file, link, svg)
    for event in (Alive(), AnsweredBy("m", "p"), *once, *once, usage):
        assert not apply(event, answer)
    assert apply(TextDelta("a"), answer)
    assert apply(ReasoningDelta("b"), answer)
    assert answer == Answer(
        text="a",
        reasoning="b",
        model="m",
        provider="p",
        citations=[citation],
        images=[image],
        file_annotations=[file],
        image_links=["https://x.org"],
        unshown_images=["a/svg"],
        usage=usage,
    )


def test_size_of_parsed_files() -> None:
    """Parsed files are kept as long as there is room for them."""
    answer = Answer()
    for name in "abc":
        apply(FileAnnotation(name, "x" * (MAX_ANNOTATIONS_LENGTH // 2)), answer)
    assert [one.hash for one in answer.file_annotations] == ["a", "b"]
