"""An answer that grows by itself, in a thread of its own."""

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

from lib.answering import FASTEST, LARGEST_ANSWER, Answering, Pace, apply
from lib.conversation import Answer
from lib.openrouter.chat import ChatRequest, ChatStream
from lib.openrouter.errors import (
    AnswerTooLong,
    ConnectTimedOut,
    Disconnected,
    FellSilent,
    Interrupted,
    OpenRouterError,
    TimedOut,
    UnexpectedAnswer,
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
    ReasoningDelta,
    TextDelta,
    Usage,
)
from sandbox.answers import TOUR
from tests.conftest import KEY, Served


class Script:
    """A stream that gives what it is told, raises the exceptions, and ends at `Finished`."""

    def __init__(self, *items: Event | Exception) -> None:
        self.asked = 0
        self.items: queue.SimpleQueue[Event | Exception] = queue.SimpleQueue()
        self.is_closed = threading.Event()
        self.has_ended = threading.Event()
        for item in items:
            self.items.put(item)

    def __iter__(self) -> Iterator[Event]:
        """Yield what comes."""
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
        self.items.put(Interrupted())


def begin(stream: Script | ChatStream) -> tuple[Answering, threading.Event]:
    """Let an answer grow, with the event that its news sets."""
    news = threading.Event()
    return Answering(stream, Answer(), news=news), news


def test_grows() -> None:
    """What comes is in the answer, and news says so; at the end the answer is complete."""
    script = Script()
    answering, news = begin(script)
    answer = answering.answer
    assert answer.progress == "streaming"
    script.items.put(ReasoningDelta("Well, "))
    assert news.wait(5)
    assert answer.reasoning == "Well, "
    assert answer.first_token_seconds is not None
    for event in (TextDelta("a"), TextDelta("b"), Finished("stop")):
        script.items.put(event)
    assert answering.over.wait(5)
    assert (answer.text, answer.finish_reason, answer.progress) == ("ab", "stop", "complete")
    assert answer.seconds >= answer.first_token_seconds


@pytest.mark.parametrize("error", [Interrupted(), OpenRouterError(status=502), ZeroDivisionError()])
def test_failure(error: Exception) -> None:
    """Whatever the stream raises ends the answer as failed, and what came before it stays."""
    answering, _ = begin(Script(TextDelta("a"), error))
    assert answering.over.wait(5)
    assert (answering.answer.text, answering.answer.progress) == ("a", "failed")
    assert answering.failure is error or answering.failure.__cause__ is error


def test_pace() -> None:
    """The more answers come at the same time, the more rarely each is looked at."""
    pace = Pace()
    with ExitStack() as answers:
        for _ in range(100):
            answers.enter_context(pace)
        assert pace.interval == pytest.approx(0.4)
    assert pace.interval == FASTEST


def test_stop() -> None:
    """Stopping closes the stream at once, keeps what came, and is no failure."""
    script = Script(TextDelta("a"))
    answering, news = begin(script)
    assert news.wait(5)
    answering.stop()
    assert answering.answer.progress == "stopped"
    assert script.is_closed.is_set()
    assert answering.over.wait(5)
    assert answering.failure is None
    assert (answering.answer.text, answering.answer.progress) == ("a", "stopped")


def test_stop_after_the_end() -> None:
    """An answer that is whole stays so."""
    answering, _ = begin(Script(TextDelta("a"), Finished("stop")))
    assert answering.over.wait(5)
    answering.stop()
    assert answering.answer.progress == "complete"


def test_answer_beyond_the_limit() -> None:
    """A model that runs away is ended, and what it wrote stays."""
    piece = TextDelta("a" * 1_000_000)
    script = Script(*[piece] * (LARGEST_ANSWER // 1_000_000 + 2), Finished("stop"))
    answering, _ = begin(script)
    assert answering.over.wait(5)
    assert isinstance(answering.failure, AnswerTooLong)
    assert script.is_closed.is_set()
    assert LARGEST_ANSWER < len(answering.answer.text) < LARGEST_ANSWER + 2_000_000


def busy(status: int = 503, retry_after: float | None = 0) -> OpenRouterError:
    """A failure after which one may ask again."""
    return OpenRouterError(status=status, retry_after=retry_after)


def test_retry() -> None:
    """What fails in passing before its first token is asked again, and the answer is complete."""
    script = Script(busy(), Began("gen-1"), busy(429), TextDelta("a"), Finished("stop"))
    answering, _ = begin(script)
    assert answering.over.wait(5)
    assert (answering.answer.text, answering.answer.progress) == ("a", "complete")
    assert (script.asked, answering.failure, answering.retries_at) == (3, None, None)
    assert not answering.answer.generation


def test_retries_end() -> None:
    """After two retries the failure stands."""
    script = Script(busy(500), busy(502), last := busy(529), TextDelta("a"))
    answering, _ = begin(script)
    assert answering.over.wait(5)
    assert (script.asked, answering.failure) == (3, last)
    assert answering.answer.progress == "failed"


@pytest.mark.parametrize(
    "items",
    [
        *([busy(status)] for status in (400, 401, 402, 403, 404, 413, 422)),
        [busy(retry_after=31)],
        [OpenRouterError("Rate limit exceeded: free-models-per-day.", status=429)],
        [OpenRouterError(status=503, retryable=False)],
        [TextDelta("a"), busy()],
        [ReasoningDelta("a"), busy()],
        [GeneratedImage("image/png", b"a"), busy()],
        [Usage(1, 1, 0.1), busy()],
        [Disconnected()],
        [Interrupted()],
        [TimedOut()],
        [FellSilent()],
        [UnexpectedAnswer()],
    ],
)
def test_no_retry(items: list[Event | Exception]) -> None:
    """Not where it would fail again, may have been paid for, or has words already."""
    script = Script(*items)
    answering, _ = begin(script)
    assert answering.over.wait(5)
    assert (script.asked, answering.failure) == (1, items[-1])


def test_no_retry_beyond_the_budget() -> None:
    """Whoever pays may say that there is to be none."""
    script = Script(busy())
    answering = Answering(script, Answer(), news=threading.Event(), may_retry=lambda: False)
    assert answering.over.wait(5)
    assert script.asked == 1


@pytest.mark.parametrize(
    ("error", "least", "most"),
    [(Unreachable(), 0, 1), (ConnectTimedOut(), 0, 1), (busy(429, 20), 15, 20)],
)
def test_stop_ends_the_wait(error: OpenRouterError, least: float, most: float) -> None:
    """While one waits to ask again it is known until when, and Stop ends it at once."""
    script = Script()
    answering, news = begin(script)
    script.items.put(error)
    assert news.wait(5)
    assert least < answering.retries_at - time.monotonic() <= most
    answering.stop()
    assert answering.over.wait(5)
    assert (script.asked, answering.answer.progress) == (1, "stopped")


def test_real_stream(served: Served) -> None:
    """A real stream becomes the answer that was given, with its model and costs."""
    request = ChatRequest("sandbox/tour", [{"role": "user", "content": "Hello?"}])
    answering, _ = begin(ChatStream(served.base_url, KEY, request))
    assert answering.over.wait(5)
    answer = answering.answer
    assert (answer.text, answer.model, answer.provider) == (TOUR, "sandbox/tour", "Sandbox")
    assert answer.usage.completion_tokens > 100
    assert answer.cost > 0


def test_nothing_is_left_over(served: Served) -> None:
    """After 200 answers, a quarter of them stopped, no thread, socket or stream more is open."""

    def answer_some(count: int) -> None:
        for number in range(count):
            model = "sandbox/endless" if number % 4 == 0 else "sandbox/echo"
            request = ChatRequest(model, [{"role": "user", "content": "Hello?"}])
            answering, news = begin(ChatStream(served.base_url, KEY, request))
            if model == "sandbox/endless":
                assert news.wait(5)
                answering.stop()
            assert answering.over.wait(5)

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
    """Each event has its place in the answer; only words and thoughts are something to read."""
    answer = Answer()
    citation, image = Citation("https://example.org", "A"), GeneratedImage("image/png", b"x")
    usage = Usage(1, 2, 0.5)
    for event in (Alive(), AnsweredBy("m", "p"), citation, citation, image, usage):
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
        usage=usage,
    )
